//! A member's picture: uploaded, made into two of our own, shown to its owner.

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

/// The most that a picture may have, in MiB.
pub const FILE_MAX_MIB: u32 = 2;

/// The two that are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// For a page about its owner.
    Large,
    /// For beside a name.
    Small,
}

impl Size {
    /// The most pixels in width and height; a smaller picture stays as it is.
    pub const fn side(self) -> u32 {
        match self {
            Self::Large => 256,
            Self::Small => 64,
        }
    }

    /// The name in its address.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Large => "large",
            Self::Small => "small",
        }
    }

    /// The size with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Large, Self::Small].into_iter().find(|size| size.name() == name)
    }

    /// Where this version of the picture is. Another picture has another address, so that a browser may keep it for good.
    pub fn address(self, version: i64) -> String {
        format!("/members/picture/{}?{}", self.name(), version_query(version))
    }
}

/// The query that names a version.
pub fn version_query(version: i64) -> String {
    format!("v={version}")
}
