//! What a command works with: settings, the target, the output gate, and backends that are opened
//! on first use.

use std::collections::HashMap;
use std::io::{self, Write};

use crate::backend::redis::keys::Keys;
use crate::backend::redis::read::Store;
use crate::env;
use crate::error::Result;
use crate::global::Global;
use crate::human::Zone;
use crate::journal::JournalDir;
use crate::model::worker::{LocalProcess, Worker};
use crate::report::Scope;
use crate::secrets::Secrets;
use crate::settings::Settings;
use crate::sys::proc::{ProcTable, WorkerProcess, hostname};
use crate::target::Target;
use crate::ui::{Screen, Ui, UiOptions};

/// What the connection is called in messages.
const QUEUE_REDIS: &str = "queue Redis";

/// What a command works with.
pub struct Context {
    /// The flags that every command takes.
    pub global: Global,
    /// What holds for this run.
    pub settings: Settings,
    /// The output gate.
    pub ui: Ui,
    /// What is masked.
    pub secrets: Secrets,
    target: Option<Target>,
    store: Option<Store>,
}

/// Target and settings as they were before [`Context::read_anew`].
pub struct Before {
    target: Option<Target>,
    settings: Settings,
}

impl Context {
    /// A context for a command on a target: finds the target, reads the settings.
    pub fn on_target(global: Global) -> Result<Self> {
        let target = Target::find(&global)?;
        let root = target.bench.as_ref().map(|bench| bench.root().to_owned());
        let settings = Settings::resolve(&global, root.as_deref())?;
        Ok(Self::new(global, settings, Some(target)))
    }

    /// A context for a command that needs no target.
    pub fn without_target(global: Global) -> Result<Self> {
        let settings = Settings::resolve(&global, None)?;
        Ok(Self::new(global, settings, None))
    }

    /// A context for a command on a target whose answer goes to `out` and whose talk goes nowhere.
    /// It leaves the streams of the process alone, which belong to one thread.
    pub fn writing_to(global: Global, out: Box<dyn Write>) -> Result<Self> {
        let target = Target::find(&global)?;
        let root = target.bench.as_ref().map(|bench| bench.root().to_owned());
        let settings = Settings::resolve(&global, root.as_deref())?;
        let options = Self::options(&global, &settings);
        let ui = Ui::with_streams(options, Screen::none(), out, Box::new(io::sink()));
        let secrets = Secrets::new(global.show_secrets);
        Ok(Self { global, settings, ui, secrets, target: Some(target), store: None })
    }

    /// The same once more for `global`: the target as it is on disk now, the settings as they were
    /// read, no connection yet, and an answer that goes nowhere.
    pub fn afresh(&self, global: Global) -> Result<Self> {
        let (target, settings) = (Target::find(&global)?, self.settings.clone());
        let options = Self::options(&global, &settings);
        let (out, err) = (Box::new(io::sink()), Box::new(io::sink()));
        let ui = Ui::with_streams(options, Screen::none(), out, err);
        Ok(Self { secrets: self.secrets, global, settings, ui, target: Some(target), store: None })
    }

    fn new(global: Global, settings: Settings, target: Option<Target>) -> Self {
        let secrets = Secrets::new(global.show_secrets);
        let ui = Ui::new(Self::options(&global, &settings));
        Self { global, settings, ui, secrets, target, store: None }
    }

    fn options(global: &Global, settings: &Settings) -> UiOptions {
        UiOptions {
            format: settings.format,
            color: settings.color,
            quiet: global.quiet,
            verbose: global.verbose,
            zone: if settings.utc { Zone::Utc } else { Zone::Local },
            secrets: Secrets::new(global.show_secrets),
        }
    }

    /// The target.
    pub fn target(&self) -> Result<&Target> {
        self.target.as_ref().ok_or_else(|| {
            anyhow::anyhow!("a command without a target asked for one; this is a bug in jobctl")
        })
    }

    /// The selected sites; `None` for all.
    pub fn sites(&self) -> Result<Option<Vec<String>>> {
        self.target()?.sites(&self.global)
    }

    /// What every report says of its scope.
    pub fn scope(&self) -> Result<Scope> {
        let sites = self.sites()?;
        Ok(self.target()?.scope(sites.as_deref()))
    }

    /// The queues and jobs; connects on first use.
    pub fn store(&mut self) -> Result<&mut Store> {
        if self.store.is_none() {
            let endpoint = self.target()?.endpoint()?;
            let link =
                crate::backend::redis::connect(&endpoint, self.settings.timeout, QUEUE_REDIS)?;
            self.store = Some(Store::new(link, keys()));
        }
        // It was filled a line ago.
        self.store.as_mut().ok_or_else(|| anyhow::anyhow!("no store"))
    }

    /// Finds the target and reads the settings anew; gives what was there before. Where that fails
    /// nothing has changed. How answers are written stays as it was.
    pub fn read_anew(&mut self) -> Result<Before> {
        let target = Target::find(&self.global)?;
        let root = target.bench.as_ref().map(|bench| bench.root().to_owned());
        let settings = Settings::resolve(&self.global, root.as_deref())?;
        let settings = std::mem::replace(&mut self.settings, settings);
        self.store = None;
        Ok(Before { target: self.target.replace(target), settings })
    }

    /// Takes back [`Context::read_anew`].
    pub fn go_back_to(&mut self, before: Before) {
        (self.target, self.settings, self.store) = (before.target, before.settings, None);
    }

    /// Where journals of operations on the target are kept.
    pub fn journals(&self) -> Result<JournalDir> {
        JournalDir::of(self.target()?.bench.as_ref().map(crate::bench::Bench::root))
    }

    /// Round trips to Redis so far.
    pub fn round_trips(&self) -> u64 {
        self.store.as_ref().map_or(0, Store::round_trips)
    }

    /// Forgets a connection that failed, so that the next use opens another.
    pub fn disconnect(&mut self) {
        self.store = None;
    }

    /// The output gate, the target and the store at once.
    pub fn split(&mut self) -> Result<(&mut Ui, &Target, &mut Store)> {
        self.store()?;
        match (&self.target, &mut self.store) {
            (Some(target), Some(store)) => Ok((&mut self.ui, target, store)),
            _ => Err(anyhow::anyhow!("no target")),
        }
    }

    /// The target and the store at once.
    pub fn parts(&mut self) -> Result<(&Target, &mut Store)> {
        self.store()?;
        match (&self.target, &mut self.store) {
            (Some(target), Some(store)) => Ok((target, store)),
            _ => Err(anyhow::anyhow!("no target")),
        }
    }
}

/// Keys under the prefix that RQ's own variable names, or RQ's default.
pub fn keys() -> Keys {
    env::read(env::RQ_KEY_PREFIX)
        .filter(|prefix| !prefix.is_empty())
        .map_or_else(Keys::default, Keys::new)
}

/// What this host knows of the processes of workers, by worker name.
///
/// A worker of another host, or of another container on this one, has another host name.
pub fn local_processes<'w>(
    workers: impl Iterator<Item = &'w Worker>,
) -> HashMap<String, LocalProcess> {
    let (Some(here), Ok(table)) = (hostname(), ProcTable::live()) else { return HashMap::new() };
    let of = |worker: &Worker| {
        let identity = worker.identity.as_ref()?;
        if identity.hostname.as_deref() != Some(here.as_str()) {
            return None;
        }
        let pid = identity.pid?;
        Some(match table.worker_process(pid) {
            WorkerProcess::Alive => LocalProcess::Present,
            WorkerProcess::Gone | WorkerProcess::Reused(_)
                if table.sees_whole_machine() && !table.is_inside_container(pid) =>
            {
                LocalProcess::Gone
            }
            WorkerProcess::Gone | WorkerProcess::Reused(_) => LocalProcess::OutOfSight,
            WorkerProcess::CannotTell => LocalProcess::Elsewhere,
        })
    };
    workers.filter_map(|worker| Some((worker.name.clone(), of(worker)?))).collect()
}
