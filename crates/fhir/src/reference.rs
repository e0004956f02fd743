//! What a reference points at.

/// The text of `Reference.reference`, taken apart (<http://hl7.org/fhir/R4/references.html>). It is
/// never followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reference<'a> {
    /// `#id`: a resource contained in the same one. The text is without the `#`; it is empty for
    /// `#` alone, which means the container itself.
    Contained(&'a str),
    /// `Type/id`, optionally `Type/id/_history/version`: on this server.
    Local {
        /// The resource type.
        type_name: &'a str,
        /// The logical id.
        id: &'a str,
        /// The version, when the reference names one.
        version: Option<&'a str>,
    },
    /// `https://server/base/Type/id`: on a FHIR server.
    Remote {
        /// The server's base, without the slash at the end.
        base: &'a str,
        /// The resource type.
        type_name: &'a str,
        /// The logical id.
        id: &'a str,
        /// The version, when the reference names one.
        version: Option<&'a str>,
    },
    /// `urn:uuid:…` or `urn:oid:…`: an entry of the same Bundle.
    Urn(&'a str),
    /// Any other URI: what it points at cannot be told from its text.
    Other(&'a str),
}

impl<'a> Reference<'a> {
    /// Takes a reference apart; `None` when the text is no reference at all (empty, or with white
    /// space).
    pub fn parse(text: &'a str) -> Option<Self> {
        if text.is_empty() || text.chars().any(char::is_whitespace) {
            return None;
        }
        if let Some(id) = text.strip_prefix('#') {
            return Some(Self::Contained(id));
        }
        if text.starts_with("urn:") {
            return Some(Self::Urn(text));
        }
        let (path, version) = match text.split_once("/_history/") {
            Some((path, version)) if is_id(version) => (path, Some(version)),
            Some(_) => return Some(Self::Other(text)),
            None => (text, None),
        };
        let mut parts = path.rsplitn(3, '/');
        let (id, type_name, base) = (parts.next(), parts.next(), parts.next());
        let (Some(id), Some(type_name)) = (id, type_name) else {
            return Some(Self::Other(text));
        };
        if !is_id(id) || !is_type(type_name) {
            return Some(Self::Other(text));
        }
        match base {
            None => Some(Self::Local {
                type_name,
                id,
                version,
            }),
            Some(base) if base.starts_with("http://") || base.starts_with("https://") => {
                Some(Self::Remote {
                    base,
                    type_name,
                    id,
                    version,
                })
            }
            Some(_) => Some(Self::Other(text)),
        }
    }

    /// The type of the resource that it points at, where the text says it.
    pub fn type_name(self) -> Option<&'a str> {
        match self {
            Self::Local { type_name, .. } | Self::Remote { type_name, .. } => Some(type_name),
            _ => None,
        }
    }
}

fn is_id(text: &str) -> bool {
    crate::Primitive::Id.check_text(text).is_ok()
}

/// The shape of a resource type's name; whether the type exists is for the definitions.
fn is_type(text: &str) -> bool {
    text.as_bytes().first().is_some_and(u8::is_ascii_uppercase)
        && text.bytes().all(|b| b.is_ascii_alphabetic())
}
