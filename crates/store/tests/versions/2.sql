-- What the second version added, as it was released: to be run after the first.
PRAGMA user_version = 2;
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

-- What the second version adds to it.
INSERT INTO mapping_package VALUES ('mm', 'homes', '1.0.0', 'Flag');
INSERT INTO mapping_event VALUES (1, 1767225600000000, 'Pat Operator', 'installed', 'mm', 'homes', NULL, NULL, NULL, NULL);
INSERT INTO mapping_event VALUES (2, 1767225600000000, 'Pat Operator', 'activated', 'mm', 'homes', 1, NULL, NULL, NULL);
