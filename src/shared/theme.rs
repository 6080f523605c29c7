//! Light or dark.

use serde::{Deserialize, Serialize};

/// The name of the cookie with the theme, before `AppState::cookie_name`.
pub const THEME: &str = "theme";

/// How the pages look in one browser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Theme {
    /// As the operating system is set.
    #[default]
    System,
    /// Dark text on a light ground.
    Light,
    /// Light text on a dark ground.
    Dark,
}

impl Theme {
    /// All themes, as they can be chosen.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// Returns whether nothing was chosen.
    pub fn is_system(&self) -> bool {
        *self == Self::System
    }

    /// Returns the name in the form, in the cookie and in the page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Returns the theme with this name; any other name is that of no theme, and the system's
    /// holds.
    pub fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|theme| theme.name() == name).unwrap_or_default()
    }
}
