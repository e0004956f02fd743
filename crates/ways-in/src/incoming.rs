//! What both ways share: who sends, and the first bytes.

use std::sync::Arc;

use store::Tenant;
use submission::Intake;

use crate::ways::{Queued, TenantOf};

/// How gzip begins (RFC 1952). No export that can be read begins so.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What a receiver hands files to.
#[derive(Clone)]
pub(crate) struct Incoming {
    pub intake: Intake,
    pub tenant_of: TenantOf,
    pub queued: Queued,
}

impl Incoming {
    /// The tenant of an organisation, or words for whoever runs the server.
    pub(crate) fn tenant(&self, organisation: &str) -> Result<Tenant, String> {
        (self.tenant_of)(organisation).ok_or_else(|| {
            format!(
                "the organisation {organisation} that the configuration names for it is not known \
                 here: add it, or mend the configuration"
            )
        })
    }

    /// Says that a job waits.
    pub(crate) fn wake(&self) {
        let queued: &Arc<dyn Fn() + Send + Sync> = &self.queued;
        queued();
    }
}

/// Whether bytes are packed with gzip; `None` where there are too few to tell.
pub(crate) fn is_gzip(first: &[u8]) -> Option<bool> {
    let start = first.get(..GZIP.len())?;
    Some(start == GZIP)
}

/// The name of a file without what packing put behind it.
pub(crate) fn unpacked_name(name: &str, is_gzip: bool) -> &str {
    let end = name.len().saturating_sub(3);
    match (name.get(..end), name.get(end..)) {
        (Some(own), Some(gz)) if is_gzip && !own.is_empty() && gz.eq_ignore_ascii_case(".gz") => {
            own
        }
        _ => name,
    }
}
