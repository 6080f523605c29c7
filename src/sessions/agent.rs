//! What a `User-Agent` says, in words.

use woothee::{parser::Parser, woothee::VALUE_UNKNOWN};

/// Such as "Firefox on Linux"; "Unknown browser" for what says nothing. Never the header itself, which anybody can write.
pub fn in_words(agent: &str) -> String {
    let found = Parser::new().parse(agent);
    let known = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty() && text != VALUE_UNKNOWN);
    let (name, os) = found.map_or((None, None), |found| (known(found.name), known(found.os)));
    match (name, os) {
        (Some(name), Some(os)) => format!("{name} on {os}"),
        (Some(name), None) => name,
        (None, Some(os)) => format!("Unknown browser on {os}"),
        (None, None) => "Unknown browser".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_words_or_unknown() {
        for (agent, words) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            ("<script>alert(1)</script>", "Unknown browser"),
            ("", "Unknown browser"),
        ] {
            assert_eq!(in_words(agent), words, "{agent}");
        }
    }
}
