//! Operations on users.

mod add;
mod batch;
mod can_manage;
mod counts;
mod detail;
mod edit;
mod export;
mod find;
mod list;
mod list_plan;
mod passwords;
mod permissions;
mod save;
mod second_factor;
mod selection;
mod user_search;

pub use super::store::{
    LineRow,
    user::{NewColumns, UserRow},
};
pub use add::{Added, add};
pub use batch::apply;
pub use can_manage::{Target, has_all};
pub use counts::{fold_counts, members_of_groups, totals};
pub use detail::shown;
pub use export::{Export, export};
pub use find::{Belongings, belongings, by_name};
pub use list::{each, listing};
pub use passwords::{change_password, disable_password, send_reset, set_password};
pub use permissions::{differences, join, leave};
pub use save::{Typed, save};
pub use second_factor::reset_second_factor;
pub use selection::confirmation;
pub use user_search::{UserSearch, named, within_reach};
