//! Version 3: a file's whole life.

/// Archived bytes, jobs with their journals, what waits for a person and what people decided, and
/// what is known of a submission besides.
///
/// The pieces of a file are keyed by the upload that brought them, so that sealing an upload moves
/// none of them. `beside` is a hash over what lies beside a resource's content (index rows, labels,
/// the person): where it and the content's hash stay the same, nothing else has to be looked at.
pub(super) const FILES: &str = "
ALTER TABLE submission ADD COLUMN size INTEGER NOT NULL DEFAULT 0;
ALTER TABLE submission ADD COLUMN way TEXT NOT NULL DEFAULT '';
ALTER TABLE submission ADD COLUMN sender TEXT NOT NULL DEFAULT '';
ALTER TABLE submission ADD COLUMN reply_to TEXT;
ALTER TABLE submission ADD COLUMN rerun_of TEXT;
ALTER TABLE submission ADD COLUMN stated_as_of TEXT;
ALTER TABLE submission ADD COLUMN engine TEXT NOT NULL DEFAULT '';
CREATE INDEX submission_by_time ON submission (tenant, received);
CREATE INDEX submission_by_file ON submission (tenant, file_hash);
CREATE INDEX submission_by_rerun ON submission (tenant, rerun_of) WHERE rerun_of IS NOT NULL;

ALTER TABLE quarantine ADD COLUMN decided TEXT;

ALTER TABLE resource ADD COLUMN beside BLOB;

-- An upload that is under way; the row goes when it is sealed or abandoned.
CREATE TABLE upload (
  tenant INTEGER NOT NULL REFERENCES tenant (no),
  name TEXT NOT NULL,
  begun INTEGER NOT NULL,
  PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX upload_by_time ON upload (begun);

CREATE TABLE blob (
  tenant INTEGER NOT NULL REFERENCES tenant (no),
  hash TEXT NOT NULL,
  upload TEXT NOT NULL,
  size INTEGER NOT NULL,
  chunks INTEGER NOT NULL,
  codec TEXT NOT NULL,
  key_name TEXT,
  sealed_key BLOB,
  kept INTEGER NOT NULL,
  keep_until INTEGER,
  erased INTEGER,
  PRIMARY KEY (tenant, hash)
) STRICT;
CREATE UNIQUE INDEX blob_by_upload ON blob (tenant, upload);
CREATE INDEX blob_by_time ON blob (keep_until) WHERE keep_until IS NOT NULL AND erased IS NULL;

CREATE TABLE chunk (
  tenant INTEGER NOT NULL,
  upload TEXT NOT NULL,
  number INTEGER NOT NULL,
  first_byte INTEGER NOT NULL,
  length INTEGER NOT NULL,
  lines_before INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (tenant, upload, number)
) STRICT;

CREATE TRIGGER blob_remains BEFORE DELETE ON blob
BEGIN SELECT RAISE(ABORT, 'what was archived stays on record'); END;
CREATE TRIGGER blob_stays BEFORE UPDATE ON blob
WHEN NEW.tenant <> OLD.tenant OR NEW.hash <> OLD.hash OR NEW.size <> OLD.size
  OR (OLD.erased IS NULL AND (NEW.upload <> OLD.upload OR NEW.chunks <> OLD.chunks
    OR NEW.codec <> OLD.codec OR NEW.kept <> OLD.kept))
BEGIN SELECT RAISE(ABORT, 'an archived file never changes'); END;
CREATE TRIGGER chunk_stays BEFORE UPDATE ON chunk
WHEN EXISTS (SELECT 1 FROM blob b WHERE b.tenant = OLD.tenant AND b.upload = OLD.upload)
BEGIN SELECT RAISE(ABORT, 'an archived file never changes'); END;
CREATE TRIGGER chunk_remains BEFORE DELETE ON chunk
WHEN EXISTS (SELECT 1 FROM blob b
  WHERE b.tenant = OLD.tenant AND b.upload = OLD.upload AND b.erased IS NULL)
BEGIN SELECT RAISE(ABORT, 'an archived file goes away by erasure alone'); END;

CREATE TABLE idempotency (
  tenant INTEGER NOT NULL REFERENCES tenant (no),
  client TEXT NOT NULL,
  key TEXT NOT NULL,
  request TEXT NOT NULL,
  submission TEXT NOT NULL,
  PRIMARY KEY (tenant, client, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE job (
  number INTEGER PRIMARY KEY,
  tenant INTEGER NOT NULL REFERENCES tenant (no),
  submission TEXT NOT NULL,
  source TEXT NOT NULL,
  kind TEXT NOT NULL,
  argument TEXT NOT NULL,
  queued INTEGER NOT NULL,
  run_at INTEGER,
  state TEXT NOT NULL,
  -- How often it was claimed, and so its fencing token.
  attempts INTEGER NOT NULL DEFAULT 0,
  worker TEXT,
  lease_until INTEGER,
  lease INTEGER,
  -- Put back: not before this, and how long after the putting back that was.
  retry_at INTEGER,
  retry_after INTEGER,
  progress TEXT NOT NULL DEFAULT '{}',
  last_error TEXT
) STRICT;
CREATE INDEX job_open ON job (tenant, source, number) WHERE state IN ('waiting', 'running');
CREATE UNIQUE INDEX job_running ON job (tenant, source) WHERE state = 'running';
CREATE INDEX job_failed ON job (tenant) WHERE state = 'failed';
CREATE INDEX job_by_submission ON job (tenant, submission);

-- Whose turn was last: the larger, the later.
CREATE TABLE turn (
  tenant INTEGER PRIMARY KEY REFERENCES tenant (no),
  served INTEGER NOT NULL
) STRICT;

CREATE TABLE journal (
  tenant INTEGER NOT NULL,
  job INTEGER NOT NULL REFERENCES job (number),
  number INTEGER NOT NULL,
  entry BLOB NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  unchanged INTEGER NOT NULL,
  older INTEGER NOT NULL,
  conflict INTEGER NOT NULL,
  retired INTEGER NOT NULL,
  PRIMARY KEY (tenant, job, number)
) STRICT;
CREATE TRIGGER journal_stays BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'what a job has written never changes'); END;
CREATE TRIGGER journal_remains BEFORE DELETE ON journal
WHEN EXISTS (SELECT 1 FROM job j
  WHERE j.number = OLD.job AND j.state IN ('waiting', 'running'))
BEGIN SELECT RAISE(ABORT, 'what a job has written stays until it ends'); END;

CREATE TABLE pending (
  number INTEGER PRIMARY KEY,
  tenant INTEGER NOT NULL REFERENCES tenant (no),
  submission TEXT NOT NULL,
  source INTEGER NOT NULL,
  as_of INTEGER NOT NULL,
  rtype INTEGER NOT NULL,
  id TEXT NOT NULL,
  patient TEXT,
  why TEXT NOT NULL,
  closed INTEGER,
  FOREIGN KEY (tenant, submission) REFERENCES submission (tenant, id)
) STRICT;
CREATE INDEX pending_open ON pending (tenant, source, submission) WHERE closed IS NULL;

CREATE TABLE deed (
  number INTEGER PRIMARY KEY,
  tenant INTEGER NOT NULL REFERENCES tenant (no),
  at INTEGER NOT NULL,
  by TEXT NOT NULL,
  what TEXT NOT NULL,
  submission TEXT,
  about_type TEXT,
  about_id TEXT,
  note TEXT
) STRICT;
CREATE INDEX deed_of ON deed (tenant, submission);
CREATE TRIGGER deed_stays BEFORE UPDATE ON deed
BEGIN SELECT RAISE(ABORT, 'what was decided never changes'); END;
CREATE TRIGGER deed_remains BEFORE DELETE ON deed
BEGIN SELECT RAISE(ABORT, 'what was decided never goes away'); END;
";
