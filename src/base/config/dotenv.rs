//! Reads `.env`: lines of `NAME=VALUE`, whose values are taken as they are written.
//!
//! Programs that read such files disagree about `$`, backslashes and quotes, and some expand them.
//! Here such a value must be in single quotes, so that no password changes on the way.

use std::{fs, io::ErrorKind, path::Path};

use super::super::failure::Failure;

/// A line that sets a variable.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DotenvLine {
    /// Counted from 1.
    pub number: usize,
    pub name: String,
    pub value: String,
}

/// Returns the lines whose name is wanted; none if there is no such file. The values of other names
/// belong to other programs, and follow their rules.
///
/// # Errors
/// A [`Failure`] that names the file, the line and the variable, and never shows a value.
pub(super) fn read(file: &Path, is_wanted: impl Fn(&str) -> bool) -> Result<Vec<DotenvLine>, Failure> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Failure::start(&format!("read {}", file.display()), error)),
    };
    parse(&text, is_wanted).map_err(|what| Failure::message(format!("{}, {what}", file.display())))
}

fn parse(text: &str, is_wanted: impl Fn(&str) -> bool) -> Result<Vec<DotenvLine>, String> {
    let mut lines = Vec::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (line, number) in text.lines().map(str::trim).zip(1..) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = line
            .strip_prefix("export ")
            .unwrap_or(line)
            .split_once('=')
            .map(|(name, value)| (name.trim(), value))
            .filter(|(name, _)| is_name(name))
            .ok_or_else(|| format!("line {number}: is not NAME=VALUE"))?;
        if is_wanted(name) {
            let value = literal(value).map_err(|what| format!("line {number}: {name}: {what}"))?;
            lines.push(DotenvLine { number, name: name.to_owned(), value: value.to_owned() });
        }
    }
    Ok(lines)
}

fn is_name(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

/// Returns the value without quotes and comment.
fn literal(text: &str) -> Result<&str, &'static str> {
    const AMBIGUOUS: [char; 3] = ['$', '\\', '`'];
    const USE_QUOTES: &str = "a value with $, \\, ` or a quote must be in single quotes";
    let quoted = text.trim_start();
    let Some(quote) = quoted.chars().next().filter(|first| "'\"".contains(*first)) else {
        // As in a shell, # begins a comment only after a blank.
        let comment = text.match_indices('#').find(|(at, _)| text[..*at].ends_with([' ', '\t']));
        let value = comment.map_or(text, |(at, _)| &text[..at]).trim();
        let is_plain = !value.contains(AMBIGUOUS) && !value.contains(['\'', '"']) && !value.starts_with('#');
        return if is_plain { Ok(value) } else { Err(USE_QUOTES) };
    };
    let (value, rest) = quoted[1..].split_once(quote).ok_or("the closing quote is missing")?;
    let is_comment = rest.starts_with([' ', '\t']) && rest.trim_start().starts_with('#');
    if !rest.is_empty() && !is_comment {
        return Err("there is text after the closing quote");
    }
    if quote == '"' && value.contains(AMBIGUOUS) { Err(USE_QUOTES) } else { Ok(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(line: &str) -> Result<String, String> {
        parse(line, |name| name == "A").map(|lines| lines.into_iter().map(|line| line.value).collect())
    }

    #[test]
    fn values_are_taken_as_they_are_written() {
        for (line, expected) in [
            ("A=b", "b"),
            ("export A=b", "b"),
            ("  A = b c  ", "b c"),
            ("A=", ""),
            ("A= # nothing", ""),
            ("A=b # a comment", "b"),
            ("A=b#c", "b#c"),
            ("A='b # c'", "b # c"),
            ("A=\"it's\" # so", "it's"),
            (r"A='p$w\d`x${HOME}'", r"p$w\d`x${HOME}"),
            (r#"A='["10.0.0.0/8"]'"#, r#"["10.0.0.0/8"]"#),
            ("A=postgres://u:p@h/x?a=b", "postgres://u:p@h/x?a=b"),
            ("\u{feff}A=b\r\n", "b"),
            ("# A=c\n\nA=b", "b"),
        ] {
            assert_eq!(value(line).as_deref(), Ok(expected), "{line}");
        }
    }

    #[test]
    fn a_value_that_other_programs_would_change_is_refused_and_not_shown() {
        for (line, what) in [
            ("A=s3cret$x", "single quotes"),
            (r"A=s3cret\x", "single quotes"),
            ("A=s3cret`id`", "single quotes"),
            ("A=\"s3cret$(id)\"", "single quotes"),
            ("A=s3cret'x'", "single quotes"),
            ("A=#s3cret", "single quotes"),
            ("A='s3cret", "closing quote is missing"),
            ("A=\"s3cret'", "closing quote is missing"),
            ("A='s3cret'x", "after the closing quote"),
            ("A='s3cret'#x", "after the closing quote"),
        ] {
            let refused = value(&format!("B=1\n{line}")).expect_err(line);
            assert!(refused.starts_with("line 2: A: ") && refused.contains(what), "{line}: {refused}");
            assert!(!refused.contains("s3cret"), "{refused}");
        }
        for line in ["s3cret", "=s3cret", "1A=s3cret", "A B=s3cret", "export s3cret"] {
            assert_eq!(value(line), Err("line 1: is not NAME=VALUE".to_owned()), "{line}");
        }
    }

    #[test]
    fn values_of_other_programs_are_not_read() {
        assert_eq!(value("B='open\nC=$x\\\nA=b").as_deref(), Ok("b"));
    }
}
