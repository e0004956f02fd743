//! The table of who is known.

/// What the version adds: a list of changes, of which the last of each entry counts.
pub(super) const DIRECTORY: &str = "
CREATE TABLE directory_change (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  by TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  content TEXT
) STRICT;
CREATE INDEX directory_change_of ON directory_change (kind, name, number);
CREATE TRIGGER directory_change_stays BEFORE UPDATE ON directory_change
BEGIN SELECT RAISE(ABORT, 'what was recorded never changes'); END;
CREATE TRIGGER directory_change_remains BEFORE DELETE ON directory_change
BEGIN SELECT RAISE(ABORT, 'what was recorded never goes away'); END;
";
