//! Reads as much as is needed, and no more: ids where they tell enough, payloads where they do not.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::BUDGET;
use super::relay::relay;
use super::tally::{Payload, Seen, Tally};
use crate::backend::redis::depths::Depths;
use crate::backend::redis::read::{Place, Store, Want};
use crate::backend::redis::sweep::{Found, Span};
use crate::backend::redis::tally::SiteTally;
use crate::error::Result;
use crate::model::id::JobId;
use crate::model::part::{Lack, Part};
use crate::model::queue::Registry;
use crate::ops::doctor::facts::site_of;
use crate::ui::Progress;

/// Jobs whose dates are read at each end of a queue.
const ENDS: usize = 50;

/// Threads that decode while one reads: decoding a payload takes twice as long as Redis needs to
/// send it.
const DECODERS: usize = 2;

/// A list or registry of the scope.
#[derive(Debug)]
pub(super) struct Area {
    /// The number of its queue.
    pub(super) queue: usize,
    /// `None` for the list of waiting jobs.
    pub(super) registry: Option<Registry>,
    place: Place,
    /// Entries when the depths were read.
    pub(super) depth: u64,
    /// Entries of the scope, by their ids.
    pub(super) ours: u64,
    /// Entries whose ids tell no site.
    pub(super) unknown: u64,
}

impl Area {
    fn is_list(&self) -> bool {
        self.registry.is_none()
    }

    /// Entries that are or may be of the scope.
    fn candidates(&self) -> u64 {
        self.ours + self.unknown
    }
}

/// The lists and registries of the scope.
#[derive(Debug)]
pub(super) struct Areas(pub(super) Vec<Area>);

impl Areas {
    /// The lists; registries too where only some sites count, as their counts say nothing then.
    pub(super) fn of(depths: &Depths, of_some_sites: bool) -> Self {
        let mut areas = Vec::new();
        for (queue, (name, counts)) in depths.queues.iter().enumerate() {
            let mut add = |registry: Option<Registry>, place, depth: Option<u64>| {
                let (depth, ours, unknown) = (depth.unwrap_or(0), 0, 0);
                areas.push(Area { queue, registry, place, depth, ours, unknown });
            };
            add(None, Place::Queue(name.clone()), counts.queued);
            for registry in Registry::ALL.into_iter().filter(|_| of_some_sites) {
                let place = Place::Registry(registry, name.clone());
                add(Some(registry), place, counts.registry(registry));
            }
        }
        Self(areas)
    }
}

/// What was read.
#[derive(Debug)]
pub(super) struct Scanned {
    pub(super) areas: Vec<Area>,
    /// Whether every payload that matters was read.
    pub(super) complete: bool,
    /// The sites of all waiting ids, where they were read apart from the payloads.
    pub(super) sites: Option<SiteTally>,
    pub(super) tally: Tally,
    /// The area of each stretch of the tally.
    pub(super) area_of: Vec<usize>,
    /// The ids at both ends of each queue.
    ends: Vec<Ends>,
    pub(super) lacks: Vec<Lack>,
}

/// Reads ids and payloads of `areas`; `only` are the selected sites.
pub(super) fn scan(
    store: &mut Store,
    Areas(mut areas): Areas,
    only: Option<&[String]>,
    exact: bool,
    progress: &Progress,
) -> Result<Scanned> {
    let depth: u64 = areas.iter().filter(|area| area.is_list()).map(|area| area.depth).sum();
    let mut lacks = Vec::new();
    let mut sites = None;
    if only.is_some() || !(exact || depth <= BUDGET) {
        sites = Some(read_ids(store, &mut areas, only, &mut lacks)?);
    } else {
        for area in &mut areas {
            area.unknown = area.depth;
        }
    }
    let wanted = |area: &Area| if area.is_list() { area.candidates() } else { area.unknown };
    let complete = exact || areas.iter().map(wanted).sum::<u64>() <= BUDGET;
    let plan = Plan::of(&areas, complete, only.is_some());
    progress.set_total(plan.stretches.iter().map(|stretch| stretch.jobs).sum());
    let Read { tally, ends, lacks: refused } = read_payloads(store, &areas, &plan, only, progress)?;
    lacks.extend(refused);
    let area_of = plan.stretches.iter().map(|stretch| stretch.area).collect();
    Ok(Scanned { areas, complete, sites, tally, area_of, ends, lacks })
}

/// Counts the ids of all areas by what they tell of their site: one round trip. Gives the sites of
/// the waiting ones.
fn read_ids(
    store: &mut Store,
    areas: &mut [Area],
    only: Option<&[String]>,
    lacks: &mut Vec<Lack>,
) -> Result<SiteTally> {
    let spans: Vec<Span> = areas.iter().map(whole).collect();
    let (mut waiting, mut others) = (Judge::new(only), Judge::new(only));
    let parts = store.sweep_ids(&spans, |number, id| {
        let Some(area) = areas.get_mut(number) else { return };
        let judge = if area.is_list() { &mut waiting } else { &mut others };
        match judge.verdict(id) {
            Verdict::Ours => area.ours += 1,
            Verdict::Unknown => area.unknown += 1,
            Verdict::Other => {}
        }
    })?;
    lacks.extend(parts.into_iter().filter_map(Part::err));
    Ok(waiting.sites)
}

fn whole(area: &Area) -> Span {
    Span::first(area.place.clone(), usize::try_from(area.depth).unwrap_or(usize::MAX))
}

/// What an id tells of its site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Ours,
    Other,
    Unknown,
}

/// Tells by ids whether jobs are of the selected sites.
struct Judge<'s> {
    sites: SiteTally,
    only: Option<&'s [String]>,
    /// Whether the site of each number is selected.
    selected: Vec<bool>,
}

impl<'s> Judge<'s> {
    fn new(only: Option<&'s [String]>) -> Self {
        Self { sites: SiteTally::default(), only, selected: Vec::new() }
    }

    fn verdict(&mut self, id: &[u8]) -> Verdict {
        let Some((number, _)) = self.sites.add(id) else { return Verdict::Unknown };
        let Some(only) = self.only else { return Verdict::Ours };
        while self.selected.len() <= number {
            let name = self.sites.name(self.selected.len()).unwrap_or_default();
            self.selected.push(only.iter().any(|wanted| wanted == name));
        }
        if self.selected[number] { Verdict::Ours } else { Verdict::Other }
    }
}

/// Which payloads to read.
#[derive(Debug)]
struct Plan {
    stretches: Vec<Planned>,
}

/// A stretch whose payloads are read.
#[derive(Debug, PartialEq)]
struct Planned {
    area: usize,
    start: u64,
    count: u64,
    /// Of the candidates in it, the first and the last so many are read.
    head: u64,
    tail_from: u64,
    /// About how many that are.
    jobs: u64,
}

impl Plan {
    fn of(areas: &[Area], complete: bool, of_some_sites: bool) -> Self {
        let lists: Vec<u64> =
            areas.iter().map(|a| if a.is_list() { a.candidates() } else { 0 }).collect();
        let shares = if complete { lists } else { shares(&lists, BUDGET) };
        let mut stretches = Vec::new();
        for (number, (area, share)) in areas.iter().zip(shares).enumerate() {
            let mut add = |start, count, head, tail_from, jobs| {
                let planned = Planned { area: number, start, count, head, tail_from, jobs };
                stretches.push(planned);
            };
            let (head, tail) = (share.div_ceil(2), share / 2);
            match (area.is_list(), complete) {
                // In registries only the ids that tell no site have to be read.
                (false, true) if area.unknown > 0 => {
                    add(0, area.depth, u64::MAX, 0, area.unknown);
                }
                (false, _) => {}
                (true, true) => add(0, area.depth, u64::MAX, 0, area.candidates()),
                (true, false) if of_some_sites => {
                    add(0, area.depth, head, area.candidates().saturating_sub(tail), share);
                }
                (true, false) if share == area.depth => add(0, area.depth, u64::MAX, 0, share),
                (true, false) => {
                    add(0, head, u64::MAX, 0, head);
                    add(area.depth - tail, tail, u64::MAX, 0, tail);
                }
            }
        }
        Self { stretches }
    }

    fn spans(&self, areas: &[Area]) -> Vec<Span> {
        let length = |number| usize::try_from(number).unwrap_or(usize::MAX);
        let span = |planned: &Planned| {
            let place = areas.get(planned.area)?.place.clone();
            Some(Span { place, start: length(planned.start), count: length(planned.count) })
        };
        self.stretches.iter().filter_map(span).collect()
    }

    /// The queue of each stretch whose methods count.
    fn queues(&self, areas: &[Area]) -> Vec<Option<usize>> {
        let of = |planned: &Planned| areas.get(planned.area).filter(|area| area.is_list());
        self.stretches.iter().map(|planned| of(planned).map(|area| area.queue)).collect()
    }
}

/// Divides `budget` fairly: what a short list does not need goes to the longer ones.
fn shares(lengths: &[u64], budget: u64) -> Vec<u64> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|&at| lengths[at]);
    let mut shares = vec![0; lengths.len()];
    let (mut left, mut takers) = (budget, lengths.len() as u64);
    for at in order {
        shares[at] = lengths[at].min(left / takers);
        left -= shares[at];
        takers -= 1;
    }
    shares
}

/// Decides id by id which payloads are read, and keeps the ids at both ends of each queue.
struct Chooser<'s> {
    areas: &'s [Area],
    plan: &'s Plan,
    judge: Judge<'s>,
    /// Candidates seen of each stretch.
    seen: Vec<u64>,
    ends: Vec<Ends>,
}

impl Chooser<'_> {
    fn wants(&mut self, number: usize, id: &[u8]) -> bool {
        let (Some(planned), Some(seen)) =
            (self.plan.stretches.get(number), self.seen.get_mut(number))
        else {
            return false;
        };
        let Some(area) = self.areas.get(planned.area) else { return false };
        if self.judge.only.is_some() {
            match self.judge.verdict(id) {
                Verdict::Other => return false,
                Verdict::Ours if !area.is_list() => return false,
                Verdict::Ours | Verdict::Unknown => {}
            }
        }
        let at = *seen;
        *seen += 1;
        let wanted = at < planned.head || at >= planned.tail_from;
        if wanted
            && area.is_list()
            && let Some(ends) = self.ends.get_mut(area.queue)
        {
            ends.add(id);
        }
        wanted
    }
}

/// What came of reading payloads.
struct Read {
    tally: Tally,
    ends: Vec<Ends>,
    lacks: Vec<Lack>,
}

fn read_payloads(
    store: &mut Store,
    areas: &[Area],
    plan: &Plan,
    only: Option<&[String]>,
    progress: &Progress,
) -> Result<Read> {
    let spans = plan.spans(areas);
    let queues = areas.iter().map(|area| area.queue + 1).max().unwrap_or(0);
    let mut chooser = Chooser {
        areas,
        plan,
        judge: Judge::new(only),
        seen: vec![0; spans.len()],
        ends: vec![Ends::default(); queues],
    };
    let mut tally = Tally::new(plan.queues(areas), only.map(<[String]>::to_vec));
    let mut lacks: Vec<Lack> = Vec::new();
    let (mut outbox, inbox) = relay();
    let parts = std::thread::scope(|scope| {
        let decoders: Vec<_> = (0..DECODERS)
            .map(|_| {
                let mut tally = Tally::new(plan.queues(areas), only.map(<[String]>::to_vec));
                let inbox = inbox.clone();
                scope.spawn(move || {
                    inbox.drain(|seen| tally.add(seen), |jobs| progress.add(jobs));
                    tally
                })
            })
            .collect();
        // The reader must not wait for decoders that are gone.
        drop(inbox);
        let wants = |number: usize, id: &[u8]| chooser.wants(number, id);
        let parts = store.sweep_payloads(&spans, wants, |span, id, found| {
            let payload = match found {
                Found::Payload(data) => Payload::Bytes(data),
                Found::Nothing => Payload::Nothing,
                Found::Refused(lack) => {
                    // One example: an access list refuses each job alike.
                    if lacks.is_empty() {
                        lacks.push(lack);
                    }
                    Payload::Refused
                }
            };
            outbox.add(Seen { span, id, payload });
        });
        drop(outbox);
        for decoder in decoders {
            // A panic of a decoder is a bug and goes on as one.
            let counted = decoder.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            tally.merge(counted);
        }
        parts
    });
    lacks.extend(parts?.into_iter().filter_map(Part::err));
    Ok(Read { tally, ends: chooser.ends, lacks })
}

/// The ids at both ends of a queue, in reused buffers.
#[derive(Debug, Clone, Default)]
struct Ends {
    first: Vec<JobId>,
    last: VecDeque<Vec<u8>>,
}

impl Ends {
    fn add(&mut self, id: &[u8]) {
        if self.first.len() < ENDS {
            self.first.push(JobId::new(id));
            return;
        }
        let mut buffer = if self.last.len() < ENDS {
            Vec::new()
        } else {
            self.last.pop_front().unwrap_or_default()
        };
        buffer.clear();
        buffer.extend_from_slice(id);
        self.last.push_back(buffer);
    }
}

impl Scanned {
    /// When the oldest job of each queue was enqueued, as far as both ends tell.
    pub(super) fn oldest(
        &self,
        store: &mut Store,
        only: Option<&[String]>,
    ) -> Result<Vec<Option<Timestamp>>> {
        let of = |ends: &Ends| -> Vec<JobId> {
            ends.first
                .iter()
                .cloned()
                .chain(ends.last.iter().map(|id| JobId::new(id.as_slice())))
                .collect()
        };
        let ids: Vec<Vec<JobId>> = self.ends.iter().map(of).collect();
        let flat: Vec<JobId> = ids.iter().flatten().cloned().collect();
        let mut jobs = store.jobs(&flat, Want::default())?.into_iter();
        let mut oldest = Vec::with_capacity(ids.len());
        for ids in &ids {
            let of_queue = jobs.by_ref().take(ids.len()).flatten().flatten();
            let of_scope = of_queue.filter(|stored| {
                only.is_none_or(|only| site_of(&stored.job).is_none_or(|site| only.contains(&site)))
            });
            oldest.push(of_scope.filter_map(|s| s.job.enqueued_at.or(s.job.created_at)).min());
        }
        Ok(oldest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_give_short_lists_all_and_divide_the_rest() {
        assert_eq!(shares(&[10, 1_000, 1_000], 210), [10, 100, 100]);
        assert_eq!(shares(&[5, 5], 100), [5, 5]);
        assert_eq!(shares(&[0, 300], 100), [0, 100]);
        assert_eq!(shares(&[], 100), [] as [u64; 0]);
    }

    #[test]
    fn ends_keep_the_first_and_the_last() {
        let mut ends = Ends::default();
        for n in 0..500 {
            ends.add(format!("{n}").as_bytes());
        }
        assert_eq!(ends.first.first(), Some(&JobId::new("0")));
        assert_eq!((ends.first.len(), ends.last.len()), (ENDS, ENDS));
        assert_eq!(ends.last.back().map(Vec::as_slice), Some(&b"499"[..]));
    }

    #[test]
    fn judge_compares_whole_site_names() {
        let only = ["erp".to_owned()];
        let mut judge = Judge::new(Some(&only));
        assert_eq!(judge.verdict(b"erp.example::a"), Verdict::Other);
        assert_eq!(judge.verdict(b"erp::a"), Verdict::Ours);
        assert_eq!(judge.verdict(b"erp||a"), Verdict::Ours);
        assert_eq!(judge.verdict(b"0b1c-uuid"), Verdict::Unknown);
        assert_eq!(Judge::new(None).verdict(b"erp::a"), Verdict::Ours);
    }
}
