//! The events of one person, and what goes wrong with them.

use jiff::civil::{Date, date};

use super::header::Col;
use super::subject::Subject;
use super::{Event, blank_row, labels};
use crate::Plan;
use crate::mess::{blank_csv, drift, impossible_date};
use crate::person::british;
use crate::rng::Rng;
use crate::truth::Outcome;

/// The rows of a person cared for, oldest first unless the council shuffles them.
pub(super) fn rows(plan: &Plan, of: &Subject, rng: &mut Rng) -> Vec<Event> {
    let count = rng.between(1, 6);
    let mut start = date(2024, 1, 1)
        .checked_add(jiff::Span::new().days(rng.between(0, 90)))
        .unwrap_or(date(2024, 1, 1));
    let mut made = Vec::new();
    for number in 0..count {
        let kind = rng.pick(&[
            "Service",
            "Service",
            "Service",
            "Assessment",
            "Review",
            "Request",
        ]);
        let last = number + 1 == count;
        // The newest event is never spoilt: it is the one that says what is so of the person now.
        let spoil = !last && rng.chance(plan.mess);
        let mut event = one(plan, of, kind, number, start, (last, spoil), rng);
        if rng.chance(plan.mess * 0.3) && event.outcome == Outcome::Good {
            made.push(twin(&event));
        } else if rng.chance(plan.mess * 0.2) && event.outcome == Outcome::Good {
            made.push(rival(&mut event));
        }
        made.push(event);
        start = start
            .checked_add(jiff::Span::new().days(rng.between(1, 150)))
            .unwrap_or(start);
    }
    if rng.chance(plan.mess) {
        made.reverse();
    }
    made
}

/// The rows of a carer: an assessment, or a service of their own.
pub(super) fn carer_rows(plan: &Plan, carer: &Subject, rng: &mut Rng) -> Vec<Event> {
    let start = date(2025, 1, 1)
        .checked_add(jiff::Span::new().days(rng.between(0, 500)))
        .unwrap_or(date(2025, 1, 1));
    let kind = rng.pick(&["Assessment", "Service"]);
    let mut event = one(plan, carer, kind, 0, start, (true, false), rng);
    event
        .cells
        .set(Col::HoursCaring, rng.pick(&["1-19", "20-49", "50+"]));
    event.cells.set(Col::AdultsCaredFor, "1");
    if let Some(why) = carer.link_fails() {
        event.outcome = Outcome::GoodWithIssue;
        event.why = why;
    }
    vec![event]
}

fn one(
    plan: &Plan,
    of: &Subject,
    kind: &'static str,
    number: i64,
    start: Date,
    (last, spoil): (bool, bool),
    rng: &mut Rng,
) -> Event {
    let mut row = blank_row();
    of.fill(&mut row, !last);
    let prefix = if of.carer { "C" } else { "" };
    let reference = format!(
        "{prefix}{}-{}-{number}",
        initials(kind),
        10_000 + of.person.index
    );
    row.set(Col::EventType, kind);
    row.set(Col::EventReference, reference.clone());
    row.set(Col::EventStart, british(start));
    let open = kind == "Service" && rng.chance(0.4);
    let end = start
        .checked_add(jiff::Span::new().days(rng.between(0, 200)))
        .unwrap_or(start);
    if !open {
        row.set(Col::EventEnd, british(end));
    }
    let mut event = Event {
        cells: row,
        key: of.key.clone(),
        held: of.held.is_some(),
        outcome: Outcome::Good,
        why: "",
        facts: Vec::new(),
        reference,
        cost: None,
    };
    details(of, kind, &mut event, rng);
    outcome(plan, kind, open, &mut event, rng);
    if spoil {
        mistake(&mut event, start, rng);
    }
    if plan.mess > 0.0 {
        for cell in &mut event.cells.0 {
            if cell.is_empty() && rng.chance(plan.mess * 0.2) {
                *cell = blank_csv(rng).into();
            }
        }
    }
    event
}

fn details(of: &Subject, kind: &'static str, event: &mut Event, rng: &mut Rng) {
    let row = &mut event.cells;
    let fact = match kind {
        "Service" => {
            let description = rng.pick(labels::DESCRIPTION);
            let component = rng.pick(labels::SERVICE_COMPONENT);
            row.set(Col::EventDescription, description);
            if of.carer {
                row.set(Col::ServiceType, "Carer Support: Direct to Carer");
                row.set(Col::ServiceComponent, "Other Carer Support");
            } else {
                row.set(Col::ServiceType, rng.pick(labels::SERVICE_TYPE));
                row.set(Col::ServiceComponent, component);
            }
            row.set(Col::Delivery, rng.pick(labels::DELIVERY));
            let home = rng.between(1, 40);
            row.set(Col::ProviderName, format!("Pretend Care {home}"));
            row.set(Col::ProviderId, format!("1-99900{home:04}"));
            // Odd pence, so that the figure is not found by chance in something that may be shown.
            let cost = format!("{}.{:02}", rng.between(10_000, 99_999), rng.between(11, 99));
            row.set(Col::UnitCost, cost.clone());
            row.set(Col::CostFrequency, "Per week");
            row.set(Col::PlannedUnits, "7");
            event.cost = Some(cost);
            ("EpisodeOfCare", description)
        }
        "Assessment" => {
            let label = if of.carer {
                "Carer Assessment"
            } else {
                rng.pick(labels::ASSESSMENT)
            };
            row.set(Col::AssessmentType, label);
            row.set(Col::EligibleNeeds, rng.pick(&["Yes", "No"]));
            row.set(Col::AssessmentMethod, rng.pick(labels::METHOD));
            ("Task", label)
        }
        "Review" => {
            let label = rng.pick(labels::REVIEW_REASON);
            row.set(Col::ReviewReason, label);
            row.set(Col::ReviewAchieved, rng.pick(labels::ACHIEVED));
            row.set(Col::ReviewMethod, rng.pick(labels::METHOD));
            ("Task", label)
        }
        _ => {
            let label = rng.pick(&[
                "Request for support at home",
                "Fall, lives alone",
                "Hospital discharge",
            ]);
            row.set(Col::EventDescription, label);
            row.set(Col::Route, rng.pick(labels::ROUTE));
            ("ServiceRequest", label)
        }
    };
    event.facts.push((fact.0, fact.1.to_owned()));
    event.facts.push((fact.0, event.reference.clone()));
}

fn outcome(plan: &Plan, kind: &str, open: bool, event: &mut Event, rng: &mut Rng) {
    if open {
        return;
    }
    let mut written = rng.pick(labels::OUTCOME).to_owned();
    if rng.chance(plan.mess) {
        written = match rng.below(8) {
            0..=2 => rng.pick(labels::OUTCOME_VARIANTS).0.to_owned(),
            3 => {
                event.outcome = Outcome::GoodWithIssue;
                event.why = "the outcome is in no list";
                "Awaiting panel decision".to_owned()
            }
            _ => drift(rng, &written),
        };
    }
    if kind == "Assessment" || kind == "Review" {
        event.facts.push(("Task", written.trim().to_owned()));
    }
    event.cells.set(Col::EventOutcome, written);
}

fn mistake(event: &mut Event, start: Date, rng: &mut Rng) {
    event.outcome = Outcome::Refused;
    event.why = match rng.below(4) {
        0 => {
            event.cells.set(Col::EventStart, impossible_date(rng));
            "the start date cannot be read"
        }
        1 => {
            event.cells.set(Col::EventEnd, impossible_date(rng));
            "the end date cannot be read: the event may be open or closed"
        }
        2 => {
            let before = start
                .checked_sub(jiff::Span::new().days(30))
                .unwrap_or(start);
            event.cells.set(Col::EventEnd, british(before));
            "it ends before it starts"
        }
        _ => {
            event.cells.set(
                Col::EventType,
                rng.pick(&["Safeguarding Enquiry", "Cancelled Service", "DoLS"]),
            );
            "the event type is not one of the four that are collected"
        }
    };
}

fn twin(event: &Event) -> Event {
    Event {
        cells: event.cells.clone(),
        key: event.key.clone(),
        held: event.held,
        outcome: Outcome::Repeats,
        why: "the same row again",
        facts: Vec::new(),
        reference: event.reference.clone(),
        cost: None,
    }
}

/// The same event told otherwise. Nobody but the council can say which of the two is right.
fn rival(event: &mut Event) -> Event {
    let mut rival = twin(event);
    let outcomes = ["No change in package", "Provision of service"];
    let said = event.cells.get(Col::EventOutcome).trim();
    let other = outcomes
        .into_iter()
        .find(|outcome| !said.eq_ignore_ascii_case(outcome))
        .unwrap_or("No change in package");
    rival.cells.set(Col::EventOutcome, other);
    for told in [&mut *event, &mut rival] {
        told.outcome = Outcome::Refused;
        told.why = "two rows with one reference contradict each other";
    }
    rival
}

fn initials(kind: &str) -> &'static str {
    match kind {
        "Service" => "SV",
        "Assessment" => "AS",
        "Review" => "RV",
        _ => "RQ",
    }
}
