//! `alerts run`: looks again and again, and tells what begins and what ends.
//!
//! Before a message goes out, that it is to go out is on disk; after it went out, that too. A crash
//! between the two sends it twice, under the same name, and never loses it. Nothing but a signal
//! ends the loop: what cannot be read, sent or written is told and tried again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::channel::Channel;
use super::deliver::{Attempt, BURST, Mailbox};
use super::expr::{Evidence, Judgement, Lack, Truth};
use super::message::{Event, Place, Subject, Tell, clean, how_it_ended};
use super::readings::Readings;
use super::rules::Rule;
use super::standing::Standing;
use super::state::{State, StateFile};
use super::{described, place, state_of, why};
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::Global;
use crate::human;
use crate::ops::change::approve::refuse_read_only;
use crate::ops::history::aside::Aside;
use crate::render::Format;
use crate::report::alerts::AlertState;
use crate::report::{Cell, Role};
use crate::sys::clock;
use crate::sys::notify::Notifier;
use crate::sys::signals::Interrupts;

/// How often signals and outcomes are looked for.
const LOOK: Duration = Duration::from_millis(200);

/// How long an attempt that is being made may go on after a signal. What it sends may then be sent
/// again by the next run.
const GRACE: Duration = Duration::from_secs(5);

/// After which a state is written of which nothing but what is remembered of ended jobs is new.
const STALE: Duration = Duration::from_secs(300);

/// Watches until a signal comes; a look every `every`. What is said by somebody who records beside is
/// told as well.
///
/// Errors: `Config` for rules, channels and secrets that are wrong; `TryAgain` where another process
/// watches the same target; those of the folder of the state.
pub fn watch(context: &mut Context, every: Duration, recording: Option<Aside>) -> Result<Outcome> {
    context.ui.refuse_csv()?;
    let (mut rules, channels) = described(context)?;
    rules.retain(|rule| rule.enabled);
    let channels = used(context, &rules, channels)?;
    // A selection that is wrong is told now, not at every look.
    let sites = context.sites()?;
    let place = place(context)?;
    let shared = context.target()?.bench.is_none().then_some(place.redis.as_deref()).flatten();
    let file = StateFile::take(context.journals()?, shared)?;
    let (mut state, broken) = file.read()?;
    if let Some(told) = broken {
        context.ui.warn(&told);
    }
    let mailboxes = mailboxes(channels, &mut state, context);
    forget_unwatched(&rules, &mut state, context);
    let interrupts = Interrupts::catch()?;
    let notifier = Notifier::of_environment();
    let (tell, told) = mpsc::channel();
    if mailboxes.is_empty() {
        context.ui.warn("no channel is described: what fires is told here alone");
    }
    let global =
        Global { site: sites.unwrap_or_else(|| vec!["all".to_owned()]), ..context.global.clone() };
    let begun = format!(
        "watching {} every {}, telling {}",
        human::counted(rules.len() as u64, "alert"),
        human::age(every.as_secs_f64()),
        human::counted(mailboxes.len() as u64, "channel"),
    );
    context.ui.status(&begun);
    notifier.ready(&begun);
    for mailbox in &mailboxes {
        let (mailbox, tell) = (Arc::clone(mailbox), tell.clone());
        // Nobody waits for it at the end: a server that hangs would hold up the end as well.
        std::thread::spawn(move || mailbox.work(&tell));
    }
    let watching = Watching {
        context,
        global,
        rules: &rules,
        mailboxes: &mailboxes,
        place,
        file: &file,
        state,
        saved: None,
        unknown: BTreeMap::new(),
        faults: BTreeMap::new(),
        failing: BTreeSet::new(),
        recording,
    };
    Ok(watching.run(every, &interrupts, &notifier, &told))
}

/// The channels that a rule tells; each must be fit for use.
fn used(context: &Context, rules: &[Rule], mut channels: Vec<Channel>) -> Result<Vec<Channel>> {
    channels.retain(|channel| rules.iter().any(|rule| rule.channels.contains(&channel.name)));
    for channel in &channels {
        if channel.executes() {
            refuse_read_only(context, "run the program of a channel")?;
        }
        channel.check()?;
    }
    Ok(channels)
}

/// Drops how rules stand that are gone or switched off.
fn forget_unwatched(rules: &[Rule], state: &mut State, context: &mut Context) {
    state.rules.retain(|name, standing| {
        let is_watched = rules.iter().any(|rule| rule.name == *name);
        if !is_watched && standing.fires_since.is_some() {
            let text = format!("alert `{name}` fired and is watched no more: its end is not told");
            context.ui.warn(&text);
        }
        is_watched
    });
}

/// A mailbox for each channel, with what was left over; what was left for others is dropped.
fn mailboxes(
    channels: Vec<Channel>,
    state: &mut State,
    context: &mut Context,
) -> Vec<Arc<Mailbox>> {
    let mut outbox = std::mem::take(&mut state.outbox);
    let now = clock::now();
    let mailbox = |channel: Channel| {
        let left = outbox.remove(&channel.name).unwrap_or_default();
        let sent = state.sent.get(&channel.name).into_iter().flatten();
        let ago = |at: &Timestamp| Duration::try_from(now.duration_since(*at)).unwrap_or_default();
        Arc::new(Mailbox::new(channel, left, sent.map(ago).collect()))
    };
    let mailboxes = channels.into_iter().map(mailbox).collect();
    for (channel, left) in outbox.iter().filter(|(_, left)| !left.is_empty()) {
        let count = human::counted(left.len() as u64, "message");
        context.ui.warn(&format!("{count} for channel `{channel}` dropped: nothing uses it now"));
    }
    mailboxes
}

struct Watching<'a> {
    context: &'a mut Context,
    global: Global,
    rules: &'a [Rule],
    mailboxes: &'a [Arc<Mailbox>],
    place: Place,
    file: &'a StateFile,
    state: State,
    /// When the state was written, and what it was then.
    saved: Option<(Instant, State)>,
    /// Rules that could not be judged, and why.
    unknown: BTreeMap<String, String>,
    /// What cannot be done at the moment, and why, as it was told.
    faults: BTreeMap<Attempted, String>,
    /// Channels whose last attempt failed.
    failing: BTreeSet<String>,
    /// Who records beside.
    recording: Option<Aside>,
}

/// What may fail without an end to the watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Attempted {
    Measure,
    Save,
    Show,
}

impl Watching<'_> {
    fn run(
        mut self,
        every: Duration,
        interrupts: &Interrupts,
        notifier: &Notifier,
        told: &Receiver<Attempt>,
    ) -> Outcome {
        let mut next = Instant::now();
        let mut alive = Instant::now();
        let signal = loop {
            if Instant::now() >= next {
                self.look();
                // A look that took longer than the time between two is not made up for.
                next = (next + every).max(Instant::now());
                notifier.status(&self.in_words());
            }
            for line in self.recording.iter().flat_map(Aside::said) {
                self.context.ui.warn(&line);
            }
            if notifier.interval().is_some_and(|interval| alive.elapsed() * 2 >= interval) {
                notifier.alive();
                alive = Instant::now();
            }
            match told.recv_timeout(LOOK) {
                Ok(attempt) => self.took(attempt),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
            if let Some(signal) = interrupts.seen() {
                break signal;
            }
        };
        notifier.stopping("ending");
        self.mailboxes.iter().for_each(|mailbox| mailbox.stop());
        let end = Instant::now() + GRACE;
        while self.mailboxes.iter().any(|mailbox| mailbox.is_working()) && Instant::now() < end {
            if let Ok(attempt) = told.recv_timeout(LOOK) {
                self.took(attempt);
            }
        }
        while let Ok(attempt) = told.try_recv() {
            self.took(attempt);
        }
        self.saved = None;
        self.save();
        let left: usize = self.mailboxes.iter().map(|mailbox| mailbox.left().len()).sum();
        if left > 0 {
            let count = human::counted(left as u64, "message");
            self.context.ui.status(&format!("{count} not sent yet: left to the next run"));
        }
        Outcome::Interrupted { signal }
    }

    fn in_words(&self) -> String {
        let firing = self.state.rules.values().filter(|rule| rule.fires_since.is_some()).count();
        format!("{firing} firing, {} unknown", self.unknown.len())
    }

    /// One look: measures, judges, writes down what is to be told, and tells it.
    fn look(&mut self) {
        let readings = self.measure();
        if let Some(readings) = &readings {
            self.remember(readings);
        }
        let now = clock::now();
        let mut events = Vec::new();
        for rule in self.rules {
            let judged = match &readings {
                Some(readings) => {
                    let standing = self.state.rules.get(&rule.name);
                    let fired_for = standing.map_or(&[][..], Standing::fires_for);
                    let view = readings.with(Some(&self.state.remembered));
                    let view = view.of_what_fires(fired_for);
                    rule.condition.judge(&view, rule.threshold, rule.window_s)
                }
                None => not_measured(),
            };
            self.note_unknown(rule, &judged);
            let secrets = self.context.secrets;
            let holds_for = Subject::all(&judged, secrets);
            // What is gone for good would else fire for ever.
            let truth = if judged.is_about_what_is_gone() { Truth::False } else { judged.truth };
            let standing = self.state.rules.entry(rule.name.clone()).or_default();
            let Some(told) = standing.step(rule, truth, &holds_for, now) else { continue };
            let evidence = match (&readings, told.tell) {
                (Some(readings), Tell::Resolved) => {
                    let view = readings.with(Some(&self.state.remembered));
                    let view = view.of_what_fires(&told.was);
                    how_it_ended(rule, &told.was, &judged, &view, secrets)
                }
                _ => holds_for.iter().map(|subject| subject.words().to_owned()).collect(),
            };
            events.push((rule, Event::of(rule, told, now, evidence, &self.place)));
        }
        // The worst is told first.
        events.sort_by_key(|(_, event)| std::cmp::Reverse(event.severity));
        let mut outbox = self.outbox();
        for (rule, event) in &events {
            for channel in &rule.channels {
                outbox.entry(channel.clone()).or_default().push(event.clone());
            }
        }
        self.save_with(outbox);
        for mailbox in self.mailboxes {
            let name = &mailbox.channel.name;
            let told = events.iter().filter(|(rule, _)| rule.channels.contains(name));
            mailbox.push(told.map(|(_, event)| event.clone()));
        }
        for (_, event) in events {
            let shown = self.show(&event);
            self.note_fault(Attempted::Show, shown.err());
        }
    }

    /// Measures in a context of its own, so that what changed on disk is seen and a connection that
    /// broke is made anew. `None` where even that is not possible.
    fn measure(&mut self) -> Option<Readings> {
        let measured = self
            .context
            .afresh(self.global.clone())
            .and_then(|mut context| Readings::take(&mut context));
        let (readings, fault) = match measured {
            Ok(readings) => (Some(readings), None),
            Err(error) => (None, Some(error)),
        };
        self.note_fault(Attempted::Measure, fault);
        readings
    }

    /// Says once what cannot be done; told again only if it is another reason.
    fn note_fault(&mut self, attempted: Attempted, fault: Option<anyhow::Error>) {
        let Some(fault) = fault else {
            self.faults.remove(&attempted);
            return;
        };
        let told = match attempted {
            Attempted::Measure => format!("cannot measure: {fault:#}"),
            Attempted::Save => format!("{fault:#}; a restart may tell again what was told"),
            Attempted::Show => format!("{fault:#}"),
        };
        if self.faults.get(&attempted) != Some(&told) {
            self.context.ui.warn(&told);
        }
        self.faults.insert(attempted, told);
    }

    fn remember(&mut self, readings: &Readings) {
        let longest = self.rules.iter().filter_map(Rule::longest_window_s).max();
        let (Some(longest_s), false) = (longest, readings.is_outage()) else { return };
        for (queue, ends) in &readings.ends {
            self.state.remembered.look(queue, ends, readings.at, longest_s);
        }
        self.state.remembered.forget_empty();
    }

    /// Says once that a rule cannot be judged, and once that it can again.
    fn note_unknown(&mut self, rule: &Rule, judged: &Judgement) {
        let reason = match state_of(judged) {
            AlertState::Unknown => Some(clean(&why(judged), self.context.secrets)),
            _ => None,
        };
        match (&reason, self.unknown.contains_key(&rule.name)) {
            (Some(reason), false) => {
                self.context.ui.warn(&format!("alert `{}` is unknown: {reason}", rule.name));
            }
            (None, true) => {
                self.context.ui.status(&format!("alert `{}` is known again", rule.name));
            }
            _ => {}
        }
        match reason {
            Some(reason) => self.unknown.insert(rule.name.clone(), reason),
            None => self.unknown.remove(&rule.name),
        };
    }

    /// Takes in what became of an attempt.
    fn took(&mut self, attempt: Attempt) {
        let Attempt { channel, event, outcome } = attempt;
        match outcome {
            Ok(remark) => {
                let sent = self.state.sent.entry(channel.clone()).or_default();
                sent.push(clock::now());
                let old = sent.len().saturating_sub(BURST as usize);
                sent.drain(..old);
                if self.failing.remove(&channel) {
                    self.context.ui.status(&format!("channel `{channel}` takes messages again"));
                }
                let (word, alert) = (event.state.headline(), &event.alert);
                self.context.ui.detail(&format!("told `{channel}`: {word} {alert}"));
                if let Some(remark) = remark {
                    let remark = clean(&remark, self.context.secrets);
                    self.context.ui.warn(&format!("channel `{channel}`: {remark}"));
                }
            }
            Err(failed) => {
                let why = clean(&failed.why, self.context.secrets);
                let again = human::age(failed.again_in.as_secs_f64());
                let text = format!("channel `{channel}` failed, again in {again}: {why}");
                if self.failing.insert(channel) {
                    self.context.ui.warn(&text);
                } else {
                    self.context.ui.detail(&text);
                }
            }
        }
        self.save();
    }

    fn outbox(&self) -> BTreeMap<String, Vec<Event>> {
        let left = |mailbox: &Arc<Mailbox>| (mailbox.channel.name.clone(), mailbox.left());
        self.mailboxes.iter().map(left).filter(|(_, left)| !left.is_empty()).collect()
    }

    fn save(&mut self) {
        let outbox = self.outbox();
        self.save_with(outbox);
    }

    fn save_with(&mut self, outbox: BTreeMap<String, Vec<Event>>) {
        self.state.outbox = outbox;
        if let Some((at, saved)) = &self.saved
            && at.elapsed() < STALE
            && saved.tells_the_same(&self.state)
        {
            return;
        }
        self.state.written_at = clock::now();
        let written = self.file.write(&self.state);
        self.saved = written.is_ok().then(|| (Instant::now(), self.state.clone()));
        self.note_fault(Attempted::Save, written.err());
    }

    /// Prints an event: a line for people, JSON for programs. That nobody reads ends nothing.
    fn show(&mut self, event: &Event) -> Result<()> {
        let ui = &mut self.context.ui;
        if matches!(ui.format(), Some(Format::Json | Format::Jsonl)) {
            let mut line = serde_json::to_vec(event).map_err(|e| anyhow::anyhow!("{e}"))?;
            line.push(b'\n');
            return ui.raw(&line);
        }
        let role = match event.state {
            Tell::Resolved => Role::Good,
            Tell::Firing | Tell::StillFiring | Tell::Test => Role::Bad,
        };
        let time = human::time(event.at, ui.zone());
        let rest = match event.lasted_s {
            None => event.evidence.join("; "),
            Some(lasted) => {
                let now = event.evidence.join("; ");
                let was = event.was.join("; ");
                let parts = [
                    format!("after {}", human::age(lasted)),
                    named("was", &was),
                    named("now", &now),
                ];
                parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ")
            }
        };
        let cells = [
            Cell::new(format!("{time}  "), Role::Dim),
            Cell::new(event.state.headline(), role),
            Cell::new(format!("  {}  {rest}", event.alert), Role::Plain),
        ];
        ui.line(&cells)?;
        ui.flush_lines()
    }
}

/// A text behind its name; nothing where there is none.
fn named(name: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{name} {text}") }
}

/// The judgement where nothing could be measured.
fn not_measured() -> Judgement {
    let lacks = vec![Lack::unread("nothing could be measured")];
    Judgement { truth: Truth::Unknown, evidence: Vec::<Evidence>::new(), lacks }
}
