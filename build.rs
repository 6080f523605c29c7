//! Tells cargo what is built in besides the sources: the migrations and, with the feature `embed`,
//! the site's files, which it checks first. And `cfg(split)` says that this build splits the WASM
//! (`cargo leptos build --split`), of which the linker's flag is all that one sees.

#[cfg(feature = "embed")]
extern crate brotli_decompressor as brotli;

#[cfg(feature = "embed")]
#[path = "src/base/site_files.rs"]
mod site_files;

fn main() {
    // The macro that embeds them notices changed files, and no new ones.
    println!("cargo::rerun-if-changed=migrations");
    println!("cargo::rustc-check-cfg=cfg(split)");
    if std::env::var("CARGO_ENCODED_RUSTFLAGS").is_ok_and(|flags| flags.contains("--emit-relocs")) {
        println!("cargo::rustc-cfg=split");
    }
    #[cfg(feature = "embed")]
    check_site_files();
}

#[cfg(feature = "embed")]
fn check_site_files() {
    const FOLDER: &str = "target/site";
    println!("cargo::rerun-if-changed={FOLDER}");
    let checked = site_files::read(FOLDER.as_ref())
        .map_err(|error| error.to_string())
        .and_then(|files| site_files::check(&files));
    if let Err(problem) = checked {
        println!(
            "cargo::error={FOLDER} cannot be built in: {problem}. Make it anew with script/serve, or with \
             `cargo leptos build --release --precompress --split --frontend-only`"
        );
    }
}
