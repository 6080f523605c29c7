//! The pages that few visits lead to are not in the WASM that every visitor loads: each bundle of
//! them is a file of its own, loaded when one of its pages is opened.

use super::paths::{MAILED_CODE, SECOND_STEP};

/// A bundle of pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bundle {
    /// A member's profile and account: password, address, devices, data.
    Account,
    /// The admin.
    Admin,
    /// The caching exercises, and the developers' mailbox.
    Lab,
}

impl Bundle {
    /// Returns the bundle of the page at this path, or `None` for the pages that come with the app.
    pub fn of(path: &str) -> Option<Self> {
        if [MAILED_CODE, SECOND_STEP].contains(&path) {
            return Some(Self::Account);
        }
        let mut parts = path.split('/').skip(1);
        match (parts.next()?, parts.next().unwrap_or_default()) {
            ("accounts", "login" | "logout" | "signup") => None,
            ("accounts", _)
            | (
                "members",
                "activity" | "appearance" | "data" | "delete" | "profile" | "secret" | "security"
                | "sessions",
            ) => Some(Self::Account),
            ("admin", _) => Some(Self::Admin),
            ("dev" | "lab", _) => Some(Self::Lab),
            _ => None,
        }
    }

    /// Returns the name, as the build gives it to the bundle's files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Admin => "admin",
            Self::Lab => "lab",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_has_its_view_in_the_bundle_of_its_path() {
        let routes = include_str!("../app.rs").lines().filter_map(|line| {
            let (path, rest) = line.split_once("<Route path=path!(\"")?.1.split_once("\") view=")?;
            Some((path, rest.split_whitespace().next()?))
        });
        let mut bundled = 0;
        for (path, view) in routes {
            let expected = Bundle::of(path).map(|bundle| match bundle {
                Bundle::Account => "AccountPages",
                Bundle::Admin => "AdminPages",
                Bundle::Lab => "LabPages",
            });
            assert_eq!(
                view.split_once("Pages::").map(|_| view.split(':').next()),
                expected.map(Some),
                "{path}"
            );
            bundled += usize::from(expected.is_some());
        }
        assert!(bundled > 20, "{bundled}");
    }
}
