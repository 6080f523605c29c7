//! A member's picture: uploaded, re-encoded in two sizes, shown to its owner.

pub mod api;
pub mod pages;

#[cfg(feature = "ssr")]
mod render;
#[cfg(feature = "ssr")]
pub mod routes;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
mod store;
#[cfg(feature = "ssr")]
pub mod upload;

/// The largest upload, in MiB.
pub const FILE_MAX_MIB: u32 = 2;

/// The sizes in which a picture is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// For a page about its owner.
    Large,
    /// For beside a name.
    Small,
}

impl Size {
    /// Returns the largest width and height in pixels; smaller pictures are not enlarged.
    pub const fn side(self) -> u32 {
        match self {
            Self::Large => 256,
            Self::Small => 64,
        }
    }

    /// Returns the size's name in the address.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Large => "large",
            Self::Small => "small",
        }
    }

    /// Returns the size with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Large, Self::Small].into_iter().find(|size| size.name() == name)
    }

    /// Returns the address of this version of the picture. Every version has its own address, so
    /// that browsers may cache it permanently.
    pub fn address(self, version: i64) -> String {
        format!("/members/picture/{}?{}", self.name(), version_query(version))
    }
}

/// Returns the query that names a version.
pub fn version_query(version: i64) -> String {
    format!("v={version}")
}
