//! The doctor: checks over what was read once, each independent of the others.
//!
//! A check looks at [`Facts`] and nothing else, so that it costs no round trip of its own and can
//! be tested on facts that were made up. One file per family of checks.

mod config;
mod diagnose;
pub mod facts;
mod hooks;
mod jobs;
mod processes;
mod queues;
mod redis;
mod scheduler;
mod site_facts;
mod sites;
mod tables;
mod types;
mod waiting;
mod workers;

use crate::model::health::Finding;
pub use diagnose::{Look, diagnose, diagnose_and, survey_scope};
pub use facts::{Facts, site_of};
pub use hooks::{Hook, SiteHooks};
pub(crate) use jobs::{Ends, ends, is_abandoned, running};
pub use site_facts::Examined;

/// One check.
pub trait Check: Sync {
    /// Its name, `family.subject`, stable: scripts select by it.
    fn name(&self) -> &'static str;

    /// What holds when it passes, in a few words.
    fn passes_when(&self) -> &'static str;

    /// Looks at the facts. No findings: it passed.
    fn run(&self, facts: &Facts<'_>) -> Checked;
}

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// It was made; an empty list means that it passed.
    Findings(Vec<Finding>),
    /// It could not be made, and why; `essential` makes the verdict UNKNOWN.
    NotMade {
        /// What kept it from being made.
        why: String,
        /// Whether the verdict depends on it.
        essential: bool,
    },
    /// It does not apply to this target.
    Skipped,
}

impl Checked {
    /// The check could not be made, and the verdict does not depend on it.
    fn not_made(why: impl Into<String>) -> Self {
        Self::NotMade { why: why.into(), essential: false }
    }

    /// The check could not be made for want of Redis, which is a finding of its own.
    fn no_redis() -> Self {
        Self::not_made("Redis could not be read")
    }

    /// The check could not be made, and without it nothing can be said.
    fn unknown(why: impl Into<String>) -> Self {
        Self::NotMade { why: why.into(), essential: true }
    }
}

impl From<Vec<Finding>> for Checked {
    fn from(findings: Vec<Finding>) -> Self {
        Self::Findings(findings)
    }
}

impl From<Option<Finding>> for Checked {
    fn from(finding: Option<Finding>) -> Self {
        Self::Findings(finding.into_iter().collect())
    }
}

/// Every check, family by family.
pub fn all_checks() -> impl Iterator<Item = &'static dyn Check> {
    [
        redis::CHECKS,
        queues::CHECKS,
        waiting::CHECKS,
        jobs::CHECKS,
        workers::CHECKS,
        processes::CHECKS,
        scheduler::CHECKS,
        types::CHECKS,
        hooks::CHECKS,
        sites::CHECKS,
        config::CHECKS,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// A check that did not pass, or could not be made, or did.
#[derive(Debug, Clone)]
pub struct Result {
    /// Its name.
    pub check: &'static str,
    /// What holds when it passes.
    pub passes_when: &'static str,
    /// What came of it.
    pub checked: Checked,
}

/// Makes every check on `facts`.
pub fn examine(facts: &Facts<'_>) -> Vec<Result> {
    all_checks()
        .map(|check| Result {
            check: check.name(),
            passes_when: check.passes_when(),
            checked: check.run(facts),
        })
        .collect()
}

/// Declares a check of which nothing but a function is needed.
struct Simple {
    name: &'static str,
    passes_when: &'static str,
    run: fn(&Facts<'_>) -> Checked,
}

impl Check for Simple {
    fn name(&self) -> &'static str {
        self.name
    }

    fn passes_when(&self) -> &'static str {
        self.passes_when
    }

    fn run(&self, facts: &Facts<'_>) -> Checked {
        (self.run)(facts)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn check_names_are_unique_and_carry_their_family() {
        let mut seen = HashSet::new();
        for check in all_checks() {
            assert!(seen.insert(check.name()), "{} stands twice", check.name());
            assert!(check.name().contains('.'), "{}", check.name());
            assert!(!check.passes_when().ends_with('.'), "{}", check.name());
        }
    }
}
