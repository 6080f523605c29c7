//! The verbs on users.

mod add;
mod batch;
mod concerned;
mod counts;
mod list;
mod look;
mod named;
mod passwords;
mod permissions;
mod reach;
mod save;
mod shown;

pub use add::{Added, add};
pub use batch::apply;
pub use concerned::confirmation;
pub use counts::{fold_counts, members_of_groups};
pub use list::listing;
pub use named::{Named, named, within_reach};
pub use passwords::{disable_password, send_reset, set_password};
pub use permissions::{join, leave, set_permissions};
pub use reach::{Target, has_all};
pub use save::{Typed, save};
pub use shown::shown;
