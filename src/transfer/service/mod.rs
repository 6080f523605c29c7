//! The operations: import from Django, and export and import of our own format.

mod addresses;
mod changes;
mod digests;
mod django;
mod export;
mod groups;
mod import;
mod importer;
mod permissions;

pub use django::{DjangoImport, import_django};
pub use export::{Exported, export};
pub use import::import;
