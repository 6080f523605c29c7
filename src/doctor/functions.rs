//! Which server functions are asked: all but those that change something.

use crate::shared::functions::find_function;

/// Those that are asked. One that is new is asked until its line says that it changes something; what it does is done to nobody.
pub fn reading() -> impl Iterator<Item = &'static str> {
    let changes = |path: &str| find_function(path).is_some_and(|function| function.changes);
    server_fn::axum::server_fn_paths().map(|(path, _)| path).filter(move |path| !changes(path))
}

/// The page that is for the same people as a function of the admin.
pub fn page_like(function: &str) -> Option<&'static str> {
    find_function(function)?.page
}
