//! Cleans what Python writes as JSON although JSON does not allow it: `NaN`, `Infinity`, lone
//! surrogates. They may occur in rows that are not imported, and must not stop an import; rows that
//! are imported get the replacements and are validated as usual.

use std::io::{BufRead, Read, Result};

/// Replaces `NaN` and `Infinity` by `null`, and lone surrogates by U+FFFD. Everything else is
/// passed through.
pub(super) struct Clean<R> {
    from: R,
    state: State,
    /// The bytes read outside strings, as long as they may form one of the words.
    word: Vec<u8>,
    /// The hexadecimal digits of an escape.
    digits: Vec<u8>,
    /// The digits of a high surrogate, until the low one arrives.
    high: Option<Vec<u8>>,
    ready: Vec<u8>,
    taken: usize,
}

#[derive(Clone, Copy)]
enum State {
    Outside,
    Inside,
    Escape,
    Unicode,
}

const MAX_WORD_BYTES: usize = "-Infinity".len();

impl<R: BufRead> Clean<R> {
    pub fn new(from: R) -> Self {
        Self {
            from,
            state: State::Outside,
            word: Vec::new(),
            digits: Vec::new(),
            high: None,
            ready: Vec::new(),
            taken: 0,
        }
    }

    fn push(&mut self, byte: u8) {
        match (self.state, byte) {
            (State::Outside, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'+' | b'-' | b'.') => {
                self.word.push(byte);
                // Too long to be one of the words.
                if self.word.len() > MAX_WORD_BYTES {
                    self.ready.append(&mut self.word);
                }
            }
            (State::Outside, _) => {
                self.end_word();
                self.ready.push(byte);
                if byte == b'"' {
                    self.state = State::Inside;
                }
            }
            (State::Inside, b'\\') => self.state = State::Escape,
            (State::Inside, _) => {
                self.end_pair();
                self.ready.push(byte);
                if byte == b'"' {
                    self.state = State::Outside;
                }
            }
            (State::Escape, b'u') => self.state = State::Unicode,
            (State::Escape, _) => {
                self.end_pair();
                self.ready.extend([b'\\', byte]);
                self.state = State::Inside;
            }
            (State::Unicode, _) => {
                self.digits.push(byte);
                if self.digits.len() == 4 {
                    self.end_escape();
                    self.state = State::Inside;
                }
            }
        }
    }

    fn end_word(&mut self) {
        if [b"NaN".as_slice(), b"Infinity", b"-Infinity"].contains(&self.word.as_slice()) {
            self.word = b"null".to_vec();
        }
        self.ready.append(&mut self.word);
    }

    fn end_escape(&mut self) {
        let digits = std::mem::take(&mut self.digits);
        let code = std::str::from_utf8(&digits).ok().and_then(|digits| u16::from_str_radix(digits, 16).ok());
        match code {
            Some(0xD800..=0xDBFF) => {
                self.end_pair();
                self.high = Some(digits);
            }
            Some(0xDC00..=0xDFFF) => match self.high.take() {
                Some(high) => {
                    self.escape(&high);
                    self.escape(&digits);
                }
                None => self.escape(b"fffd"),
            },
            _ => {
                self.end_pair();
                self.escape(&digits);
            }
        }
    }

    /// Replaces a high surrogate that no low one follows.
    fn end_pair(&mut self) {
        if self.high.take().is_some() {
            self.escape(b"fffd");
        }
    }

    fn escape(&mut self, digits: &[u8]) {
        self.ready.extend(b"\\u");
        self.ready.extend(digits);
    }
}

impl<R: BufRead> Read for Clean<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        while self.taken == self.ready.len() {
            self.ready.clear();
            self.taken = 0;
            let chunk = self.from.fill_buf()?.to_vec();
            if chunk.is_empty() {
                self.end_word();
                break;
            }
            chunk.iter().for_each(|byte| self.push(*byte));
            self.from.consume(chunk.len());
        }
        let count = buffer.len().min(self.ready.len() - self.taken);
        buffer[..count].copy_from_slice(&self.ready[self.taken..self.taken + count]);
        self.taken += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    #[test]
    fn what_json_does_not_know_is_replaced_wherever_the_buffer_ends() {
        for (text, expected) in [
            (r#"[NaN, -Infinity,Infinity]"#, "[null, null,null]"),
            (r#"{"NaN": "Infinity \" NaN", "a": -1.5e3}"#, r#"{"NaN": "Infinity \" NaN", "a": -1.5e3}"#),
            ("[12345678901234567890, true]", "[12345678901234567890, true]"),
            (
                r#"["\ud83d", "\ud83d\ude00", "\ude00", "\ud83dx"]"#,
                r#"["\ufffd", "\ud83d\ude00", "\ufffd", "\ufffdx"]"#,
            ),
            (
                r#"["\ud83d\ud83d\ude00", "\ud83d\n", "\u0041"]"#,
                r#"["\ufffd\ud83d\ude00", "\ufffd\n", "\u0041"]"#,
            ),
            ("NaN", "null"),
            ("", ""),
        ] {
            for size in [1, 2, 7, 4096] {
                let mut clean = String::new();
                let from = BufReader::with_capacity(size, text.as_bytes());
                Clean::new(from).read_to_string(&mut clean).expect("text");
                assert_eq!(clean, expected, "{text}");
            }
        }
    }
}
