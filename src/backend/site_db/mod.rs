//! The databases of the sites: MariaDB or MySQL, PostgreSQL, SQLite.
//!
//! Owns which database a site has ([`settings`]), connections with a limit to every wait
//! ([`mod@connect`]), all SQL (`sql`), what is read ([`read`]) and written ([`write`]), and asking
//! many sites at once ([`fleet`]). The engines differ only behind [`SiteDatabase`].
//!
//! Reads run in short read-only transactions and leave nothing behind. Nothing here touches the
//! cache Redis: who writes drops the keys that [`cached_document`] names, after the commit.
//!
//! [`cached_document`]: crate::backend::redis::keys::cached_document

mod bounded;
pub mod connect;
mod fault;
pub mod fleet;
mod mariadb;
mod postgres;
pub mod read;
mod rows;
pub mod settings;
mod sql;
mod sqlite;
pub mod write;

pub use connect::{Access, connect};
pub use fault::{DbError, DbFault};
pub use fleet::{Fleet, for_each_site};
pub use rows::{Row, Rows};
pub use settings::{Address, Settings};
pub use sql::Dialect;
pub use sqlite::unchanging_uri;

use sql::Query;

use crate::bench::Family;

/// A connection to one engine.
///
/// Dropping it closes it; a transaction that is still open is undone by the server.
pub trait SiteDatabase: Send {
    /// How this engine spells SQL.
    fn dialect(&self) -> Dialect;

    /// The statements that begin a transaction and limit its time.
    fn opening(&self, access: Access) -> Vec<String>;

    /// Runs statements in one round trip, until one fails; the rows of each that has columns, in
    /// order. After a refused statement no transaction is open.
    fn run(&mut self, statements: &[String]) -> Result<Vec<Rows>, DbError>;
}

/// The open database of one site.
pub struct SiteDb {
    engine: Box<dyn SiteDatabase>,
    family: Family,
    access: Access,
    round_trips: u32,
}

impl SiteDb {
    /// The engine.
    pub fn dialect(&self) -> Dialect {
        self.engine.dialect()
    }

    /// The Frappe version by whose rules the site is read.
    pub fn family(&self) -> Family {
        self.family
    }

    /// Round trips so far, those of the login apart.
    pub fn round_trips(&self) -> u32 {
        self.round_trips
    }

    fn run(&mut self, statements: &[String]) -> Result<Vec<Rows>, DbError> {
        self.round_trips += 1;
        self.engine.run(statements)
    }

    /// Runs reads in one read-only transaction and one round trip.
    fn read(&mut self, queries: &[Query]) -> Result<Vec<Rows>, DbError> {
        let dialect = self.dialect();
        let mut statements = self.engine.opening(Access::Read);
        statements.extend(queries.iter().map(|query| query.render(dialect)));
        statements.push("COMMIT".to_owned());
        let mut found = self.run(&statements)?;
        // A query without an answer would shift those of the others.
        found.resize_with(queries.len(), Rows::default);
        Ok(found)
    }

    /// Runs one read.
    fn read_one(&mut self, query: Query) -> Result<Rows, DbError> {
        Ok(self.read(&[query])?.pop().unwrap_or_default())
    }

    /// Runs reads of which some may fail for want of a table or column.
    ///
    /// One round trip where none does, else one more for each, and then they are not of one
    /// moment.
    ///
    /// Errors: those that concern all.
    fn read_each<const N: usize>(
        &mut self,
        queries: [Query; N],
    ) -> Result<[Result<Rows, DbError>; N], DbError> {
        match self.read(&queries) {
            Ok(found) => {
                let mut found = found.into_iter();
                Ok(queries.map(|_| Ok(found.next().unwrap_or_default())))
            }
            Err(error)
                if matches!(
                    error.fault(),
                    DbFault::NoTable | DbFault::NoColumn | DbFault::Denied
                ) =>
            {
                Ok(queries.map(|query| self.read_one(query)))
            }
            Err(error) => Err(error),
        }
    }

    /// Reads rows under a lock and changes them as `decide` says, in one transaction and two round
    /// trips; without changes everything stays as it was.
    fn change(
        &mut self,
        lock: &Query,
        decide: impl FnOnce(&Rows) -> Vec<Query>,
    ) -> Result<Rows, DbError> {
        let former = self.hold(lock)?;
        let changes = decide(&former);
        if changes.is_empty() {
            self.run(&["ROLLBACK".to_owned()])?;
        } else {
            self.commit(&changes)?;
        }
        Ok(former)
    }

    /// Begins a transaction and reads rows under a lock, which stays until the transaction ends.
    fn hold(&mut self, lock: &Query) -> Result<Rows, DbError> {
        let mut statements = self.engine.opening(self.access);
        statements.push(lock.render(self.dialect()));
        Ok(self.run(&statements)?.pop().unwrap_or_default())
    }

    /// Makes changes in the open transaction and ends it.
    fn commit(&mut self, changes: &[Query]) -> Result<(), DbError> {
        let dialect = self.dialect();
        let mut statements: Vec<_> = changes.iter().map(|query| query.render(dialect)).collect();
        statements.push("COMMIT".to_owned());
        self.run(&statements).map_err(DbError::while_committing)?;
        Ok(())
    }
}
