//! A site of one's own, and visitors to it.

pub mod database;
pub mod log;
pub mod page;
pub mod site;
pub mod visitor;

pub use page::Page;
pub use site::TestSite;
pub use visitor::Visitor;

/// Good enough for every rule.
pub const PASSWORD: &str = "correct horse battery";
