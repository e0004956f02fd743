-- The tables of the first version of the store, as it was released, with something in each.
PRAGMA application_id = 0x43617573;
PRAGMA user_version = 1;
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

-- What the first version holds.
INSERT INTO tenant VALUES (1, 'home');
INSERT INTO word VALUES (1, 'Flag'), (2, 'homes'), (3, 'Flag.status'), (4, ''), (5, 'Patient');
INSERT INTO resource VALUES
  (1, 1, 1, 'f1', 2, 2, 1767312000000000, 0, 0, 'p1', 2, 1767312000000000, 's1', X'f0b0012228e656ccb2f774bdbbf3b3cb0f33233e1d7e1c04ece33567ff1007b5', X'0100060661637469766508');
INSERT INTO version VALUES
  (1, 1, 1, 1, 1767225600000000, 0, 'p1', 2, 1767225600000000, 's0',
   CAST('{"resourceType":"Flag","id":"f1","meta":{"versionId":"1","lastUpdated":"2026-01-01T00:00:00.000Z"},"text":{"div":"a"}}' AS BLOB)),
  (2, 1, 1, 2, 1767312000000000, 0, 'p1', 2, 1767312000000000, 's1',
   CAST('{"resourceType":"Flag","id":"f1","meta":{"versionId":"2","lastUpdated":"2026-01-02T00:00:00.000Z"},"text":{"div":"b"}}' AS BLOB));
INSERT INTO token VALUES (1, 3, 'active', 1, 4);
INSERT INTO submission VALUES
  (1, 1, 's0', 2, 'homes.csv', 'aa', 1767225600000000, 1767225600000000, 'homes', '1.0.0', 'mm', 'reported', '{}', '{}'),
  (2, 1, 's1', 2, 'homes.csv', 'bb', 1767312000000000, 1767312000000000, 'homes', '1.0.0', 'mm', 'awaiting-confirmation', '{}', '{}');
INSERT INTO quarantine VALUES
  (1, 1, 's1', 2, 1767312000000000, 0, 'homes.csv row 3', NULL, 'Flag', 'f2', 'p1', NULL, '[]', '[{"code":"M001"}]', '{"name":"x"}');
