//! One log with its rotated files, read as it stands: from an instant, from its last records, or
//! whole; and several logs merged in the order of time.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::back::{self, Backward, Place};
use super::clock::{Clock, DISORDER, Days};
use super::filter::{Filter, Token};
use super::input::{FileId, Input};
use super::record::End;
use super::region::{self, Region};
use super::rotation::{self, Rotated};
use super::scan::{Found, Scan, Search};

/// Which rotated files are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// None.
    Live,
    /// Those that can be read from their end.
    Plain,
    /// Also the compressed ones.
    All,
}

/// What went wrong with one file, while the others went on.
#[derive(Debug)]
pub struct Problem {
    /// The file.
    pub path: PathBuf,
    /// What went wrong.
    pub error: io::Error,
}

/// One file of a log.
#[derive(Debug)]
struct Part {
    path: Arc<Path>,
    file: File,
    length: u64,
    modified: i64,
    gzip: bool,
    /// The rotated ones have none.
    live: Option<FileId>,
    clock: Clock,
    scan: Option<Scan>,
}

/// One log with its rotated files.
#[derive(Debug)]
pub struct Trail {
    path: PathBuf,
    /// The sites of which a record must name one; empty for all.
    pub sites: Vec<Token>,
    parts: VecDeque<Part>,
    known: Vec<Rotated>,
    follows: bool,
    /// Rotated files that are left out, as their compression is not read.
    pub packed: Vec<PathBuf>,
    /// What went wrong.
    pub problems: Vec<Problem>,
    /// Days were reckoned for lines that have none.
    pub reckoned: bool,
    /// Records were left out because they have no time.
    pub undated: bool,
    /// A file that was not read whole is not in the order of time.
    pub disordered: bool,
    key: i64,
}

impl Trail {
    /// Opens the log at `path`. Nothing is read yet, except for the days of lines without one.
    ///
    /// With `follows` the live file may go on afterwards, see [`Trail::into_live`]. Errors: those
    /// of opening the live file, `NotFound` where there is neither it nor a rotated one.
    pub fn open(
        path: &Path,
        clock: &Clock,
        since: Option<i64>,
        reach: Reach,
        follows: bool,
    ) -> io::Result<Self> {
        if let Some(command) = rotation::unpacking(path) {
            let why = format!("its compression is not read: unpack it first: {command}");
            return Err(io::Error::new(io::ErrorKind::Unsupported, why));
        }
        let taken = rotation::snapshot(path, |file| {
            let reached = match reach {
                Reach::Live => false,
                Reach::Plain => !file.gzip,
                Reach::All => true,
            };
            // What was last written before that holds nothing younger.
            reached && since.is_none_or(|since| file.modified >= since - DISORDER)
        })?;
        if taken.live.is_none() && taken.rotated.is_empty() && !follows {
            return Err(io::ErrorKind::NotFound.into());
        }
        let mut trail = Self {
            path: path.to_owned(),
            sites: Vec::new(),
            parts: VecDeque::new(),
            known: Vec::new(),
            follows,
            packed: Vec::new(),
            problems: Vec::new(),
            reckoned: false,
            undated: false,
            disordered: false,
            key: i64::MIN,
        };
        if reach == Reach::All {
            // A folder that cannot be read has no rotated files either.
            trail.packed = rotation::packed(path, since).unwrap_or_default();
        }
        for (rotated, opened) in taken.rotated {
            match opened {
                Some(Ok(file)) => {
                    let metadata = file.metadata()?;
                    trail.add(&rotated.path, file, &metadata, rotated.gzip, false, clock, since);
                }
                Some(Err(error)) => trail.problem(&rotated.path, error),
                None => {}
            }
            trail.known.push(rotated);
        }
        if let Some((file, metadata)) = taken.live {
            // A compressed file can be named by itself.
            let gzip = path.extension().is_some_and(|end| end == "gz");
            trail.add(path, file, &metadata, gzip, true, clock, since);
        }
        Ok(trail)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "what is known of one file, put together here only"
    )]
    fn add(
        &mut self,
        path: &Path,
        file: File,
        metadata: &Metadata,
        gzip: bool,
        live: bool,
        clock: &Clock,
        since: Option<i64>,
    ) {
        if !gzip && let Some(command) = rotation::unpacking_by_content(path, &file) {
            let why = format!("its compression is not read: unpack it first: {command}");
            return self.problem(path, io::Error::new(io::ErrorKind::Unsupported, why));
        }
        let mut clock = clock.clone();
        let modified = rotation::modified(metadata);
        match region::days_within(&file, gzip, modified) {
            Ok(within) => clock.within = within,
            // What is wrong with it is said when it is read.
            Err(_) if gzip => {}
            Err(error) => return self.problem(path, error),
        }
        if !gzip {
            let zone = clock.zone().clone();
            let local = |at: i64| {
                Timestamp::from_microsecond(at).ok().map(|at| at.to_zoned(zone.clone()).datetime())
            };
            let not_before = since.and_then(local).map(jiff::civil::DateTime::date);
            let days = local(modified).map_or(Ok(None), |at| {
                back::days(&file, metadata.len(), at, not_before, &clock.within)
            });
            match days {
                Ok(Some(days)) => {
                    clock.days = days;
                    self.reckoned = true;
                }
                Ok(None) => {}
                Err(error) => return self.problem(path, error),
            }
        }
        let live = live.then(|| FileId::of(metadata));
        let length = metadata.len();
        let path = Arc::from(path);
        self.parts.push_back(Part { path, file, length, modified, gzip, live, clock, scan: None });
    }

    fn problem(&mut self, path: &Path, error: io::Error) {
        self.problems.push(Problem { path: path.to_owned(), error });
    }

    /// How many bytes there are to read at most.
    pub fn length(&self) -> u64 {
        self.parts.iter().map(|part| part.length).sum()
    }

    /// Reads from the first record of `since` on, from the beginning without it, and at least to the
    /// last one of `until`.
    pub fn begin_at_instant(&mut self, since: Option<i64>, until: Option<i64>) {
        for at in 0..self.parts.len() {
            let Some(part) = self.parts.get(at) else { break };
            let reckoned = match &part.clock.days {
                Days::From(days) if since.is_some() => days.first().map(|(offset, _)| *offset),
                _ => None,
            };
            let region = match reckoned {
                Some(begin) => Ok(Region { begin, last: part.length, ordered: true }),
                None if part.gzip => Ok(Region { begin: 0, last: 0, ordered: true }),
                None => region::find(&part.file, part.length, since, until, &part.clock),
            };
            match region {
                Ok(region) => {
                    self.disordered |= !region.ordered;
                    self.start(at, Place { at: None, offset: region.begin }, region.last);
                }
                Err(error) => self.fail(at, error),
            }
        }
        self.drop_unread();
    }

    /// Reads from `place` of the part `first` on.
    fn begin_at(&mut self, first: usize, place: Place) {
        for at in first..self.parts.len() {
            let place = if at == first { place } else { Place { at: None, offset: 0 } };
            // What was found from the end is found again.
            self.start(at, place, u64::MAX);
        }
        self.drop_unread();
    }

    /// Reads only what is added from now on.
    fn begin_at_end(&mut self) {
        if let Some(at) = self.parts.len().checked_sub(1) {
            let offset = self.parts.get(at).map_or(0, |part| part.length);
            if self.parts.get(at).is_some_and(|part| part.live.is_some()) {
                self.start(at, Place { at: None, offset }, u64::MAX);
            }
        }
        self.drop_unread();
    }

    fn start(&mut self, at: usize, place: Place, last: u64) {
        let follows = self.follows;
        let Some(part) = self.parts.get_mut(at) else { return };
        let scan = part.file.try_clone().and_then(|file| {
            let mut input =
                if part.gzip { Input::gzip(file) } else { Input::plain(file, place.offset) };
            if follows && part.live.is_some() {
                input.guard()?;
            }
            let mut scan = Scan::new(input, part.clock.clone());
            scan.inherit(place.at);
            scan.read_at_least_to(last);
            Ok(scan)
        });
        match scan {
            Ok(scan) => part.scan = Some(scan),
            Err(error) => self.fail(at, error),
        }
    }

    fn fail(&mut self, at: usize, error: io::Error) {
        if let Some(part) = self.parts.get_mut(at) {
            part.scan = None;
            let path = part.path.to_path_buf();
            self.problems.push(Problem { path, error });
        }
    }

    fn drop_unread(&mut self) {
        self.parts.retain(|part| part.scan.is_some());
    }

    /// The next wanted record, with the file that it stands in.
    pub fn next(&mut self, filter: &Filter, stop: &dyn Fn() -> bool) -> Option<(Arc<Path>, Found)> {
        loop {
            let part = self.parts.front_mut()?;
            let scan = part.scan.as_mut()?;
            let goes_on = self.follows && part.live.is_some();
            let end = if goes_on { End::Quiet } else { End::Final };
            let search = Search { filter, sites: &self.sites, stop };
            match scan.next(&search, end) {
                Ok(Some(found)) => return Some((Arc::clone(&part.path), found)),
                Ok(None) if stop() || goes_on => return None,
                Ok(None) => {}
                Err(error) => {
                    let path = part.path.to_path_buf();
                    self.problems.push(Problem { path, error });
                }
            }
            self.undated |= self
                .parts
                .pop_front()
                .and_then(|part| part.scan)
                .is_some_and(|scan| scan.met_undated());
        }
    }

    /// What is followed from now on.
    pub fn into_live(mut self) -> LiveLog {
        let live = self.parts.pop_back().and_then(|part| Some((part.scan?, part.live?)));
        LiveLog { path: self.path, live, known: self.known, sites: self.sites }
    }
}

/// A log that is followed from where it was read to.
#[derive(Debug)]
pub struct LiveLog {
    /// Its name.
    pub path: PathBuf,
    /// The live file, where reading stands, if there is one.
    pub live: Option<(Scan, FileId)>,
    /// The rotated files that need not be read.
    pub known: Vec<Rotated>,
    /// As [`Trail::sites`].
    pub sites: Vec<Token>,
}

/// The records of several logs in the order of time.
///
/// Within one log the order is that of the file: a record that is older than the one before it
/// comes right behind it. Records before the first time of their log come first.
#[derive(Debug)]
pub struct Merge {
    heads: BinaryHeap<Reverse<(i64, usize)>>,
    ahead: Vec<Option<(Arc<Path>, Found)>>,
}

impl Merge {
    /// Merges `trails`, which were told where to begin.
    pub fn new(trails: &mut [Trail], filter: &Filter, stop: &dyn Fn() -> bool) -> Self {
        let ahead = trails.iter().map(|_| None).collect();
        let mut merge = Self { heads: BinaryHeap::new(), ahead };
        for (which, trail) in trails.iter_mut().enumerate() {
            merge.advance(which, trail, filter, stop);
        }
        merge
    }

    fn advance(
        &mut self,
        which: usize,
        trail: &mut Trail,
        filter: &Filter,
        stop: &dyn Fn() -> bool,
    ) {
        let next = trail.next(filter, stop);
        if let Some((_, found)) = &next {
            trail.key = trail.key.max(found.at.unwrap_or(i64::MIN));
            self.heads.push(Reverse((trail.key, which)));
        }
        if let Some(slot) = self.ahead.get_mut(which) {
            *slot = next;
        }
    }

    /// The next record, with the number of its log.
    pub fn next(
        &mut self,
        trails: &mut [Trail],
        filter: &Filter,
        stop: &dyn Fn() -> bool,
    ) -> Option<(usize, Arc<Path>, Found)> {
        let Reverse((_, which)) = self.heads.pop()?;
        let (path, found) = self.ahead.get_mut(which)?.take()?;
        if let Some(trail) = trails.get_mut(which) {
            self.advance(which, trail, filter, stop);
        }
        Some((which, path, found))
    }
}

/// One log, read backwards.
struct BackTrail {
    /// The part that is read, and its reader.
    part: usize,
    reader: Option<Backward>,
    ahead: Option<(usize, Place)>,
    /// Goes down by a second per record without a time, so that a log without times takes part.
    key: i64,
}

/// Tells `trails` to begin so that `most` wanted records follow, or all where there are fewer.
///
/// Reads from the ends, only as much as it takes.
pub fn from_last(trails: &mut [Trail], most: usize, filter: &Filter, stop: &dyn Fn() -> bool) {
    let mut heads = BinaryHeap::new();
    let mut backs: Vec<BackTrail> = Vec::new();
    let mut starts: Vec<Option<(usize, Place)>> = Vec::new();
    for (which, trail) in trails.iter_mut().enumerate() {
        let mut back = BackTrail::new(trail);
        if most > 0 && back.advance(trail, filter, stop) {
            heads.push((back.key, which));
        }
        backs.push(back);
        starts.push(None);
    }
    for _ in 0..most {
        let Some((_, which)) = heads.pop() else { break };
        let (Some(back), Some(trail)) = (backs.get_mut(which), trails.get_mut(which)) else {
            break;
        };
        if let Some(start) = starts.get_mut(which) {
            *start = back.ahead;
        }
        if back.advance(trail, filter, stop) {
            heads.push((back.key, which));
        }
    }
    for (trail, start) in trails.iter_mut().zip(starts) {
        match start {
            Some((part, place)) => trail.begin_at(part, place),
            None => trail.begin_at_end(),
        }
    }
}

impl BackTrail {
    fn new(trail: &Trail) -> Self {
        Self { part: trail.parts.len(), reader: None, ahead: None, key: i64::MAX }
    }

    fn advance(&mut self, trail: &mut Trail, filter: &Filter, stop: &dyn Fn() -> bool) -> bool {
        self.ahead = self.find(trail, filter, stop);
        let Some((part, place)) = self.ahead else { return false };
        let modified = trail.parts.get(part).map_or(0, |part| part.modified);
        self.key = match place.at {
            Some(at) => self.key.min(at),
            None => self.key.min(modified) - 1_000_000,
        };
        true
    }

    fn find(
        &mut self,
        trail: &mut Trail,
        filter: &Filter,
        stop: &dyn Fn() -> bool,
    ) -> Option<(usize, Place)> {
        loop {
            if let Some(reader) = &mut self.reader {
                let search = Search { filter, sites: &trail.sites, stop };
                match reader.next(&search) {
                    Ok(Some(place)) => return Some((self.part, place)),
                    Ok(None) if stop() => return None,
                    Ok(None) => {}
                    Err(error) => trail.fail(self.part, error),
                }
            }
            self.part = self.part.checked_sub(1)?;
            let part = trail.parts.get(self.part)?;
            // A compressed file has no end to begin at.
            self.reader = (!part.gzip)
                .then(|| part.file.try_clone().ok())
                .flatten()
                .map(|file| Backward::new(file, part.length, part.clock.clone()));
        }
    }
}

#[cfg(test)]
mod tests;
