//! Jobs: selecting them in stages, listing, showing, looking up.

mod decode;
mod exists;
pub(super) mod find;
mod list;
pub(super) mod lookup;
mod show;

pub use exists::exists;
pub use list::{ListOptions, SortKey, list};
pub use show::show;
