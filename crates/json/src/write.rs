//! Tree to text.

use std::fmt;

use serde::ser::{Error as _, Serialize, SerializeMap as _, SerializeSeq as _, Serializer};

use crate::Value;

impl Value {
    /// Appends the value as compact JSON.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Bool(true) => out.extend_from_slice(b"true"),
            Self::Bool(false) => out.extend_from_slice(b"false"),
            Self::Number(number) => out.extend_from_slice(number.as_str().as_bytes()),
            Self::String(text) => write_string(text, out),
            Self::Array(items) => {
                out.push(b'[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    item.write(out);
                }
                out.push(b']');
            }
            Self::Object(object) => {
                out.push(b'{');
                for (index, (name, value)) in object.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    write_string(name, out);
                    out.push(b':');
                    value.write(out);
                }
                out.push(b'}');
            }
        }
    }

    /// The value as compact JSON bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        self.write(&mut out);
        out
    }

    /// The value as JSON indented by two spaces, for people.
    pub fn to_pretty(&self) -> String {
        let mut out = Vec::new();
        self.write_pretty(0, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    fn write_pretty(&self, depth: usize, out: &mut Vec<u8>) {
        let line = |depth: usize, out: &mut Vec<u8>| {
            out.push(b'\n');
            out.resize(out.len() + depth * 2, b' ');
        };
        match self {
            Self::Array(items) if !items.is_empty() => {
                out.push(b'[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    line(depth + 1, out);
                    item.write_pretty(depth + 1, out);
                }
                line(depth, out);
                out.push(b']');
            }
            Self::Object(object) if !object.is_empty() => {
                out.push(b'{');
                for (index, (name, value)) in object.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    line(depth + 1, out);
                    write_string(name, out);
                    out.extend_from_slice(b": ");
                    value.write_pretty(depth + 1, out);
                }
                line(depth, out);
                out.push(b'}');
            }
            other => other.write(out),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.to_bytes()))
    }
}

/// A value inside something else that serde serialises. A number outside the range that the
/// serializer's own numbers hold exactly becomes its nearest: resources themselves are written with
/// [`Value::write`].
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(truth) => serializer.serialize_bool(*truth),
            Self::Number(number) => match number.as_i64() {
                Some(integer) => serializer.serialize_i64(integer),
                None => {
                    let nearest = number.to_f64();
                    if nearest.is_finite() {
                        serializer.serialize_f64(nearest)
                    } else {
                        Err(S::Error::custom("a number is too large"))
                    }
                }
            },
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(items) => {
                let mut seq = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    seq.serialize_element(item)?;
                }
                seq.end()
            }
            Self::Object(object) => {
                let mut map = serializer.serialize_map(Some(object.len()))?;
                for (name, value) in object.iter() {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some((plain, [byte, after @ ..])) =
        to_escape(rest).and_then(|at| rest.split_at_checked(at))
    {
        out.extend_from_slice(plain);
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            _ => b"",
        };
        if escape.is_empty() {
            out.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
        } else {
            out.extend_from_slice(escape);
        }
        rest = after;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Where the first byte is that JSON does not have as it is in a text. Eight bytes at a time: nearly
/// all that is written has none.
fn to_escape(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    let is_escaped = |byte: &u8| matches!(byte, b'"' | b'\\' | 0x00..=0x1F);
    let mut done = 0;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        let eight = u64::from_ne_bytes(*word);
        // A byte below 32, or one that a difference makes 0, borrows into its highest bit.
        let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & HIGH;
        let same = |byte: u8| below(eight ^ (ONES * u64::from(byte)), 1);
        if (below(eight, 0x20) | same(b'"') | same(b'\\')) != 0
            && let Some(at) = word.iter().position(is_escaped)
        {
            return Some(done + at);
        }
        done += 8;
    }
    rest.iter().position(is_escaped).map(|at| done + at)
}
