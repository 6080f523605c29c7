//! The files that `cargo leptos build` produced, and the URLs under which browsers load them.

use std::path::{Path, PathBuf};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

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
    /// The names of the files beside `pkg/`, such as `favicon.svg`.
    pub files: Vec<String>,
}

impl Assets {
    /// Checks that the built files exist: without them, pages have no style and no script.
    ///
    /// # Errors
    /// A [`Failure`] that names the first missing file.
    pub fn check(&self, site_root: &Path) -> Result<(), Failure> {
        for ending in ENDINGS {
            let file = file(site_root, ending);
            if !file.is_file() {
                return Err(Failure::message(format!(
                    "server.site_root: {} is not there; `cargo leptos build` makes it",
                    file.display()
                )));
            }
        }
        Ok(())
    }

    /// Reads the site's folder. With `hashed`, the URLs contain a hash of each file's content, so
    /// that browsers may cache them forever. `cargo leptos watch` replaces a stylesheet on the page
    /// by its plain name.
    pub fn find(site_root: &Path, hashed: bool) -> Self {
        let url = |ending| match std::fs::read(file(site_root, ending)) {
            Ok(content) if hashed => {
                let hash = BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(content)[..12]);
                format!("/{PKG_DIR}/{OUTPUT_NAME}.{hash}.{ending}")
            }
            _ => format!("/{PKG_DIR}/{OUTPUT_NAME}.{ending}"),
        };
        let files = std::fs::read_dir(site_root)
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| !name.ends_with(".br") && !name.ends_with(".gz"))
            .collect();
        let [css, js, wasm] = ENDINGS.map(url);
        Self { css, js, wasm, files }
    }

    /// Returns each built file's URL and its path.
    pub fn built(&self, site_root: &Path) -> [(&str, PathBuf); 3] {
        let [css, js, wasm] = ENDINGS.map(|ending| file(site_root, ending));
        [(&self.css, css), (&self.js, js), (&self.wasm, wasm)]
    }
}

/// The endings of the built files.
const ENDINGS: [&str; 3] = ["css", "js", "wasm"];

fn file(site_root: &Path, ending: &str) -> PathBuf {
    site_root.join(PKG_DIR).join(format!("{OUTPUT_NAME}.{ending}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_changes_with_the_content() {
        let folder = tempfile::tempdir().expect("a folder");
        let (pkg, root) = (folder.path().join(PKG_DIR), folder.path());
        std::fs::create_dir(&pkg).expect("a folder");
        let css = |content: &str, hashed| {
            std::fs::write(pkg.join("members-area.css"), content).expect("a file");
            Assets::find(root, hashed).css
        };
        let [first, again, other] = ["a{}", "a{}", "b{}"].map(|content| css(content, true));
        assert!(first.starts_with("/pkg/members-area.") && first.ends_with(".css"), "{first}");
        assert!(first == again && first != other, "{first} {other}");
        assert_eq!(css("a{}", false), "/pkg/members-area.css");
        let assets = Assets::find(root, true);
        assert_eq!(assets.js, "/pkg/members-area.js", "a file that is not there");
        assert!(assets.check(root).is_err_and(|error| error.to_string().contains("members-area.js is not there")));
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
