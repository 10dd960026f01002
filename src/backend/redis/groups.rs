//! RQ's groups: sets of job ids under a name. Source: `rq/group.py`, 2.0 to 3.0.
//!
//! RQ's own reads remove ids whose jobs are gone; these change nothing.

use std::collections::HashSet;

use redis::cmd;

use super::batch::Batch;
use super::read::Store;
use crate::error::Result;
use crate::model::id::JobId;
use crate::model::part::Part;

/// Members asked for in one step of a scan: less than a millisecond of the server's time.
const STEP: usize = 2_000;

impl Store {
    /// The names of all groups, sorted; the names that are no UTF-8 are counted beside them.
    ///
    /// A round trip per 2,000 names.
    pub fn groups(&mut self) -> Result<Part<(Vec<String>, usize)>> {
        let key = self.keys().groups();
        let members = match self.scan_set(&key)? {
            Ok(members) => members,
            Err(lack) => return Ok(Err(lack)),
        };
        let all = members.len();
        let mut names: Vec<String> =
            members.into_iter().filter_map(|name| String::from_utf8(name).ok()).collect();
        names.sort_unstable();
        let lost = all - names.len();
        Ok(Ok((names, lost)))
    }

    /// The ids of each group, sorted. One round trip for groups of up to 2,000 jobs together, one
    /// more per 2,000 jobs of a larger one.
    pub fn group_members(&mut self, names: &[String]) -> Result<Vec<Part<Vec<JobId>>>> {
        let mut all = Vec::with_capacity(names.len());
        for names in names.chunks(500) {
            let mut batch = Batch::default();
            let slots: Vec<_> = names
                .iter()
                .map(|name| {
                    let scan = cmd("SSCAN").arg(self.keys().group(name)).arg(0).take();
                    batch.add("SSCAN group", scan.clone().arg("COUNT").arg(STEP).take())
                })
                .collect();
            let mut replies = self.run(batch)?;
            for (name, slot) in names.iter().zip(slots) {
                let first: Part<(Vec<u8>, Vec<Vec<u8>>)> = replies.get(slot);
                let members = match first {
                    Ok((cursor, members)) if cursor == b"0" => Ok(members),
                    Ok(_) => {
                        let key = self.keys().group(name);
                        self.scan_set(&key)?
                    }
                    Err(lack) => Err(lack),
                };
                all.push(members.map(|members| {
                    let ids: HashSet<Vec<u8>> = members.into_iter().collect();
                    let mut ids: Vec<JobId> = ids.into_iter().map(JobId::new).collect();
                    ids.sort_unstable();
                    ids
                }));
            }
        }
        Ok(all)
    }

    /// Every member of a set; one that comes twice is returned once.
    fn scan_set(&mut self, key: &super::keys::Key) -> Result<Part<Vec<Vec<u8>>>> {
        let mut members = HashSet::new();
        let mut cursor = b"0".to_vec();
        loop {
            let mut batch = Batch::default();
            let scan = cmd("SSCAN").arg(key).arg(&cursor).arg("COUNT").arg(STEP).take();
            let slot = batch.add("SSCAN", scan);
            let step: Part<(Vec<u8>, Vec<Vec<u8>>)> = self.run(batch)?.get(slot);
            match step {
                Ok((next, found)) => {
                    members.extend(found);
                    if next == b"0" {
                        return Ok(Ok(members.into_iter().collect()));
                    }
                    cursor = next;
                }
                Err(lack) => return Ok(Err(lack)),
            }
        }
    }
}
