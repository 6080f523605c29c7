//! The files that `cargo leptos build` produced, with their current names. They are read once at
//! startup: leptos' own components read `hash.txt` from disk on every render.

use std::{collections::HashMap, path::Path};

use super::failure::Failure;

/// The base name of the built files, as in Cargo.toml.
pub const OUTPUT_NAME: &str = "members-area";
/// The folder of the built files, as in Cargo.toml.
pub const PKG_DIR: &str = "pkg";

/// The URLs of the stylesheet, the script and the WASM, and the names of the other files in the
/// site's folder.
#[derive(Clone, Debug)]
pub struct Assets {
    /// The URL of the stylesheet.
    pub css: String,
    /// The URL of the script that loads the WASM.
    pub js: String,
    /// The URL of the WASM.
    pub wasm: String,
    /// Whether file names change with the content, so that browsers may cache the files forever.
    pub hashed: bool,
    /// The names of the files beside `pkg/`, such as `favicon.svg`.
    pub files: Vec<String>,
}

impl Assets {
    /// Checks that the built files exist: without them, pages have no style and no script.
    ///
    /// # Errors
    /// A [`Failure`] that names the first missing file.
    pub fn check(&self, site_root: &Path) -> Result<(), Failure> {
        match [&self.css, &self.js, &self.wasm]
            .iter()
            .find(|file| !site_root.join(file.trim_start_matches('/')).is_file())
        {
            None => Ok(()),
            Some(missing) => Err(Failure::message(format!(
                "server.site_root: {}{missing} is not there; `cargo leptos build` makes it",
                site_root.display()
            ))),
        }
    }

    /// Reads the site's folder, and `hash.txt` beside the program, which a build with
    /// `LEPTOS_HASH_FILES=true` writes. A `hash.txt` left over from another build names files that
    /// do not exist, and is ignored.
    pub fn find(site_root: &Path) -> Self {
        let hashes = std::env::current_exe()
            .ok()
            .and_then(|program| std::fs::read_to_string(program.parent()?.join("hash.txt")).ok())
            .map(|text| parse(&text))
            .filter(|hashes| {
                let file = |hash: &String| format!("{OUTPUT_NAME}.{hash}.js");
                hashes.get("js").is_some_and(|hash| site_root.join(PKG_DIR).join(file(hash)).is_file())
            })
            .unwrap_or_default();
        let address = |kind: &str, ending: &str| match hashes.get(kind) {
            Some(hash) => format!("/{PKG_DIR}/{OUTPUT_NAME}.{hash}.{ending}"),
            None => format!("/{PKG_DIR}/{OUTPUT_NAME}.{ending}"),
        };
        let files = std::fs::read_dir(site_root)
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| !name.ends_with(".br") && !name.ends_with(".gz"))
            .collect();
        Self {
            css: address("css", "css"),
            js: address("js", "js"),
            wasm: address("wasm", "wasm"),
            hashed: !hashes.is_empty(),
            files,
        }
    }
}

fn parse(hashes: &str) -> HashMap<String, String> {
    hashes
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(kind, hash)| (kind.trim().to_owned(), hash.trim().to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_by_kind() {
        let hashes = parse("css: abc\njs:def\n\nwasm: 123\n");
        assert_eq!(hashes["css"], "abc");
        assert_eq!(hashes["js"], "def");
        assert_eq!(hashes["wasm"], "123");
    }

    #[test]
    fn the_names_are_cargo_tomls() {
        let manifest = include_str!("../../Cargo.toml");
        assert!(manifest.contains(&format!("output-name = \"{OUTPUT_NAME}\"")));
        assert!(manifest.contains(&format!("site-pkg-dir = \"{PKG_DIR}\"")));
        let address = crate::base::config::Config::default().server.address;
        assert!(manifest.contains(&format!("site-addr = \"{address}\"")));
    }
}
