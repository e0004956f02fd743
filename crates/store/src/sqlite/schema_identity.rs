//! The tables of the review queue, of decisions about who is who, and of traces.

/// What the version adds. The first two tables are about records of two tenants, so they name
/// tenants and belong to none; the third is keyed by tenant like everything else.
pub(super) const IDENTITY: &str = "
CREATE TABLE identity_case (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  seen INTEGER NOT NULL,
  found TEXT NOT NULL,
  tenant_one TEXT NOT NULL,
  patient_one TEXT NOT NULL,
  source_one TEXT NOT NULL,
  tenant_other TEXT NOT NULL,
  patient_other TEXT NOT NULL,
  source_other TEXT NOT NULL,
  speaks_for TEXT NOT NULL,
  speaks_against TEXT NOT NULL,
  decided INTEGER,
  UNIQUE (tenant_one, patient_one, tenant_other, patient_other)
) STRICT;
CREATE INDEX identity_case_one ON identity_case (tenant_one, number);
CREATE INDEX identity_case_other ON identity_case (tenant_other, number);
CREATE TRIGGER identity_case_remains BEFORE DELETE ON identity_case
BEGIN SELECT RAISE(ABORT, 'a case never goes away'); END;

CREATE TABLE identity_decision (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  by TEXT NOT NULL,
  note TEXT,
  kind TEXT NOT NULL,
  tenant_one TEXT,
  patient_one TEXT,
  tenant_other TEXT,
  patient_other TEXT,
  authority TEXT,
  number_old TEXT,
  number_new TEXT,
  undoes INTEGER REFERENCES identity_decision (number)
) STRICT;
CREATE INDEX identity_decision_one ON identity_decision (patient_one);
CREATE INDEX identity_decision_other ON identity_decision (patient_other);
CREATE INDEX identity_decision_old ON identity_decision (number_old);
CREATE INDEX identity_decision_new ON identity_decision (number_new);
CREATE INDEX identity_decision_undoes ON identity_decision (undoes);
CREATE TRIGGER identity_decision_stays BEFORE UPDATE ON identity_decision
BEGIN SELECT RAISE(ABORT, 'what was decided never changes'); END;
CREATE TRIGGER identity_decision_remains BEFORE DELETE ON identity_decision
BEGIN SELECT RAISE(ABORT, 'what was decided never goes away'); END;

CREATE TABLE identity_trace (
  tenant INTEGER NOT NULL REFERENCES tenant (no),
  patient TEXT NOT NULL,
  nhs TEXT,
  birth TEXT,
  family TEXT,
  status TEXT NOT NULL,
  restricted INTEGER NOT NULL,
  deceased INTEGER NOT NULL,
  superseded_by TEXT,
  at INTEGER NOT NULL,
  again INTEGER NOT NULL,
  PRIMARY KEY (tenant, patient)
) STRICT, WITHOUT ROWID;
";
