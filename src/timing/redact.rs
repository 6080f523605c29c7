//! Keeps mail addresses out of the log: mail servers and databases repeat them in their errors, so
//! every line is redacted just before it is written.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

/// Writes each line without the mail addresses in it.
pub struct Redacting<W>(pub W);

impl<W: Write> Write for Redacting<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.write_all(&redacted(line))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for Redacting<M> {
    type Writer = Redacting<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        Redacting(self.0.make_writer())
    }

    fn make_writer_for(&'a self, line: &Metadata<'_>) -> Self::Writer {
        Redacting(self.0.make_writer_for(line))
    }
}

/// Replaces each word that contains an `@`.
fn redacted(line: &[u8]) -> Cow<'_, [u8]> {
    const REDACTED: &[u8] = "…@…".as_bytes();
    if !line.contains(&b'@') {
        return Cow::Borrowed(line);
    }
    let is_between = |byte: &u8| byte.is_ascii_whitespace() || b"\"'`<>()[]{},;:=/\\".contains(byte);
    let mut kept = Vec::with_capacity(line.len());
    for part in line.split_inclusive(is_between) {
        let (word, end) = match part.split_last() {
            Some((last, word)) if is_between(last) => (word, &part[word.len()..]),
            _ => (part, &part[part.len()..]),
        };
        kept.extend_from_slice(if word.contains(&b'@') { REDACTED } else { word });
        kept.extend_from_slice(end);
    }
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_are_redacted() {
        for (line, expected) in [
            ("WARN a line\n", "WARN a line\n"),
            (
                "{\"error\":\"550 5.1.1 <ada@example.org>: no such user\"}\n",
                "{\"error\":\"550 5.1.1 <…@…>: no such user\"}\n",
            ),
            ("to=ada@example.org, bob@example.org\n", "to=…@…, …@…\n"),
            ("postgres://app:hunter2@db/members", "postgres://app:…@…/members"),
            ("ü@é x", "…@… x"),
            ("@", "…@…"),
        ] {
            assert_eq!(String::from_utf8_lossy(&redacted(line.as_bytes())), expected);
        }
    }
}
