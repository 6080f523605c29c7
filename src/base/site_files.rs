//! The files of the built site: their names and content types, and the check of a set that is built
//! into the program. `build.rs` includes this file, so it imports nothing from the crate.

use std::{
    collections::BTreeMap,
    fs,
    io::{Error, Read},
    path::Path,
};

/// The base name of the built files, as in Cargo.toml.
pub const OUTPUT_NAME: &str = "members-area";
/// The folder of the built files, as in Cargo.toml.
pub const PKG_DIR: &str = "pkg";

/// The content of all files by their paths below the site's folder.
pub type Contents = BTreeMap<String, Vec<u8>>;

/// Returns the paths of the files that every page loads.
pub fn required() -> [String; 3] {
    ["css", "js", "wasm"].map(|ending| format!("{PKG_DIR}/{OUTPUT_NAME}.{ending}"))
}

/// Returns the content type by the ending of the name, or `None` for a kind of file that the site
/// does not have.
pub fn content_type(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "css" => "text/css; charset=utf-8",
        "ico" => "image/x-icon",
        "jpg" => "image/jpeg",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        // TypeScript's declarations, which wasm-bindgen writes beside its scripts.
        "ts" | "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        _ => return None,
    })
}

/// Reads a folder with all folders in it.
///
/// # Errors
/// The system's own, with the path that cannot be read.
pub fn read(folder: &Path) -> Result<Contents, Error> {
    let mut contents = Contents::new();
    read_into(&mut contents, folder, "")?;
    Ok(contents)
}

fn read_into(contents: &mut Contents, folder: &Path, prefix: &str) -> Result<(), Error> {
    let named = |path: &Path, error: Error| Error::new(error.kind(), format!("{}: {error}", path.display()));
    for entry in fs::read_dir(folder).map_err(|error| named(folder, error))? {
        let path = entry.map_err(|error| named(folder, error))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{prefix}{name}");
        if path.is_dir() {
            read_into(contents, &path, &format!("{name}/"))?;
        } else {
            contents.insert(name, fs::read(&path).map_err(|error| named(&path, error))?);
        }
    }
    Ok(())
}

/// Checks a set that is to be built into the program: it has all files that every page loads, only
/// kinds of files that the site has, none of them empty, and each with two compressed forms that
/// unpack to it. So a file that was cut off differs from its compressed forms.
///
/// # Errors
/// What is wrong, without a full stop.
pub fn check(contents: &Contents) -> Result<(), String> {
    if let Some(missing) = required().into_iter().find(|name| !contents.contains_key(name)) {
        return Err(format!("{missing} is missing"));
    }
    for (name, content) in contents {
        let (original, unpacked) = match name.rsplit_once('.') {
            Some((original, "br")) => (original, unpack(brotli::Decompressor::new(&content[..], 4096))),
            Some((original, "gz")) => (original, unpack(flate2::read::MultiGzDecoder::new(&content[..]))),
            _ => {
                check_original(contents, name, content)?;
                continue;
            }
        };
        if unpacked.is_none() || unpacked.as_ref() != contents.get(original) {
            return Err(format!("{name} does not unpack to {original}"));
        }
    }
    Ok(())
}

fn check_original(contents: &Contents, name: &str, content: &[u8]) -> Result<(), String> {
    if content_type(name).is_none() {
        return Err(format!("{name} is no file of the site"));
    }
    if content.is_empty() {
        return Err(format!("{name} is empty"));
    }
    match ["br", "gz"]
        .map(|ending| format!("{name}.{ending}"))
        .iter()
        .find(|packed| !contents.contains_key(*packed))
    {
        Some(missing) => Err(format!("{missing} is missing")),
        None => Ok(()),
    }
}

fn unpack(mut packed: impl Read) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    packed.read_to_end(&mut content).ok().map(|_| content)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn add(contents: &mut Contents, name: &str, content: &[u8]) {
        let mut brotli = Vec::new();
        brotli::CompressorWriter::new(&mut brotli, 4096, 5, 22).write_all(content).expect("packed");
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(content).expect("packed");
        contents.insert(format!("{name}.br"), brotli);
        contents.insert(format!("{name}.gz"), gzip.finish().expect("packed"));
        contents.insert(name.to_owned(), content.to_owned());
    }

    fn whole() -> Contents {
        let mut contents = Contents::new();
        for name in required().iter().map(String::as_str).chain(["favicon.svg", "pkg/split/chunk_0.wasm"]) {
            add(&mut contents, name, format!("the content of {name}, the content of {name}").as_bytes());
        }
        contents
    }

    #[test]
    fn a_whole_set_is_accepted() {
        assert_eq!(check(&whole()), Ok(()));
    }

    #[test]
    fn a_set_with_a_missing_empty_cut_or_foreign_file_is_refused_by_name() {
        type Change = fn(&mut Contents);
        let changes: [(Change, &str); 12] = [
            (|set| drop(set.remove("pkg/members-area.js")), "pkg/members-area.js is missing"),
            (|set| set.retain(|name, _| !name.contains(".wasm")), "pkg/members-area.wasm is missing"),
            (|set| drop(set.remove("pkg/members-area.css.br")), "pkg/members-area.css.br is missing"),
            (|set| drop(set.remove("favicon.svg.gz")), "favicon.svg.gz is missing"),
            (|set| drop(set.remove("favicon.svg")), "favicon.svg.br does not unpack to favicon.svg"),
            (|set| add(set, "pkg/empty.js", b""), "pkg/empty.js is empty"),
            (|set| cut(set, "pkg/members-area.wasm"), "members-area.wasm.br does not unpack"),
            (|set| cut(set, "pkg/members-area.wasm.br"), "members-area.wasm.br does not unpack"),
            (|set| cut(set, "pkg/members-area.js.gz"), "members-area.js.gz does not unpack"),
            (|set| drop(set.insert("favicon.svg.gz".into(), Vec::new())), "favicon.svg.gz does not unpack"),
            (|set| add(set, "pkg/notes.docx", b"x"), "pkg/notes.docx is no file of the site"),
            (|set| add(set, ".DS_Store", b"x"), ".DS_Store is no file of the site"),
        ];
        for (change, expected) in changes {
            let mut set = whole();
            change(&mut set);
            let problem = check(&set).expect_err(expected);
            assert!(problem.contains(expected), "{problem}, not: {expected}");
        }
    }

    fn cut(contents: &mut Contents, name: &str) {
        let content = contents.get_mut(name).expect("a file");
        content.truncate(content.len() / 2);
    }

    #[test]
    fn a_folder_is_read_with_all_its_folders() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("pkg/split")).expect("a folder");
        for name in ["robots.txt", "pkg/split/chunk_0.wasm"] {
            fs::write(folder.path().join(name), name).expect("a file");
        }
        let contents = read(folder.path()).expect("readable");
        assert_eq!(contents.into_keys().collect::<Vec<_>>(), ["pkg/split/chunk_0.wasm", "robots.txt"]);
        let missing = folder.path().join("nowhere");
        let problem = read(&missing).expect_err("nothing there").to_string();
        assert!(problem.contains(missing.to_str().expect("a path")), "{problem}");
    }
}
