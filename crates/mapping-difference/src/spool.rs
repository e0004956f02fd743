//! The file on disk that both outcomes lie in, sorted and joined there.

use rusqlite::Connection;
use tempfile::TempDir;

use crate::error::DifferenceError;

/// `item` is what a side made, `held` what it held back, `pair` which item of one side is which of the
/// other, `who` the people in the order of the export.
const TABLES: &str = "
CREATE TABLE item (
  no INTEGER PRIMARY KEY,
  side INTEGER NOT NULL,
  rtype TEXT NOT NULL,
  id TEXT NOT NULL,
  person TEXT,
  place TEXT NOT NULL,
  rule TEXT NOT NULL,
  content BLOB NOT NULL,
  loose BLOB NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE TABLE held (
  no INTEGER PRIMARY KEY,
  side INTEGER NOT NULL,
  rtype TEXT,
  id TEXT,
  person TEXT,
  place TEXT NOT NULL,
  rule TEXT,
  reasons TEXT NOT NULL
) STRICT;
CREATE TABLE pair (
  old INTEGER PRIMARY KEY,
  new INTEGER NOT NULL UNIQUE
) STRICT;
CREATE TABLE who (
  no INTEGER PRIMARY KEY,
  old TEXT UNIQUE,
  new TEXT UNIQUE,
  place TEXT NOT NULL
) STRICT;
";

/// Made once everything is in: an index that is built in one go is cheaper than one kept up.
pub(crate) const INDEXES: &str = "
CREATE INDEX item_by_id ON item (rtype, id, side);
CREATE INDEX item_by_person ON item (side, person);
CREATE INDEX item_by_loose ON item (side, rtype, person, loose);
CREATE INDEX item_by_place ON item (side, rtype, person, rule, place);
CREATE INDEX held_by_person ON held (side, person);
";

/// The file. It goes away with the value.
pub(crate) struct Spool {
    pub(crate) connection: Connection,
    _folder: TempDir,
}

impl Spool {
    pub(crate) fn new() -> Result<Self, DifferenceError> {
        let folder = tempfile::tempdir()?;
        let connection = Connection::open(folder.path().join("difference.sqlite"))?;
        // It is thrown away in the end, so nothing needs to survive a crash; sorting goes to files.
        connection.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = FILE;
             PRAGMA cache_size = -32768; PRAGMA locking_mode = EXCLUSIVE;",
        )?;
        connection.execute_batch(TABLES)?;
        Ok(Self {
            connection,
            _folder: folder,
        })
    }
}
