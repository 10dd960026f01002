//! Events: to which scheduled jobs and which payloads a word belongs.

use std::collections::HashMap;

use serde::Serialize;

use super::id::{JobId, scheduled_job_key};
use super::selection::Facets;

/// Which events are meant; a job need only belong to one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Texts of which a payload's `event` must be one.
    pub words: Vec<String>,
    /// Whether every scheduled job is meant.
    pub any: bool,
    /// By site, the types whose scheduled jobs are meant, and those whose are not.
    pub sites: HashMap<String, MeantTypes>,
}

/// The Scheduled Job Types of one site.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MeantTypes {
    by_name: HashMap<String, bool>,
    by_method: HashMap<String, bool>,
}

/// What an event was recognized by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchedBy {
    /// The frequency of a scheduled job's type.
    Frequency,
    /// The `event` of the payload.
    Payload,
}

impl MatchedBy {
    /// The word that is shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Frequency => "frequency",
            Self::Payload => "payload",
        }
    }
}

impl MeantTypes {
    /// Adds a type, by its row name and its method.
    pub fn add(&mut self, name: String, method: String, is_meant: bool) {
        self.by_name.insert(name, is_meant);
        // From 16 on several types can have one method.
        *self.by_method.entry(method).or_default() |= is_meant;
    }

    /// Whether a scheduled job is meant. Its fixed id ends with the name of its type, or in 14 and
    /// 15 with its method.
    fn holds(&self, key: Option<&str>, method: Option<&str>) -> bool {
        if let Some(is_meant) = key.and_then(|key| self.by_name.get(key)) {
            return *is_meant;
        }
        method.or(key).and_then(|method| self.by_method.get(method)).copied().unwrap_or(false)
    }
}

impl EventFilter {
    /// How a job belongs to the events; `None` where it does not.
    pub fn matched_by(&self, id: &JobId, facets: &Facets<'_>) -> Option<MatchedBy> {
        let key = scheduled_job_key(id.as_bytes());
        if key.is_some() || facets.is_scheduled {
            let site = id.site().or(facets.site);
            let types = site.and_then(|site| self.sites.get(site));
            if self.any || types.is_some_and(|types| types.holds(key, facets.method)) {
                return Some(MatchedBy::Frequency);
            }
        }
        let event = facets.event?;
        self.words.iter().any(|word| word == event).then_some(MatchedBy::Payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn daily() -> EventFilter {
        let mut types = MeantTypes::default();
        types.add("7qd1iam6ko".into(), "app.run".into(), true);
        types.add("87kmamurur".into(), "app.run".into(), false);
        types.add("tasks.old".into(), "app.tasks.old".into(), true);
        let sites = HashMap::from([("erp".to_owned(), types)]);
        EventFilter { words: vec!["daily".into()], any: false, sites }
    }

    fn matched(id: &str, facets: &Facets<'_>) -> Option<MatchedBy> {
        daily().matched_by(&JobId::new(id), facets)
    }

    #[test]
    fn scheduled_job_is_matched_by_the_frequency_of_its_own_type() {
        let run = Facets { method: Some("app.run"), is_scheduled: true, ..Facets::default() };
        let by_frequency = Some(MatchedBy::Frequency);
        assert_eq!(matched("erp||scheduled_job||7qd1iam6ko", &run), by_frequency);
        assert_eq!(matched("erp||scheduled_job||87kmamurur", &run), None, "same method, not daily");
        assert_eq!(matched("erp.example||scheduled_job||7qd1iam6ko", &run), None);
        let old = Facets { method: Some("app.tasks.old"), ..Facets::default() };
        assert_eq!(matched("erp::scheduled_job::app.tasks.old", &old), by_frequency);
        // The payload is gone or cannot be read.
        assert_eq!(matched("erp::scheduled_job::app.tasks.old", &Facets::default()), by_frequency);
        // 13 has no fixed ids.
        let old = Facets { site: Some("erp"), is_scheduled: true, ..old };
        assert_eq!(matched("0b1c", &old), by_frequency);
    }

    #[test]
    fn other_jobs_are_matched_by_the_event_of_their_payload() {
        let mail = Facets { event: Some("daily"), method: Some("app.run"), ..Facets::default() };
        assert_eq!(matched("erp||0b1c", &mail), Some(MatchedBy::Payload));
        assert_eq!(matched("erp||0b1c", &Facets { event: None, ..mail }), None);
        assert_eq!(matched("erp||0b1c", &Facets { event: Some("dail"), ..mail }), None);
    }

    #[test]
    fn any_means_every_scheduled_job_whatever_its_type() {
        let any = EventFilter { words: vec!["any".into()], any: true, sites: HashMap::new() };
        let id = JobId::new("erp||scheduled_job||gone");
        assert_eq!(any.matched_by(&id, &Facets::default()), Some(MatchedBy::Frequency));
        assert_eq!(any.matched_by(&JobId::new("erp||x"), &Facets::default()), None);
    }
}
