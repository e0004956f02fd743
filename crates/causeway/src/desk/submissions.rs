//! `causeway submissions`.

use json::Value;
use serde_json::json;
use store::{JobQuery, SubmissionQuery, SubmissionState};
use submission::ReplayOf;

use super::arguments::{Decide, List, One, SubmissionAction, Submissions};
use super::opened::{Opened, undecided};
use crate::cli::Format;
use crate::exit::{Exit, Failure};
use crate::output;

/// Runs the command.
pub fn run(arguments: &Submissions) -> Result<Exit, Failure> {
    match &arguments.action {
        SubmissionAction::List(list) => run_list(list),
        SubmissionAction::Show(one) => show(one),
        SubmissionAction::Confirm(decide) => taken(decide, "confirm"),
        SubmissionAction::Decline(decide) => taken(decide, "decline"),
        SubmissionAction::Withdraw(decide) => taken(decide, "withdraw"),
        SubmissionAction::Replay(decide) => taken(decide, "replay"),
    }
}

fn run_list(arguments: &List) -> Result<Exit, Failure> {
    let states = arguments
        .state
        .iter()
        .map(|word| {
            SubmissionState::from_word(word)
                .ok_or_else(|| Failure::usage(format!("there is no state {word}")))
        })
        .collect::<Result<_, _>>()?;
    let opened = Opened::at(&arguments.place)?;
    let query = SubmissionQuery {
        source: arguments.source.clone(),
        states,
        limit: Some(arguments.limit),
        ..SubmissionQuery::default()
    };
    let found = opened
        .runtime
        .block_on(
            opened
                .store
                .find_submissions(&opened.sight, &opened.tenant, &query),
        )
        .map_err(Failure::failed)?;
    match arguments.place.format {
        Format::Text => output::print(&api::view::list_text(&found))?,
        Format::Json => {
            for one in &found {
                let row = api::view::row(one, &format!("/submissions/{}", one.id));
                output::print(&format!("{}\n", Value::from(row)))?;
            }
        }
    }
    Ok(Exit::Fine)
}

fn show(arguments: &One) -> Result<Exit, Failure> {
    let opened = Opened::at(&arguments.place)?;
    let whole = opened.runtime.block_on(whole(&opened, &arguments.id))?;
    match arguments.place.format {
        Format::Text => output::print(&api::view::status_text(&whole))?,
        Format::Json => output::print(&format!("{}\n", Value::from(api::view::status(&whole))))?,
    }
    Ok(Exit::Fine)
}

async fn whole(opened: &Opened, id: &str) -> Result<api::view::Whole, Failure> {
    let (store, sight, tenant) = (&opened.store, &opened.sight, &opened.tenant);
    let jobs = JobQuery {
        submission: Some(id.to_owned()),
        ..JobQuery::default()
    };
    let jobs = store
        .jobs(sight, tenant, &jobs)
        .await
        .map_err(Failure::failed)?;
    let submission = store
        .submission(sight, tenant, id)
        .await
        .map_err(Failure::failed)?
        .ok_or_else(|| {
            Failure::usage(format!("there is no submission {id} of this organisation"))
        })?;
    Ok(api::view::Whole {
        jobs,
        pending: store
            .pending(sight, tenant, Some(id))
            .await
            .map_err(Failure::failed)?,
        deeds: store
            .deeds(sight, tenant, Some(id))
            .await
            .map_err(Failure::failed)?,
        location: format!("/submissions/{id}"),
        submission,
    })
}

fn taken(arguments: &Decide, what: &str) -> Result<Exit, Failure> {
    let by = arguments.who.by()?;
    let opened = Opened::at(&arguments.place)?;
    let (decisions, tenant, id) = (&opened.works.decisions, &opened.tenant, &arguments.id);
    let begun = opened
        .runtime
        .block_on(async {
            match what {
                "confirm" => decisions
                    .confirm(tenant, id, &by)
                    .await
                    .map(|()| Vec::new()),
                "decline" => decisions
                    .decline(tenant, id, &by)
                    .await
                    .map(|()| Vec::new()),
                "withdraw" => decisions
                    .withdraw(tenant, id, &by)
                    .await
                    .map(|()| Vec::new()),
                _ => {
                    let of = ReplayOf::Submission(id.clone());
                    decisions.replay(tenant, &of, &by).await
                }
            }
        })
        .map_err(undecided)?;
    let outcome = opened.follow_up(&arguments.who)?;
    told(arguments.place.format, what, outcome, &begun)
}

/// Says what was decided, and which submissions follow.
pub fn told(
    format: Format,
    what: &str,
    outcome: &str,
    submissions: &[String],
) -> Result<Exit, Failure> {
    match format {
        Format::Json => output::print_json(&json!({
            "decided": what,
            "outcome": outcome,
            "submissions": submissions,
        }))?,
        Format::Text => {
            let mut text = format!("{what}: {outcome}\n");
            for id in submissions {
                text.push_str(&format!("  as submission {id}\n"));
            }
            output::print(&text)?;
        }
    }
    Ok(Exit::Fine)
}
