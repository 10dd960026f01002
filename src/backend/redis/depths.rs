//! Which queues there are and how full they are, without looking at a job.

use jiff::Timestamp;
use redis::cmd;

use super::batch::Batch;
use super::read::Store;
use super::survey::{SurveyScope, divide, server_time};
use crate::error::Result;
use crate::model::id::QueueName;
use crate::model::part::{Lack, Part};
use crate::model::queue::Counts;
use crate::model::worker::Worker;

/// The queues of a scope and what they hold.
#[derive(Debug)]
pub struct Depths {
    /// The server's clock, or this host's where an access list hides it.
    pub taken_at: Timestamp,
    /// The queues of the scope, configured ones first.
    pub queues: Vec<(QueueName, Counts)>,
    /// Whether the set of queues could be read.
    pub queues_read: Part<()>,
    /// Prefixes that queues and workers have, where none of them has the scope's own.
    pub only_other_prefixes: Vec<String>,
    /// What could not be read.
    pub lacks: Vec<Lack>,
}

impl Store {
    /// Reads how full the queues of the scope are; `now` is used where the server's clock is
    /// hidden.
    ///
    /// Cost: two round trips, two more where no queue has the scope's prefix.
    pub fn depths(&mut self, scope: &SurveyScope, now: Timestamp) -> Result<Depths> {
        let mut batch = Batch::default();
        let time = batch.add("TIME", cmd("TIME"));
        let members =
            batch.add("SMEMBERS queues", cmd("SMEMBERS").arg(self.keys().queues()).take());
        let mut replies = self.run(batch)?;
        let taken_at = server_time(&mut replies, time).unwrap_or(now);
        let (known, queues_read) = match replies.get::<Vec<String>>(members) {
            Ok(members) => (self.known_queues(&members), Ok(())),
            Err(lack) => (Vec::new(), Err(lack)),
        };
        let (names, _) = divide(scope, &known);
        let counted = self.counts(&names)?;
        let mut depths = Depths {
            taken_at,
            queues: Vec::with_capacity(names.len()),
            only_other_prefixes: self.only_other_prefixes(scope, &known)?,
            lacks: queues_read.clone().err().into_iter().collect(),
            queues_read,
        };
        for (name, (counts, lacks)) in names.into_iter().zip(counted) {
            depths.lacks.extend(lacks);
            depths.queues.push((name, counts));
        }
        Ok(depths)
    }

    fn known_queues(&self, members: &[String]) -> Vec<QueueName> {
        let names = members.iter().filter_map(|member| self.keys().queue_name_of(member));
        let mut names: Vec<QueueName> = names.map(QueueName::new).collect();
        names.sort_unstable();
        names
    }

    /// A bench of which nothing was ever enqueued still is the right one if its workers wait.
    fn only_other_prefixes(
        &mut self,
        scope: &SurveyScope,
        known: &[QueueName],
    ) -> Result<Vec<String>> {
        let Some(prefix) = scope.prefix.as_deref() else { return Ok(Vec::new()) };
        if known.iter().any(|queue| queue.prefix() == Some(prefix)) {
            return Ok(Vec::new());
        }
        let workers = self.workers()?.map(|(workers, _)| workers).unwrap_or_default();
        let served = workers.iter().flat_map(Worker::queues);
        let mut others: Vec<String> = known
            .iter()
            .chain(served)
            .filter_map(|queue| queue.prefix().map(str::to_owned))
            .collect();
        others.sort_unstable();
        others.dedup();
        if others.iter().any(|other| other == prefix) {
            others.clear();
        }
        Ok(others)
    }
}
