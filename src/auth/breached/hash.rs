//! The hash that names a password.

/// A SHA-1 hash, by which the lists of breached passwords name them.
pub type Hash = [u8; 20];
