//! QR codes as the path of an SVG: the Content-Security-Policy admits neither `data:` pictures nor
//! anything of another site.

use std::fmt::Write;

use qrcode::{Color, QrCode};

/// The light frame that readers need, in modules.
const QUIET: usize = 4;

/// Returns the width of the square, in modules, and the path of the dark ones. `None` for a text
/// that is too long for a QR code.
pub fn path_of(text: &str) -> Option<(usize, String)> {
    let code = QrCode::new(text).ok()?;
    let width = code.width();
    let mut path = String::new();
    for (at, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            let (x, y) = (at % width + QUIET, at / width + QUIET);
            // Writing into a string cannot fail.
            let _ = write!(path, "M{x} {y}h1v1h-1z");
        }
    }
    Some((width + 2 * QUIET, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_has_none() {
        assert!(path_of("otpauth://totp/x").is_some());
        assert_eq!(path_of(&"x".repeat(5000)), None);
    }
}
