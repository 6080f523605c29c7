//! The pages that few visitors open are not in the WASM that every visitor loads: each bundle of
//! them is a file of its own, loaded when one of its pages is opened.

/// A bundle of pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bundle {
    /// The admin.
    Admin,
    /// The caching exercises, and the developers' mailbox.
    Lab,
}

impl Bundle {
    /// Returns the bundle of the page at this path, or `None` for the pages that come with the app.
    pub fn of(path: &str) -> Option<Self> {
        match path.split('/').nth(1)? {
            "admin" => Some(Self::Admin),
            "lab" | "dev" => Some(Self::Lab),
            _ => None,
        }
    }

    /// Returns the name, as the build gives it to the bundle's files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Lab => "lab",
        }
    }
}
