//! Checks that members cannot see each other's data: requests every route as five visitors, on a
//! sandbox with the settings of the real site, and searches the answers for data that the visitor
//! must not see.

mod answer;
mod canary;
mod crawl;
mod detect_leaks;
mod fixtures;
mod functions;
mod probe;
mod report;
mod sandbox;
mod visitor;

pub use canary::{CanaryKind, Role};
pub use detect_leaks::{LeakPosition, What};
pub use report::{DoctorReport, Finding};
pub use sandbox::Sandbox;
