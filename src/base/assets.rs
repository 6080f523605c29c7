//! The files that `cargo leptos build` produced, and the URLs under which browsers load them.

use std::path::{Path, PathBuf};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::failure::Failure;

/// The base name of the built files, as in Cargo.toml.
pub const OUTPUT_NAME: &str = "members-area";
/// The folder of the built files, as in Cargo.toml.
pub const PKG_DIR: &str = "pkg";

/// The endings of the built files.
const ENDINGS: [&str; 3] = ["css", "js", "wasm"];

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
    /// The path of the folder in those URLs. It changes with the content of the files, so that
    /// browsers may cache them forever. `None` under `cargo leptos watch`, which replaces files
    /// while the site runs.
    pub hashed_folder: Option<String>,
    /// The names of the files beside `pkg/`, such as `favicon.svg`.
    pub files: Vec<String>,
}

impl Assets {
    /// Checks that the built files exist: without them, pages have no style and no script.
    ///
    /// # Errors
    /// A [`Failure`] that names the first missing file.
    pub fn check(&self, site_root: &Path) -> Result<(), Failure> {
        match ENDINGS.map(|ending| file(site_root, ending)).iter().find(|file| !file.is_file()) {
            None => Ok(()),
            Some(missing) => Err(Failure::message(format!(
                "server.site_root: {} does not exist; create it with `cargo leptos build`",
                missing.display()
            ))),
        }
    }

    /// Reads the site's folder.
    pub fn find(site_root: &Path, is_watched: bool) -> Self {
        let hashed_folder = (!is_watched).then(|| {
            let mut hash = Sha256::new();
            for ending in ENDINGS {
                // A missing file is reported by `check`.
                hash.update(Sha256::digest(std::fs::read(file(site_root, ending)).unwrap_or_default()));
            }
            format!("/{PKG_DIR}/{}", BASE64_URL_SAFE_NO_PAD.encode(&hash.finalize()[..12]))
        });
        let folder = hashed_folder.clone().unwrap_or_else(|| format!("/{PKG_DIR}"));
        let [css, js, wasm] = ENDINGS.map(|ending| format!("{folder}/{OUTPUT_NAME}.{ending}"));
        let files = std::fs::read_dir(site_root)
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| !name.ends_with(".br") && !name.ends_with(".gz"))
            .collect();
        Self { css, js, wasm, hashed_folder, files }
    }
}

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
        let css = |content: &str, is_watched| {
            std::fs::write(pkg.join("members-area.css"), content).expect("a file");
            Assets::find(root, is_watched).css
        };
        let [first, again, other] = ["a{}", "a{}", "b{}"].map(|content| css(content, false));
        assert!(first.starts_with("/pkg/") && first.ends_with("/members-area.css"), "{first}");
        assert!(first == again && first != other, "{first} {other}");
        assert_eq!(css("a{}", true), "/pkg/members-area.css");
        let missing = Assets::find(root, false).check(root).expect_err("no script").to_string();
        assert!(missing.contains("members-area.js does not exist"), "{missing}");
    }

    #[test]
    fn the_names_equal_those_in_cargo_toml() {
        let manifest = include_str!("../../Cargo.toml");
        assert!(manifest.contains(&format!("output-name = \"{OUTPUT_NAME}\"")));
        assert!(manifest.contains(&format!("site-pkg-dir = \"{PKG_DIR}\"")));
        let address = crate::base::config::Config::default().server.address;
        assert!(manifest.contains(&format!("site-addr = \"{address}\"")));
    }
}
