//! `causeway revalidate`: what is stored, against the definitions that are used now.
//!
//! Nothing of a record is changed: what no longer conforms is named, and the rows by which records
//! are found are made anew. It goes through the store part by part and notes how far it came, so
//! that a run that is interrupted goes on where it stopped.

mod findings;

use std::collections::BTreeMap;
use std::thread;

use diagnostics::{Issue, IssueType, Severity};
use search::Indexer;
use serde_json::json;
use store::{Batch, Reindex, Status, Store, Stored, Tenant};
use validation::Validator;

use crate::cli::{Format, Revalidate};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::knowledge::Knowledge;
use crate::output;
use crate::progress::Progress;
use crate::stores;
use findings::{Counts, Findings};

/// How many resources are read, checked and indexed together.
const PART: usize = 1000;

/// Runs the command.
pub fn run(arguments: &Revalidate) -> Result<Exit, Failure> {
    let config = Config::read(&arguments.config)?;
    let tenants = tenants(&config, arguments.organisation.as_deref())?;
    let knowledge =
        Knowledge::configured(&config.packages, &config.terminology, &arguments.package)?;
    let folder = config.store.notes()?;
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::failed)?;
    let store = runtime.block_on(stores::open_existing(&config.store))?;
    let task = json!({
        "program": env!("CARGO_PKG_VERSION"),
        "definitions": knowledge.fingerprint(),
        "organisations": tenants.iter().map(|(_, ods)| ods).collect::<Vec<_>>(),
    });
    let mut findings = Findings::open(folder, &task, arguments.restart)?;
    if findings.resumed() {
        eprintln!(
            "going on where an interrupted run stopped, after {} resources; --restart begins anew",
            findings.counts().checked
        );
    }
    let work = Work {
        store: store.as_ref(),
        validator: knowledge.validator(),
        indexer: Indexer::new(knowledge.definitions),
        runtime,
    };
    let progress = Progress::start("revalidating");
    for (number, (tenant, ods)) in tenants.iter().enumerate() {
        while let Some(from) = findings.next_of(number) {
            let (counts, lines, next) = work.part(tenant, ods, from)?;
            findings.add(number, counts, &lines, next)?;
            progress.records(findings.counts().checked);
        }
    }
    drop(progress);
    tell(arguments.format, &findings, &knowledge)?;
    let exit = if findings.counts().broken > 0 {
        Exit::Failed
    } else {
        Exit::Fine
    };
    findings.done()?;
    Ok(exit)
}

/// The tenants of the configuration with their ODS codes, or the one that is asked for.
fn tenants(config: &Config, wanted: Option<&str>) -> Result<Vec<(Tenant, String)>, Failure> {
    let tenants: Vec<(Tenant, String)> = config
        .access
        .tenants
        .iter()
        .filter(|tenant| wanted.is_none_or(|wanted| wanted == tenant.organisation))
        .map(|tenant| {
            (
                Tenant::new(tenant.name.as_str()),
                tenant.organisation.clone(),
            )
        })
        .collect();
    match wanted {
        Some(wanted) if tenants.is_empty() => Err(Failure::usage(format!(
            "{wanted} is no organisation of this server: see [[access.tenants]]"
        ))),
        _ => Ok(tenants),
    }
}

struct Work<'w> {
    store: &'w dyn Store,
    validator: Validator,
    indexer: Indexer,
    runtime: tokio::runtime::Runtime,
}

/// What one resource gave.
struct Checked {
    reindex: Option<Reindex>,
    /// Code and element of each rule that it breaks, and its line of the report.
    broken: Option<(Vec<String>, String)>,
}

impl Work<'_> {
    /// Checks and indexes one part.
    fn part(
        &self,
        tenant: &Tenant,
        ods: &str,
        from: u64,
    ) -> Result<(Counts, String, Option<u64>), Failure> {
        let sight = access::Access::pipeline(tenant);
        let scan = self
            .runtime
            .block_on(self.store.scan(&sight, tenant, from, PART))
            .map_err(Failure::failed)?;
        let mut counts = Counts {
            checked: scan.items.len() as u64,
            ..Counts::default()
        };
        let mut lines = String::new();
        let mut batch = Batch::new(tenant.clone(), "");
        for checked in self.check(&scan.items, ods) {
            batch.reindex.extend(checked.reindex);
            if let Some((rules, line)) = checked.broken {
                counts.broken += 1;
                for rule in rules {
                    *counts.rules.entry(rule).or_default() += 1;
                }
                lines.push_str(&line);
                lines.push('\n');
            }
        }
        let committed = self
            .runtime
            .block_on(self.store.commit(batch))
            .map_err(Failure::failed)?;
        counts.reindexed = committed.reindexed;
        Ok((counts, lines, scan.next))
    }

    /// Checks resources on all cores; the answers are in their order.
    fn check(&self, items: &[Stored], ods: &str) -> Vec<Checked> {
        let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let share = items.len().div_ceil(cores).max(1);
        thread::scope(|scope| {
            let running: Vec<_> = items
                .chunks(share)
                .map(|chunk| {
                    scope.spawn(move || {
                        chunk
                            .iter()
                            .map(|one| self.one(one, ods))
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            running
                .into_iter()
                .flat_map(|task| match task.join() {
                    Ok(checked) => checked,
                    Err(fault) => std::panic::resume_unwind(fault),
                })
                .collect()
        })
    }

    fn one(&self, stored: &Stored, ods: &str) -> Checked {
        let (issues, reindex) = match json::parse(&stored.body) {
            Ok(resource) => {
                let index = search::index(&self.indexer, &as_written(&resource));
                let reindex = Reindex {
                    rtype: stored.rtype.clone(),
                    id: stored.id.clone(),
                    version: stored.version,
                    index,
                };
                (self.validator.validate(&resource, &[]), Some(reindex))
            }
            Err(error) => {
                let issue = Issue::error(
                    submission::codes::STORED_UNREADABLE,
                    IssueType::Structure,
                    format!("what is stored is not JSON that FHIR allows: {error}"),
                )
                .help("restore it from a backup, or have its source sent again");
                (vec![issue], None)
            }
        };
        let errors: Vec<&Issue> = diagnostics::errors(&issues).collect();
        let broken = (!errors.is_empty()).then(|| {
            let mut rules: Vec<String> = errors.iter().map(|issue| rule(issue)).collect();
            rules.sort();
            rules.dedup();
            (rules, line(stored, ods, &errors))
        });
        Checked { reindex, broken }
    }
}

/// The resource without what the store adds to it: its index rows are made from what was handed in.
fn as_written(resource: &json::Value) -> json::Value {
    let mut resource = resource.clone();
    let meta = resource
        .get_mut("meta")
        .and_then(json::Value::as_object_mut);
    let is_empty = meta.is_some_and(|meta| {
        meta.remove("versionId");
        meta.remove("lastUpdated");
        meta.is_empty()
    });
    if is_empty && let Some(resource) = resource.as_object_mut() {
        resource.remove("meta");
    }
    resource
}

/// A rule as it is counted: the code, and the element wherever in a list it stands.
fn rule(issue: &Issue) -> String {
    let Some(element) = &issue.element else {
        return issue.code.to_string();
    };
    let mut path = String::with_capacity(element.len());
    let mut inside = false;
    for letter in element.chars() {
        match letter {
            '[' => inside = true,
            ']' => inside = false,
            other if !inside => path.push(other),
            _ => {}
        }
    }
    format!("{} {path}", issue.code)
}

/// A finding as a line of JSON. Issues hold no personal data, and values are left out of them.
fn line(stored: &Stored, ods: &str, errors: &[&Issue]) -> String {
    let status = match stored.status {
        Status::Active => "active",
        Status::Retired => "retired",
        Status::EnteredInError => "entered-in-error",
        Status::Deleted => "deleted",
    };
    let issues: Vec<_> = errors
        .iter()
        .map(|issue| {
            json!({
                "severity": Severity::Error,
                "code": issue.code,
                "expression": issue.element,
                "message": issue.message,
            })
        })
        .collect();
    json!({
        "organisation": ods,
        "resourceType": stored.rtype,
        "id": stored.id,
        "version": stored.version,
        "status": status,
        "issues": issues,
    })
    .to_string()
}

/// Prints every finding, and what there is of each rule.
fn tell(format: Format, findings: &Findings, knowledge: &Knowledge) -> Result<(), Failure> {
    let counts = findings.counts();
    findings.each(|line| match format {
        Format::Json => output::print(&format!("{line}\n")),
        Format::Text => output::print(&text_of(line)?),
    })?;
    match format {
        Format::Json => output::print_json(&json!({
            "summary": {
                "checked": counts.checked,
                "conform": counts.checked - counts.broken,
                "doNotConform": counts.broken,
                "reindexed": counts.reindexed,
                "rules": counts.rules,
                "packages": knowledge.packages.iter().map(|one| one.id().to_string()).collect::<Vec<_>>(),
            }
        }))?,
        Format::Text => {
            let mut text = String::new();
            let mut rules: Vec<(&String, &u64)> = counts.rules.iter().collect();
            rules.sort_by(|one, other| other.1.cmp(one.1).then_with(|| one.0.cmp(other.0)));
            for (rule, count) in rules {
                text.push_str(&format!("{count:>8}  {rule}\n"));
            }
            text.push_str(&format!(
                "{} resources: {} conform, {} do not; the search index of {} was made anew\n",
                counts.checked,
                counts.checked - counts.broken,
                counts.broken,
                counts.reindexed
            ));
            output::print(&text)?;
        }
    }
    Ok(())
}

fn text_of(line: &str) -> Result<String, Failure> {
    let finding: serde_json::Value = serde_json::from_str(line).map_err(Failure::failed)?;
    let text = |name: &str| {
        finding
            .get(name)
            .and_then(serde_json::Value::as_str)
            .unwrap_or("")
    };
    let mut codes: BTreeMap<&str, u64> = BTreeMap::new();
    for issue in finding
        .get("issues")
        .and_then(|all| all.as_array())
        .into_iter()
        .flatten()
    {
        let code = issue.get("code").and_then(serde_json::Value::as_str);
        *codes.entry(code.unwrap_or_default()).or_default() += 1;
    }
    let codes: Vec<String> = codes
        .iter()
        .map(|(code, count)| match count {
            1 => (*code).to_owned(),
            more => format!("{code} ({more} times)"),
        })
        .collect();
    Ok(format!(
        "{}: {}/{} does not conform: {}\n",
        text("organisation"),
        text("resourceType"),
        text("id"),
        codes.join(", ")
    ))
}
