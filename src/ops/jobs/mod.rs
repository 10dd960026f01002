//! Jobs: selecting them in stages, listing, showing, looking up.

mod decode;
mod exists;
pub(super) mod find;
mod list;
pub(super) mod lookup;
mod show;
mod watch;

pub use exists::exists;
pub use list::{ListOptions, SortKey, list};
pub(in crate::ops) use lookup::SEPARATORS;
pub use show::show;
pub use watch::watch;
