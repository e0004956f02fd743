//! Index rows on their way into the tables.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::record::micros;
use crate::{Error, IndexRow};

/// An index row with its words as numbers, as it is written and as it is remembered beside its
/// resource, so that an update can take away exactly the rows that no longer hold without an index
/// over them all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Row {
    Token(i64, String, i64),
    Reference(i64, String, i64),
    Date(i64, i64, i64),
    String(i64, String),
}

impl Row {
    /// The row with its words looked up by `word`.
    pub(crate) fn of(
        rtype: &str,
        row: IndexRow,
        mut word: impl FnMut(&str) -> Result<i64, Error>,
    ) -> Result<Self, Error> {
        let param = |code: &str| format!("{rtype}.{code}");
        Ok(match row {
            IndexRow::Token {
                param: code_of,
                system,
                code,
            } => Self::Token(word(&param(&code_of))?, code, word(&system)?),
            IndexRow::Reference {
                param: code,
                rtype,
                id,
            } => Self::Reference(word(&param(&code))?, id, word(&rtype)?),
            IndexRow::Date {
                param: code,
                lo,
                hi,
            } => Self::Date(word(&param(&code))?, micros(lo), micros(hi)),
            IndexRow::String { param: code, norm } => Self::String(word(&param(&code))?, norm),
        })
    }
}

pub(crate) fn encode(rows: &BTreeSet<Row>) -> Result<Vec<u8>, Error> {
    postcard::to_allocvec(rows)
        .map_err(|_| Error::Database("the index rows cannot be encoded".to_owned()))
}

pub(crate) fn decode(bytes: &[u8]) -> Result<BTreeSet<Row>, Error> {
    postcard::from_bytes(bytes)
        .map_err(|_| Error::Database("the remembered index rows cannot be read".to_owned()))
}
