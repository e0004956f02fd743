//! What is to be sent on.

/// Destinations, what waits for them, and what they were told.
///
/// A destination is the word of its name. `outbox` has one row for each destination and resource;
/// `change` counts the changes, so that one that comes while a worker sends is not taken for sent.
/// `outbox_sent` stays when a delivered row is trimmed: only what a destination was told is ever
/// taken away from it, so that nothing is hinted at.
pub(super) const OUTBOX: &str = "
CREATE TABLE destination (
  tenant INTEGER NOT NULL REFERENCES tenant (no),
  destination INTEGER NOT NULL,
  policy TEXT NOT NULL,
  begun INTEGER NOT NULL,
  ended INTEGER,
  -- The resource from which on everything is still to be queued.
  queue_from INTEGER,
  PRIMARY KEY (tenant, destination)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox_lane (
  tenant INTEGER NOT NULL,
  destination INTEGER NOT NULL,
  lane TEXT NOT NULL,
  token INTEGER NOT NULL,
  waiting INTEGER NOT NULL,
  shared INTEGER NOT NULL,
  since INTEGER NOT NULL,
  run_at INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  worker TEXT,
  lease_until INTEGER,
  PRIMARY KEY (tenant, destination, lane)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_lane_waiting ON outbox_lane (tenant, destination, shared, since)
  WHERE waiting = 1;

CREATE TABLE outbox (
  tenant INTEGER NOT NULL,
  destination INTEGER NOT NULL,
  rtype INTEGER NOT NULL,
  id TEXT NOT NULL,
  lane TEXT NOT NULL,
  change INTEGER NOT NULL,
  state INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  queued INTEGER NOT NULL,
  tried INTEGER,
  done INTEGER,
  reason TEXT,
  PRIMARY KEY (tenant, destination, rtype, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_waiting ON outbox (tenant, destination, lane) WHERE state = 0;
CREATE INDEX outbox_dead ON outbox (tenant, destination) WHERE state = 1;
CREATE INDEX outbox_delivered ON outbox (tenant, destination, done) WHERE state = 2;

CREATE TABLE outbox_sent (
  tenant INTEGER NOT NULL,
  destination INTEGER NOT NULL,
  rtype INTEGER NOT NULL,
  id TEXT NOT NULL,
  ver INTEGER NOT NULL,
  hash TEXT NOT NULL,
  etag TEXT,
  remote TEXT,
  gone INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (tenant, destination, rtype, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE exchange (
  number INTEGER PRIMARY KEY,
  tenant INTEGER NOT NULL REFERENCES tenant (no),
  request TEXT NOT NULL,
  is_answer INTEGER NOT NULL,
  at INTEGER NOT NULL,
  verb TEXT NOT NULL,
  url TEXT NOT NULL,
  ods TEXT NOT NULL,
  asid TEXT,
  user_id TEXT,
  nhs TEXT NOT NULL,
  body TEXT,
  status INTEGER,
  pointer TEXT
) STRICT;
CREATE INDEX exchange_about ON exchange (tenant, nhs);
CREATE TRIGGER exchange_stays BEFORE UPDATE ON exchange
BEGIN SELECT RAISE(ABORT, 'what was said never changes'); END;
CREATE TRIGGER exchange_remains BEFORE DELETE ON exchange
BEGIN SELECT RAISE(ABORT, 'what was said never goes away'); END;
";
