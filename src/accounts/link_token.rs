//! The token in the address of an opened link.

/// In characters: 32 bytes in base64.
const TOKEN_LENGTH: usize = 43;

/// Returns the token at the beginning of the path. A letter or digit after it makes it another
/// text.
pub fn token_in(opened: &str) -> Option<&str> {
    let (token, rest) = opened.split_at_checked(TOKEN_LENGTH)?;
    let is_token = token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    (is_token && !rest.starts_with(|c: char| c.is_ascii_alphanumeric())).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_despite_trailing_characters() {
        let token = "abcdefghijklmnopqrstuvwxyz-_0123456789ABCDE";
        assert_eq!(token.len(), TOKEN_LENGTH);
        for after in
            ["", "/", "//", ".", ").", ">", ",", "\"", "%20", "=", "%22%3E", "/).", "_", "*", "&x=1", "’"]
        {
            assert_eq!(token_in(&format!("{token}{after}")), Some(token), "{after}");
        }
        let longer = format!("{token}F");
        let short = &token[1..];
        for none in
            [longer.as_str(), short, &format!("{short}/"), &format!("{short}."), "zzz", "", "MQ/c5x3dp-9f0e/"]
        {
            assert_eq!(token_in(none), None, "{none}");
        }
    }
}
