//! Operations on a member's data as a whole.

mod export;

pub use export::{Packed, export};
