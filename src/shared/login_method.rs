//! What members log in with.

use serde::{Deserialize, Serialize};

use super::named_enum::named_enum;

/// The cookie with the name of the method of the last login in this browser, which is no secret:
/// where no page is loaded, a script of ours reads it.
pub const LAST_LOGIN: &str = "last_login";

named_enum! {
    /// The first step of a login, which a second factor may follow.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum LoginMethod(name) {
        /// The password.
        Password = "password" => "your password",
        /// A code that was mailed. It is no password: what asks for that still does.
        MailedCode = "mailed_code" => "a code by email",
        /// A passkey, which no second factor follows.
        Passkey = "passkey" => "a passkey",
    }
}

impl LoginMethod {
    /// Returns the method with this name, or `None` if a newer version of the program wrote it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_found_by_its_name() {
        for method in LoginMethod::ALL {
            assert_eq!(LoginMethod::from_name(method.name()), Some(method));
            assert_eq!(serde_json::to_value(method).expect("a name"), method.name());
        }
        assert_eq!(LoginMethod::from_name("from_the_future"), None);
    }
}
