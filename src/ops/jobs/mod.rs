//! Jobs: selecting them in stages, listing, showing, looking up.

mod attempts;
mod benches;
pub(super) mod decode;
mod exists;
pub(super) mod find;
mod list;
pub(super) mod lookup;
mod order;
mod row;
mod show;
mod unread;
mod watch;

pub(in crate::ops) use benches::refuse_ambiguous_sites;
pub use exists::exists;
pub use list::list;
pub(in crate::ops) use lookup::{SEPARATORS, behind_site};
pub use order::{ListOptions, SortKey};
pub use show::show;
pub use watch::watch;
