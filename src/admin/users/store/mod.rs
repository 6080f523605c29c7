//! SQL of the users' lists. (With `data_export`, the second store that names tables of other features: what staff see and change of an
//! account lies in many.)

pub mod batch;
pub mod counts;
pub mod list;
pub mod plan;
pub mod size;
pub mod user;

#[cfg(test)]
mod explained;

pub use list::LineRow;
