//! The reports of `errors`.

use jiff::Timestamp;
use serde::Serialize;

use super::stats::sparks;
use super::{Block, Cell, Column, Layout, Report, Role, Table, View};
use crate::error::Outcome;
use crate::human;
use crate::model::id::JobId;
use crate::secrets::Secrets;

/// Rows of a table on a terminal; everything else gets all of them.
const TABLE_ROWS: usize = 50;

/// What sort of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum ErrorClass {
    /// Ran past its time limit
    Timeout,
    /// Its process was killed, ran out of memory, or vanished
    Killed,
    /// Deadlock, lost connection, constraint, or another error of a database
    Database,
    /// Another host did not answer, or not as expected
    Network,
    /// Code that cannot be imported or found
    Import,
    /// No permission, or a refused login
    Permission,
    /// Everything else
    Other,
}

impl ErrorClass {
    /// The word that is shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Killed => "killed",
            Self::Database => "database",
            Self::Network => "network",
            Self::Import => "import",
            Self::Permission => "permission",
            Self::Other => "other",
        }
    }

    /// Where to look.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Timeout => "give it a longer timeout, a queue with one, or less to do at a time",
            Self::Killed => {
                "look for the kernel's OOM killer and for restarts: jobctl logs, journalctl -k"
            }
            Self::Database => {
                "deadlocks and lost connections often pass: retry; else look at the database's log"
            }
            Self::Network => "the other side was away: retry once it answers",
            Self::Import => {
                "the workers run other code than the enqueuer: restart them after every deployment"
            }
            Self::Permission => {
                "check the rights of the user under whom the job runs, or its login"
            }
            Self::Other => "read the traceback and mend the code or the data before retrying",
        }
    }
}

/// A row of the Error Log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogRow {
    /// The site.
    pub site: String,
    /// Its key.
    pub name: String,
}

/// How often a name occurred.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Share {
    /// The name; `other` sums up those beyond the first fifty.
    pub name: String,
    /// How often.
    pub count: u64,
}

/// One group.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorRow {
    /// Its name: of a sort of failure eight digits, else the method, queue or site.
    pub group: String,
    /// What sort of failure it is; `None` where the group holds several.
    pub class: Option<ErrorClass>,
    /// The exception's class.
    pub exception: Option<String>,
    /// What the newest says, its first line.
    pub message: Option<String>,
    /// The file and function to look at first.
    pub place: Option<String>,
    /// How many failures there are at least: the larger of the next two.
    pub count: u64,
    /// Failed jobs that RQ still keeps.
    pub failed_jobs: u64,
    /// Rows of the Error Log.
    pub logged: u64,
    /// When the first was seen.
    pub first_seen: Timestamp,
    /// When the last was seen.
    pub last_seen: Timestamp,
    /// Seconds since then.
    pub last_seen_age_s: f64,
    /// Failures in each twelfth of the window, the newest last.
    pub trend: Vec<u64>,
    /// The queues of its failed jobs.
    pub queues: Vec<Share>,
    /// The sites.
    pub sites: Vec<Share>,
    /// The methods.
    pub methods: Vec<Share>,
    /// The newest failed job.
    pub example_job: Option<JobId>,
    /// The newest row of the Error Log.
    pub example_log: Option<LogRow>,
    /// Where to look.
    pub hint: Option<&'static str>,
    /// The command that retries its failed jobs.
    pub retry: Option<String>,
}

impl ErrorRow {
    fn mask(&mut self, secrets: Secrets) {
        for text in [&mut self.message, &mut self.place].into_iter().flatten() {
            *text = secrets.text(text).into_owned();
        }
        for share in &mut self.methods {
            share.name = secrets.text(&share.name).into_owned();
        }
        // With something hidden in it, the command would not find what it says.
        if self.retry.as_ref().is_some_and(|command| secrets.text(command) != *command) {
            self.retry = None;
        }
    }

    fn what(&self) -> String {
        let exception = self.exception.as_deref().unwrap_or_default();
        let message = self.message.as_deref().unwrap_or_default();
        match (exception, message) {
            ("", "") => "no text".to_owned(),
            ("", message) => message.to_owned(),
            (exception, "") => exception.to_owned(),
            (exception, message) => format!("{exception}: {message}"),
        }
    }
}

/// Failures in groups.
#[derive(Debug, Serialize)]
pub struct ErrorsReport {
    /// What is older was not looked at.
    pub since: Timestamp,
    /// What a group is about.
    pub by: &'static str,
    /// The groups, the most frequent first.
    pub groups: Vec<ErrorRow>,
    /// Failed jobs in all of them.
    pub failed_jobs: u64,
    /// Rows of the Error Log in all of them.
    pub logged: u64,
    /// Whether something could not be read.
    pub incomplete: bool,
    /// What must be known to read the numbers rightly.
    #[serde(skip)]
    pub notes: Vec<String>,
}

impl ErrorsReport {
    /// Hides secrets in what came from outside.
    pub fn mask(&mut self, secrets: Secrets) {
        self.groups.iter_mut().for_each(|row| row.mask(secrets));
        if self.by == "method" {
            for row in &mut self.groups {
                row.group = secrets.text(&row.group).into_owned();
            }
        }
    }
}

impl Report for ErrorsReport {
    const SCHEMA: &'static str = "jobctl.errors/1";
    const ITEMS: Option<&'static str> = Some("groups");

    fn outcome(&self) -> Outcome {
        if self.incomplete { Outcome::Unknown } else { Outcome::Done }
    }

    fn view(&self, view: &mut View) {
        let by_exception = self.by == "exception";
        let first = match self.by {
            "method" => Column::left("METHOD").flexible(),
            "queue" => Column::left("QUEUE").flexible(),
            "site" => Column::left("SITE").flexible(),
            _ => Column::left("GROUP"),
        };
        let mut columns = vec![first];
        if by_exception {
            columns.push(Column::left("CLASS"));
        }
        columns.extend([
            Column::right("COUNT"),
            Column::right("JOBS").wide(),
            Column::right("LOGGED").wide(),
            Column::left("TREND"),
            Column::right("LAST"),
            Column::right("FIRST").wide(),
        ]);
        if by_exception {
            columns.push(Column::left("ERROR").flexible());
            columns.push(Column::left("WHERE").wide());
        }
        columns.extend([Column::left("QUEUES").wide(), Column::left("SITES").wide()]);
        columns.push(Column::left("EXAMPLE").wide());
        let mut table = Table::new(columns, "no errors").most(TABLE_ROWS);
        for row in &self.groups {
            table.row(row.cells(by_exception, view));
        }
        view.push(Block::Table(table));
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

impl ErrorRow {
    fn cells(&self, by_exception: bool, view: &View) -> Vec<Cell> {
        let mut cells = vec![Cell::new(self.group.clone(), Role::Strong)];
        if by_exception {
            cells.push(self.class.map_or("-", ErrorClass::word).into());
        }
        // Half as fine as in JSON: the error itself needs the room.
        let trend: Vec<u32> = self
            .trend
            .chunks(2)
            .map(|pair| u32::try_from(pair.iter().sum::<u64>()).unwrap_or(u32::MAX))
            .collect();
        let at =
            |at: Timestamp, words: String| Cell { raw: Some(human::rfc3339(at)), ..words.into() };
        cells.extend([
            Cell::count(Some(self.count), Role::Bad),
            Cell::count(Some(self.failed_jobs), Role::Bad),
            Cell::count(Some(self.logged), Role::Plain),
            Cell { raw: Some(self.numbers()), ..Cell::new(sparks(&trend), Role::Bad) },
            at(self.last_seen, human::ago(self.last_seen_age_s)),
            at(self.first_seen, human::time(self.first_seen, &view.zone)),
        ]);
        if by_exception {
            cells.push(Cell::from(self.what()).in_one_line());
            cells.push(self.place.clone().unwrap_or_default().into());
        }
        cells.extend([names(&self.queues).into(), names(&self.sites).into()]);
        cells.push(self.example().into());
        cells
    }

    /// The trend for programs.
    fn numbers(&self) -> String {
        self.trend.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    fn example(&self) -> String {
        match (&self.example_job, &self.example_log) {
            (Some(id), _) => id.text().into_owned(),
            (None, Some(row)) => format!("{}: Error Log {}", row.site, row.name),
            (None, None) => String::new(),
        }
    }
}

fn names(shares: &[Share]) -> String {
    shares.iter().map(|share| share.name.as_str()).collect::<Vec<_>>().join(",")
}

/// What the command that retries a group would meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// The command.
    pub command: String,
    /// Jobs of the group.
    pub jobs: u64,
    /// Jobs of other groups, which nothing that it can say keeps out.
    pub others: u64,
}

/// One group in full.
#[derive(Debug, Serialize)]
pub struct GroupReport {
    /// The group.
    #[serde(flatten)]
    pub row: ErrorRow,
    /// Jobs of the group that `retry` finds; `null` where that could not be counted.
    pub retry_jobs: Option<u64>,
    /// Jobs of other groups that it finds, too.
    pub retry_others: Option<u64>,
    /// The text of the newest failure.
    pub traceback: String,
    /// Whether that is only its end.
    pub truncated: bool,
    /// Whether something could not be read.
    pub incomplete: bool,
    /// What must be known to read the numbers rightly.
    #[serde(skip)]
    pub notes: Vec<String>,
}

impl GroupReport {
    /// Hides secrets in what came from outside.
    pub fn mask(&mut self, secrets: Secrets) {
        self.row.mask(secrets);
        if self.row.retry.is_none() {
            (self.retry_jobs, self.retry_others) = (None, None);
        }
        self.traceback = secrets.text(&self.traceback).into_owned();
    }
}

impl GroupReport {
    /// How many jobs the command retries, of this group and of others.
    fn retry_in_words(&self) -> Option<String> {
        let (jobs, others) = (self.retry_jobs?, self.retry_others?);
        let all = human::counted(self.row.failed_jobs, "failed job");
        let mut words = match jobs {
            n if n == self.row.failed_jobs => format!("retries {all}"),
            n => format!("retries {} of {all}", human::count(n)),
        };
        if others > 0 {
            let others = human::counted(others, "other");
            words.push_str(&format!("; also retries {others}, which failed with the same words"));
        }
        Some(words)
    }
}

impl Report for GroupReport {
    const SCHEMA: &'static str = "jobctl.errors-group/1";
    const ITEMS: Option<&'static str> = None;
    const LAYOUT: Layout = Layout::Human;

    fn outcome(&self) -> Outcome {
        if self.incomplete { Outcome::Unknown } else { Outcome::Done }
    }

    fn view(&self, view: &mut View) {
        let row = &self.row;
        let text = match row.count {
            1 => "once".to_owned(),
            n => format!("{} times", human::count(n)),
        };
        view.push(Block::Headline {
            verdict: Cell::new(row.exception.clone().unwrap_or_default(), Role::Bad),
            text: row.message.clone().unwrap_or_default(),
            aside: format!("{text}, last {}", human::ago(row.last_seen_age_s)),
        });
        let mut fields: Vec<(String, Cell)> = Vec::new();
        let mut field = |label: &str, text: String| {
            if !text.is_empty() {
                fields.push((label.to_owned(), Cell::from(text).in_one_line()));
            }
        };
        field("group", row.group.clone());
        field("class", row.class.map_or_else(String::new, |class| class.word().to_owned()));
        field("at", row.place.clone().unwrap_or_default());
        field("failed jobs", human::count(row.failed_jobs));
        field("Error Log rows", human::count(row.logged));
        field("first seen", human::time(row.first_seen, &view.zone));
        field("last seen", human::time(row.last_seen, &view.zone));
        field("queues", counted(&row.queues));
        field("sites", counted(&row.sites));
        field("methods", counted(&row.methods));
        field(
            "newest job",
            row.example_job.as_ref().map_or_else(String::new, |id| id.text().into()),
        );
        let log = row.example_log.as_ref();
        let log = log.map(|log| format!("{} of {}", log.name, log.site)).unwrap_or_default();
        field("newest row", log);
        view.push(Block::Fields(fields));
        if !self.traceback.is_empty() {
            let heading = if self.truncated { "The end of the traceback" } else { "Traceback" };
            view.push(Block::Heading(heading.to_owned()));
            view.push(Block::Text(Cell::from(self.traceback.trim_end().to_owned())));
        }
        view.push(Block::Finding {
            role: Role::Dim,
            mark: 'i',
            what: row.hint.unwrap_or_default().to_owned(),
            aside: None,
            evidence: self.retry_in_words().into_iter().collect(),
            fixes: row.retry.iter().cloned().collect(),
        });
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

fn counted(shares: &[Share]) -> String {
    let shares: Vec<String> =
        shares.iter().take(8).map(|share| format!("{} ({})", share.name, share.count)).collect();
    shares.join(", ")
}
