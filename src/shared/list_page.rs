//! Places in a long list.

use serde::{Deserialize, Serialize};

/// The page of a list that an address asks for. It is found by a row next to it and not by a
/// number, so that new rows do not shift the pages. `C` is the position of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ListPage<C> {
    /// The first page.
    #[default]
    First,
    /// The page that follows this row.
    Next(C),
    /// The page that ends before this row.
    Previous(C),
}
