//! The tables.
//!
//! Tenants and the words that occur over and over (types, parameters, systems, sources) are kept
//! once and referred to by number, so that the index rows, which are most of what is written, stay
//! small. A `param` is the word `Type.code`.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::Error;

/// The version of the tables that this program writes: the first, and one more for each migration.
pub(crate) const VERSION: i64 = 1 + MIGRATIONS.len() as i64;

/// What each later version adds. A migration that has been released never changes.
pub(crate) const MIGRATIONS: [&str; 5] = [
    MAPPINGS,
    super::schema_files::FILES,
    super::schema_outbox::OUTBOX,
    super::schema_directory::DIRECTORY,
    super::schema_identity::IDENTITY,
];

/// Marks the file as a Causeway store (`PRAGMA application_id`): "Caus".
pub(super) const APPLICATION: i64 = 0x4361_7573;

pub(crate) const TABLES: &str = "
CREATE TABLE tenant (
  no INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE word (
  no INTEGER PRIMARY KEY,
  text TEXT NOT NULL UNIQUE
) STRICT;

-- What is current. The content is in the version that vid names.
CREATE TABLE resource (
  rid INTEGER PRIMARY KEY,
  tenant INTEGER NOT NULL REFERENCES tenant (no),
  rtype INTEGER NOT NULL,
  id TEXT NOT NULL,
  ver INTEGER NOT NULL,
  vid INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  status INTEGER NOT NULL,
  labelled INTEGER NOT NULL,
  patient TEXT,
  source INTEGER NOT NULL,
  as_of INTEGER NOT NULL,
  submission TEXT NOT NULL,
  hash BLOB NOT NULL,
  index_rows BLOB NOT NULL,
  UNIQUE (tenant, rtype, id)
) STRICT;
CREATE INDEX resource_by_type ON resource (tenant, rtype, rid);
CREATE INDEX resource_by_time ON resource (tenant, rtype, updated);
CREATE INDEX resource_by_patient ON resource (tenant, patient) WHERE patient IS NOT NULL;

-- Every version there ever was, the current one included.
CREATE TABLE version (
  vid INTEGER PRIMARY KEY,
  tenant INTEGER NOT NULL,
  rid INTEGER NOT NULL REFERENCES resource (rid),
  ver INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  status INTEGER NOT NULL,
  patient TEXT,
  source INTEGER NOT NULL,
  as_of INTEGER NOT NULL,
  submission TEXT NOT NULL,
  body BLOB NOT NULL,
  UNIQUE (tenant, rid, ver)
) STRICT;
CREATE TRIGGER version_stays BEFORE UPDATE ON version
BEGIN SELECT RAISE(ABORT, 'a version never changes'); END;
CREATE TRIGGER version_remains BEFORE DELETE ON version
BEGIN SELECT RAISE(ABORT, 'a version never goes away'); END;

CREATE TABLE label (
  tenant INTEGER NOT NULL,
  vid INTEGER NOT NULL REFERENCES version (vid),
  system TEXT NOT NULL,
  code TEXT NOT NULL,
  PRIMARY KEY (tenant, vid, system, code)
) STRICT, WITHOUT ROWID;

-- Index rows of what is current.
CREATE TABLE token (
  tenant INTEGER NOT NULL,
  param INTEGER NOT NULL,
  code TEXT NOT NULL,
  rid INTEGER NOT NULL,
  system INTEGER NOT NULL,
  PRIMARY KEY (tenant, param, code, rid, system)
) STRICT, WITHOUT ROWID;

CREATE TABLE reference (
  tenant INTEGER NOT NULL,
  param INTEGER NOT NULL,
  id TEXT NOT NULL,
  rid INTEGER NOT NULL,
  rtype INTEGER NOT NULL,
  PRIMARY KEY (tenant, param, id, rid, rtype)
) STRICT, WITHOUT ROWID;

CREATE TABLE date (
  tenant INTEGER NOT NULL,
  param INTEGER NOT NULL,
  lo INTEGER NOT NULL,
  hi INTEGER NOT NULL,
  rid INTEGER NOT NULL,
  PRIMARY KEY (tenant, param, lo, hi, rid)
) STRICT, WITHOUT ROWID;
CREATE INDEX date_by_resource ON date (tenant, rid, param);

CREATE TABLE string (
  tenant INTEGER NOT NULL,
  param INTEGER NOT NULL,
  norm TEXT NOT NULL,
  rid INTEGER NOT NULL,
  PRIMARY KEY (tenant, param, norm, rid)
) STRICT, WITHOUT ROWID;
CREATE INDEX string_by_resource ON string (tenant, rid, param);

CREATE TABLE person (
  tenant INTEGER NOT NULL,
  rid INTEGER NOT NULL REFERENCES resource (rid),
  source INTEGER NOT NULL,
  nhs TEXT,
  birth TEXT,
  family TEXT,
  PRIMARY KEY (tenant, rid)
) STRICT, WITHOUT ROWID;
-- The one key that does not start with the tenant: a person is known across tenants by it.
CREATE INDEX person_by_nhs ON person (nhs, tenant) WHERE nhs IS NOT NULL;
CREATE INDEX person_by_name ON person (tenant, source, family, birth);

CREATE TABLE submission (
  number INTEGER PRIMARY KEY,
  tenant INTEGER NOT NULL REFERENCES tenant (no),
  id TEXT NOT NULL,
  source INTEGER NOT NULL,
  file_name TEXT NOT NULL,
  file_hash TEXT NOT NULL,
  as_of INTEGER NOT NULL,
  received INTEGER NOT NULL,
  mapping_name TEXT NOT NULL,
  mapping_version TEXT NOT NULL,
  mapping_hash TEXT NOT NULL,
  state TEXT NOT NULL,
  counts TEXT NOT NULL,
  report TEXT NOT NULL,
  UNIQUE (tenant, id)
) STRICT;
CREATE INDEX submission_by_source ON submission (tenant, source, received);

CREATE TABLE quarantine (
  number INTEGER PRIMARY KEY,
  tenant INTEGER NOT NULL,
  submission TEXT NOT NULL,
  source INTEGER NOT NULL,
  as_of INTEGER NOT NULL,
  settled INTEGER NOT NULL DEFAULT 0,
  place TEXT NOT NULL,
  rule TEXT,
  rtype TEXT,
  id TEXT,
  patient TEXT,
  nhs TEXT,
  labels TEXT NOT NULL,
  issues TEXT NOT NULL,
  raw TEXT NOT NULL,
  FOREIGN KEY (tenant, submission) REFERENCES submission (tenant, id)
) STRICT;
CREATE INDEX quarantine_by_submission ON quarantine (tenant, submission);
CREATE INDEX quarantine_by_patient ON quarantine (tenant, patient) WHERE patient IS NOT NULL;
CREATE INDEX quarantine_by_nhs ON quarantine (tenant, nhs) WHERE nhs IS NOT NULL;
CREATE INDEX quarantine_open ON quarantine (tenant, source) WHERE settled = 0;
";

/// Version 2: mappings that are installed, their reviews, and the list of what happened to them.
///
/// What is active for a slot (tenant, source, name) is the mapping of its last event; `under` is the
/// event that was in effect before, to which a roll-back goes. Nothing here changes or goes away.
const MAPPINGS: &str = "
CREATE TABLE mapping_package (
  hash TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  types TEXT NOT NULL,
  UNIQUE (name, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE mapping_blob (
  hash TEXT PRIMARY KEY,
  content BLOB NOT NULL
) STRICT;

CREATE TABLE mapping_file (
  package TEXT NOT NULL REFERENCES mapping_package (hash),
  path TEXT NOT NULL,
  blob TEXT NOT NULL REFERENCES mapping_blob (hash),
  PRIMARY KEY (package, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE mapping_review (
  number INTEGER PRIMARY KEY,
  package TEXT NOT NULL REFERENCES mapping_package (hash),
  reviewer TEXT NOT NULL,
  role TEXT NOT NULL,
  registration TEXT,
  date TEXT NOT NULL,
  note TEXT
) STRICT;
CREATE INDEX mapping_review_of ON mapping_review (package);

CREATE TABLE mapping_event (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  by TEXT NOT NULL,
  step TEXT NOT NULL,
  package TEXT NOT NULL REFERENCES mapping_package (hash),
  name TEXT NOT NULL,
  tenant INTEGER REFERENCES tenant (no),
  source TEXT,
  under INTEGER REFERENCES mapping_event (number),
  review_file TEXT REFERENCES mapping_blob (hash)
) STRICT;
CREATE INDEX mapping_event_of ON mapping_event (tenant, name, source, number);

CREATE TRIGGER mapping_package_stays BEFORE UPDATE ON mapping_package
BEGIN SELECT RAISE(ABORT, 'a mapping that is installed never changes'); END;
CREATE TRIGGER mapping_package_remains BEFORE DELETE ON mapping_package
BEGIN SELECT RAISE(ABORT, 'a mapping that is installed never goes away'); END;
CREATE TRIGGER mapping_blob_stays BEFORE UPDATE ON mapping_blob
BEGIN SELECT RAISE(ABORT, 'a mapping that is installed never changes'); END;
CREATE TRIGGER mapping_blob_remains BEFORE DELETE ON mapping_blob
BEGIN SELECT RAISE(ABORT, 'a mapping that is installed never goes away'); END;
CREATE TRIGGER mapping_file_stays BEFORE UPDATE ON mapping_file
BEGIN SELECT RAISE(ABORT, 'a mapping that is installed never changes'); END;
CREATE TRIGGER mapping_file_remains BEFORE DELETE ON mapping_file
BEGIN SELECT RAISE(ABORT, 'a mapping that is installed never goes away'); END;
CREATE TRIGGER mapping_review_stays BEFORE UPDATE ON mapping_review
BEGIN SELECT RAISE(ABORT, 'a review never changes'); END;
CREATE TRIGGER mapping_review_remains BEFORE DELETE ON mapping_review
BEGIN SELECT RAISE(ABORT, 'a review never goes away'); END;
CREATE TRIGGER mapping_event_stays BEFORE UPDATE ON mapping_event
BEGIN SELECT RAISE(ABORT, 'what happened never changes'); END;
CREATE TRIGGER mapping_event_remains BEFORE DELETE ON mapping_event
BEGIN SELECT RAISE(ABORT, 'what happened never goes away'); END;
";

/// Settings that every connection needs. `synchronous=FULL` makes a commit durable before it is
/// answered; the write-ahead log lets readers go on beside the writer.
pub(super) fn settle_connection(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.set_prepared_statement_cache_capacity(256);
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -32768;
         PRAGMA secure_delete = ON;
         PRAGMA trusted_schema = OFF;",
    )
}

/// Keeps the file from growing beyond a size while this connection writes to it.
pub(super) fn bound(connection: &Connection, bytes: u64) -> rusqlite::Result<()> {
    let page: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let pages = i64::try_from(bytes).unwrap_or(i64::MAX) / page.max(1);
    connection.pragma_update_and_check(None, "max_page_count", pages.max(1), |_| Ok(()))
}

/// Whether the file has the tables that this program writes.
pub(super) fn is_present(path: &Path) -> bool {
    let number = |connection: &Connection, pragma: &str| -> rusqlite::Result<i64> {
        connection.pragma_query_value(None, pragma, |row| row.get(0))
    };
    // A file that cannot be read is looked at again, and refused with its reason, by [`prepare`].
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).is_ok_and(|connection| {
        number(&connection, "application_id") == Ok(APPLICATION)
            && number(&connection, "user_version") == Ok(VERSION)
    })
}

/// Makes the tables in a new file, brings those of an older one up to date, and refuses a file that
/// is not ours or is too new. Either all of it is done or nothing.
pub(super) fn prepare(connection: &mut Connection, path: &Path) -> Result<(), Error> {
    let number = |connection: &Connection, pragma: &str| -> Result<i64, Error> {
        Ok(connection.pragma_query_value(None, pragma, |row| row.get(0))?)
    };
    let application = number(connection, "application_id")?;
    let version = number(connection, "user_version")?;
    if application == APPLICATION && version == VERSION {
        return Ok(());
    }
    if application == APPLICATION && version > VERSION {
        return Err(Error::TooNew {
            path: path.into(),
            found: version,
            known: VERSION,
        });
    }
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let older = application == APPLICATION && version >= 1;
    if !older && (application != 0 || version != 0 || tables != 0) {
        return Err(Error::Open {
            path: path.into(),
            reason: "it is a database of something else".to_owned(),
        });
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if number(&transaction, "user_version")? != version {
        // Somebody else was quicker.
        return Err(Error::Busy);
    }
    if !older {
        transaction.execute_batch(TABLES)?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
    }
    let done = usize::try_from(version - 1).unwrap_or(0);
    for migration in MIGRATIONS.iter().skip(done) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(())
}
