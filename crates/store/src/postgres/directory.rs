//! Who is known, on PostgreSQL.

use super::PostgresStore;
use super::run::NOBODY;
use super::serve::{reading, writing};
use super::session::Pg;
use crate::sql::directory;
use crate::{Answer, Directory, DirectoryChange, DirectoryRow};

impl Directory for PostgresStore {
    fn record_change(&self, change: DirectoryChange) -> Answer<'_, u64> {
        writing!(self, NOBODY, [change] s => directory::record(s, change))
    }

    fn directory(&self) -> Answer<'_, Vec<DirectoryRow>> {
        reading!(self, s => directory::current(s))
    }

    fn directory_history<'a>(
        &'a self,
        kind: &'a str,
        key: &'a str,
    ) -> Answer<'a, Vec<DirectoryRow>> {
        reading!(self, s => directory::history(s, kind, key))
    }

    fn directory_number(&self) -> Answer<'_, u64> {
        reading!(self, s => directory::number(s))
    }
}
