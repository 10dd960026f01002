//! How much memory a process and its children use.

use std::collections::{HashMap, HashSet};

use super::ProcTable;

/// How memory was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Shared pages are divided among those who share them: the sum over a tree is right.
    Proportional,
    /// At least one process only told its resident size: shared pages count several times, so the
    /// sum is an upper bound.
    Resident,
}

/// The memory of a process tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Bytes.
    pub bytes: u64,
    /// How they were counted.
    pub measure: Measure,
    /// How many processes were counted.
    pub processes: usize,
}

impl ProcTable {
    /// Adds up the memory of `pid` and all its descendants, by [`ProcTable::parents`].
    ///
    /// `None` if the process is gone. Costs a millisecond or more for each large process, as the
    /// kernel walks its page tables.
    pub fn tree_memory(&self, pid: u32, parents: &HashMap<u32, u32>) -> Option<Memory> {
        let mut sum = Memory { bytes: 0, measure: Measure::Proportional, processes: 0 };
        for member in tree(pid, parents) {
            let Some((bytes, measure)) = self.memory(member) else { continue };
            sum.bytes = sum.bytes.saturating_add(bytes);
            sum.processes += 1;
            if measure == Measure::Resident {
                sum.measure = Measure::Resident;
            }
        }
        (sum.processes > 0).then_some(sum)
    }

    /// Bytes of memory that a process has, shared pages included. One small read.
    pub fn resident(&self, pid: u32) -> Option<u64> {
        kilobytes(&self.read(pid, "status")?, "VmRSS:")
    }

    /// The most bytes of memory that a process ever had, shared pages included. One small read.
    /// Source: proc(5), `VmHWM`. A forked child begins with what its parent had at the fork.
    pub fn most_resident(&self, pid: u32) -> Option<u64> {
        kilobytes(&self.read(pid, "status")?, "VmHWM:")
    }

    /// PSS needs the right to trace the process; RSS is for everybody.
    fn memory(&self, pid: u32) -> Option<(u64, Measure)> {
        let pss = self.read(pid, "smaps_rollup").and_then(|text| kilobytes(&text, "Pss:"));
        if let Some(bytes) = pss {
            return Some((bytes, Measure::Proportional));
        }
        Some((self.resident(pid)?, Measure::Resident))
    }
}

fn kilobytes(text: &[u8], label: &str) -> Option<u64> {
    let text = String::from_utf8_lossy(text);
    let value = text.lines().find_map(|line| line.strip_prefix(label))?;
    let kilobytes: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// `root` and its descendants, each once, whatever the table claims about parents.
pub(super) fn tree(root: u32, parents: &HashMap<u32, u32>) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for (&child, &parent) in parents {
        children.entry(parent).or_default().push(child);
    }
    let mut seen = HashSet::from([root]);
    let mut members = Vec::new();
    let mut open = vec![root];
    while let Some(pid) = open.pop() {
        members.push(pid);
        let under = children.get(&pid).map_or(&[][..], Vec::as_slice);
        open.extend(under.iter().copied().filter(|&child| seen.insert(child)));
    }
    members
}
