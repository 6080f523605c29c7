//! Icons. All are in one file, which the browser loads once.

use leptos::{prelude::*, tachys::html::InertElement};

/// Changes with the file (FNV-1a), so that browsers may cache it forever.
const VERSION: u32 = {
    let file = include_bytes!("../../public/icons.svg");
    let (mut hash, mut at) = (0x811c_9dc5_u32, 0);
    while at < file.len() {
        hash = (hash ^ file[at] as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    hash
};

/// Returns the file's address.
pub fn address() -> String {
    format!("/icons.svg?{VERSION:x}")
}

/// Returns the HTML of the icon with this id.
pub fn html(name: &str) -> String {
    format!(r#"<svg class="icon" aria-hidden="true"><use href="{}#{name}"></use></svg>"#, address())
}

/// An icon beside words that say the same. It takes no attributes.
#[component]
pub fn Icon(
    /// Its id in `public/icons.svg`.
    name: &'static str,
) -> impl IntoView {
    InertElement::new(html(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_icon_is_a_reference_into_the_file() {
        let html = html("house");
        assert!(html.contains(&format!("href=\"{}#house\"", address())), "{html}");
        assert!(include_str!("../../public/icons.svg").contains("<symbol id=\"house\""));
    }
}
