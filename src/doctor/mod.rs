//! Whether members can see anything of each other: every route is asked as five visitors, on a site made for that and with the
//! settings of the real one, and no answer may have in it what its asker must not see.

mod answer;
mod crawl;
mod errand;
mod examination;
mod functions;
mod judge;
mod mark;
mod people;
mod trial;
mod visitor;

pub use examination::{Examination, Finding};
pub use judge::{Place, What};
pub use mark::{Kind, Role};
pub use trial::Trial;
