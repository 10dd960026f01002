//! The command that retries the failed jobs of a group: as narrow as the flags that select jobs can
//! make it, and what it would meet beside them.
//!
//! A group is what the exception, what it says and where it was raised have in common; a regular
//! expression over the text of a failure cannot say all of that. Queue, method, site and time keep
//! out what they can, ids the rest where there are few; the others are counted.

use jiff::{SignedDuration, Timestamp};

use super::groups::Names;
use super::signature::Signature;
use crate::context::Context;
use crate::error::Result;
use crate::model::id::JobId;
use crate::model::selection::{Selection, State, in_state_since};
use crate::ops::jobs::find::{Finder, Flow, Found, Shown};
use crate::ops::scope::Reach;
use crate::report::errors::Reached;
use crate::sanitize::{holds_control, shell_quote};
use crate::target::Target;

/// Names of one flag: more make a command that nobody reads.
const MOST_NAMES: usize = 10;

/// Jobs of a group that are named by their ids where nothing else keeps others out.
const MOST_IDS: usize = 20;

/// Which failed jobs are in a group, as far as flags can say it.
#[derive(Debug, Clone, Default)]
pub(super) struct Spread {
    queues: Names,
    sites: Names,
    methods: Names,
    /// Whether each of them names a site, and a method.
    all_have_sites: bool,
    all_have_methods: bool,
    /// When the first and the last of them failed.
    between: Option<(Timestamp, Timestamp)>,
}

impl Spread {
    /// Takes in a job.
    pub(super) fn add(
        &mut self,
        at: Timestamp,
        queue: Option<&str>,
        site: Option<&str>,
        method: Option<&str>,
    ) {
        let is_first = self.between.is_none();
        let (first, last) = self.between.unwrap_or((at, at));
        self.between = Some((first.min(at), last.max(at)));
        self.all_have_sites = (is_first || self.all_have_sites) && site.is_some();
        self.all_have_methods = (is_first || self.all_have_methods) && method.is_some();
        self.queues.add(queue);
        self.sites.add(site);
        self.methods.add(method);
    }

    /// The flags that select these jobs; `None` where no job, or a regular expression that cannot
    /// be pasted, is there to select.
    pub(super) fn flags(&self, signature: &Signature, sites: Option<&[String]>) -> Option<Flags> {
        let regex = signature.regex().filter(|regex| !holds_control(regex))?;
        let (first, last) = self.between?;
        let own = self.sites.pasteable(MOST_NAMES).filter(|_| self.all_have_sites);
        Some(Flags {
            regex,
            queues: self.queues.pasteable(MOST_NAMES).unwrap_or_default(),
            methods: self
                .methods
                .pasteable(MOST_NAMES)
                .filter(|_| self.all_have_methods)
                .unwrap_or_default(),
            // What was asked about only some sites is retried there alone.
            sites: own.or_else(|| sites.map(<[String]>::to_vec)).unwrap_or_default(),
            since: whole_second(first),
            last,
            until: None,
        })
    }
}

/// The whole second in which a moment lies: what is pasted should be readable.
fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at).min(at)
}

/// What selects the jobs of a group.
#[derive(Debug, Clone)]
pub(super) struct Flags {
    regex: String,
    queues: Vec<String>,
    methods: Vec<String>,
    sites: Vec<String>,
    since: Timestamp,
    last: Timestamp,
    until: Option<Timestamp>,
}

impl Flags {
    /// The command, to paste.
    pub(super) fn command(&self, target: &Target) -> String {
        let mut command = target.command();
        command.push_str(" jobs retry");
        let mut flag = |name: &str, value: &str| {
            command.push_str(&format!(" --{name} {}", shell_quote(value)));
        };
        flag("exception", &self.regex);
        if !self.queues.is_empty() {
            flag("queue", &self.queues.join(","));
        }
        if let Some(glob) = glob_of(&self.methods) {
            flag("method", &glob);
        }
        for site in &self.sites {
            flag("site", site);
        }
        flag("since", &self.since.to_string());
        if let Some(until) = self.until {
            flag("until", &until.to_string());
        }
        command
    }

    /// Whether they let a job through that the regular expression finds. `short` is the name of its
    /// queue.
    fn admit(&self, job: &Met<'_>) -> bool {
        let is_one = |names: &[String], name: Option<&str>| {
            names.is_empty() || name.is_some_and(|name| names.iter().any(|known| known == name))
        };
        is_one(&self.queues, Some(job.queue))
            && is_one(&self.methods, job.method)
            && is_one(&self.sites, job.site)
            && job.at.is_some_and(|at| at >= self.since)
            && self.until.is_none_or(|until| job.at.is_some_and(|at| at < until))
    }
}

/// A job that the regular expression finds.
struct Met<'a> {
    queue: &'a str,
    method: Option<&'a str>,
    site: Option<&'a str>,
    at: Option<Timestamp>,
}

/// Looks what the command would meet, and makes it narrower where that keeps others out.
///
/// Cost: that of reading every failed job in scope.
pub(super) fn aim(
    context: &mut Context,
    group: &str,
    since: Timestamp,
    mut flags: Flags,
    now: Timestamp,
) -> Result<Option<Reached>> {
    let Ok(regex) = regex::RegexBuilder::new(&flags.regex).case_insensitive(true).build() else {
        return Ok(None);
    };
    let reach = Reach::read(context)?;
    let queues = reach.every_queue()?;
    let selection = Selection {
        sites: context.sites()?,
        states: vec![State::Failed],
        exception: Some(regex),
        ..Selection::default()
    };
    // Behind the last of the group: what failed since then is another matter where it is of another
    // group.
    let end = whole_second(flags.last).checked_add(SignedDuration::from_secs(1));
    let narrowed = Flags { until: end.ok(), ..flags.clone() };
    let (mut own, mut others, mut earlier) = (0, 0, 0);
    let mut ids: Vec<JobId> = Vec::new();
    let (target, store) = context.parts()?;
    let mut finder = Finder::new(store, &selection, Shown { headline: true, failure: true }, now);
    finder.visit(&queues, &mut |found: Found| {
        let site = found.site();
        let met = Met {
            queue: target.short_name(found.place.queue()),
            method: found.headline.as_ref().map(|headline| &*headline.method),
            site: site.as_deref(),
            at: found.job.as_ref().and_then(|job| in_state_since(State::Failed, job)),
        };
        if !flags.admit(&met) {
            return Ok(Flow::More);
        }
        let text = found.failure.as_deref().unwrap_or_default();
        if Signature::of(text).id() == group && met.at.is_some_and(|at| at >= since) {
            own += 1;
            if ids.len() <= MOST_IDS {
                ids.push(found.entry.id.clone());
            }
        } else {
            others += 1;
            earlier += u64::from(narrowed.admit(&met));
        }
        Ok(Flow::More)
    })?;
    let whole = !finder.unread.is_incomplete();
    if earlier < others {
        (flags, others) = (narrowed, earlier);
    }
    let mut command = flags.command(target);
    if others > 0
        && own == ids.len() as u64
        && let Some(named) = by_ids(target, &ids)
    {
        (command, others) = (named, 0);
    }
    Ok(whole.then_some(Reached { command, jobs: own, others }))
}

/// The command that names the jobs one by one.
fn by_ids(target: &Target, ids: &[JobId]) -> Option<String> {
    let mut command = format!("{} jobs retry", target.command());
    for id in ids {
        let text = std::str::from_utf8(id.as_bytes()).ok().filter(|text| is_pasteable(text))?;
        command.push_str(&format!(" {}", shell_quote(text)));
    }
    (!ids.is_empty() && ids.len() <= MOST_IDS).then_some(command)
}

/// Whether a flag takes a name as it is.
pub(super) fn is_pasteable(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('-') && !name.contains(',') && !holds_control(name)
}

/// The pattern that only these names fit.
fn glob_of(names: &[String]) -> Option<String> {
    let literal = |name: &String| {
        let mut pattern = String::with_capacity(name.len());
        for c in name.chars() {
            match c {
                '*' | '?' | '[' | ']' | '{' | '}' => pattern.extend(['[', c, ']']),
                '\\' => pattern.push_str("\\\\"),
                c => pattern.push(c),
            }
        }
        pattern
    };
    match names {
        [] => None,
        [name] => Some(literal(name)),
        names => Some(format!("{{{}}}", names.iter().map(literal).collect::<Vec<_>>().join(","))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glob_of_names_fits_these_and_no_others() {
        let names = ["a.b".to_owned(), "x*[y]{z}?".to_owned(), "back\\slash".to_owned()];
        let fits = |names: &[String]| {
            let glob = globset::Glob::new(&glob_of(names).unwrap()).unwrap().compile_matcher();
            move |name: &str| glob.is_match(name)
        };
        let all = fits(&names);
        assert!(names.iter().all(|name| all(name)));
        assert!(!all("aXb") && !all("xx[y]{z}?") && !all("x*yzb") && !all("a.b,x"));
        for name in &names {
            let one = fits(std::slice::from_ref(name));
            assert!(one(name) && !one("a.bc") && !one("x"), "{name}");
        }
        assert_eq!(glob_of(&[]), None);
    }

    #[test]
    fn name_that_a_flag_would_read_otherwise_is_not_pasted() {
        for name in ["", "-x", "a,b", "a\nb", "\u{1b}[31m"] {
            assert!(!is_pasteable(name), "{name:?}");
        }
        assert!(is_pasteable("shop.stock.revalue") && is_pasteable("it's"));
    }
}
