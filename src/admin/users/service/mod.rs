//! Operations on users.

mod add;
mod batch;
mod can_manage;
mod counts;
mod detail;
mod list;
mod list_plan;
mod passwords;
mod permissions;
mod save;
mod selection;
mod user_search;

pub use add::{Added, add};
pub use batch::apply;
pub use can_manage::{Target, has_all};
pub use counts::{fold_counts, members_of_groups};
pub use detail::shown;
pub use list::listing;
pub use passwords::{disable_password, send_reset, set_password};
pub use permissions::{join, leave, set_permissions};
pub use save::{Typed, save};
pub use selection::confirmation;
pub use user_search::{Named, named, within_reach};
