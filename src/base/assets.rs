//! The files that `cargo leptos build` produced, and the URLs under which browsers load them. They
//! are part of the program (feature `embed`), or are read from a folder.

use std::{
    collections::BTreeMap,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::{embedded, failure::Failure, site_files};
pub use site_files::{OUTPUT_NAME, PKG_DIR};

/// The folder of a program without embedded files, unless `server.site_root` names one.
const DEFAULT_ROOT: &str = "target/site";

/// Names the files of each bundle. Only a build that splits the WASM has it.
const BUNDLES: &str = "pkg/__wasm_split_manifest.json";

/// The path of the web app manifest, which is not a file: the site makes it from its settings.
pub const WEB_MANIFEST: &str = "/site.webmanifest";

/// The names, without `.wasm`, of the files of each bundle.
type Bundles = BTreeMap<String, Vec<String>>;

/// The site's files, and the URLs of those that every page loads.
#[derive(Clone, Debug)]
pub struct Assets {
    /// The URL of the stylesheet.
    pub css: String,
    /// The URL of the script that loads the WASM.
    pub js: String,
    /// The URL of the WASM.
    pub wasm: String,
    /// The names, without `.wasm`, of the files of each bundle (`shared::bundle`); empty where the
    /// WASM is one file.
    pub bundles: Bundles,
    /// The path of the folder in those URLs. It changes with the content of the files, so that
    /// browsers may cache them forever. `None` under `cargo leptos watch`, which replaces files
    /// while the site runs.
    pub hashed_folder: Option<String>,
    /// The names of the files beside `pkg/`, such as `favicon.svg`.
    pub files: Vec<String>,
    /// All files by their paths below the site's folder.
    contents: BTreeMap<String, Asset>,
    /// The folder whose files `cargo leptos watch` replaces.
    watched: Option<PathBuf>,
}

/// A file of the site. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Asset {
    /// The content.
    pub plain: Bytes,
    /// The content in Brotli, if that is smaller.
    pub brotli: Option<Bytes>,
    /// The content in gzip, if that is smaller.
    pub gzip: Option<Bytes>,
    /// A hash of the content, for `ETag`.
    pub hash: String,
}

impl Asset {
    fn new(plain: Bytes, packed: impl Fn(&str) -> Option<Bytes>) -> Self {
        let smaller = |ending| packed(ending).filter(|packed| packed.len() < plain.len());
        let (brotli, gzip) = (smaller("br"), smaller("gz"));
        Self { hash: encode(Sha256::new_with_prefix(&plain)), brotli, gzip, plain }
    }
}

impl Assets {
    /// Takes the files inside the program, or reads those in the folder `server.site_root`. Of a
    /// folder that cannot be read there are none, which [`check`](Self::check) reports.
    pub fn load(site_root: &Path, is_watched: bool) -> Self {
        let embedded = embedded::files().filter(|_| site_root.as_os_str().is_empty());
        let watched = (is_watched && embedded.is_none()).then(|| folder(site_root));
        let contents = assets(embedded.unwrap_or_else(|| {
            let contents = site_files::read(&folder(site_root)).unwrap_or_default();
            contents.into_iter().map(|(name, content)| (name, content.into())).collect()
        }));
        let hashed_folder = watched.is_none().then(|| {
            let mut hash = Sha256::new();
            for (name, asset) in contents.iter().filter(|(name, _)| name.starts_with(PKG_DIR)) {
                hash.update(format!("{name} {}\n", asset.hash));
            }
            format!("/{PKG_DIR}/{}", encode(hash))
        });
        let prefix = hashed_folder.clone().unwrap_or_else(|| format!("/{PKG_DIR}"));
        let [css, js, wasm] = ["css", "js", "wasm"].map(|ending| format!("{prefix}/{OUTPUT_NAME}.{ending}"));
        let bundles =
            contents.get(BUNDLES).map(|file| serde_json::from_slice(&file.plain).unwrap_or_default());
        let bundles = bundles.unwrap_or_default();
        // A page's address has no dot, so no file can take one.
        let is_served = |name: &&String| is_plain_name(name) && name.contains('.');
        let files = contents.keys().filter(is_served).cloned().collect();
        Self { css, js, wasm, bundles, hashed_folder, files, contents, watched }
    }

    /// Returns the path of the folder of the built files, as in their URLs.
    pub fn folder(&self) -> &str {
        self.js.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Returns the file with this path below the site's folder.
    pub fn find(&self, path: &str) -> Option<Asset> {
        match &self.watched {
            None => self.contents.get(path).cloned(),
            Some(folder) if path.split('/').all(is_plain_name) => {
                Some(Asset::new(std::fs::read(folder.join(path)).ok()?.into(), |_| None))
            }
            Some(_) => None,
        }
    }

    /// Checks that the files exist that every page loads: without them, pages have no style and no
    /// script.
    ///
    /// # Errors
    /// A [`Failure`] that names the first missing file, or says why the folder cannot be read.
    pub fn check(&self, site_root: &Path) -> Result<(), Failure> {
        if self.files.iter().any(|name| WEB_MANIFEST[1..] == **name) {
            return Err(Failure::message(format!(
                "server.site_root: remove the file {}; the site makes it from its settings",
                &WEB_MANIFEST[1..]
            )));
        }
        if let Some(file) = self.contents.get(BUNDLES) {
            serde_json::from_slice::<Bundles>(&file.plain)
                .map_err(|error| Failure::start(&format!("read {BUNDLES} (server.site_root)"), error))?;
        }
        let bundles = self.bundles.values().flatten().map(|name| format!("{PKG_DIR}/{name}.wasm"));
        let mut needed = site_files::required().into_iter().chain(bundles);
        let Some(missing) = needed.find(|name| !self.contents.contains_key(name)) else {
            return Ok(());
        };
        let folder = folder(site_root);
        Err(match site_files::read(&folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Failure::start("read the site's files (server.site_root)", error)
            }
            _ => Failure::message(format!(
                "server.site_root: {} does not exist; create it with `cargo leptos build`",
                folder.join(missing).display()
            )),
        })
    }
}

fn folder(site_root: &Path) -> PathBuf {
    if site_root.as_os_str().is_empty() { DEFAULT_ROOT.into() } else { site_root.to_owned() }
}

fn assets(contents: BTreeMap<String, Bytes>) -> BTreeMap<String, Asset> {
    let is_packed = |name: &str| name.ends_with(".br") || name.ends_with(".gz");
    let originals = contents.iter().filter(|(name, _)| !is_packed(name));
    originals
        .map(|(name, plain)| {
            let packed = |ending: &str| contents.get(&format!("{name}.{ending}")).cloned();
            (name.clone(), Asset::new(plain.clone(), packed))
        })
        .collect()
}

/// Returns whether this can be one part of a path, and of a route.
fn is_plain_name(name: &str) -> bool {
    !name.starts_with('.')
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

fn encode(hash: Sha256) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(&hash.finalize()[..12])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_changes_with_the_content_of_any_built_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let (pkg, root) = (folder.path().join(PKG_DIR), folder.path());
        std::fs::create_dir_all(pkg.join("split")).expect("a folder");
        let css = |file: &str, content: &str, is_watched| {
            std::fs::write(pkg.join(file), content).expect("a file");
            Assets::load(root, is_watched).css
        };
        let [first, again, other] =
            ["a{}", "a{}", "b{}"].map(|content| css("members-area.css", content, false));
        assert!(first.starts_with("/pkg/") && first.ends_with("/members-area.css"), "{first}");
        assert!(first == again && first != other, "{first} {other}");
        assert_ne!(css("split/chunk_0.wasm", "x", false), other);
        assert_eq!(css("members-area.css", "a{}", true), "/pkg/members-area.css");
        let missing = Assets::load(root, false).check(root).expect_err("no script").to_string();
        assert!(missing.contains("members-area.js does not exist"), "{missing}");
        let file = pkg.join("members-area.css");
        let unreadable = Assets::load(&file, false).check(&file).expect_err("no folder").to_string();
        assert!(unreadable.contains("server.site_root") && unreadable.contains(".css: "), "{unreadable}");
    }

    #[test]
    fn a_watched_file_is_read_each_time_and_only_below_the_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("site");
        std::fs::create_dir_all(root.join(PKG_DIR)).expect("a folder");
        std::fs::write(folder.path().join("secret.txt"), "s3cret").expect("a file");
        let style = root.join("pkg/members-area.css");
        std::fs::write(&style, "a{}").expect("a file");
        let (watched, fixed) = (Assets::load(&root, true), Assets::load(&root, false));
        std::fs::write(&style, "b{}").expect("a file");
        let content = |assets: &Assets, path| assets.find(path).map(|asset| asset.plain);
        assert_eq!(content(&watched, "pkg/members-area.css").as_deref(), Some(&b"b{}"[..]));
        assert_eq!(content(&fixed, "pkg/members-area.css").as_deref(), Some(&b"a{}"[..]));
        for path in ["../secret.txt", "pkg/../../secret.txt", "pkg//members-area.css", "", "pkg"] {
            assert!(watched.find(path).is_none() && fixed.find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn only_a_smaller_form_is_sent() {
        let contents = [("a.txt", "aaaaaaaa"), ("a.txt.br", "aa"), ("a.txt.gz", "aaaaaaaaaaaa")];
        let contents = contents.map(|(name, text)| (name.to_owned(), Bytes::from_static(text.as_bytes())));
        let assets = assets(contents.into());
        assert!(assets.len() == 1 && assets["a.txt"].brotli.is_some() && assets["a.txt"].gzip.is_none());
    }

    #[test]
    fn a_missing_bundle_is_reported() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        std::fs::create_dir(root.join(PKG_DIR)).expect("a folder");
        for name in site_files::required() {
            std::fs::write(root.join(name), "a file").expect("a file");
        }
        let assets = Assets::load(root, false);
        assert!(assets.bundles.is_empty() && assets.check(root).is_ok());
        std::fs::write(root.join(BUNDLES), r#"{"admin":["split_admin"]}"#).expect("a file");
        let missing = Assets::load(root, false).check(root).expect_err("no bundle").to_string();
        assert!(missing.contains("split_admin.wasm does not exist"), "{missing}");
        std::fs::write(root.join(BUNDLES), r#"{"admin":["#).expect("a file");
        let cut = Assets::load(root, false).check(root).expect_err("half a list").to_string();
        assert!(cut.contains(BUNDLES), "{cut}");
    }

    /// The router would refuse two handlers for one path with a panic.
    #[test]
    fn a_file_never_takes_the_path_of_a_page() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        for name in ["login", "healthz", "robots.txt"] {
            std::fs::write(root.join(name), "a file").expect("a file");
        }
        assert_eq!(Assets::load(root, false).files, ["robots.txt"]);
        std::fs::write(root.join("site.webmanifest"), "{}").expect("a file");
        let refused = Assets::load(root, false).check(root).expect_err("the site has one").to_string();
        assert!(refused.contains("remove the file site.webmanifest"), "{refused}");
    }

    #[test]
    fn the_names_equal_those_in_cargo_toml() {
        let manifest = include_str!("../../Cargo.toml");
        assert!(manifest.contains(&format!("output-name = \"{OUTPUT_NAME}\"")));
        assert!(manifest.contains(&format!("site-pkg-dir = \"{PKG_DIR}\"")));
        assert!(manifest.contains(&format!("site-root = \"{DEFAULT_ROOT}\"")));
        let address = crate::base::config::Config::default().server.address;
        assert!(manifest.contains(&format!("site-addr = \"{address}\"")));
    }
}
