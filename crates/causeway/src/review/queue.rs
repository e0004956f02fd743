//! `causeway identity`.

use std::sync::Arc;

use identity::{Decision, NhsNumber, Ruling};
use identity_review::{Desk, NotDecided, Sign, TraceRun, case_in_words, trace};
use serde_json::{Value, json};
use store::{Case, DecisionRow, Sight, Store, Tenant};

use super::arguments::{Action, Identity, List, Place, Signed};
use super::people::deployment;
use crate::cli::Format;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::{known, output, stores};

/// Runs the command.
pub fn run(arguments: &Identity) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::failed)?;
    runtime.block_on(async {
        match &arguments.action {
            Action::List(list) => list_cases(list).await,
            Action::Decisions(list) => list_decisions(list).await,
            Action::Untraced(list) => list_untraced(list).await,
            Action::Show(show) => {
                let opened = Opened::at(&show.place).await?;
                let case = opened.desk().case(show.case).await.map_err(refused)?;
                output::print(&(case_in_words(&case).join("\n") + "\n"))?;
                Ok(Exit::Fine)
            }
            Action::Decide(decide) => {
                let opened = Opened::at(&decide.place).await?;
                let ruling = if decide.link {
                    Ruling::Link
                } else {
                    Ruling::KeepApart
                };
                let desk = opened.desk();
                told(desk.rule(decide.case, ruling, sign(&decide.signed)).await)
            }
            Action::Supersede(given) => {
                let opened = Opened::at(&given.place).await?;
                let tenant = opened.one_tenant()?;
                let (old, new) = (number(&given.old)?, number(&given.new)?);
                let desk = opened.desk();
                told(desk.supersede(tenant, old, new, sign(&given.signed)).await)
            }
            Action::Merge(merge) => {
                let opened = Opened::at(&merge.place).await?;
                let tenant = opened.one_tenant()?;
                let pair = (merge.from.as_str(), merge.into.as_str());
                let desk = opened.desk();
                let sign = sign(&merge.signed);
                told(desk.merge(tenant, &merge.authority, pair, sign).await)
            }
            Action::Undo(undo) => {
                let opened = Opened::at(&undo.place).await?;
                told(opened.desk().undo(undo.decision, sign(&undo.signed)).await)
            }
            Action::Trace(arguments) => trace_now(&arguments.place).await,
        }
    })
}

/// The store, as far as an organisation or whoever runs the server sees it.
struct Opened {
    config: Config,
    store: Arc<dyn Store>,
    tenants: Vec<Tenant>,
    sight: Sight,
}

impl Opened {
    async fn at(place: &Place) -> Result<Self, Failure> {
        let config = Config::read(&place.config)?;
        let store = stores::open_existing(&config.store).await?;
        let config = known::laid_over(config, store.as_ref()).await?;
        let tenants = match &place.organisation {
            Some(ods) => vec![config.tenant(ods)?],
            None => config.tenants(),
        };
        Ok(Self {
            sight: deployment(&tenants),
            tenants,
            store,
            config,
        })
    }

    fn desk(&self) -> Desk<'_> {
        Desk::new(&*self.store, &self.sight)
    }

    fn one_tenant(&self) -> Result<&Tenant, Failure> {
        match self.tenants.as_slice() {
            [only] => Ok(only),
            _ => Err(Failure::usage(
                "say whose record it is, by its ODS code, with --organisation",
            )),
        }
    }
}

fn sign(signed: &Signed) -> Sign<'_> {
    Sign {
        by: &signed.by,
        why: &signed.why,
    }
}

fn number(text: &str) -> Result<NhsNumber, Failure> {
    text.parse().map_err(Failure::usage)
}

fn told(decided: Result<u64, NotDecided>) -> Result<Exit, Failure> {
    let number = decided.map_err(refused)?;
    output::print(&format!(
        "decision {number} is recorded and holds from now on; `causeway identity undo {number}` takes it back\n"
    ))?;
    Ok(Exit::Fine)
}

fn refused(error: NotDecided) -> Failure {
    match error {
        NotDecided::Store(error) => Failure::failed(error),
        other => Failure::usage(other),
    }
}

async fn list_cases(list: &List) -> Result<Exit, Failure> {
    let opened = Opened::at(&list.place).await?;
    let cases = opened
        .desk()
        .cases(list.all, list.after, list.limit)
        .await
        .map_err(Failure::failed)?;
    match list.format {
        Format::Json => {
            for case in &cases {
                output::print(&format!("{}\n", case_json(case)))?;
            }
        }
        Format::Text if cases.is_empty() => output::print("nobody waits\n")?,
        Format::Text => {
            for case in &cases {
                output::print(&(case_in_words(case).join("\n") + "\n\n"))?;
            }
        }
    }
    Ok(Exit::Fine)
}

fn case_json(case: &Case) -> Value {
    let codes = |points: &[identity::Point]| -> Vec<&'static str> {
        points.iter().map(|point| point.as_str()).collect()
    };
    json!({
        "case": case.number,
        "firstSeen": case.first_seen.to_string(),
        "found": case.found.as_str(),
        "records": case.sides.iter().map(|side| json!({
            "tenant": side.tenant.as_str(),
            "patient": side.patient,
            "source": side.source,
        })).collect::<Vec<_>>(),
        "for": codes(&case.speaks_for),
        "against": codes(&case.speaks_against),
        "decision": case.decided,
    })
}

async fn list_decisions(list: &List) -> Result<Exit, Failure> {
    let opened = Opened::at(&list.place).await?;
    let rows = opened
        .desk()
        .decisions(list.limit)
        .await
        .map_err(Failure::failed)?;
    for row in &rows {
        let line = match list.format {
            Format::Json => decision_json(row).to_string(),
            Format::Text => format!(
                "{}  {}  {}  {}  ({})",
                row.number,
                row.at,
                row.given.by,
                decision_words(&row.given.decision),
                row.given.note.as_deref().unwrap_or("no reason given")
            ),
        };
        output::print(&(line + "\n"))?;
    }
    Ok(Exit::Fine)
}

/// A decision without any NHS number: they are for the records, not for a terminal.
fn decision_words(decision: &Decision) -> String {
    match decision {
        Decision::Rule { one, other, ruling } => format!(
            "{} Patient/{} of {} and Patient/{} of {}",
            match ruling {
                Ruling::Link => "link",
                Ruling::KeepApart => "keep apart",
            },
            one.patient,
            one.tenant,
            other.patient,
            other.tenant
        ),
        Decision::Supersede { .. } => "an NHS number was replaced".to_owned(),
        Decision::Merge { from, into } => format!(
            "merge Patient/{} into Patient/{} of {}",
            from.patient, into.patient, into.tenant
        ),
        Decision::Undo { decision } => format!("undo decision {decision}"),
    }
}

fn decision_json(row: &DecisionRow) -> Value {
    json!({
        "decision": row.number,
        "at": row.at.to_string(),
        "by": row.given.by,
        "why": row.given.note,
        "what": decision_words(&row.given.decision),
        "authority": row.given.authority,
    })
}

async fn list_untraced(list: &List) -> Result<Exit, Failure> {
    let opened = Opened::at(&list.place).await?;
    for tenant in &opened.tenants {
        let found = opened
            .desk()
            .trace_problems(tenant, list.limit)
            .await
            .map_err(Failure::failed)?;
        for one in found {
            let line = match list.format {
                Format::Json => json!({
                    "tenant": tenant.as_str(),
                    "patient": one.patient,
                    "status": one.status.code(),
                    "replaced": one.superseded_by.is_some(),
                    "traced": one.at.to_string(),
                })
                .to_string(),
                Format::Text => format!(
                    "Patient/{} of {}: {} {}{}",
                    one.patient,
                    tenant,
                    one.status.code(),
                    one.status.display(),
                    if one.superseded_by.is_some() {
                        "; the number was replaced by another"
                    } else {
                        ""
                    }
                ),
            };
            output::print(&(line + "\n"))?;
        }
    }
    Ok(Exit::Fine)
}

async fn trace_now(place: &Place) -> Result<Exit, Failure> {
    let opened = Opened::at(place).await?;
    let client = opened
        .config
        .pds
        .as_ref()
        .ok_or_else(|| {
            Failure::usage(
                "nobody is traced here: the configuration has no [pds] (docs/identity.md)",
            )
        })?
        .client()?;
    for tenant in &opened.tenants {
        let report = trace(&opened.store, &client, tenant, &TraceRun::default())
            .await
            .map_err(Failure::failed)?;
        output::print(&format!(
            "{tenant}: {} traced, {} verified, {} not found, {} to be resolved, {} without an answer\n",
            report.traced, report.verified, report.not_found, report.conflicts, report.failed
        ))?;
        if let Some(error) = report.ended {
            return Err(Failure::failed(error));
        }
    }
    Ok(Exit::Fine)
}
