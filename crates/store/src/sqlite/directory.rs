//! Who is known, in the embedded store.

use super::SqliteStore;
use super::session::Lite;
use crate::sql::{directory, now};
use crate::{Answer, Directory, DirectoryChange, DirectoryRow};

impl Directory for SqliteStore {
    fn record_change(&self, change: DirectoryChange) -> Answer<'_, u64> {
        Box::pin(self.writer.run(move |connection, memory| {
            now(directory::record(
                &mut Lite::writer(connection, memory),
                &change,
            ))
        }))
    }

    fn directory(&self) -> Answer<'_, Vec<DirectoryRow>> {
        self.reading(|connection| now(directory::current(&mut Lite::reader(connection))))
    }

    fn directory_history<'a>(
        &'a self,
        kind: &'a str,
        key: &'a str,
    ) -> Answer<'a, Vec<DirectoryRow>> {
        let (kind, key) = (kind.to_owned(), key.to_owned());
        self.reading(move |connection| {
            now(directory::history(
                &mut Lite::reader(connection),
                &kind,
                &key,
            ))
        })
    }

    fn directory_number(&self) -> Answer<'_, u64> {
        self.reading(|connection| now(directory::number(&mut Lite::reader(connection))))
    }
}
