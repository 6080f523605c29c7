//! The verbs on a member's data as a whole.

mod deletion;
mod export;

pub use deletion::{
    cancel_deletion, correct_times, deletion_terms, is_last_superuser, request_deletion, sweep,
};
pub use export::{Exports, Packed, export};
