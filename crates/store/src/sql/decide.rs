//! What becomes of a write, by what is stored: the one rule of both engines.

use super::prepared::Prepared;
use super::record::micros;
use crate::{Expected, Outcome, Retire, Status};

/// What is stored of a resource, as far as the rule asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing<'a> {
    /// The current version.
    pub(crate) version: i64,
    /// Whether it stands: [`Status::number`].
    pub(crate) status: i64,
    /// What moment it is true of.
    pub(crate) as_of: i64,
    /// The hash of its content; empty for a deleted one.
    pub(crate) hash: &'a [u8],
}

/// What is to be done with a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It becomes a new resource.
    Create,
    /// It is stored already: what lies beside the content may move on.
    Confirm,
    /// It becomes a new version.
    Update,
    /// Nothing: the outcome tells why.
    Leave(Outcome),
}

/// The rule for a write. A stale expectation changes nothing; older content never replaces newer
/// (CS-4), but for a version that comes back because what replaced it is withdrawn; the same
/// content makes no new version.
pub(crate) fn write(write: &Prepared, standing: Option<Standing<'_>>) -> Decision {
    let stored = standing.map(|standing| standing.version.unsigned_abs());
    let expected = match write.write.expected {
        Expected::Any => true,
        Expected::Absent => stored.is_none(),
        Expected::Version(version) => stored == Some(version),
    };
    if !expected {
        return Decision::Leave(Outcome::Conflict { version: stored });
    }
    let Some(standing) = standing else {
        return Decision::Create;
    };
    if standing.as_of > micros(write.write.as_of) && !write.write.restores {
        return Decision::Leave(Outcome::Older {
            version: standing.version.unsigned_abs(),
        });
    }
    if standing.status == write.write.status.number() && standing.hash == write.hash() {
        Decision::Confirm
    } else {
        Decision::Update
    }
}

/// The rule for retiring a fact: only what stands, of the same source, and no newer than the file
/// that lacks it; for taking a submission back, only what that submission was the last to say,
/// whatever its as-of.
pub(crate) fn retires(
    retire: &Retire,
    standing: Standing<'_>,
    same_source: bool,
    said_by: &str,
) -> bool {
    let reached = match &retire.only_said_by {
        Some(submission) => submission == said_by,
        None => standing.as_of <= micros(retire.as_of),
    };
    same_source && standing.status == Status::Active.number() && reached
}
