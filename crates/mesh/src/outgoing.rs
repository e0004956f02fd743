//! What is sent: built so that nothing in its head can name a person.

use std::fmt;

use identity::NhsNumber;

use crate::name::MailboxId;

/// The id by which a message that was sent is found again, for example of a submission. It becomes
/// the message's local id and part of its file name, which MESH logs and shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference(String);

/// What kind of file is sent: its end and its content type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// Plain text.
    Text,
    /// Comma-separated values.
    Csv,
    /// JSON.
    Json,
}

/// The head of a message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The receiver's mailbox.
    pub to: MailboxId,
    /// The workflow that both sides agreed on.
    pub workflow: String,
    /// The same for each try to send the same thing: receivers know a repeat by it.
    pub reference: Reference,
    /// What it is.
    pub kind: FileKind,
}

/// Why a message cannot be sent as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotSendable {
    /// Which part of the head.
    pub part: &'static str,
    /// What is wrong, without the value.
    pub why: &'static str,
}

impl fmt::Display for NotSendable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} cannot be sent: {}", self.part, self.why)
    }
}

impl std::error::Error for NotSendable {}

impl Reference {
    /// Takes an id that was made by a machine.
    ///
    /// # Errors
    /// [`NotSendable`] when it is no plain id, or holds what may be an NHS number.
    pub fn new(id: &str) -> Result<Self, NotSendable> {
        let refuse = |why| NotSendable {
            part: "reference",
            why,
        };
        let is_plain = (1..=200).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if !is_plain {
            return Err(refuse(
                "it must be 1 to 200 letters, digits, hyphens and underscores",
            ));
        }
        if holds_nhs_number(id) {
            return Err(refuse("it may hold an NHS number"));
        }
        Ok(Self(id.to_owned()))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a group of ten digits, or groups of three, three and four, are a valid NHS number. Digits
/// within a longer group, as in a UUID, are not one.
fn holds_nhs_number(text: &str) -> bool {
    let groups: Vec<&str> = text.split(['-', '_']).collect();
    let is_number = |digits: &str| digits.parse::<NhsNumber>().is_ok();
    let is_one = |group: &&str| group.len() == 10 && is_number(group);
    let are_one = |three: &[&str]| {
        three.iter().map(|group| group.len()).eq([3, 3, 4]) && is_number(&three.concat())
    };
    groups.iter().any(is_one) || groups.windows(3).any(are_one)
}

impl FileKind {
    fn end(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; charset=utf-8",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json => "application/json",
        }
    }
}

impl Outgoing {
    /// The `Mex-` headers of the first part.
    pub(crate) fn headers(&self) -> Result<[(&'static str, String); 6], NotSendable> {
        let workflow = &self.workflow;
        let is_plain = (1..=300).contains(&workflow.len())
            && workflow
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
        if !is_plain {
            return Err(NotSendable {
                part: "workflow",
                why: "it must be 1 to 300 letters, digits, dots, hyphens and underscores",
            });
        }
        let reference = self.reference.as_str();
        Ok([
            ("mex-to", self.to.as_str().to_owned()),
            ("mex-workflowid", workflow.clone()),
            ("mex-localid", reference.to_owned()),
            ("mex-filename", format!("{reference}.{}", self.kind.end())),
            ("mex-subject", "Report of a submission".to_owned()),
            ("mex-content-type", self.kind.content_type().to_owned()),
        ])
    }
}
