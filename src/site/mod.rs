//! The application state, the context of a request, and what handlers and layers share.

pub mod client;
pub mod cookie_check;
pub mod cookie_value;
pub mod cookies;
mod executor;
pub mod flash;
pub mod form_body;
pub mod next;
pub mod page_validity;
pub mod parts;
pub mod pending_form;
pub mod request_context;
pub mod response;
pub mod state;

pub use request_context::{
    DeviceHash, RequestContext, ThisSession, current_member, current_staff, permitted,
};
pub use state::AppState;
