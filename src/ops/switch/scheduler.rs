//! The switches of a scheduler that stand in a site's own file: pause and maintenance mode.
//!
//! Source: `scheduler` and `set_maintenance_mode` in `frappe/commands/scheduler.py`: v13 writes
//! 1 and 0 for a pause, later versions true and false; maintenance is 1 and 0 everywhere.

use super::places::{self, bench_of};
use super::{Operation, Turned, Wish, scope, waiting};
use crate::bench::config::SWITCHES;
use crate::bench::{Bench, ConfigName, Family, Waiting};
use crate::codec::Json;
use crate::context::Context;
use crate::error::{Failure, Kind, Result, failure_of};
use crate::journal::{Ending, SwitchPlace};
use crate::ops::change::How;
use crate::ops::change::approve::refuse_change;
use crate::report::switch::{Obstacle, SwitchReport, SwitchRow, Turn};
use crate::sys::signals::{Interrupted, Interrupts};

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// No scheduled job is enqueued.
    Pause,
    /// They are enqueued again.
    Resume,
    /// Requests are refused, and no scheduled job is enqueued.
    MaintenanceOn,
    /// Requests are served again.
    MaintenanceOff,
}

impl Switch {
    /// The key in the configuration.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Pause | Self::Resume => "pause_scheduler",
            Self::MaintenanceOn | Self::MaintenanceOff => "maintenance_mode",
        }
    }

    /// The verb in journals.
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Pause => "pause-scheduler",
            Self::Resume => "resume-scheduler",
            Self::MaintenanceOn => "maintenance-on",
            Self::MaintenanceOff => "maintenance-off",
        }
    }

    /// What is done, as in `cannot pause the scheduler`.
    pub const fn what(self) -> &'static str {
        match self {
            Self::Pause => "pause the scheduler",
            Self::Resume => "resume the scheduler",
            Self::MaintenanceOn => "switch on the maintenance mode",
            Self::MaintenanceOff => "switch off the maintenance mode",
        }
    }

    /// How it is then.
    pub const fn state(self) -> &'static str {
        match self {
            Self::Pause => "paused",
            Self::Resume => "not paused",
            Self::MaintenanceOn => "in maintenance",
            Self::MaintenanceOff => "not in maintenance",
        }
    }

    const fn is_on(self) -> bool {
        matches!(self, Self::Pause | Self::MaintenanceOn)
    }

    /// What a Frappe of this family writes, as JSON.
    const fn value(self, family: Family) -> &'static str {
        match (self, family) {
            (Self::Pause, Family::V13) | (Self::MaintenanceOn, _) => "1",
            (Self::Resume, Family::V13) | (Self::MaintenanceOff, _) => "0",
            (Self::Pause, _) => "true",
            (Self::Resume, _) => "false",
        }
    }

    /// Where it stands for a site.
    pub fn place(self, site: &str) -> SwitchPlace {
        let file = ConfigName::Site(site.to_owned()).path();
        SwitchPlace::ConfigKey { file, key: self.key().to_owned() }
    }

    /// What is to become of a site's own value; `common` says whether the common file has the
    /// switch on.
    fn wish(self, own: Option<&str>, common: bool, override_bench: bool, family: Family) -> Wish {
        let own = own.and_then(|text| Json::parse(text.as_bytes()).ok());
        let own = own.map(|value| value.is_truthy());
        let put = Wish::Put(Some(self.value(family).to_owned()));
        match (self.is_on(), own, common) {
            (true, Some(true), _) | (false, Some(false), _) | (false, None, false) => {
                Wish::Leave(String::new())
            }
            (false, _, true) if !override_bench => Wish::Leave(in_common(self).to_string()),
            _ => put,
        }
    }
}

/// The refusal to lift for one site what stands for all of them.
fn in_common(switch: Switch) -> Failure {
    Failure::new(
        Kind::Refused,
        format!(
            "will not {}: `{}` is set for all sites in {}",
            switch.what(),
            switch.key(),
            ConfigName::Common.path()
        ),
    )
    .hint("an update of the bench sets it while it runs, and leaves it behind where it fails")
    .hint(format!("to lift it for all sites: bench set-config -g -p {} 0", switch.key()))
    .hint("to lift it for the selected sites alone: --override-bench")
}

/// Turns a switch for sites.
///
/// Each site is done whatever happens to the others. Errors: `Refused` under read-only or where the
/// operator says no; what keeps a single site from being done stands in the report.
pub fn turn(
    context: &mut Context,
    switch: Switch,
    sites: &[String],
    override_bench: bool,
    how: &How,
) -> Result<SwitchReport> {
    if !how.dry_run {
        refuse_change(context, switch.what())
            .map_err(|failure| failure.hint("--dry-run shows the plan"))?;
    }
    let turning = Turning { switch, override_bench };
    let plan = |site: &String| turning.plan(context, site, how.dry_run);
    let rows = sites.iter().map(plan).collect::<Result<_>>()?;
    let mut report = SwitchReport { dry_run: how.dry_run, rows, ..SwitchReport::of(switch.verb()) };
    let planned: Vec<&str> = report.planned().filter_map(|row| row.site.as_deref()).collect();
    if !how.dry_run && !planned.is_empty() {
        scope::confirm(context, switch.what(), &planned, how)?;
        turning.carry_out(context, &mut report, how)?;
    }
    tell_obstacles(context, switch, &mut report)?;
    Ok(report)
}

/// A switch that is being turned.
#[derive(Clone, Copy)]
pub(in crate::ops) struct Turning {
    switch: Switch,
    override_bench: bool,
}

impl Turning {
    /// Turns a switch as it is turned without `--override-bench`.
    pub(in crate::ops) const fn of(switch: Switch) -> Self {
        Self { switch, override_bench: false }
    }

    /// Turns the switch of one site, as a part of an operation.
    pub(in crate::ops) fn turn_site(
        self,
        context: &Context,
        operation: &mut Operation,
        site: &str,
        waiting: Waiting<'_>,
    ) -> Result<Turned> {
        let bench = bench_of(context)?;
        let decide = |now: Option<&str>| self.wish(bench, site, now);
        operation.turn(context, &self.switch.place(site), waiting, decide)
    }

    fn plan(self, context: &Context, site: &str, dry_run: bool) -> Result<SwitchRow> {
        let bench = bench_of(context)?;
        let place = self.switch.place(site);
        let mut row = SwitchRow::of(&place, self.switch.state());
        match places::look(context, &place) {
            Err(error) if is_open(&error, dry_run) => {}
            Err(error) => row.fail(error)?,
            Ok(now) => {
                let wish = self.wish(bench, site, now.as_deref());
                row.read = true;
                row.before.clone_from(&now);
                match wish {
                    Wish::Put(after) => (row.turn, row.after) = (Turn::Planned, after),
                    Wish::Leave(why) if why.is_empty() => {
                        (row.turn, row.after) = (Turn::AlreadySo, now);
                    }
                    Wish::Leave(_) => row.fail(in_common(self.switch).into())?,
                }
            }
        }
        Ok(row)
    }

    fn wish(self, bench: &Bench, site: &str, own: Option<&str>) -> Wish {
        let config = bench.site_config(site);
        let standing = config.standing(self.switch.key());
        let common = standing.common.is_some_and(|(value, _)| crate::bench::config::truthy(value));
        self.switch.wish(own, common, self.override_bench, bench.frappe().family())
    }

    fn carry_out(self, context: &Context, report: &mut SwitchReport, how: &How) -> Result<()> {
        let interrupts = Interrupts::catch()?;
        let planned = report.planned().count() as u64;
        let mut operation = Operation::new(context, self.switch.verb(), planned, how, None)?;
        for row in report.rows.iter_mut().filter(|row| row.turn == Turn::Planned) {
            if interrupts.seen().is_some() {
                break;
            }
            let site = row.site.clone().unwrap_or_default();
            let waiting = waiting(context, &interrupts);
            match self.turn_site(context, &mut operation, &site, waiting) {
                Ok(turned) => row.take(turned),
                Err(error) if error.is::<Interrupted>() => break,
                Err(error) => row.fail(error)?,
            }
        }
        report.interrupted_by = interrupts.seen();
        let ending = match report.interrupted_by {
            Some(_) => Ending::Interrupted,
            None => Ending::Done,
        };
        report.ended(operation.end(ending));
        Ok(())
    }
}

impl SwitchRow {
    /// Writes down what became of the place.
    pub(super) fn take(&mut self, turned: Turned) {
        self.read = true;
        match turned {
            Turned::Changed(image) => {
                self.turn = Turn::Changed;
                (self.before, self.after) = (image.before, image.after);
            }
            Turned::AlreadySo(now) => {
                self.turn = Turn::AlreadySo;
                (self.before, self.after) = (now.clone(), now);
            }
            Turned::Left(now, reason) => {
                self.turn = if reason.is_empty() { Turn::AlreadySo } else { Turn::LeftAlone };
                (self.before, self.after) = (now.clone(), now);
                self.reason = Some(reason).filter(|reason| !reason.is_empty());
            }
        }
    }

    /// Writes down why the place could not be changed; what is a bug ends the command.
    pub(super) fn fail(&mut self, error: anyhow::Error) -> Result<()> {
        let Some(failure) = failure_of(&error) else { return Err(error) };
        self.turn = Turn::Failed;
        self.reason = Some(failure.to_string());
        self.kind = Some(failure.kind());
        self.hints = failure.hints().to_vec();
        Ok(())
    }
}

/// Whether it only shows under the lock what is wrong: without it, a file can be met while it is
/// being written.
pub(super) fn is_open(error: &anyhow::Error, dry_run: bool) -> bool {
    !dry_run && failure_of(error).map(Failure::kind) == Some(Kind::Data)
}

/// Says what else keeps the scheduler of a site from running, and what cannot be known of it.
fn tell_obstacles(context: &Context, switch: Switch, report: &mut SwitchReport) -> Result<()> {
    let bench = bench_of(context)?;
    for row in &mut report.rows {
        let Some(site) = &row.site else { continue };
        let config = bench.site_config(site);
        if config.extra_config().is_some() {
            report.notes.push(format!(
                "{site}: `extra_config` is set: Python functions may change the configuration, and what they set is not seen"
            ));
        }
        if switch.is_on() || row.turn == Turn::Failed {
            continue;
        }
        for key in SWITCHES {
            let standing = config.standing(key);
            let Some((_, path)) = standing.in_force().filter(|_| standing.is_on()) else {
                continue;
            };
            // With a dry run the switch itself still stands.
            if key != switch.key() {
                let source = bench.relative(path).to_string_lossy().into_owned();
                let detail = format!("`{key}` is set");
                row.obstacles.push(Obstacle { code: key.to_owned(), source, detail, fix: None });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(switch: Switch, own: Option<&str>, common: bool, over: bool) -> Wish {
        switch.wish(own, common, over, Family::V15)
    }

    fn put(text: &str) -> Wish {
        Wish::Put(Some(text.to_owned()))
    }

    #[test]
    fn pause_writes_what_the_version_writes_unless_it_is_so() {
        let so = Wish::Leave(String::new());
        assert_eq!(wish(Switch::Pause, None, false, false), put("true"));
        assert_eq!(wish(Switch::Pause, None, true, false), put("true"));
        assert_eq!(wish(Switch::Pause, Some("0"), false, false), put("true"));
        assert_eq!(wish(Switch::Pause, Some("1"), false, false), so);
        // A text that is not empty counts as true.
        assert_eq!(wish(Switch::Pause, Some("\"0\""), false, false), so);
        assert_eq!(Switch::Pause.wish(None, false, false, Family::V13), put("1"));
        assert_eq!(Switch::Resume.wish(Some("1"), false, false, Family::V13), put("0"));
        assert_eq!(wish(Switch::MaintenanceOn, None, false, false), put("1"));
    }

    #[test]
    fn resume_overrides_the_common_file_only_when_told() {
        let so = Wish::Leave(String::new());
        assert_eq!(wish(Switch::Resume, None, false, false), so);
        assert_eq!(wish(Switch::Resume, Some("false"), true, false), so);
        assert_eq!(wish(Switch::Resume, Some("true"), false, false), put("false"));
        for own in [None, Some("true")] {
            let Wish::Leave(reason) = wish(Switch::Resume, own, true, false) else { panic!() };
            assert!(reason.contains("sites/common_site_config.json"), "{reason}");
            assert_eq!(wish(Switch::Resume, own, true, true), put("false"));
        }
    }
}
