//! Delivery: a mailbox and a thread for each channel, so that one that hangs or fails delays no
//! other.
//!
//! A message is tried until it is taken, with growing pauses, unless a newer one of the same alert
//! comes, which takes its place and says so: a mailbox holds no more than one message for each
//! alert, and what arrives is what is true. Of several that wait the most severe goes first, then
//! the oldest.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::channel::Channel;
use super::message::Event;

/// The pause after a first failure, and the longest; each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Messages that go out at once however few are allowed within an hour.
pub(super) const BURST: u32 = 10;

/// What became of an attempt.
pub(super) struct Attempt {
    /// The channel.
    pub(super) channel: String,
    /// The message.
    pub(super) event: Event,
    /// How it went; a success may come with a remark.
    pub(super) outcome: Result<Option<String>, Failed>,
}

/// An attempt that failed.
pub(super) struct Failed {
    /// Why.
    pub(super) why: String,
    /// When it is tried again.
    pub(super) again_in: Duration,
}

/// What a channel has still to send.
pub(super) struct Mailbox {
    /// The channel.
    pub(super) channel: Channel,
    inner: Mutex<Inner>,
    sent: Vec<Duration>,
    wake: Condvar,
    stop: AtomicBool,
}

#[derive(Default)]
struct Inner {
    waiting: VecDeque<Event>,
    in_flight: Option<Event>,
}

impl Inner {
    /// Takes out the most severe message that waits, of several the first.
    fn most_urgent(&mut self) -> Option<Event> {
        let urgency = |(_, event): &(usize, &Event)| std::cmp::Reverse(event.severity);
        let (at, _) = self.waiting.iter().enumerate().min_by_key(urgency)?;
        self.waiting.remove(at)
    }
}

impl Mailbox {
    /// A mailbox with what was left over; `sent` is how long ago its last messages were taken, the
    /// oldest first: a restart allows no more than going on would have.
    pub(super) fn new(channel: Channel, left: Vec<Event>, sent: Vec<Duration>) -> Self {
        let inner = Mutex::new(Inner { waiting: left.into(), in_flight: None });
        Self { channel, inner, sent, wake: Condvar::new(), stop: AtomicBool::new(false) }
    }

    /// Puts messages in, all before one of them goes out; each takes the place of one of the same
    /// alert that waits.
    pub(super) fn push(&self, events: impl IntoIterator<Item = Event>) {
        let mut inner = self.lock();
        for mut event in events {
            if let Some(at) = inner.waiting.iter().position(|waiting| waiting.alert == event.alert)
                && let Some(old) = inner.waiting.remove(at)
            {
                event.skipped += old.skipped + 1;
            }
            inner.waiting.push_back(event);
        }
        self.wake.notify_all();
    }

    /// What was not taken yet, the one that is being tried included.
    pub(super) fn left(&self) -> Vec<Event> {
        let inner = self.lock();
        inner.in_flight.iter().chain(&inner.waiting).cloned().collect()
    }

    /// Whether an attempt is being made.
    pub(super) fn is_working(&self) -> bool {
        self.lock().in_flight.is_some()
    }

    /// Lets the thread end after the attempt that it makes.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        // The thread looks at it under the lock, so that it cannot miss the call.
        drop(self.lock());
        self.wake.notify_all();
    }

    /// Sends what is put in, until it is stopped; `tell` hears of every attempt.
    pub(super) fn work(&self, tell: &Sender<Attempt>) {
        let mut allowance = Allowance::after(self.channel.per_hour, &self.sent);
        let (mut pause, mut not_before) = (FIRST_PAUSE, Instant::now());
        while let Some(event) = self.next(not_before.max(allowance.next())) {
            let outcome = match self.channel.send(&event, &self.stop) {
                Ok(remark) => {
                    allowance.take();
                    pause = FIRST_PAUSE;
                    self.lock().in_flight = None;
                    Ok(remark)
                }
                Err(why) => {
                    not_before = Instant::now() + pause;
                    let again_in = pause;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    self.put_back();
                    Err(Failed { why, again_in })
                }
            };
            let attempt = Attempt { channel: self.channel.name.clone(), event, outcome };
            if tell.send(attempt).is_err() {
                return;
            }
        }
    }

    /// The next message, once it may be tried; `None` once the thread is to end.
    fn next(&self, not_before: Instant) -> Option<Event> {
        let mut inner = self.lock();
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return None;
            }
            let wait = not_before.saturating_duration_since(Instant::now());
            if inner.waiting.is_empty() {
                inner = self.wake.wait(inner).unwrap_or_else(PoisonError::into_inner);
            } else if wait.is_zero() {
                inner.in_flight = inner.most_urgent();
                return inner.in_flight.clone();
            } else {
                let waited = self.wake.wait_timeout(inner, wait);
                inner = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }

    /// Puts the message that was tried in front again, unless a newer one of its alert has come.
    fn put_back(&self) {
        let mut inner = self.lock();
        let Some(tried) = inner.in_flight.take() else { return };
        match inner.waiting.iter_mut().find(|waiting| waiting.alert == tried.alert) {
            Some(newer) => newer.skipped += tried.skipped + 1,
            None => inner.waiting.push_front(tried),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many messages may go out: a burst, then so many an hour.
struct Allowance {
    every: Duration,
    most: u32,
    left: u32,
    since: Instant,
}

impl Allowance {
    fn new(per_hour: u32) -> Self {
        let most = per_hour.clamp(1, BURST);
        let every = Duration::from_secs(3_600) / per_hour.max(1);
        Self { every, most, left: most, since: Instant::now() }
    }

    /// What is left of it after messages so long ago, the oldest first.
    fn after(per_hour: u32, sent: &[Duration]) -> Self {
        let mut allowance = Self::new(per_hour);
        let every = allowance.every.as_secs_f64();
        let most = f64::from(allowance.most);
        let (mut left, mut last) = (most, 0.0);
        for age in sent.iter().map(Duration::as_secs_f64) {
            let grown = if left < most { (last - age).max(0.0) / every } else { 0.0 };
            left = ((left + grown).min(most) - 1.0).max(0.0);
            last = age;
        }
        left = (left + if left < most { last / every } else { 0.0 }).min(most);
        let begun = Duration::from_secs_f64(left.fract() * every);
        allowance.since = allowance.since.checked_sub(begun).unwrap_or(allowance.since);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to BURST")]
        let whole = left as u32;
        allowance.left = whole;
        allowance
    }

    /// When the next message may go out.
    fn next(&mut self) -> Instant {
        while self.left < self.most && self.since.elapsed() >= self.every {
            self.left += 1;
            self.since += self.every;
        }
        if self.left > 0 { self.since } else { self.since + self.every }
    }

    fn take(&mut self) {
        if self.left == self.most {
            self.since = Instant::now();
        }
        self.left = self.left.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::model::health::Severity;
    use crate::ops::alerts::channel::channels;
    use crate::ops::alerts::message::Place;
    use crate::settings::Settings;

    fn mailbox(script: &str, more: &str) -> Mailbox {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("jobctl.toml");
        let text = format!(
            "[channel.c]\ntype = \"exec\"\ncommand = [\"/bin/sh\", \"-c\", {script:?}]\n{more}\n"
        );
        std::fs::write(&path, text).unwrap();
        let global = crate::global::Global { config: Some(path), ..Default::default() };
        let file = Settings::resolve(&global, None).unwrap().alerts;
        let channel = channels(&file, Duration::from_secs(10)).unwrap().remove(0);
        Mailbox::new(channel, Vec::new(), Vec::new())
    }

    fn event(alert: &str, id: &str) -> Event {
        let mut event = Event::test("c", jiff::Timestamp::UNIX_EPOCH, &Place::default());
        (event.alert, event.id) = (alert.to_owned(), id.to_owned());
        event
    }

    #[test]
    fn message_replaces_an_older_one_of_its_alert_and_says_so() {
        let mailbox = mailbox("true", "");
        for (alert, id) in [("a", "1"), ("b", "2"), ("a", "3"), ("a", "4")] {
            mailbox.push([event(alert, id)]);
        }
        let left: Vec<_> = mailbox.left().into_iter().map(|e| (e.id, e.skipped)).collect();
        assert_eq!(left, [("2".to_owned(), 0), ("4".to_owned(), 2)]);
    }

    #[test]
    fn message_that_fails_is_tried_again_and_superseded_by_a_newer_one() {
        let mailbox = mailbox("read line; case $line in *'\"id\":\"bad\"'*) exit 1;; esac", "");
        let (tell, told) = mpsc::channel();
        mailbox.push([event("a", "bad"), event("b", "fine")]);
        std::thread::scope(|threads| {
            threads.spawn(|| mailbox.work(&tell));
            let next = || told.recv_timeout(Duration::from_secs(120)).unwrap();
            let first = next();
            let failed = first.outcome.err().unwrap();
            assert_eq!((first.event.id.as_str(), failed.again_in), ("bad", FIRST_PAUSE));
            mailbox.push([event("a", "good")]);
            let mut taken = Vec::new();
            while taken.len() < 2 {
                // A test that is slow may see the bad one fail again.
                let attempt = next();
                if attempt.outcome.is_ok() {
                    taken.push((attempt.event.id, attempt.event.skipped));
                }
            }
            assert_eq!(taken, [("fine".to_owned(), 0), ("good".to_owned(), 1)]);
            assert!(mailbox.left().is_empty());
            mailbox.stop();
        });
    }

    #[test]
    fn message_that_is_more_severe_goes_out_before_those_that_wait() {
        let mailbox = mailbox("true", "");
        let of = |alert: &str, severity| Event { severity, ..event(alert, alert) };
        mailbox.push([of("a", Severity::Info), of("b", Severity::Warning)]);
        mailbox.push([of("c", Severity::Critical), of("d", Severity::Warning)]);
        mailbox.push([of("e", Severity::Critical)]);
        let mut order = Vec::new();
        while let Some(event) = mailbox.lock().most_urgent() {
            order.push(event.alert);
        }
        assert_eq!(order, ["c", "e", "b", "d", "a"]);
    }

    #[test]
    fn allowance_lets_a_burst_through_and_then_so_many_an_hour() {
        let mut allowance = Allowance::new(60);
        for _ in 0..10 {
            assert!(allowance.next() <= Instant::now());
            allowance.take();
        }
        let wait = allowance.next().saturating_duration_since(Instant::now());
        assert!((50..=60).contains(&wait.as_secs()), "{wait:?}");
        let mut rare = Allowance::new(1);
        rare.take();
        assert!(rare.next() > Instant::now() + Duration::from_secs(3_000));
    }

    #[test]
    fn allowance_goes_on_where_it_was_before_a_restart() {
        let minutes = |ages: &[u64]| ages.iter().map(|m| Duration::from_secs(60 * m)).collect();
        let left = |per_hour, ages: Vec<Duration>| {
            let mut allowance = Allowance::after(per_hour, &ages);
            let next = allowance.next().saturating_duration_since(Instant::now());
            (allowance.left, next.as_secs().div_ceil(60))
        };
        assert_eq!(left(1, minutes(&[20])), (0, 40), "the hour is not over");
        assert_eq!(left(1, minutes(&[70])), (1, 0));
        assert_eq!(left(60, minutes(&[5, 5, 5])), (10, 0));
        assert_eq!(left(6, minutes(&[1, 1, 1, 1, 1, 1])), (0, 9));
        assert_eq!(left(60, vec![Duration::ZERO; 10]), (0, 1));
        assert_eq!(left(60, Vec::new()), (10, 0));
    }

    #[test]
    fn mailbox_that_is_stopped_ends_while_a_program_hangs() {
        let mailbox = mailbox("sleep 600", "timeout = 300");
        let (tell, told) = mpsc::channel();
        mailbox.push([event("a", "1")]);
        std::thread::scope(|threads| {
            threads.spawn(|| mailbox.work(&tell));
            while mailbox.lock().in_flight.is_none() {
                std::thread::yield_now();
            }
            mailbox.stop();
        });
        assert!(told.recv().unwrap().outcome.is_err());
        assert_eq!(mailbox.left().len(), 1);
    }
}
