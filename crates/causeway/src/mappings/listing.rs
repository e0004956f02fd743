//! What is active, what is installed, and what happened.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use store::{ActiveMapping, InstalledMapping, MappingReview, MappingStep};

use super::arguments::List;
use super::steps::Opened;
use crate::cli::Format;
use crate::exit::{Exit, Failure};
use crate::output;

/// `causeway mappings list`.
pub fn list(arguments: &List) -> Result<Exit, Failure> {
    let opened = Opened::at(&arguments.place)?;
    let wanted = arguments
        .organisation
        .as_deref()
        .map(|organisation| opened.config.tenant(organisation))
        .transpose()?;
    let (active, installed) = opened
        .runtime
        .block_on(async {
            let active = opened.store.active(wanted.as_ref()).await?;
            Ok::<_, store::Error>((active, opened.store.installed().await?))
        })
        .map_err(Failure::failed)?;
    let reviews = |active: &ActiveMapping| -> Vec<MappingReview> {
        installed
            .iter()
            .find(|one| one.stamp.hash == active.stamp.hash)
            .map(|one| one.reviews.clone())
            .unwrap_or_default()
    };
    let ods = |active: &ActiveMapping| opened.config.organisation(&active.tenant).to_owned();
    match arguments.place.format {
        Format::Json => {
            let active: Vec<Value> = active
                .iter()
                .map(|one| {
                    json!({
                        "organisation": ods(one),
                        "tenant": one.tenant.as_str(),
                        "source": one.source,
                        "name": one.stamp.name,
                        "version": one.stamp.version,
                        "hash": one.stamp.hash,
                        "since": one.since.to_string(),
                        "by": one.by,
                        "reviewed": !reviews(one).is_empty(),
                        "reviews": reviews(one).iter().map(review_json).collect::<Vec<_>>(),
                    })
                })
                .collect();
            let installed: Vec<Value> = installed.iter().map(installed_json).collect();
            output::print_json(&json!({
                "mode": mode(&opened),
                "active": active,
                "installed": installed,
            }))?;
        }
        Format::Text => {
            let mut text = String::new();
            if active.is_empty() {
                text.push_str("nothing is active\n");
            }
            let mut last = String::new();
            for one in &active {
                let organisation = ods(one);
                if organisation != last {
                    text.push_str(&format!("{organisation}\n"));
                    last = organisation;
                }
                let source = match &one.source {
                    Some(source) => format!(" for source {source}"),
                    None => String::new(),
                };
                text.push_str(&format!(
                    "  {}@{}{source}: active since {} by {}; {}\n",
                    one.stamp.name,
                    one.stamp.version,
                    moment(one.since),
                    one.by,
                    reviewed(&reviews(one))
                ));
            }
            if !installed.is_empty() {
                text.push_str("installed\n");
            }
            for one in &installed {
                text.push_str(&format!(
                    "  {}@{}: {} by {}; {}; content {}\n",
                    one.stamp.name,
                    one.stamp.version,
                    moment(one.installed),
                    one.by,
                    reviewed(&one.reviews),
                    one.stamp.hash
                ));
            }
            output::print(&text)?;
        }
    }
    Ok(Exit::Fine)
}

/// `causeway mappings history`.
pub fn history(arguments: &List) -> Result<Exit, Failure> {
    let opened = Opened::at(&arguments.place)?;
    let wanted = arguments
        .organisation
        .as_deref()
        .map(|organisation| opened.config.tenant(organisation))
        .transpose()?;
    let events = opened
        .runtime
        .block_on(opened.store.events())
        .map_err(Failure::failed)?;
    for event in events
        .iter()
        .filter(|event| wanted.is_none() || event.tenant.is_none() || event.tenant == wanted)
    {
        let organisation = event
            .tenant
            .as_ref()
            .map(|tenant| opened.config.organisation(tenant));
        match arguments.place.format {
            Format::Json => output::print_json(&json!({
                "number": event.number,
                "at": event.at.to_string(),
                "by": event.by,
                "step": event.step.as_str(),
                "name": event.stamp.name,
                "version": event.stamp.version,
                "hash": event.stamp.hash,
                "organisation": organisation,
                "source": event.source,
            }))?,
            Format::Text => {
                let what = match event.step {
                    MappingStep::Installed => "installed",
                    MappingStep::Reviewed => "given a review",
                    MappingStep::Activated => "activated",
                    MappingStep::RolledBack => "went back to",
                };
                let whose = match (organisation, &event.source) {
                    (None, _) => String::new(),
                    (Some(ods), None) => format!(" for {ods}"),
                    (Some(ods), Some(source)) => format!(" for {ods}, source {source}"),
                };
                output::print(&format!(
                    "{}  {what} {}@{}{whose}, by {}\n",
                    moment(event.at),
                    event.stamp.name,
                    event.stamp.version,
                    event.by
                ))?;
            }
        }
    }
    Ok(Exit::Fine)
}

fn mode(opened: &Opened) -> &'static str {
    match opened.config.server.mode {
        crate::config::Mode::Production => "production",
        crate::config::Mode::Test => "test",
    }
}

fn installed_json(one: &InstalledMapping) -> Value {
    json!({
        "name": one.stamp.name,
        "version": one.stamp.version,
        "hash": one.stamp.hash,
        "resourceTypes": one.types,
        "installed": one.installed.to_string(),
        "by": one.by,
        "reviewed": !one.reviews.is_empty(),
        "reviews": one.reviews.iter().map(review_json).collect::<Vec<_>>(),
    })
}

fn review_json(review: &MappingReview) -> Value {
    json!({
        "reviewer": review.reviewer,
        "role": review.role,
        "registration": review.registration,
        "date": review.date,
        "note": review.note,
    })
}

fn reviewed(reviews: &[MappingReview]) -> String {
    match reviews.last() {
        None => "not clinically reviewed".to_owned(),
        Some(review) => format!(
            "reviewed {} by {} ({})",
            review.date, review.reviewer, review.role
        ),
    }
}

/// A moment as people in England read it.
fn moment(at: Timestamp) -> String {
    let zone = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
    at.to_zoned(zone).strftime("%Y-%m-%d %H:%M").to_string()
}
