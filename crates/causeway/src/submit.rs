//! `causeway submit`: an export to a server, over the network.

mod address;
mod arguments;
mod assertion;
mod sending;
mod token;
mod waiting;

use std::time::Duration;

use serde_json::{Value, json};

pub use arguments::Submit;

use crate::cli::Format;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::serve::install_tls;
use address::Address;
use token::Tokens;

/// How long the network may be silent.
const SILENCE: Duration = Duration::from_secs(60);

/// Runs the command.
pub fn run(arguments: &Submit) -> Result<Exit, Failure> {
    install_tls();
    let to = Address::parse(&arguments.to)?;
    if !arguments.input.is_file() {
        return Err(Failure::input(format!(
            "there is no file {}",
            arguments.input.display()
        )));
    }
    let request_id = match &arguments.request_id {
        None => uuid::Uuid::new_v4().to_string(),
        Some(given) => uuid::Uuid::try_parse(given)
            .map_err(|_| Failure::usage("--request-id must be a UUID"))?
            .to_string(),
    };
    let mut tokens = Tokens::new(&arguments.proof)?;
    let mut http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(SILENCE)
        .read_timeout(SILENCE)
        .user_agent("causeway");
    if to.is_local() {
        http = http.no_proxy();
    }
    let http = http.build().map_err(Failure::failed)?;
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::failed)?;
    runtime.block_on(async {
        let accepted = sending::send(&http, &to, &mut tokens, arguments, &request_id).await?;
        if !arguments.wait {
            told(arguments.format, &accepted)?;
            return Ok(Exit::Fine);
        }
        let longest = Duration::from_secs(arguments.wait_seconds);
        let (status, text) =
            waiting::report(&http, &to, &mut tokens, &accepted.location, longest).await?;
        match arguments.format {
            Format::Text => output::print(&text)?,
            Format::Json => output::print_json(&status)?,
        }
        Ok(waiting::exit_of(&status))
    })
}

fn told(format: Format, accepted: &sending::Accepted) -> Result<(), Failure> {
    match format {
        Format::Json => output::print_json(&json!({
            "location": accepted.location,
            "answer": accepted.body,
        })),
        Format::Text => {
            let id = accepted.body.get("id").and_then(Value::as_str);
            output::print(&format!(
                "The server has the file{}. Its report: {}\n",
                id.map(|id| format!(" as submission {id}"))
                    .unwrap_or_default(),
                accepted.location
            ))
        }
    }
}
