//! `causeway outbox`: what waits to be sent on, and dead letters.

use clap::{Args, Subcommand, ValueEnum};
use outbox::letters;
use serde_json::json;
use store::{OutboxKey, OutboxQuery, OutboxState};

use crate::cli::Format;
use crate::desk::{Opened, Place};
use crate::exit::{Exit, Failure};
use crate::output;

/// `causeway outbox`.
#[derive(Debug, Args)]
pub struct Outbox {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done with the outbox.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// What waits to be sent on, what was given up and why, and what was delivered lately.
    List(List),
    /// Send dead letters again, once the reason is mended.
    Retry(Letters),
    /// Take dead letters off the list without sending them.
    Discard(Letters),
}

/// A row's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum State {
    /// To be sent; it may have failed before.
    Waiting,
    /// Given up.
    Dead,
    /// Sent.
    Delivered,
}

/// `causeway outbox list`.
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    place: Place,
    /// Only to this destination.
    #[arg(long)]
    destination: Option<String>,
    /// Only in this state. Default: waiting and dead.
    #[arg(long, value_enum)]
    state: Option<State>,
    /// At most so many of each state.
    #[arg(long, default_value_t = 100)]
    limit: usize,
}

/// `causeway outbox retry` and `discard`.
#[derive(Debug, Args)]
pub struct Letters {
    #[command(flatten)]
    place: Place,
    /// The destination.
    destination: String,
    /// Only this resource, as TYPE/ID. Default: all of the destination.
    resource: Option<String>,
}

/// Runs the command.
pub fn run(arguments: &Outbox) -> Result<Exit, Failure> {
    match &arguments.action {
        Action::List(list) => show(list),
        Action::Retry(letters) => decide(letters, true),
        Action::Discard(letters) => decide(letters, false),
    }
}

fn show(arguments: &List) -> Result<Exit, Failure> {
    let opened = Opened::at(&arguments.place)?;
    let states = match arguments.state {
        None => vec![OutboxState::Waiting, OutboxState::Dead],
        Some(State::Waiting) => vec![OutboxState::Waiting],
        Some(State::Dead) => vec![OutboxState::Dead],
        Some(State::Delivered) => vec![OutboxState::Delivered],
    };
    let mut rows = Vec::new();
    for state in states {
        let query = OutboxQuery {
            destination: arguments.destination.clone(),
            state: Some(state),
            limit: Some(arguments.limit),
            ..OutboxQuery::default()
        };
        let found = letters::list(&*opened.store, &opened.tenant, &query);
        rows.extend(opened.runtime.block_on(found).map_err(Failure::failed)?);
    }
    let backlogs = opened
        .runtime
        .block_on(letters::backlogs(&*opened.store, &opened.tenant))
        .map_err(Failure::failed)?;
    match arguments.place.format {
        Format::Json => output::print_json(&json!({
            "destinations": backlogs
                .iter()
                .map(|(name, backlog)| json!({
                    "destination": name,
                    "waiting": backlog.waiting,
                    "dead": backlog.dead,
                    "oldest": backlog.oldest.map(|oldest| oldest.to_string()),
                }))
                .collect::<Vec<_>>(),
            "rows": letters::json(&rows),
        }))?,
        Format::Text => {
            for (name, backlog) in &backlogs {
                output::print(&format!(
                    "{name}: {} waiting, {} given up\n",
                    backlog.waiting, backlog.dead
                ))?;
            }
            output::print(&letters::text(&rows))?;
        }
    }
    Ok(Exit::Fine)
}

fn decide(arguments: &Letters, again: bool) -> Result<Exit, Failure> {
    let only = match &arguments.resource {
        None => None,
        Some(resource) => match resource.split_once('/') {
            Some((rtype, id)) => Some((rtype.to_owned(), id.to_owned())),
            None => return Err(Failure::usage("a resource is named as TYPE/ID")),
        },
    };
    let opened = Opened::at(&arguments.place)?;
    let key = OutboxKey {
        tenant: opened.tenant.clone(),
        destination: arguments.destination.clone(),
    };
    let known = opened.store.destinations(&opened.tenant);
    let known = opened.runtime.block_on(known).map_err(Failure::failed)?;
    if !known.contains(&key.destination) {
        return Err(Failure::usage(format!(
            "there is no destination {}: there is {}",
            key.destination,
            if known.is_empty() {
                "none".to_owned()
            } else {
                known.join(", ")
            }
        )));
    }
    let store = &*opened.store;
    let (count, what) = if again {
        let count = opened
            .runtime
            .block_on(letters::retry(store, &key, only.as_ref()));
        (count, "sent again by a running server")
    } else {
        let count = opened
            .runtime
            .block_on(letters::discard(store, &key, only.as_ref()));
        (count, "taken off the list without being sent")
    };
    let count = count.map_err(Failure::failed)?;
    match arguments.place.format {
        Format::Json => output::print_json(&json!({ "count": count }))?,
        Format::Text => output::print(&format!("{count} dead letters: {what}\n"))?,
    }
    Ok(Exit::Fine)
}
