//! Counts what jobs call, from their payloads: one decoder, no memory per job.

use std::collections::HashMap;

use crate::backend::redis::tally::SiteTally;
use crate::codec::Decoder;

/// Methods told apart; more only a hostile writer makes.
const MOST_METHODS: usize = 10_000;

/// What methods beyond [`MOST_METHODS`] are counted under. No method may have blanks and brackets.
pub(super) const OTHER_METHODS: &str = "(other methods)";
/// What a payload is counted under that is no call, or none that can be read.
pub(super) const UNDECODABLE: &str = "(undecodable)";
/// What an id is counted under whose hash is gone or has no `data`.
pub(super) const NO_PAYLOAD: &str = "(no payload)";
/// What an id is counted under whose hash Redis would not give.
pub(super) const REFUSED: &str = "(refused)";

/// What was read of one job.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen<'a> {
    /// The number of the stretch in which it stood.
    pub(super) span: usize,
    /// Its id.
    pub(super) id: &'a [u8],
    /// Its payload, or why there is none.
    pub(super) payload: Payload<'a>,
}

/// A job's payload as it was read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Payload<'a> {
    Bytes(&'a [u8]),
    Nothing,
    Refused,
}

/// The counts.
#[derive(Debug)]
pub(super) struct Tally {
    decoder: Decoder,
    /// The queue of each stretch, by number; `None` where only the site is of interest.
    queue_of: Vec<Option<usize>>,
    /// The selected sites.
    only: Option<Vec<String>>,
    methods: HashMap<String, Method>,
    /// Sites that ids carry.
    pub(super) sites: SiteTally,
    /// Sites that only payloads told.
    pub(super) told: SiteTally,
    /// Per stretch: jobs looked at, and those of them that count.
    pub(super) stretches: Vec<Stretch>,
    /// Jobs that belong to no site.
    pub(super) siteless: u64,
    /// Of these, jobs that say which function they call.
    pub(super) foreign: u64,
    /// Jobs left out because they do not say whether they are of a selected site.
    pub(super) doubtful: u64,
}

/// The counts of one stretch.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stretch {
    /// Jobs looked at.
    pub(super) looked_at: u64,
    /// Of these, jobs of the scope.
    pub(super) counted: u64,
    /// Of these, jobs of the scope whose id does not tell it.
    pub(super) told: u64,
}

/// The counts of one method.
#[derive(Debug, Default)]
pub(super) struct Method {
    /// Jobs by queue.
    pub(super) by_queue: Vec<(usize, u64)>,
    /// Jobs that the scheduler enqueued.
    pub(super) scheduled: u64,
    /// The site, as long as it is one.
    pub(super) site: Only,
}

/// One, none or several.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Only {
    /// Nothing was seen yet.
    #[default]
    Unseen,
    /// One site.
    Site(String),
    /// None, or several.
    Mixed,
}

impl Only {
    fn add(&mut self, site: Option<&str>) {
        match (&*self, site) {
            (Self::Unseen, Some(site)) => *self = Self::Site(site.to_owned()),
            (Self::Site(one), Some(site)) if one == site => {}
            _ => *self = Self::Mixed,
        }
    }
}

impl Method {
    pub(super) fn jobs(&self) -> u64 {
        self.by_queue.iter().map(|(_, jobs)| jobs).sum()
    }

    fn merge(&mut self, other: Self) {
        for (queue, jobs) in other.by_queue {
            match self.by_queue.iter_mut().find(|(known, _)| *known == queue) {
                Some((_, known)) => *known += jobs,
                None => self.by_queue.push((queue, jobs)),
            }
        }
        self.scheduled += other.scheduled;
        match other.site {
            Only::Unseen => {}
            Only::Site(site) => self.site.add(Some(&site)),
            Only::Mixed => self.site = Only::Mixed,
        }
    }

    fn add(&mut self, queue: usize, is_scheduled: bool, site: Option<&str>) {
        match self.by_queue.iter_mut().find(|(known, _)| *known == queue) {
            Some((_, jobs)) => *jobs += 1,
            None => self.by_queue.push((queue, 1)),
        }
        self.scheduled += u64::from(is_scheduled);
        self.site.add(site);
    }
}

impl Tally {
    pub(super) fn new(queue_of: Vec<Option<usize>>, only: Option<Vec<String>>) -> Self {
        Self {
            decoder: Decoder::default(),
            stretches: vec![Stretch::default(); queue_of.len()],
            queue_of,
            only,
            methods: HashMap::new(),
            sites: SiteTally::default(),
            told: SiteTally::default(),
            siteless: 0,
            foreign: 0,
            doubtful: 0,
        }
    }

    /// Counts one job.
    pub(super) fn add(&mut self, seen: Seen<'_>) {
        let Self { decoder, only, methods, sites, told, .. } = self;
        let Some(stretch) = self.stretches.get_mut(seen.span) else { return };
        stretch.looked_at += 1;
        let headline = match seen.payload {
            Payload::Bytes(data) => decoder.headline(data).ok_or(UNDECODABLE),
            Payload::Nothing => Err(NO_PAYLOAD),
            Payload::Refused => Err(REFUSED),
        };
        let by_id = sites.add(seen.id).map(|(number, _)| number);
        let (method, is_scheduled, said) = match &headline {
            Ok(headline) => (&*headline.method, headline.is_scheduled, headline.site.as_deref()),
            Err(placeholder) => (*placeholder, false, None),
        };
        let site = by_id.and_then(|number| sites.name(number)).or(said);
        match (only, site) {
            (Some(only), Some(site)) if !only.iter().any(|wanted| wanted == site) => return,
            (Some(_), None) => {
                self.doubtful += 1;
                return;
            }
            _ => {}
        }
        stretch.counted += 1;
        match (by_id, said) {
            (Some(_), _) => {}
            (None, Some(said)) => {
                stretch.told += 1;
                told.add_site(said, 1);
            }
            (None, None) => {
                self.siteless += 1;
                self.foreign += u64::from(headline.is_ok());
            }
        }
        let Some(queue) = self.queue_of.get(seen.span).copied().flatten() else { return };
        match methods.get_mut(method) {
            Some(known) => known.add(queue, is_scheduled, site),
            None => entry_of(methods, method).add(queue, is_scheduled, site),
        }
    }

    /// Adds what another one counted of the same stretches.
    pub(super) fn merge(&mut self, other: Self) {
        for (mine, other) in self.stretches.iter_mut().zip(other.stretches) {
            mine.looked_at += other.looked_at;
            mine.counted += other.counted;
            mine.told += other.told;
        }
        for (mine, other) in [(&mut self.sites, other.sites), (&mut self.told, other.told)] {
            for (site, jobs) in other.iter() {
                mine.add_site(site, jobs);
            }
        }
        self.siteless += other.siteless;
        self.foreign += other.foreign;
        self.doubtful += other.doubtful;
        for (name, method) in other.methods {
            entry_of(&mut self.methods, &name).merge(method);
        }
    }

    /// How many jobs are counted under a method or placeholder.
    pub(super) fn jobs_under(&self, method: &str) -> u64 {
        self.methods.get(method).map_or(0, Method::jobs)
    }

    /// The methods and their counts, in no order.
    pub(super) fn into_methods(self) -> HashMap<String, Method> {
        self.methods
    }
}

/// The counts of a method.
fn entry_of<'m>(methods: &'m mut HashMap<String, Method>, name: &str) -> &'m mut Method {
    let has_room = methods.len() < MOST_METHODS || methods.contains_key(name);
    methods.entry(if has_room { name } else { OTHER_METHODS }.to_owned()).or_default()
}
