//! Follows one log through renames, truncation and replacement: every line once, whatever happens
//! to the files between two looks.
//!
//! What is read goes by identity, not by name. The live file stays open when it is renamed, since
//! other processes may still write to it (those of Frappe rotate the same files independently,
//! each with Python's `RotatingFileHandler`). A rotated file that was never seen was live
//! between two looks and is read whole. Before a file was cut off it was copied; what was not yet
//! read then is read from the copy. What was written between copy and cut nobody has.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::clock::{Clock, Days};
use super::filter::{Filter, Token};
use super::input::{self, FileId, Input};
use super::record::End;
use super::rotation::{self, Rotated};
use super::scan::{Found, Scan, Search};
use super::trail::{LiveLog, Problem};

/// The last record counts as whole when nothing came for this long.
pub const QUIET: Duration = Duration::from_millis(20);
/// A renamed file is given up when nobody wrote to it for this long.
const ABANDONED: Duration = Duration::from_secs(600);
/// Renamed files that are read on at most.
const MOST_RENAMED: usize = 16;
/// Starts of files that are remembered, to tell copies.
const MOST_HEADS: usize = 256;

/// A file that is read.
#[derive(Debug)]
struct Reader {
    scan: Scan,
    id: FileId,
    read_to: u64,
    changed: Instant,
    /// The last record was handed out since something came.
    settled: bool,
}

impl Reader {
    fn new(scan: Scan, id: FileId, now: Instant) -> Self {
        let read_to = scan.read_to();
        Self { scan, id, read_to, changed: now, settled: false }
    }

    /// Hands out what there is; the last record only when nothing came for a while.
    fn read(&mut self, search: &Search<'_>, now: Instant, out: &mut Vec<Found>) -> io::Result<()> {
        self.drain(search, End::Open, out)?;
        if self.scan.read_to() != self.read_to {
            (self.read_to, self.changed, self.settled) = (self.scan.read_to(), now, false);
        } else if !self.settled && now.duration_since(self.changed) >= QUIET {
            self.drain(search, End::Quiet, out)?;
            self.settled = true;
        }
        Ok(())
    }

    fn drain(&mut self, search: &Search<'_>, end: End, out: &mut Vec<Found>) -> io::Result<()> {
        while let Some(found) = self.scan.next(search, end)? {
            out.push(found);
        }
        Ok(())
    }
}

/// Follows one log.
#[derive(Debug)]
pub struct Follower {
    path: PathBuf,
    clock: Clock,
    sites: Vec<Token>,
    live: Option<Reader>,
    renamed: Vec<Reader>,
    /// Rotated files that need not be read, and how often a listing lacked them.
    known: HashMap<FileId, u32>,
    /// Rotated files that were seen once and may be copies of the live one.
    postponed: Vec<FileId>,
    /// How the files began that were read, to tell their copies.
    heads: Vec<Vec<u8>>,
    list_again: bool,
    complaint: Option<String>,
}

impl Follower {
    /// Follows `log` from where it was read to. One small read per rotated file.
    pub fn new(log: LiveLog, mut clock: Clock, now: Instant) -> Self {
        let LiveLog { path, live, known, sites } = log;
        clock.days = Days::Now;
        let live = live.map(|(mut scan, id)| {
            scan.is_live();
            Reader::new(scan, id, now)
        });
        let opened = known.iter().filter_map(|file| {
            let (handle, metadata) = input::open(&file.path).ok()?;
            (FileId::of(&metadata) == file.id).then_some((handle, file.gzip))
        });
        let heads = opened.filter_map(|(file, gzip)| input::head(file, gzip).ok()).collect();
        Self {
            path,
            clock,
            sites,
            live,
            renamed: Vec::new(),
            known: known.iter().map(|file| (file.id, 0)).collect(),
            postponed: Vec::new(),
            heads,
            list_again: true,
            complaint: None,
        }
    }

    /// Whether a look is due soon, for a record that waits for its end.
    pub fn is_waiting(&self) -> bool {
        let waits = |reader: &Reader| !reader.settled && reader.scan.has_rest();
        self.list_again || self.live.iter().chain(&self.renamed).any(waits)
    }

    /// Looks once: hands out what was added since the last look. `list` looks for rotated files
    /// too, which is needed after a rename and now and then.
    ///
    /// Errors are told once, until they change; the next look tries again.
    pub fn look(
        &mut self,
        filter: &Filter,
        now: Instant,
        list: bool,
        out: &mut Vec<Found>,
    ) -> Option<Problem> {
        let complaint = self.try_look(filter, now, list, out).err();
        let said = complaint.as_ref().map(ToString::to_string);
        let new = said != self.complaint;
        self.complaint = said;
        complaint.filter(|_| new).map(|error| Problem { path: self.path.clone(), error })
    }

    /// Hands out everything that is left, also lines without an end.
    pub fn finish(&mut self, filter: &Filter, now: Instant, out: &mut Vec<Found>) {
        // The problems of this last look were told, or nobody is left to be told.
        drop(self.try_look(filter, now, true, out));
        drop(self.try_look(filter, now, true, out));
        let sites = std::mem::take(&mut self.sites);
        let search = Search { filter, sites: &sites, stop: &|| false };
        for reader in self.renamed.iter_mut().chain(&mut self.live) {
            drop(reader.drain(&search, End::Final, out));
        }
    }

    fn try_look(
        &mut self,
        filter: &Filter,
        now: Instant,
        list: bool,
        out: &mut Vec<Found>,
    ) -> io::Result<()> {
        let sites = self.sites.clone();
        let search = Search { filter, sites: &sites, stop: &|| false };
        for reader in &mut self.renamed {
            reader.read(&search, now, out)?;
        }
        let mut list = list || std::mem::take(&mut self.list_again);
        if let Some(live) = &mut self.live {
            live.read(&search, now, out)?;
            if live.scan.is_truncated() {
                self.begin_anew(&search, now, out)?;
                list = true;
            }
        }
        match std::fs::metadata(&self.path) {
            Ok(metadata)
                if self.live.as_ref().map(|live| live.id) != Some(FileId::of(&metadata)) =>
            {
                self.turn_to_new_file(&search, now, out)?;
            }
            Ok(_) if list => self.look_for_unseen(false, &search, now, out)?,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        self.give_up_abandoned(&search, now, out)
    }

    /// The live name stands for another file: the log was rotated or replaced.
    fn turn_to_new_file(
        &mut self,
        search: &Search<'_>,
        now: Instant,
        out: &mut Vec<Found>,
    ) -> io::Result<()> {
        let (file, metadata) = match input::open(&self.path) {
            Ok(opened) => opened,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let id = FileId::of(&metadata);
        if self.live.as_ref().is_some_and(|live| live.id == id) {
            return Ok(());
        }
        if let Some(mut before) = self.live.take() {
            // After the new file was there: what was added to the old one until then comes first.
            before.drain(search, End::Open, out)?;
            before.drain(search, End::Quiet, out)?;
            before.read_to = before.scan.read_to();
            before.changed = now;
            self.remember_head(before.scan.input().head().to_vec());
            self.renamed.push(before);
        }
        let back = self.renamed.iter().position(|reader| reader.id == id);
        self.live = Some(match back {
            Some(at) => self.renamed.remove(at),
            None => self.reader(file, id, now)?,
        });
        // What was live in between was renamed before this file was opened.
        self.look_for_unseen(true, search, now, out)?;
        if let Some(live) = &mut self.live {
            live.read(search, now, out)?;
        }
        Ok(())
    }

    fn reader(&self, file: File, id: FileId, now: Instant) -> io::Result<Reader> {
        let mut input = Input::plain(file, 0);
        input.guard()?;
        Ok(Reader::new(Scan::new(input, self.clock.clone()), id, now))
    }

    /// The live file was cut off: reads what was missed from its copy, then begins anew.
    fn begin_anew(
        &mut self,
        search: &Search<'_>,
        now: Instant,
        out: &mut Vec<Found>,
    ) -> io::Result<()> {
        let Some(mut live) = self.live.take() else { return Ok(()) };
        let head = live.scan.input().head().to_vec();
        let copy = match self.copy_of(live.scan.input()) {
            Some(copy) => Some(copy),
            // A listing can lack a file that is renamed meanwhile.
            None => self.copy_of(live.scan.input()),
        };
        let result = match copy {
            Some((input, id)) => {
                self.known.insert(id, 0);
                let own = live.scan.continue_in(input);
                let read = live.drain(search, End::Final, out);
                drop(live.scan.continue_in(own));
                read
            }
            None => Ok(()),
        };
        live.scan.hand_out_rest(search, out);
        live.scan.restart();
        live.read_to = live.scan.read_to();
        self.remember_head(head);
        let read = live.read(search, now, out);
        self.live = Some(live);
        result.and(read)
    }

    /// The same place in a rotated file that is a copy of `input`'s.
    fn copy_of(&self, input: &Input) -> Option<(Input, FileId)> {
        let listed = rotation::list(&self.path).ok()?;
        let fresh = listed.iter().rev().filter(|file| !self.known.contains_key(&file.id));
        let mut copies = fresh.filter_map(|file| {
            let (handle, metadata) = input::open(&file.path).ok()?;
            let continued = input.continued_in(handle, file.gzip).ok()??;
            Some((continued, FileId::of(&metadata)))
        });
        copies.next()
    }

    /// Reads rotated files that were live between two looks. `renamed` says that the log was just
    /// rotated by renaming.
    fn look_for_unseen(
        &mut self,
        renamed: bool,
        search: &Search<'_>,
        now: Instant,
        out: &mut Vec<Found>,
    ) -> io::Result<()> {
        let listed = rotation::list(&self.path)?;
        self.forget_vanished(&listed);
        for file in &listed {
            let ours = self.live.iter().chain(&self.renamed).any(|reader| reader.id == file.id);
            if ours || self.known.contains_key(&file.id) || is_being_compressed(file) {
                continue;
            }
            // One that vanishes now is listed under its new name next time.
            let Ok((handle, metadata)) = input::open(&file.path) else {
                self.list_again = true;
                continue;
            };
            if FileId::of(&metadata) != file.id {
                self.list_again = true;
                continue;
            }
            self.sort_in(file, handle, renamed, search, now, out)?;
        }
        Ok(())
    }

    fn sort_in(
        &mut self,
        file: &Rotated,
        handle: File,
        renamed: bool,
        search: &Search<'_>,
        now: Instant,
        out: &mut Vec<Found>,
    ) -> io::Result<()> {
        let head = input::head(handle.try_clone()?, file.gzip)?;
        let of_live = self.live.as_ref().map(|live| live.scan.input().head());
        if head.is_empty() || of_live.is_some_and(|live| input::is_same_head(live, &head)) {
            // Empty, or a copy of the live file, which will be cut off: looked at again then.
            return Ok(());
        }
        let mut read = self.heads.iter().map(Vec::as_slice);
        let mut readers = self.renamed.iter().map(|reader| reader.scan.input().head());
        let is_copy = read.any(|known| input::is_same_head(known, &head))
            || readers.any(|known| input::is_same_head(known, &head));
        if is_copy {
            self.known.insert(file.id, 0);
            return Ok(());
        }
        if !renamed && !self.postponed.contains(&file.id) {
            // It may be a copy of what is not yet read of the live file: the next look knows.
            self.postponed.push(file.id);
            self.list_again = true;
            return Ok(());
        }
        self.postponed.retain(|id| *id != file.id);
        self.remember_head(head);
        if file.gzip {
            self.known.insert(file.id, 0);
            let scan = Scan::new(Input::gzip(handle), self.clock.clone());
            return Reader::new(scan, file.id, now).drain(search, End::Final, out);
        }
        let mut reader = self.reader(handle, file.id, now)?;
        let read = reader.drain(search, End::Quiet, out);
        reader.read_to = reader.scan.read_to();
        self.renamed.push(reader);
        read
    }

    fn remember_head(&mut self, head: Vec<u8>) {
        if !head.is_empty() {
            self.heads.push(head);
            let over = self.heads.len().saturating_sub(MOST_HEADS);
            self.heads.drain(..over);
        }
    }

    /// Where the file system keeps no times of birth, a number is soon that of another file. One
    /// listing may lack a file that is renamed meanwhile, two in a row do not.
    fn forget_vanished(&mut self, listed: &[Rotated]) {
        for (id, missing) in &mut self.known {
            *missing = if listed.iter().any(|file| file.id == *id) { 0 } else { *missing + 1 };
        }
        self.known.retain(|id, missing| *missing < if id.is_sure() { 1000 } else { 2 });
        self.postponed.retain(|id| listed.iter().any(|file| file.id == *id));
    }

    fn give_up_abandoned(
        &mut self,
        search: &Search<'_>,
        now: Instant,
        out: &mut Vec<Found>,
    ) -> io::Result<()> {
        let mut over = self.renamed.len().saturating_sub(MOST_RENAMED);
        let mut at = 0;
        while at < self.renamed.len() {
            let reader = &self.renamed[at];
            if over == 0 && now.duration_since(reader.changed) < ABANDONED {
                at += 1;
                continue;
            }
            over = over.saturating_sub(1);
            let mut reader = self.renamed.remove(at);
            self.known.insert(reader.id, 0);
            reader.drain(search, End::Final, out)?;
        }
        Ok(())
    }
}

/// Whether a compressed file is not finished: its plain one is removed last. Source: gzip(1).
fn is_being_compressed(file: &Rotated) -> bool {
    let plain = file.path.to_string_lossy().strip_suffix(".gz").map(PathBuf::from);
    file.gzip && plain.is_some_and(|plain| Path::new(&plain).exists())
}

#[cfg(test)]
mod tests;
