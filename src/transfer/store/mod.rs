//! SQL for many accounts at once: for a million, one statement each would take too long.

pub mod django;
pub mod exports;
pub mod groups;
pub mod imports;
pub mod people;
pub mod rights;
