//! Chooses the logs: by name from a bench, by path from anywhere.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use globset::{Glob, GlobMatcher};

use super::LogsOptions;
use crate::bench::Bench;
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::logs::discover::{Source, in_folder};
use crate::logs::filter::Token;
use crate::logs::watch::Watch;
use crate::nearby;
use crate::target::Target;

/// The name that stands for every log.
const ALL: &str = "all";

/// A log that was chosen.
#[derive(Debug, Clone)]
pub(super) struct Chosen {
    /// The log.
    pub(super) source: Source,
    /// The sites of which a record must name one: the log is of several sites, some are asked for.
    pub(super) sites: Vec<Token>,
}

/// The chosen logs, and how further ones are found.
#[derive(Debug)]
pub(super) struct Sources {
    /// The chosen logs.
    pub(super) chosen: Vec<Chosen>,
    folders: Option<Folders>,
    wanted: Vec<Wanted>,
}

/// The folders of a bench that hold logs.
#[derive(Debug)]
struct Folders {
    bench: PathBuf,
    sites: Vec<(String, PathBuf)>,
    /// The sites that were asked for; `None` for all.
    asked: Option<Vec<String>>,
}

/// What a part of `--source` selects.
#[derive(Debug)]
enum Wanted {
    AboutJobs,
    Named { typed: String, matcher: GlobMatcher },
    Path(PathBuf),
}

impl Wanted {
    fn takes(&self, source: &Source) -> bool {
        match self {
            Self::AboutJobs => source.is_about_jobs(),
            Self::Named { matcher, .. } => matcher.is_match(&source.name),
            Self::Path(_) => false,
        }
    }
}

/// Whether a value of `--source` is a path rather than the name of a log.
pub fn is_path(value: &str) -> bool {
    value.contains('/') || (Path::new(value).is_file() && !value.contains(['*', '?']))
}

fn wanted(values: &[String]) -> Result<Vec<Wanted>> {
    let mut wanted = Vec::new();
    for value in values {
        if is_path(value) && Path::new(value).exists() {
            wanted.push(Wanted::Path(value.into()));
            continue;
        }
        for part in value.split(',').map(str::trim) {
            if part.is_empty() {
                return Err(Failure::new(
                    Kind::Usage,
                    format!("cannot use `{value}` for --source: it holds an empty name"),
                )
                .into());
            }
            wanted.push(if is_path(part) { Wanted::Path(part.into()) } else { named(part)? });
        }
    }
    if wanted.is_empty() {
        wanted.push(Wanted::AboutJobs);
    }
    Ok(wanted)
}

fn named(part: &str) -> Result<Wanted> {
    let name = part.strip_suffix(".log").unwrap_or(part);
    let glob = Glob::new(if name == ALL { "*" } else { name }).map_err(|error| {
        Failure::new(Kind::Usage, format!("cannot use `{part}` for --source: {}", error.kind()))
    })?;
    Ok(Wanted::Named { typed: part.to_owned(), matcher: glob.compile_matcher() })
}

impl Sources {
    /// Chooses the logs that the options name. Errors: `NotFound` where a name or path leads to
    /// nothing, `Usage` for names without a bench.
    pub(super) fn choose(context: &Context, options: &LogsOptions) -> Result<Self> {
        let wanted = wanted(&options.sources)?;
        let by_name = wanted.iter().any(|one| !matches!(one, Wanted::Path(_)));
        let folders = if by_name { Some(Folders::of(context)?) } else { None };
        let asked = asked_sites(context)?;
        let mut sources = Self { chosen: Vec::new(), folders, wanted };
        let listed = sources.listed()?;
        for one in &sources.wanted {
            if let Wanted::Path(path) = one {
                let source = Source::at(path);
                missing(path, options.follow)?;
                let sites = asked.iter().flatten().map(|site| Token::new(site)).collect();
                sources.chosen.push(Chosen { source, sites });
            } else if !listed.iter().any(|chosen| one.takes(&chosen.source)) && !options.follow {
                return Err(no_such_log(one, sources.folders.as_ref()).into());
            }
        }
        sources.chosen.extend(listed);
        Ok(sources)
    }

    /// The logs of the bench that are wanted.
    fn listed(&self) -> Result<Vec<Chosen>> {
        let Some(folders) = &self.folders else { return Ok(Vec::new()) };
        let mut all = folders.list()?;
        all.retain(|chosen| self.wanted.iter().any(|wanted| wanted.takes(&chosen.source)));
        Ok(all)
    }

    /// Watches the chosen logs, and their folders for further ones.
    pub(super) fn watch(&self) -> Watch {
        let mut watch = Watch::new();
        for chosen in &self.chosen {
            watch.add(&chosen.source.path);
        }
        if let Some(folders) = &self.folders {
            watch.add_dir(&folders.bench);
            for (_, dir) in folders.site_folders() {
                watch.add_dir(dir);
            }
        }
        watch
    }

    /// Wanted logs that were not there before.
    pub(super) fn appeared(&self, watch: &mut Watch) -> Vec<Chosen> {
        // The folder may be gone for now; what is followed goes on.
        let mut listed = self.listed().unwrap_or_default();
        let known: BTreeSet<&Path> =
            self.chosen.iter().map(|chosen| chosen.source.path.as_path()).collect();
        listed.retain(|chosen| !known.contains(chosen.source.path.as_path()));
        for chosen in &listed {
            watch.add(&chosen.source.path);
        }
        listed
    }
}

impl Folders {
    fn of(context: &Context) -> Result<Self> {
        let bench = context.target().ok().and_then(|target: &Target| target.bench.as_ref());
        let Some(bench) = bench else {
            return Err(Failure::new(
                Kind::Usage,
                "cannot find logs by name: without a bench they have to be named by path",
            )
            .hint("jobctl logs --source ./worker.log")
            .hint("or name the bench: jobctl --bench DIR logs")
            .into());
        };
        Ok(Self {
            bench: bench.root().join("logs"),
            sites: site_folders(bench),
            asked: context.sites()?,
        })
    }

    fn site_folders(&self) -> impl Iterator<Item = (&String, &PathBuf)> {
        let asked = |site: &String| self.asked.as_ref().is_none_or(|asked| asked.contains(site));
        self.sites.iter().filter(move |(site, _)| asked(site)).map(|(site, dir)| (site, dir))
    }

    /// Every log of the scope, none twice.
    ///
    /// Frappe writes a site's records to the log of the site and to that of the bench
    /// (`frappe/utils/logger.py`). So a site's log is read where that site was asked for, or where
    /// the bench has none of that name; and of the bench's logs the records of the sites asked for
    /// that have none of their own.
    fn list(&self) -> Result<Vec<Chosen>> {
        let wide = match in_folder(&self.bench, None) {
            Ok(wide) => wide,
            Err(error) => return Err(no_folder(&self.bench, &error).into()),
        };
        let of_sites: Vec<Source> = self
            .site_folders()
            .filter_map(|(site, dir)| in_folder(dir, Some(site)).ok())
            .flatten()
            .collect();
        let Some(asked) = &self.asked else {
            let lacks = |source: &Source| !wide.iter().any(|one| one.name == source.name);
            let of_sites: Vec<_> = of_sites.into_iter().filter(lacks).collect();
            let all = wide.into_iter().chain(of_sites);
            return Ok(all.map(|source| Chosen { source, sites: Vec::new() }).collect());
        };
        let mut chosen = Vec::new();
        for source in wide {
            let has_own = |site: &String| {
                of_sites
                    .iter()
                    .any(|one| one.name == source.name && one.site.as_ref() == Some(site))
            };
            let sites: Vec<_> =
                asked.iter().filter(|site| !has_own(site)).map(|site| Token::new(site)).collect();
            if !sites.is_empty() {
                chosen.push(Chosen { source, sites });
            }
        }
        chosen.extend(of_sites.into_iter().map(|source| Chosen { source, sites: Vec::new() }));
        Ok(chosen)
    }
}

fn site_folders(bench: &Bench) -> Vec<(String, PathBuf)> {
    bench.sites().sites.into_iter().map(|site| (site.name, site.dir.join("logs"))).collect()
}

/// The sites that were asked for, also where there is no bench that could have them.
fn asked_sites(context: &Context) -> Result<Option<Vec<String>>> {
    if context.target().is_ok() {
        return context.sites();
    }
    let sites = &context.global.site;
    Ok((!sites.is_empty() && !sites.iter().any(|site| site == ALL)).then(|| sites.clone()))
}

/// A path that leads to nothing. While it is followed, a log may still appear in its folder.
fn missing(path: &Path, follow: bool) -> Result<()> {
    let error = match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => io::Error::from(io::ErrorKind::IsADirectory),
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    let folder = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let appears = error.kind() == io::ErrorKind::NotFound && folder.is_dir();
    let rotated = crate::logs::rotation::list(path).is_ok_and(|rotated| !rotated.is_empty());
    if appears && (follow || rotated) {
        return Ok(());
    }
    Err(unreadable(path, &error).into())
}

/// A log that cannot be read.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let shown = path.display();
    let (kind, why) = match error.kind() {
        io::ErrorKind::NotFound => (Kind::NotFound, "there is no such file".to_owned()),
        io::ErrorKind::NotADirectory => (Kind::NotFound, "there is no such folder".to_owned()),
        io::ErrorKind::IsADirectory => (Kind::NotFound, "it is a folder".to_owned()),
        io::ErrorKind::PermissionDenied => (Kind::Refused, "permission denied".to_owned()),
        io::ErrorKind::UnexpectedEof => (Kind::Data, "the compressed file is cut off".to_owned()),
        _ => (Kind::Io, error.to_string()),
    };
    let failure = Failure::new(kind, format!("cannot read the log `{shown}`: {why}"));
    match error.kind() {
        io::ErrorKind::IsADirectory => failure.hint("name the logs in it: --source DIR/NAME.log"),
        io::ErrorKind::PermissionDenied => failure.hint("run jobctl as the user of the bench"),
        _ => failure,
    }
}

fn no_folder(dir: &Path, error: &io::Error) -> Failure {
    let why = match error.kind() {
        io::ErrorKind::NotFound => "the folder does not exist".to_owned(),
        _ => error.to_string(),
    };
    let kind = match error.kind() {
        io::ErrorKind::PermissionDenied => Kind::Refused,
        _ => Kind::NotFound,
    };
    Failure::new(kind, format!("cannot find logs in `{}`: {why}", dir.display()))
        .hint("processes in containers write to the container's output: docker logs CONTAINER")
        .hint("logs elsewhere can be named by path: jobctl logs --source /var/log/supervisor/x.log")
}

fn no_such_log(wanted: &Wanted, folders: Option<&Folders>) -> Failure {
    let all = folders.and_then(|folders| folders.list().ok()).unwrap_or_default();
    let names: BTreeSet<&str> = all.iter().map(|chosen| chosen.source.name.as_str()).collect();
    match wanted {
        Wanted::Named { typed, .. } => {
            let failure =
                Failure::new(Kind::NotFound, format!("cannot find a log that is named `{typed}`"));
            nearby::hint(failure, typed, names.into_iter())
        }
        _ => {
            let dir = folders.map(|folders| folders.bench.display().to_string());
            let failure = Failure::new(
                Kind::NotFound,
                format!("cannot find logs of jobs in `{}`", dir.unwrap_or_default()),
            );
            if names.is_empty() { failure } else { failure.hint("jobctl logs --source all") }
        }
    }
}
