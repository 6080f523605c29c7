//! Whether members can see anything of each other: every route is asked as five visitors, on a site made for that and with the
//! settings of the real one, and no answer may have in it what its asker must not see.

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

pub use canary::{Kind, Role};
pub use detect_leaks::{Place, What};
pub use report::{Finding, Report};
pub use sandbox::Sandbox;
