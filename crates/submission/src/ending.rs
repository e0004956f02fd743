//! The end of a run: all that follows from having seen the whole file, in one commit.

use std::collections::BTreeSet;

use diagnostics::{Issue, IssueType};
use mapping::RunReport;
use store::{
    Batch, ClosePending, Current, DecideQuarantine, QuarantineQuery, Retire, SettleQuarantine,
};

use crate::codes;
use crate::identity_guard::{keys_of, number_shared};
use crate::report::{Replayed, ReportState};
use crate::storing::Storing;
use crate::tags;
use crate::vanished::{Vanished, told_gone, unmade, vanished};

/// Why a file is read.
#[derive(Debug)]
pub(crate) enum Reason {
    /// It has come.
    Arrived,
    /// For what the quarantine holds: the file says nothing new about anything else.
    Replay,
    /// With another mapping; these submissions had the same bytes.
    Rebuild(Vec<String>),
}

/// What the last commit carries besides the report.
pub(crate) struct End {
    pub(crate) batch: Batch,
    pub(crate) state: ReportState,
    pub(crate) replayed: Option<Replayed>,
}

/// Works out what follows from the whole file.
pub(crate) fn end(
    storing: &mut Storing,
    run: &RunReport,
    reason: &Reason,
) -> Result<End, store::Error> {
    storing.flush()?;
    storing.take_counts();
    storing.counts.records = run.counts.records.values().sum();
    storing.met.doubt_types(run.doubtful_types.iter().cloned());
    let mut batch = storing.new_batch();
    if storing.refused {
        return Ok(End {
            batch,
            state: ReportState::Refused,
            replayed: None,
        });
    }
    if storing.counts.older > 0 {
        storing.tally.add(&older(storing.counts.older));
    }
    set_aside_contested(storing, &mut batch)?;
    let mut replayed = None;
    match reason {
        Reason::Replay => replayed = Some(replay(storing, &mut batch)),
        Reason::Arrived => {
            no_longer_reported(storing, &mut batch, None)?;
            settle(storing, &mut batch)?;
        }
        Reason::Rebuild(of) => {
            no_longer_reported(storing, &mut batch, Some(of))?;
            settle(storing, &mut batch)?;
            settle_of(storing, &mut batch, of)?;
        }
    }
    let state = if batch.pending.is_empty() {
        ReportState::Reported
    } else {
        ReportState::AwaitingConfirmation
    };
    Ok(End {
        batch,
        state,
        replayed,
    })
}

fn older(count: u64) -> Issue {
    Issue::warning(
        codes::OLDER_FACTS,
        IssueType::BusinessRule,
        format!("{count} facts are older than what is stored of them, so they changed nothing"),
    )
    .help("nothing needs to be done if the newer file was right")
}

/// What the file says is gone, and what a snapshot no longer holds, becomes "no longer reported" (CS-4).
fn no_longer_reported(
    storing: &mut Storing,
    batch: &mut Batch,
    rebuilt: Option<&Vec<String>>,
) -> Result<(), store::Error> {
    if !storing.snapshot && storing.gone.is_empty() && rebuilt.is_none() {
        return Ok(());
    }
    let as_of = storing.as_of();
    let source = storing.submission().source.clone();
    let stored = storing.wait(storing.store().current_of_source(
        storing.sight(),
        storing.tenant(),
        &source,
    ))?;
    // What the file itself says is gone is no matter of what it leaves out.
    let gone = std::mem::take(&mut storing.gone);
    for (rtype, id) in &gone {
        storing.met.met(rtype, id);
    }
    let mut outcomes = vec![told_gone(&stored, &gone, as_of)];
    if storing.snapshot {
        outcomes.push(vanished(&stored, &storing.met, as_of));
    } else if let Some(of) = rebuilt {
        outcomes.push(no_longer_made(storing, &stored, of)?);
        batch.close_pending.extend(of.iter().map(|of| ClosePending {
            source: source.clone(),
            submission: Some(of.clone()),
            up_to: as_of,
        }));
    }
    if storing.snapshot {
        batch.close_pending.push(ClosePending {
            source: source.clone(),
            submission: None,
            up_to: as_of,
        });
    }
    for outcome in outcomes {
        for issue in &outcome.issues {
            storing.tally.add(issue);
        }
        storing.counts.retired += outcome.retire.len() as u64;
        if !outcome.retire.is_empty() {
            batch.retire.push(Retire {
                source: source.clone(),
                as_of,
                ids: outcome.retire,
                tag: Some(tags::no_longer_reported()),
                only_said_by: None,
            });
        }
        batch.pending.extend(outcome.pending);
    }
    Ok(())
}

/// Of a file of changes: what its earlier runs said last and this one does not say.
fn no_longer_made(
    storing: &Storing,
    stored: &[Current],
    of: &[String],
) -> Result<Vanished, store::Error> {
    const PART: usize = 1000;
    let mut earlier = BTreeSet::new();
    let mut from = 0;
    loop {
        let part = storing.wait(storing.store().touched(
            storing.sight(),
            storing.tenant(),
            &storing.submission().source,
            of,
            from,
            PART,
        ))?;
        for touched in part.items {
            if of.contains(&touched.submission) {
                earlier.insert((touched.rtype, touched.id));
            }
        }
        match part.next {
            Some(next) => from = next,
            None => break,
        }
    }
    Ok(unmade(stored, &earlier, &storing.met, storing.as_of()))
}

/// What earlier files had held back. A snapshot says anew what it is; a file of changes speaks only
/// of what is in it.
fn settle(storing: &Storing, batch: &mut Batch) -> Result<(), store::Error> {
    let submission = storing.submission();
    let all = SettleQuarantine {
        source: submission.source.clone(),
        up_to: storing.as_of(),
        only: None,
    };
    if storing.snapshot {
        batch.settle.push(all);
        return Ok(());
    }
    let open = QuarantineQuery {
        source: Some(submission.source.clone()),
        open: true,
        ..QuarantineQuery::default()
    };
    let open = storing.wait(storing.store().quarantine(
        storing.sight(),
        storing.tenant(),
        &open,
    ))?;
    let mut seen = BTreeSet::new();
    for row in open {
        if row.submission != submission.id
            && let (Some(rtype), Some(id)) = (row.held.rtype, row.held.id)
            && storing.met.knows(&rtype, &id)
            && seen.insert((rtype.clone(), id.clone()))
        {
            batch.settle.push(SettleQuarantine {
                only: Some((rtype, id)),
                ..all.clone()
            });
        }
    }
    Ok(())
}

/// The rebuilt file's own quarantine: it was read anew.
fn settle_of(storing: &Storing, batch: &mut Batch, of: &[String]) -> Result<(), store::Error> {
    for submission in of {
        let open = QuarantineQuery {
            submission: Some(submission.clone()),
            open: true,
            ..QuarantineQuery::default()
        };
        let open = storing.wait(storing.store().quarantine(
            storing.sight(),
            storing.tenant(),
            &open,
        ))?;
        if !open.is_empty() {
            batch.decide.push(DecideQuarantine {
                numbers: open.iter().map(|row| row.number).collect(),
                decided: "rebuilt".to_owned(),
            });
        }
    }
    Ok(())
}

/// What became of the rows that the replay is about.
fn replay(storing: &mut Storing, batch: &mut Batch) -> Replayed {
    let settled = storing
        .terms()
        .wanted
        .as_ref()
        .map(crate::wanted::Wanted::settled)
        .unwrap_or_default();
    let replayed = Replayed {
        released: settled.released.len() as u64,
        again: settled.again.len() as u64,
        nothing: settled.nothing.len() as u64,
    };
    for (numbers, decided) in [(settled.released, "released"), (settled.again, "replayed")] {
        if !numbers.is_empty() {
            batch.decide.push(DecideQuarantine {
                numbers,
                decided: decided.to_owned(),
            });
        }
    }
    if replayed.nothing > 0 {
        storing.tally.add(
            &Issue::warning(
                codes::MADE_NOTHING,
                IssueType::Processing,
                format!(
                    "today's mapping makes nothing of {} of what was held back, so it stays there",
                    replayed.nothing
                ),
            )
            .help("if that is right, discard it in the quarantine; if not, look at the mapping's rules"),
        );
    }
    replayed
}

/// Takes back the people of this file whose NHS number another person of it claims: neither stands
/// until somebody has found out whose it is.
fn set_aside_contested(storing: &mut Storing, batch: &mut Batch) -> Result<(), store::Error> {
    for patient in storing.contested().clone() {
        let everything = storing.wait(storing.store().everything_about(
            storing.sight(),
            storing.tenant(),
            &patient,
        ))?;
        let person = everything.iter().find(|stored| stored.rtype == "Patient");
        let keys = person
            .and_then(|stored| json::parse(&stored.body).ok())
            .map(|patient| keys_of(&patient))
            .unwrap_or_default();
        let issue = number_shared()
            .about(format!("Patient/{patient}"))
            .help("one of the two has the wrong NHS number: check both with their GP, mend it and send the file again");
        batch.quarantine.push(store::Quarantined {
            place: storing.submission().file_name.clone(),
            rtype: Some("Patient".to_owned()),
            id: Some(patient.clone()),
            patient: Some(patient.clone()),
            nhs_number: keys.nhs_number,
            issues: serde_json::to_string(&[&issue]).unwrap_or_default(),
            raw: person
                .map(|stored| String::from_utf8_lossy(&stored.body).into_owned())
                .unwrap_or_default(),
            ..store::Quarantined::default()
        });
        batch.retire.push(Retire {
            source: storing.submission().source.clone(),
            as_of: storing.as_of(),
            ids: everything
                .iter()
                .map(|stored| (stored.rtype.clone(), stored.id.clone()))
                .collect(),
            tag: Some(tags::contested()),
            only_said_by: None,
        });
        storing.counts.quarantined += 1;
        storing.tally.add(&issue);
    }
    Ok(())
}
