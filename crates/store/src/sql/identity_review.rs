//! Cases that wait for a person, and what people decided. Both may be about two tenants, so their
//! tables belong to none, and what a reader sees of them is decided here.

use std::collections::BTreeSet;

use identity::{Decision, NhsNumber, Point, Record as PersonRecord, Ruling, standing};

use super::{Part, Record, Session, Value, first};
use crate::{
    Case, CaseFound, CaseSide, Decided, DecisionRow, Error, NewCase, NewDecision, Raised, Sight,
    Tenant,
};

/// What a reader who sees one side of a case is told: which parts of its own record to check.
const OF_ONES_OWN: [Point; 8] = [
    Point::NumberDiffers,
    Point::NumberMissing,
    Point::BirthDateDiffers,
    Point::BirthDatePartial,
    Point::BirthDateMissing,
    Point::SurnameDiffers,
    Point::SurnameMissing,
    Point::NotWithTheOthers,
];

/// The case of two records, where there is one, when nothing of it would change.
pub(crate) async fn known_case<S: Session>(
    s: &mut S,
    case: &NewCase,
) -> Result<Option<u64>, Error> {
    let (one, other) = ordered(case);
    let part = Part::new(
        "SELECT number FROM identity_case
         WHERE tenant_one = ? AND patient_one = ? AND tenant_other = ? AND patient_other = ?
           AND speaks_for = ? AND speaks_against = ?",
        [
            one.tenant.as_str().into(),
            (&one.patient).into(),
            other.tenant.as_str().into(),
            (&other.patient).into(),
            codes(&case.speaks_for).into(),
            codes(&case.speaks_against).into(),
        ],
    );
    first(s, part).await?.map(|mut row| row.count()).transpose()
}

/// Writes a case. Only a writer may.
pub(crate) async fn raise<S: Session>(s: &mut S, case: &NewCase) -> Result<Raised, Error> {
    let (one, other) = ordered(case);
    let key: [Value; 4] = [
        one.tenant.as_str().into(),
        (&one.patient).into(),
        other.tenant.as_str().into(),
        (&other.patient).into(),
    ];
    let part = Part::new(
        "UPDATE identity_case SET speaks_for = ?, speaks_against = ?
         WHERE tenant_one = ? AND patient_one = ? AND tenant_other = ? AND patient_other = ?
         RETURNING number",
        [
            codes(&case.speaks_for).into(),
            codes(&case.speaks_against).into(),
        ]
        .into_iter()
        .chain(key.clone()),
    );
    if let Some(mut row) = first(s, part).await? {
        return Ok(Raised::Known(row.count()?));
    }
    let ruling = effective(s, &one.record(), &other.record()).await?;
    let [tenant_one, patient_one, tenant_other, patient_other] = key;
    let part = Part::new(
        "INSERT INTO identity_case (seen, found, tenant_one, patient_one, source_one,
           tenant_other, patient_other, source_other, speaks_for, speaks_against, decided)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (tenant_one, patient_one, tenant_other, patient_other)
         DO UPDATE SET speaks_for = excluded.speaks_for
         RETURNING number",
        [
            s.moment().into(),
            case.found.as_str().into(),
            tenant_one,
            patient_one,
            (&one.source).into(),
            tenant_other,
            patient_other,
            (&other.source).into(),
            codes(&case.speaks_for).into(),
            codes(&case.speaks_against).into(),
            ruling.into(),
        ],
    );
    let mut row = first(s, part).await?.ok_or_else(unwritten)?;
    Ok(Raised::New(row.count()?))
}

/// The sides in the order in which they are kept, so that two records make one case.
fn ordered(case: &NewCase) -> (&CaseSide, &CaseSide) {
    if case.one.record() <= case.other.record() {
        (&case.one, &case.other)
    } else {
        (&case.other, &case.one)
    }
}

fn codes(points: &[Point]) -> String {
    let codes: BTreeSet<&str> = points.iter().map(|point| point.as_str()).collect();
    codes.into_iter().collect::<Vec<_>>().join(" ")
}

fn points(codes: &str) -> Result<Vec<Point>, Error> {
    codes
        .split_whitespace()
        .map(|code| Point::from_code(code).ok_or_else(|| strange("a code of a case")))
        .collect()
}

const CASE: &str = "SELECT number, seen, found, tenant_one, patient_one, source_one,
  tenant_other, patient_other, source_other, speaks_for, speaks_against, decided
  FROM identity_case WHERE ";

/// The cases of the tenants that the reader is.
pub(crate) async fn cases<S: Session>(
    s: &mut S,
    sight: &Sight,
    all: bool,
    after: u64,
    limit: usize,
) -> Result<Vec<Case>, Error> {
    let own = Value::list(own(sight));
    let among = s.dialect().among();
    let mut part = Part::new(
        format!("{CASE} (tenant_one {among} OR tenant_other {among}) AND number > ?"),
        [own.clone(), own, number(after).into()],
    );
    if !all {
        part.add(" AND decided IS NULL", []);
    }
    part.add(" ORDER BY number LIMIT ?", [number(limit as u64).into()]);
    let mut found = Vec::new();
    for row in s.query(part).await? {
        found.extend(read_case(row, sight)?);
    }
    Ok(found)
}

/// One case.
pub(crate) async fn case<S: Session>(
    s: &mut S,
    sight: &Sight,
    wanted: u64,
) -> Result<Option<Case>, Error> {
    let part = Part::new(format!("{CASE} number = ?"), [number(wanted).into()]);
    match first(s, part).await? {
        Some(row) => read_case(row, sight),
        None => Ok(None),
    }
}

/// A case as far as the reader's own records go; nothing when it is about nobody of theirs.
fn read_case(mut row: Record, sight: &Sight) -> Result<Option<Case>, Error> {
    let number = row.count()?;
    let first_seen = row.instant()?;
    let found = CaseFound::from_word(&row.text()?).ok_or_else(|| strange("the way of a case"))?;
    let mut sides = Vec::with_capacity(2);
    for _ in 0..2 {
        sides.push(CaseSide {
            tenant: Tenant::new(row.text()?),
            patient: row.text()?,
            source: row.text()?,
        });
    }
    let mut speaks_for = points(&row.text()?)?;
    let mut speaks_against = points(&row.text()?)?;
    let decided = row.opt_int()?.map(i64::unsigned_abs);
    sides.retain(|side| owns(sight, side.tenant.as_str()));
    match sides.len() {
        0 => return Ok(None),
        1 => {
            speaks_for.clear();
            speaks_against.retain(|point| OF_ONES_OWN.contains(point));
        }
        _ => {}
    }
    Ok(Some(Case {
        number,
        first_seen,
        found,
        sides,
        speaks_for,
        speaks_against,
        decided,
    }))
}

fn own(sight: &Sight) -> impl Iterator<Item = &str> {
    sight
        .reach()
        .iter()
        .filter(|reach| reach.own)
        .map(|reach| reach.tenant.as_str())
}

fn owns(sight: &Sight, tenant: &str) -> bool {
    own(sight).any(|own| own == tenant)
}

/// Writes a decision that is the decider's to take. Only a writer may.
pub(crate) async fn decide<S: Session>(
    s: &mut S,
    sight: &Sight,
    given: &NewDecision,
) -> Result<Decided, Error> {
    match &given.decision {
        Decision::Rule { one, other, .. } => {
            if one == other || !stands(s, sight, one).await? || !stands(s, sight, other).await? {
                return Ok(Decided::NotYours);
            }
        }
        Decision::Merge { from, into } => {
            if from.tenant != into.tenant {
                return Ok(Decided::Beyond);
            }
            if from == into || !stands(s, sight, from).await? || !stands(s, sight, into).await? {
                return Ok(Decided::NotYours);
            }
        }
        Decision::Supersede { tenant, .. } => {
            if !tenant.as_deref().is_some_and(|tenant| owns(sight, tenant)) {
                return Ok(Decided::NotYours);
            }
        }
        Decision::Undo { decision } => {
            let undone = with_what_it_undoes(s, *decision).await?;
            if undone.is_empty() || !undone.iter().all(|row| is_own(sight, row)) {
                return Ok(Decided::NotYours);
            }
        }
    }
    let written = write(s, given).await?;
    settle(s, written, &given.decision).await?;
    Ok(Decided::Written(written))
}

/// Whether a record is a Patient that is stored and the decider's own.
async fn stands<S: Session>(
    s: &mut S,
    sight: &Sight,
    record: &PersonRecord,
) -> Result<bool, Error> {
    if !owns(sight, &record.tenant) {
        return Ok(false);
    }
    let Some(tenant) = super::tenant(s, &record.tenant).await? else {
        return Ok(false);
    };
    s.enter(tenant).await?;
    let part = Part::new(
        "SELECT 1 FROM resource WHERE tenant = ?
           AND rtype = (SELECT no FROM word WHERE text = 'Patient') AND id = ?",
        [tenant.into(), (&record.patient).into()],
    );
    Ok(first(s, part).await?.is_some())
}

/// Whether all that a decision is about is the reader's own.
fn is_own(sight: &Sight, row: &DecisionRow) -> bool {
    match &row.given.decision {
        Decision::Rule { one, other, .. } => owns(sight, &one.tenant) && owns(sight, &other.tenant),
        Decision::Merge { from, into } => owns(sight, &from.tenant) && owns(sight, &into.tenant),
        Decision::Supersede { tenant, .. } => {
            tenant.as_deref().is_some_and(|tenant| owns(sight, tenant))
        }
        // What it undoes is asked about beside it.
        Decision::Undo { .. } => true,
    }
}

/// A decision, and what it undoes, and what that undoes.
async fn with_what_it_undoes<S: Session>(
    s: &mut S,
    decision: u64,
) -> Result<Vec<DecisionRow>, Error> {
    let mut found: Vec<DecisionRow> = Vec::new();
    let mut next = Some(decision);
    while let Some(wanted) = next {
        let part = Part::new(format!("{DECISION} number = ?"), [number(wanted).into()]);
        let Some(row) = first(s, part).await? else {
            return Ok(Vec::new());
        };
        let row = read_decision(row)?;
        next = match row.given.decision {
            // An undoing is always of an earlier one, so this ends.
            Decision::Undo { decision } if decision < row.number => Some(decision),
            _ => None,
        };
        found.push(row);
    }
    Ok(found)
}

/// Writes a decision that was looked at already. Only a writer may.
pub(crate) async fn write<S: Session>(s: &mut S, given: &NewDecision) -> Result<u64, Error> {
    let none = || Value::Text(None);
    let at: Value = s.moment().into();
    let mut columns = vec![at, (&given.by).into(), (&given.note).into()];
    match &given.decision {
        Decision::Rule { one, other, ruling } => columns.extend([
            match ruling {
                Ruling::Link => "link",
                Ruling::KeepApart => "keep-apart",
            }
            .into(),
            (&one.tenant).into(),
            (&one.patient).into(),
            (&other.tenant).into(),
            (&other.patient).into(),
            none(),
            none(),
            none(),
            Value::Int(None),
        ]),
        Decision::Merge { from, into } => columns.extend([
            "merge".into(),
            (&from.tenant).into(),
            (&from.patient).into(),
            (&into.tenant).into(),
            (&into.patient).into(),
            (&given.authority).into(),
            none(),
            none(),
            Value::Int(None),
        ]),
        Decision::Supersede { tenant, old, new } => columns.extend([
            "supersede".into(),
            tenant.into(),
            none(),
            none(),
            none(),
            none(),
            old.as_str().into(),
            new.as_str().into(),
            Value::Int(None),
        ]),
        Decision::Undo { decision } => columns.extend([
            "undo".into(),
            none(),
            none(),
            none(),
            none(),
            none(),
            none(),
            none(),
            number(*decision).into(),
        ]),
    }
    let part = Part::new(
        "INSERT INTO identity_decision (at, by, note, kind, tenant_one, patient_one,
           tenant_other, patient_other, authority, number_old, number_new, undoes)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING number",
        columns,
    );
    first(s, part).await?.ok_or_else(unwritten)?.count()
}

/// Says with the case of two records what settles it now.
async fn settle<S: Session>(s: &mut S, written: u64, decision: &Decision) -> Result<(), Error> {
    let pair = match decision {
        Decision::Rule { one, other, .. } => Some((one.clone(), other.clone())),
        Decision::Undo { .. } => {
            with_what_it_undoes(s, written)
                .await?
                .into_iter()
                .find_map(|row| match row.given.decision {
                    Decision::Rule { one, other, .. } => Some((one, other)),
                    _ => None,
                })
        }
        _ => None,
    };
    let Some((one, other)) = pair else {
        return Ok(());
    };
    let ruling = effective(s, &one, &other).await?;
    let (one, other) = if one <= other {
        (one, other)
    } else {
        (other, one)
    };
    s.execute(Part::new(
        "UPDATE identity_case SET decided = ?
         WHERE tenant_one = ? AND patient_one = ? AND tenant_other = ? AND patient_other = ?",
        [
            ruling.into(),
            one.tenant.into(),
            one.patient.into(),
            other.tenant.into(),
            other.patient.into(),
        ],
    ))
    .await?;
    Ok(())
}

/// The number of the decision about exactly two records that holds.
async fn effective<S: Session>(
    s: &mut S,
    one: &PersonRecord,
    other: &PersonRecord,
) -> Result<Option<i64>, Error> {
    let ids = [one.patient.as_str(), other.patient.as_str()];
    let decisions = rules_among(s, &ids).await?;
    let decisions = with_undoings(s, decisions).await?;
    let of_both = |decision: &Decision| match decision {
        Decision::Rule {
            one: a, other: b, ..
        } => (a == one && b == other) || (a == other && b == one),
        _ => false,
    };
    let last = standing(decisions.into_iter().map(pair))
        .filter(|(_, decision)| of_both(decision))
        .last();
    Ok(last.map(|(decision, _)| number(decision)))
}

const DECISION: &str = "SELECT number, at, by, note, kind, tenant_one, patient_one, tenant_other,
  patient_other, authority, number_old, number_new, undoes FROM identity_decision WHERE ";

fn read_decision(mut row: Record) -> Result<DecisionRow, Error> {
    let number = row.count()?;
    let at = row.instant()?;
    let by = row.text()?;
    let note = row.opt_text()?;
    let kind = row.text()?;
    let tenant = row.opt_text()?;
    let patient = row.opt_text()?;
    let tenant_other = row.opt_text()?;
    let patient_other = row.opt_text()?;
    let authority = row.opt_text()?;
    let (old, new) = (row.opt_text()?, row.opt_text()?);
    let undoes = row.opt_int()?;
    let record = |tenant: &Option<String>, patient: Option<String>| match (tenant, patient) {
        (Some(tenant), Some(patient)) => Ok(PersonRecord::new(tenant, patient)),
        _ => Err(strange("a decision")),
    };
    let nhs = |text: Option<String>| -> Result<NhsNumber, Error> {
        text.and_then(|text| text.parse().ok())
            .ok_or_else(|| strange("a number of a decision"))
    };
    let decision = match kind.as_str() {
        "link" | "keep-apart" => Decision::Rule {
            one: record(&tenant, patient)?,
            other: record(&tenant_other, patient_other)?,
            ruling: if kind == "link" {
                Ruling::Link
            } else {
                Ruling::KeepApart
            },
        },
        "merge" => Decision::Merge {
            from: record(&tenant, patient)?,
            into: record(&tenant_other, patient_other)?,
        },
        "supersede" => Decision::Supersede {
            tenant,
            old: nhs(old)?,
            new: nhs(new)?,
        },
        "undo" => Decision::Undo {
            decision: undoes.ok_or_else(|| strange("a decision"))?.unsigned_abs(),
        },
        _ => return Err(strange("the kind of a decision")),
    };
    Ok(DecisionRow {
        number,
        at,
        given: NewDecision {
            by,
            note,
            decision,
            authority,
        },
    })
}

fn pair(row: DecisionRow) -> (u64, Decision) {
    (row.number, row.given.decision)
}

/// The decisions that are the reader's to see, the latest first.
pub(crate) async fn decisions<S: Session>(
    s: &mut S,
    sight: &Sight,
    limit: usize,
) -> Result<Vec<DecisionRow>, Error> {
    let own = Value::list(own(sight));
    let among = s.dialect().among();
    // Both sides are asked for in SQL; an undoing by what it undoes, below.
    let part = Part::new(
        format!(
            "{DECISION} (kind = 'undo' OR (tenant_one {among}
               AND (tenant_other IS NULL OR tenant_other {among})))
             ORDER BY number DESC"
        ),
        [own.clone(), own],
    );
    let mut found = Vec::new();
    for row in s.query(part).await? {
        if found.len() >= limit {
            break;
        }
        let row = read_decision(row)?;
        if let Decision::Undo { .. } = row.given.decision {
            let chain = with_what_it_undoes(s, row.number).await?;
            if chain.is_empty() || !chain.iter().all(|row| is_own(sight, row)) {
                continue;
            }
        }
        found.push(row);
    }
    Ok(found)
}

/// Every decision that bears on records and numbers: see [`crate::IdentityReview::decisions_about`].
pub(crate) async fn decisions_about<S: Session>(
    s: &mut S,
    sight: &Sight,
    records: &[PersonRecord],
    numbers: &[NhsNumber],
) -> Result<Vec<(u64, Decision)>, Error> {
    let mut patients: BTreeSet<String> = records.iter().map(|r| r.patient.clone()).collect();
    let mut found = merges_around(s, &mut patients).await?;
    let ids: Vec<&str> = patients.iter().map(String::as_str).collect();
    found.extend(rules_about(s, &ids).await?);
    found.extend(successions_around(s, numbers).await?);
    found.retain(|row| match &row.given.decision {
        Decision::Rule { one, other, .. } => [one, other]
            .iter()
            .all(|record| sees(sight, &record.tenant)),
        Decision::Merge { from, .. } => sees(sight, &from.tenant),
        Decision::Supersede { tenant, .. } => {
            tenant.as_deref().is_none_or(|tenant| sees(sight, tenant))
        }
        Decision::Undo { .. } => true,
    });
    let found = with_undoings(s, found).await?;
    Ok(found.into_iter().map(pair).collect())
}

fn sees(sight: &Sight, tenant: &str) -> bool {
    sight
        .reach()
        .iter()
        .any(|reach| reach.tenant.as_str() == tenant)
}

async fn select<S: Session>(
    s: &mut S,
    which: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<DecisionRow>, Error> {
    s.query(Part::new(format!("{DECISION} {which}"), values))
        .await?
        .into_iter()
        .map(read_decision)
        .collect()
}

/// The decisions about two of these Patients.
async fn rules_among<S: Session>(s: &mut S, ids: &[&str]) -> Result<Vec<DecisionRow>, Error> {
    let among = s.dialect().among();
    let ids = Value::list(ids.iter().copied());
    select(
        s,
        &format!(
            "patient_one {among} AND patient_other {among} AND kind IN ('link', 'keep-apart')"
        ),
        [ids.clone(), ids],
    )
    .await
}

/// The decisions about any of these Patients.
async fn rules_about<S: Session>(s: &mut S, ids: &[&str]) -> Result<Vec<DecisionRow>, Error> {
    let among = s.dialect().among();
    let ids = Value::list(ids.iter().copied());
    select(
        s,
        &format!(
            "(patient_one {among} OR patient_other {among}) AND kind IN ('link', 'keep-apart')"
        ),
        [ids.clone(), ids],
    )
    .await
}

/// The merges that lead to or away from these Patients, which are added to them.
async fn merges_around<S: Session>(
    s: &mut S,
    patients: &mut BTreeSet<String>,
) -> Result<Vec<DecisionRow>, Error> {
    let among = s.dialect().among();
    let which = format!("kind = 'merge' AND (patient_one {among} OR patient_other {among})");
    let mut found: Vec<DecisionRow> = Vec::new();
    let mut wanted: BTreeSet<String> = patients.clone();
    while !wanted.is_empty() {
        let ids = Value::list(wanted.iter().map(String::as_str));
        let rows = select(s, &which, [ids.clone(), ids]).await?;
        wanted.clear();
        for row in rows {
            if let Decision::Merge { from, into } = &row.given.decision {
                for record in [from, into] {
                    if patients.insert(record.patient.clone()) {
                        wanted.insert(record.patient.clone());
                    }
                }
            }
            if found.iter().all(|known| known.number != row.number) {
                found.push(row);
            }
        }
    }
    Ok(found)
}

/// The decisions about numbers that led to these, or that followed them.
async fn successions_around<S: Session>(
    s: &mut S,
    numbers: &[NhsNumber],
) -> Result<Vec<DecisionRow>, Error> {
    let among = s.dialect().among();
    let which = format!("kind = 'supersede' AND (number_old {among} OR number_new {among})");
    let mut found: Vec<DecisionRow> = Vec::new();
    let mut known: BTreeSet<NhsNumber> = numbers.iter().cloned().collect();
    let mut wanted = known.clone();
    while !wanted.is_empty() {
        let list = Value::list(wanted.iter().map(NhsNumber::as_str));
        let rows = select(s, &which, [list.clone(), list]).await?;
        wanted.clear();
        for row in rows {
            if let Decision::Supersede { old, new, .. } = &row.given.decision {
                for number in [old, new] {
                    if known.insert(number.clone()) {
                        wanted.insert(number.clone());
                    }
                }
            }
            if found.iter().all(|known| known.number != row.number) {
                found.push(row);
            }
        }
    }
    Ok(found)
}

/// Decisions with what undoes them, and what undoes that.
async fn with_undoings<S: Session>(
    s: &mut S,
    mut decisions: Vec<DecisionRow>,
) -> Result<Vec<DecisionRow>, Error> {
    let among = s.dialect().among();
    let which = format!("kind = 'undo' AND undoes {among}");
    let mut wanted: Vec<i64> = decisions.iter().map(|row| number(row.number)).collect();
    while !wanted.is_empty() {
        let rows = select(s, &which, [Value::Ints(wanted)]).await?;
        wanted = rows.iter().map(|row| number(row.number)).collect();
        decisions.extend(rows);
    }
    Ok(decisions)
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn unwritten() -> Error {
    Error::Database("a row that was written was not answered".to_owned())
}

fn strange(what: &str) -> Error {
    Error::Database(format!("{what} is not one that is known"))
}
