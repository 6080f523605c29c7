//! The site's files inside the program. `build.rs` has checked them.

use std::{borrow::Cow, collections::BTreeMap};

use bytes::Bytes;
use rust_embed::Embed;

#[derive(Embed)]
#[folder = "target/site"]
struct Site;

/// Returns the files by their paths. They stay where the program is loaded, and nothing is copied.
pub fn files() -> Option<BTreeMap<String, Bytes>> {
    let file = |name: Cow<'static, str>| {
        let content = match Site::get(&name)?.data {
            Cow::Borrowed(content) => Bytes::from_static(content),
            Cow::Owned(content) => content.into(),
        };
        Some((name.into_owned(), content))
    };
    Some(Site::iter().filter_map(file).collect())
}
