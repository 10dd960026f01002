//! When Frappe's scheduler enqueues what, and why it does not.
//!
//! Pure: facts in, verdicts out. Reads no file, no database and no clock, and prints nothing.
//! All times are naive datetimes in the site's time zone, as in Frappe's tables; only `zone`
//! relates them to instants.

pub mod cron;
pub mod dormancy;
pub mod due;
pub mod frequency;
pub mod inactive;
pub mod zone;

pub use cron::{Cron, Dialect};
pub use frequency::{Event, Frequency};
pub use zone::SiteZone;
