//! What the service says about a message: the `Mex-` headers of a download.

use std::fmt;

use reqwest::header::HeaderMap;

use crate::fault::Fault;
use crate::name::{MailboxId, MessageId};

/// Whether a message holds a file or tells what became of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Data,
    Report,
}

/// The head of a message.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub id: MessageId,
    pub kind: Kind,
    /// Empty for reports: they come from the service itself.
    pub from: Option<MailboxId>,
    pub workflow: String,
    pub local_id: Option<String>,
    pub file_name: Option<String>,
    pub content_type: Option<String>,
    pub checksum: Option<String>,
    /// The sender's client compressed the content before it was sent.
    pub is_compressed: bool,
    /// How many parts there are.
    pub chunks: u32,
}

// The sender chooses local ids and file names; a name of a person may be in them.
impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Head")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("from", &self.from)
            .field("chunks", &self.chunks)
            .finish_non_exhaustive()
    }
}

/// The text of a header; `None` where it is missing or empty.
pub(crate) fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?;
    let text = String::from_utf8_lossy(value.as_bytes()).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// `Mex-Chunk-Range`: the number of a part, and how many there are.
pub(crate) fn chunk_range(headers: &HeaderMap) -> Option<Result<(u32, u32), Fault>> {
    let text = text(headers, "mex-chunk-range")?;
    let read = || {
        let (number, total) = text.split_once(':')?;
        Some((number.trim().parse().ok()?, total.trim().parse().ok()?))
    };
    Some(read().ok_or(Fault::Unreadable("has a Mex-Chunk-Range that is none")))
}

impl Head {
    pub(crate) fn read(id: &MessageId, headers: &HeaderMap) -> Result<Self, Fault> {
        let kind = match text(headers, "mex-messagetype").as_deref() {
            None | Some("DATA") => Kind::Data,
            Some("REPORT") => Kind::Report,
            Some(_) => return Err(Fault::Unreadable("has a Mex-MessageType that is unknown")),
        };
        if let Some(named) = text(headers, "mex-messageid")
            && !named.eq_ignore_ascii_case(id.as_str())
        {
            return Err(Fault::Unreadable("is about another message"));
        }
        let from = match text(headers, "mex-from") {
            None => None,
            Some(from) => Some(
                MailboxId::new(&from)
                    .map_err(|_| Fault::Unreadable("has a Mex-From that is none"))?,
            ),
        };
        let chunks = match chunk_range(headers) {
            None => 1,
            Some(range) => range?.1,
        };
        Ok(Self {
            id: id.clone(),
            kind,
            from,
            workflow: text(headers, "mex-workflowid").unwrap_or_default(),
            local_id: text(headers, "mex-localid"),
            file_name: text(headers, "mex-filename"),
            content_type: text(headers, "mex-content-type")
                .or_else(|| text(headers, "content-type")),
            checksum: text(headers, "mex-content-checksum"),
            is_compressed: text(headers, "mex-content-compressed")
                .is_some_and(|flag| matches!(flag.to_ascii_uppercase().as_str(), "Y" | "TRUE")),
            chunks,
        })
    }
}
