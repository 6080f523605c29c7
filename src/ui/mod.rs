//! Components that all features use, and the context of a page.

pub mod allowed;
pub mod bundle;
pub mod cached;
pub mod chart;
pub mod check;
pub mod context;
pub mod data;
pub mod field;
pub mod flash;
mod flash_text;
pub mod follow;
pub mod form;
pub mod frame;
pub mod icon;
pub mod messages;
pub mod page;
pub mod pager;
pub mod refocus;
pub mod session_notice;
pub mod settings;
pub mod side_nav;
pub mod time;
pub mod why;

pub use allowed::{IfAllowed, InPerson};
pub(crate) use bundle::pages_in_bundle;
pub use cached::{Cached, MemberCached};
pub use chart::{Chart, Plot};
pub use check::CheckField;
pub use context::{Once, PageContext, SetStatus, Visitor, is_superuser};
pub use data::Data;
pub use field::TextField;
pub use follow::Follow;
pub use form::Form;
pub use frame::{Footer, Main, SkipLink, Top};
pub use icon::Icon;
pub use messages::FlashMessages;
pub use page::{ErrorText, Loaded, Page, expect_member};
pub use pager::Pager;
pub use session_notice::{FAILED_EVENT, LostSession, PASSKEYS_EVENT, SessionNotice};
pub use settings::SettingsPage;
pub use side_nav::{NavLink, SideNav};
pub use time::Timestamp;
pub use why::WhyCached;

pub use crate::shared::number;
