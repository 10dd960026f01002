//! A realtime event and how many servers took it.

use serde::Serialize;

use super::{Block, Cell, Column, Layout, Report, Role, Table, View};
use crate::error::Outcome;

/// A realtime event that was published, or would be.
#[derive(Debug, Clone, Serialize)]
pub struct PublishReport {
    /// Whether nothing was to be published.
    pub dry_run: bool,
    /// The event.
    pub event: String,
    /// The sites, a message each.
    pub sites: Vec<Published>,
    /// What is not as one would think.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// The message of one site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Published {
    /// The site.
    pub site: String,
    /// The room of clients that get it.
    pub room: String,
    /// Servers that took it: connections that listen to Frappe's channel. `null` with a dry run.
    pub subscribers: Option<u64>,
}

impl Report for PublishReport {
    const SCHEMA: &'static str = "jobctl.publish-realtime/1";
    const ITEMS: Option<&'static str> = Some("sites");
    const LAYOUT: Layout = Layout::Human;

    fn outcome(&self) -> Outcome {
        let lost = self.sites.iter().any(|site| site.subscribers == Some(0));
        if lost { Outcome::No } else { Outcome::Done }
    }

    fn view(&self, view: &mut View) {
        let columns = vec![
            Column::left("SITE"),
            Column::left("EVENT"),
            Column::left("ROOM").flexible(),
            Column::right("SUBSCRIBERS"),
        ];
        let mut table = Table::new(columns, "no site");
        for site in &self.sites {
            let subscribers = match site.subscribers {
                None => Cell::new("not published", Role::Dim),
                Some(0) => Cell::new("none", Role::Bad),
                some => Cell::count(some, Role::Good),
            };
            table.row(vec![
                site.site.clone().into(),
                self.event.clone().into(),
                site.room.clone().into(),
                subscribers,
            ]);
        }
        view.push(Block::Table(table));
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
