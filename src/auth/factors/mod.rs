//! The rules of second factors: the codes of authenticator apps and of recovery, how they are
//! typed, and the seal around stored secrets.

mod key_file;
pub mod qr;
pub mod recovery;
pub mod seal;
pub mod totp;
pub mod typed;

use serde::{Deserialize, Serialize};

use crate::{base::clock::Millis, shared::named_enum::named_enum};

named_enum! {
    /// A kind of factor besides the password.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum FactorKind(name) {
        /// An authenticator app.
        Totp = "totp" => "authenticator app",
        /// A recovery code.
        Recovery = "recovery" => "recovery code",
        /// A passkey, or a security key.
        Passkey = "passkey" => "passkey",
    }
}

/// The use of a second factor, as a session remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactorUse {
    /// The kind of the factor.
    pub kind: FactorKind,
    /// When it was used, in milliseconds since 1970.
    pub at: Millis,
}
