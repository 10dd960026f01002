//! Jobs: selecting them in stages, listing, showing, looking up.

mod attempts;
mod benches;
mod decode;
mod exists;
mod find;
mod list;
mod lookup;
mod order;
mod row;
mod show;
mod unread;

pub use exists::exists;
pub use list::list;
pub use order::{ListOptions, SortKey};
pub use show::show;
