//! The server functions that are probed: all that change nothing.

use crate::shared::functions::find_function;

/// Returns the functions to probe. A new function is probed until `shared::functions` says that it
/// changes something; in the sandbox this harms nobody.
pub fn reading() -> impl Iterator<Item = &'static str> {
    let changes = |path: &str| find_function(path).is_some_and(|function| function.changes);
    server_fn::axum::server_fn_paths().map(|(path, _)| path).filter(move |path| !changes(path))
}

/// Returns the page with the same permissions as a function of the admin.
pub fn page_like(function: &str) -> Option<&'static str> {
    find_function(function)?.page
}
