//! Codes as people type them.

use unicode_normalization::UnicodeNormalization;

use super::recovery::{self, RecoveryCode};

/// What was typed into a field for a code.
#[derive(Debug, PartialEq, Eq)]
pub enum Typed {
    /// Six digits, as an authenticator app shows them.
    Digits(String),
    /// A recovery code.
    Recovery(RecoveryCode),
    /// Neither, which is wrong in any case.
    Other,
}

impl Typed {
    /// Reads a code, with or without spaces and hyphens, in any case and width. Returns `None` if
    /// nothing was typed.
    pub fn read(text: &str) -> Option<Self> {
        /// No code is longer, whatever stands between its characters.
        const MAX_BYTES: usize = 256;
        if text.len() > MAX_BYTES {
            return Some(Self::Other);
        }
        let code: String =
            text.nfkc().filter(|c| !c.is_whitespace() && *c != '-').collect::<String>().to_uppercase();
        if code.is_empty() {
            return None;
        }
        let is_digits = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
        Some(if is_digits {
            Self::Digits(code)
        } else {
            recovery::parse(&code).map_or(Self::Other, Self::Recovery)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_people_type_them() {
        let digits = |code: &str| Some(Typed::Digits(code.to_owned()));
        for text in ["123456", "123 456", " 123-456\n", "１２３４５６", "１２３　４５６"] {
            assert_eq!(Typed::read(text), digits("123456"), "{text:?}");
        }
        for text in ["", " ", "-\t"] {
            assert_eq!(Typed::read(text), None, "{text:?}");
        }
        let long = "1".repeat(10_240);
        for text in ["12345", "1234567", "12345a", "abcdef", "123456\0", "\0", "١٢٣٤٥٦", long.as_str()]
        {
            assert_eq!(Typed::read(text), Some(Typed::Other), "{text:?}");
        }
        for text in ["ABCD-EFGH-IJKL-M234", "abcdefghijklm234", "abcd efgh ijkl m234"] {
            let Some(Typed::Recovery(code)) = Typed::read(text) else { panic!("{text}") };
            assert_eq!(code.to_string(), "ABCD-EFGH-IJKL-M234");
        }
        assert_eq!(Typed::read("ABCD-EFGH-IJKL-M189"), Some(Typed::Other), "no letters of base 32");
    }
}
