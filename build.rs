//! A new migration alone is compiled in: the macro that embeds them notices changed files, and no new ones.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
