//! Recognises files of the wrong kind, and says what they are and what to do.

use std::io::BufRead;

/// The kind of file that is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// A list of rows, as `manage.py dumpdata` writes it.
    Dump,
    /// A file written by `members-area export`.
    Lines,
}

/// Skips a byte order mark and white space, and checks that the file is of the expected kind.
///
/// # Errors
/// A sentence that says what the file is instead, and what to do.
pub(super) fn begin(from: &mut impl BufRead, expected: Expected) -> Result<(), String> {
    const MARK: &[u8] = "\u{FEFF}".as_bytes();
    let failed = |error| format!("the file cannot be read: {error}");
    if from.fill_buf().map_err(failed)?.starts_with(MARK) {
        from.consume(MARK.len());
    }
    loop {
        let buffer = from.fill_buf().map_err(failed)?;
        let blank = buffer.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let is_all = blank == buffer.len() && !buffer.is_empty();
        from.consume(blank);
        if !is_all {
            break;
        }
    }
    match trouble(from.fill_buf().map_err(failed)?, expected) {
        Some(trouble) => Err(trouble),
        None => Ok(()),
    }
}

fn trouble(begin: &[u8], expected: Expected) -> Option<String> {
    let again = match expected {
        Expected::Dump => "write it with `manage.py dumpdata --format json --output FILE`",
        Expected::Lines => "write it with `members-area export FILE`",
    };
    let packed = |kind: &str| Some(format!("it is packed ({kind}): unpack it first"));
    let other = |kind: &str| Some(format!("it is {kind}: {again}"));
    let starts = |with: &[u8]| begin.starts_with(with);
    if begin.is_empty() {
        return Some(format!("it is empty: {again}"));
    }
    for (magic, kind) in [
        (b"\x1F\x8B".as_slice(), "gzip"),
        (b"PK\x03\x04", "ZIP"),
        (b"BZh", "bzip2"),
        (b"\xFD7zXZ", "xz"),
        (b"\x28\xB5\x2F\xFD", "zstd"),
    ] {
        if starts(magic) {
            return packed(kind);
        }
    }
    if starts(b"\xFF\xFE") || starts(b"\xFE\xFF") || begin.iter().take(2).any(|byte| *byte == 0) {
        return other("UTF-16, which PowerShell makes of whatever is written with `>`");
    }
    if starts(b"SQLite format 3\0") {
        return Some(
            "it is a SQLite database: `members-area import django` takes one of a Django site, `members-area restore` a backup of ours"
                .to_owned(),
        );
    }
    if starts(b"PGDMP") || starts(b"-- ") || starts(b"--\n") || starts(b"--\r") || starts(b"/*") {
        return other("a dump of the database itself");
    }
    if starts(b"<") {
        return other("XML");
    }
    if starts(b"- ") || starts(b"---") || starts(b"%YAML") {
        return other("YAML");
    }
    // Bytes of the first line that are examined.
    const LINE: usize = 400;
    let line = begin.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(&line[..line.len().min(LINE)]);
    match expected {
        Expected::Dump => {
            let row = begin.strip_prefix(b"[").map(<[u8]>::trim_ascii_start);
            if row.is_some_and(|row| row.is_empty() || row.starts_with(b"{") || row.starts_with(b"]")) {
                return None;
            }
            if line.starts_with("{\"header\"") {
                let sentence =
                    "it is a file of `members-area export`: take it with `members-area import FILE`";
                return Some(sentence.to_owned());
            }
            if line.starts_with('{') && line.contains("\"model\"") {
                return other("JSON with one row a line");
            }
        }
        Expected::Lines if line.starts_with('[') => {
            let sentence =
                "it is a list, as Django writes it: take it with `members-area import django FILE`";
            return Some(sentence.to_owned());
        }
        Expected::Lines if line.starts_with('{') => return None,
        Expected::Lines => {}
    }
    let shown: String = line.chars().take(60).collect();
    Some(format!(
        "it begins with “{}”, which is none of it: remove what does not belong there, or {again}",
        shown.trim_end().escape_debug()
    ))
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    fn said(text: &[u8], expected: Expected) -> Option<String> {
        begin(&mut BufReader::new(text), expected).err()
    }

    #[test]
    fn a_mark_and_blank_lines_are_passed_over() {
        for text in ["[", "\u{FEFF}[{\"model\"", " \r\n\n[\n {", "\u{FEFF}\n[ ]"] {
            assert_eq!(said(text.as_bytes(), Expected::Dump), None, "{text:?}");
        }
        assert_eq!(said("\u{FEFF}\n{\"header\"".as_bytes(), Expected::Lines), None);
        let mut from = BufReader::with_capacity(3, "\u{FEFF}    \n [1".as_bytes());
        let _ = begin(&mut from, Expected::Dump);
        assert_eq!(from.fill_buf().expect("text").first(), Some(&b'['), "whatever fits into the buffer");
    }

    #[test]
    fn everything_else_is_called_what_it_is() {
        let utf16: Vec<u8> = "\u{FEFF}[{".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (text, expected) in [
            (b"".as_slice(), "it is empty"),
            (b" \n ", "it is empty"),
            (b"\x1F\x8B\x08\x00", "gzip"),
            (b"PK\x03\x04", "ZIP"),
            (&utf16, "UTF-16"),
            (&utf16[2..], "UTF-16"),
            (b"<?xml version=\"1.0\"?>", "XML"),
            (b"- model: auth.user", "YAML"),
            (b"--\n-- PostgreSQL database dump", "database itself"),
            (b"PGDMP\x01", "database itself"),
            (b"{\"model\": \"auth.user\", \"pk\": 1}", "one row a line"),
            (b"{\"header\":{\"format\":\"members-area\"}}", "`members-area import FILE`"),
            (b"Loaded settings\x1b[2J\n[]", "begins with \u{201C}Loaded settings\\u{1b}[2J\u{201D}"),
            (b"[INFO] ready\n[]", "begins with \u{201C}[INFO] ready\u{201D}"),
            (b"\xFF\xFFx", "begins with"),
        ] {
            let said = said(text, Expected::Dump).unwrap_or_default();
            assert!(said.contains(expected), "{said}, not {expected}");
        }
        for (text, expected) in
            [(b"[]".as_slice(), "`members-area import django FILE`"), (b"SQLite format 3\0", "restore")]
        {
            let said = said(text, Expected::Lines).unwrap_or_default();
            assert!(said.contains(expected), "{said}, not {expected}");
        }
    }
}
