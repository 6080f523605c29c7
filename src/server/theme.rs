//! The theme in a page's document. It is there from the first byte, so that nothing flashes.

use axum::http::{Extensions, HeaderMap};

use crate::{
    shared::theme::{THEME, Theme},
    site::{AppState, cookies},
};

/// Returns the theme of a request: that of the copy which is rendered for the page cache, or else
/// that of the cookie.
pub fn of_request(site: &AppState, extensions: &Extensions, headers: &HeaderMap) -> Theme {
    let of_cookie =
        || cookies::read(site, headers, THEME).map_or(Theme::System, |name| Theme::from_name(&name));
    extensions.get().copied().unwrap_or_else(of_cookie)
}

/// Returns the value of `data-theme`, by which the stylesheet knows what was chosen.
pub fn chosen(theme: Theme) -> Option<&'static str> {
    (!theme.is_system()).then(|| theme.name())
}

/// The colour of the header, in which browsers draw what is around the page: the surface of
/// `style/tokens.css`.
pub const SURFACE: [(Theme, &str); 2] = [(Theme::Light, "#ffffff"), (Theme::Dark, "#1f2423")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_colours_are_those_of_the_stylesheet() {
        let [(_, light), (_, dark)] = SURFACE;
        let tokens = include_str!("../../style/tokens.css");
        assert!(tokens.contains(&format!("--surface: light-dark({light}, {dark})")));
    }
}
