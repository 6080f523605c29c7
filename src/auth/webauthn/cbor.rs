//! A reader for the part of CBOR (RFC 8949) that authenticators write: definite lengths only.

/// How deep arrays and maps may be nested (CTAP 2.1, 8: four levels).
const MAX_DEPTH: u8 = 4;

/// A value.
#[derive(Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A whole number.
    Int(i64),
    /// Bytes.
    Bytes(&'a [u8]),
    /// Text.
    Text(&'a str),
    /// An array, which nothing here reads.
    Array,
    /// A map.
    Map(Vec<(Value<'a>, Value<'a>)>),
    /// A boolean, null or float, which nothing here reads.
    Simple,
}

impl<'a> Value<'a> {
    /// Returns the value of a map at a key. Returns `None` if there is none or more than one.
    pub fn get(&self, key: &Value<'_>) -> Option<&Value<'a>> {
        let Value::Map(entries) = self else { return None };
        let mut found = entries.iter().filter(|(name, _)| name == key).map(|(_, value)| value);
        let first = found.next();
        first.filter(|_| found.next().is_none())
    }

    /// Returns the number at a key that is a number.
    pub fn int(&self, key: i64) -> Option<i64> {
        match self.get(&Value::Int(key))? {
            Value::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// Returns the bytes at a key that is a number.
    pub fn bytes(&self, key: i64) -> Option<&'a [u8]> {
        match self.get(&Value::Int(key))? {
            Value::Bytes(bytes) => Some(*bytes),
            _ => None,
        }
    }
}

/// Reads a value and returns it with the bytes after it.
pub fn read(bytes: &[u8]) -> Option<(Value<'_>, &[u8])> {
    read_at(bytes, 0)
}

/// Reads a value after which nothing follows.
pub fn read_all(bytes: &[u8]) -> Option<Value<'_>> {
    read(bytes).filter(|(_, rest)| rest.is_empty()).map(|(value, _)| value)
}

fn read_at(bytes: &[u8], depth: u8) -> Option<(Value<'_>, &[u8])> {
    if depth > MAX_DEPTH {
        return None;
    }
    let (first, rest) = bytes.split_first()?;
    let (argument, mut rest) = argument(first & 0x1f, rest)?;
    let value = match first >> 5 {
        0 => Value::Int(i64::try_from(argument).ok()?),
        1 => Value::Int(-1 - i64::try_from(argument).ok()?),
        2 | 3 => {
            let (content, after) = rest.split_at_checked(usize::try_from(argument).ok()?)?;
            rest = after;
            if first >> 5 == 2 {
                Value::Bytes(content)
            } else {
                Value::Text(std::str::from_utf8(content).ok()?)
            }
        }
        4 => {
            for _ in 0..argument {
                rest = read_at(rest, depth + 1)?.1;
            }
            Value::Array
        }
        5 => {
            let mut entries = Vec::new();
            for _ in 0..argument {
                let (key, after) = read_at(rest, depth + 1)?;
                let (value, after) = read_at(after, depth + 1)?;
                entries.push((key, value));
                rest = after;
            }
            Value::Map(entries)
        }
        7 => Value::Simple,
        // Tags do not occur (CTAP 2.1, 8).
        _ => return None,
    };
    Some((value, rest))
}

/// Reads the number that follows the type.
fn argument(short: u8, bytes: &[u8]) -> Option<(u64, &[u8])> {
    let width = match short {
        0..24 => return Some((u64::from(short), bytes)),
        24..28 => 1 << (short - 24),
        _ => return None,
    };
    let (number, rest) = bytes.split_at_checked(width)?;
    Some((number.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte)), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_rfc_8949_are_read() {
        for (bytes, value) in [
            (&[0x17][..], Value::Int(23)),
            (&[0x19, 0x03, 0xe8], Value::Int(1000)),
            (&[0x38, 0x63], Value::Int(-100)),
            (&[0x42, 1, 2], Value::Bytes(&[1, 2])),
            (&[0x63, 0xe6, 0xb0, 0xb4], Value::Text("水")),
            (&[0x83, 1, 2, 3], Value::Array),
            (&[0xf5], Value::Simple),
            (&[0xf9, 0x3c, 0], Value::Simple),
            (&[0xa1, 1, 0x41, 7], Value::Map(vec![(Value::Int(1), Value::Bytes(&[7]))])),
        ] {
            assert_eq!(read_all(bytes), Some(value), "{bytes:x?}");
            // Cut off anywhere it is refused.
            for length in 0..bytes.len() {
                assert_eq!(read_all(&bytes[..length]), None, "{bytes:x?} {length}");
            }
        }
    }

    #[test]
    fn what_no_authenticator_writes_is_refused() {
        let deep = [0x81].repeat(100_000);
        for bytes in [
            // More than one value, indefinite lengths, a tag, reserved numbers, a length past the
            // end.
            &[0, 0][..],
            &[0x5f, 0x41, 0, 0xff],
            &[0xbf, 0xff],
            &[0xc0, 0],
            &[0x1c],
            &[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x61, 0xff],
            &deep,
        ] {
            assert_eq!(read_all(bytes), None, "{:x?}", &bytes[..bytes.len().min(12)]);
        }
        let twice = read_all(&[0xa2, 1, 2, 1, 3]).expect("a map");
        assert_eq!(twice.int(1), None, "the same key twice says nothing");
    }
}
