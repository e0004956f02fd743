//! The minimum operational data standard as JSON: one document a person, one line a document.

mod lists;
mod subject;

use std::io::Write;

use json::{Object, Value};

use crate::person;
use crate::rng::Rng;
use crate::truth::{Outcome, Truth};
use crate::{Error, Plan};
use subject::Subject;

/// When every file says it was exported.
pub const EXPORTED: &str = "2026-10-02T09:30:00+01:00";

/// Writes the export: memory is one document, and the truth if it is asked for.
pub(crate) fn write(
    plan: &Plan,
    out: &mut dyn Write,
    mut truth: Option<&mut Truth>,
) -> Result<u64, Error> {
    let mut out = std::io::BufWriter::with_capacity(1 << 16, out);
    let mut records = 0;
    for index in 0..plan.people {
        if plan.rows.is_some_and(|rows| records >= rows) {
            break;
        }
        let mut rng = Rng::stream(plan.seed, "mods-json", u64::from(index));
        let subject = Subject::new(plan, person::person(plan.seed, index), &mut rng);
        let version = rng.between(1, 9);
        let lists = lists::make(plan, &subject, &mut rng);
        let newest = document(&subject, version, &lists);
        let mut documents = vec![(newest, subject.outcome(), subject.why())];
        if rng.chance(plan.mess * 0.5) {
            // An older version of the same record; whichever comes first, the higher number wins.
            let older = document(&subject.as_it_was(), version - 1, &[]);
            let old = (
                older,
                Outcome::Repeats,
                "a newer version of this record is in the file",
            );
            documents.insert(rng.below(2) as usize, old);
        }
        let mut newest = records;
        for (document, outcome, why) in documents {
            records += 1;
            if outcome != Outcome::Repeats {
                newest = records;
            }
            out.write_all(document.to_string().as_bytes())?;
            out.write_all(b"\n")?;
            if let Some(truth) = truth.as_deref_mut() {
                let outcome = if subject.held.is_some() && outcome != Outcome::Repeats {
                    Outcome::Refused
                } else {
                    outcome
                };
                truth.verdict(None, records, &subject.key, outcome, why);
            }
        }
        if let Some(truth) = truth.as_deref_mut() {
            subject.tell(truth);
            for list in &lists {
                list.tell(&subject, newest, truth);
            }
        }
    }
    out.flush()?;
    Ok(records)
}

fn document(subject: &Subject, version: i64, lists: &[lists::List]) -> Value {
    let mut document = Object::new()
        .with("recordUid", subject.record_uid())
        .with("versionNumber", version)
        .with("exportedAt", EXPORTED)
        .with("subjectOfCare", subject.to_json())
        .with(
            "careOrganisation",
            Object::new()
                .with("name", "Pretend Support Ltd")
                .with("serviceType", vec![Value::from("Supported living")])
                .with(
                    "address",
                    Object::new()
                        .with("addressEntry1", "1 Nowhere Street")
                        .with("addressEntry2", "Sampleton"),
                ),
        );
    for list in lists {
        document.insert(list.name, list.value());
    }
    Value::Object(document)
}
