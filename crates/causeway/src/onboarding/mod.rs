//! `causeway tenant`, `causeway client` and `causeway agreement`: who is known, as data.

mod arguments;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use directory::{Agreement, Client, Entry, Kind, Known, Organisation};
use jiff::Timestamp;
use jiff::civil::Date;

use self::arguments::{AddAgreement, AddTenant, AgreementAction, ClientAction, TenantAction};
pub use self::arguments::{Agreements, Clients, Tenants};
use crate::cli::Format;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::{known, output, stores};

/// Runs `causeway tenant`.
pub fn tenants(arguments: &Tenants) -> Result<Exit, Failure> {
    match &arguments.action {
        TenantAction::Add(add) => {
            let entry = Entry::Tenant(organisation(add)?);
            put(&add.common.config, entry, &add.by.by)
        }
        TenantAction::List(list) => show(&list.common.config, list.format, Kind::Tenant),
        TenantAction::End(end) => over(&end.common.config, Kind::Tenant, &end.key, &end.by.by),
    }
}

/// Runs `causeway client`.
pub fn clients(arguments: &Clients) -> Result<Exit, Failure> {
    match &arguments.action {
        ClientAction::Add(add) => {
            let entry = Entry::Client(Client {
                id: add.id.clone(),
                organisation: add.organisation.clone(),
                tenant: add.tenant.clone(),
            });
            put(&add.common.config, entry, &add.by.by)
        }
        ClientAction::List(list) => show(&list.common.config, list.format, Kind::Client),
        ClientAction::End(end) => over(&end.common.config, Kind::Client, &end.key, &end.by.by),
    }
}

/// Runs `causeway agreement`.
pub fn agreements(arguments: &Agreements) -> Result<Exit, Failure> {
    match &arguments.action {
        AgreementAction::Add(add) => {
            let entry = Entry::Agreement(agreement(add)?);
            put(&add.common.config, entry, &add.by.by)
        }
        AgreementAction::List(list) => show(&list.common.config, list.format, Kind::Agreement),
        AgreementAction::End(end) => {
            over(&end.common.config, Kind::Agreement, &end.key, &end.by.by)
        }
    }
}

fn organisation(add: &AddTenant) -> Result<Organisation, Failure> {
    let mut identifiers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for text in &add.identifiers {
        let (kind, code) = text.split_once('=').ok_or_else(|| {
            Failure::usage("an identifier is written KIND=CODE, as in cqc-location=1-1234567890")
        })?;
        identifiers
            .entry(kind.trim().to_owned())
            .or_default()
            .insert(code.trim().to_owned());
    }
    Ok(Organisation {
        tenant: add.tenant.clone(),
        ods: add.ods.clone(),
        name: add.name.clone(),
        phone: add.phone.clone(),
        identifiers,
    })
}

fn agreement(add: &AddAgreement) -> Result<Agreement, Failure> {
    let day = |text: &str| -> Result<Date, Failure> {
        text.parse()
            .map_err(|_| Failure::usage("a day is written as 2026-04-01"))
    };
    Ok(Agreement {
        consumer: add.consumer.clone(),
        provider: add.provider.clone(),
        types: (!add.types.is_empty()).then(|| add.types.iter().cloned().collect()),
        from: day(&add.from)?,
        until: add.until.as_deref().map(day).transpose()?,
    })
}

fn put(config: &Path, entry: Entry, by: &str) -> Result<Exit, Failure> {
    let (kind, key) = (entry.kind(), entry.key());
    let config = Config::read(config)?;
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::failed)?;
    runtime.block_on(async {
        let store = stores::open(&config.store).await?;
        directory::put(
            store.as_ref(),
            known::of_file(&config),
            entry,
            by,
            Timestamp::now(),
        )
        .await
        .map_err(refused)
    })?;
    output::print(&format!("{kind} {key} is recorded.\n"))?;
    Ok(Exit::Fine)
}

fn over(config: &Path, kind: Kind, key: &str, by: &str) -> Result<Exit, Failure> {
    let config = Config::read(config)?;
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::failed)?;
    runtime.block_on(async {
        let store = stores::open_existing(&config.store).await?;
        directory::end(
            store.as_ref(),
            known::of_file(&config),
            kind,
            key,
            by,
            Timestamp::now(),
        )
        .await
        .map_err(refused)
    })?;
    output::print(&format!("{kind} {key} has ended.\n"))?;
    Ok(Exit::Fine)
}

fn refused(error: directory::RecordError) -> Failure {
    match error {
        directory::RecordError::Store(error) => Failure::failed(error),
        error => Failure::usage(error),
    }
}

fn show(config: &Path, format: Format, kind: Kind) -> Result<Exit, Failure> {
    let config = Config::read(config)?;
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::failed)?;
    let known = runtime.block_on(async {
        let store = stores::open(&config.store).await?;
        directory::read(store.as_ref(), known::of_file(&config))
            .await
            .map_err(refused)
    })?;
    match (format, kind) {
        (Format::Json, Kind::Tenant) => {
            output::print_json(&known.organisations.values().collect::<Vec<_>>())
        }
        (Format::Json, Kind::Client) => {
            output::print_json(&known.clients.values().collect::<Vec<_>>())
        }
        (Format::Json, Kind::Agreement) => {
            output::print_json(&known.all_agreements().collect::<Vec<_>>())
        }
        (Format::Text, kind) => output::print(&lines(&known, kind)),
    }?;
    Ok(Exit::Fine)
}

fn lines(known: &Known, kind: Kind) -> String {
    let lines: Vec<String> = match kind {
        Kind::Tenant => known.organisations.values().map(of_tenant).collect(),
        Kind::Client => known.clients.values().map(of_client).collect(),
        Kind::Agreement => known.all_agreements().map(of_agreement).collect(),
    };
    if lines.is_empty() {
        return format!("There is no {kind}.\n");
    }
    lines.concat()
}

fn of_tenant(organisation: &Organisation) -> String {
    let mut line = format!(
        "{}: {} (ODS {}), {}",
        organisation.tenant,
        organisation.name,
        organisation.ods,
        match &organisation.phone {
            Some(phone) => format!("phone {phone}"),
            None => "no phone number".to_owned(),
        }
    );
    for (kind, codes) in &organisation.identifiers {
        let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
        line.push_str(&format!(", {kind} {}", codes.join(" and ")));
    }
    line.push('\n');
    line
}

fn of_client(client: &Client) -> String {
    match &client.tenant {
        Some(tenant) => format!(
            "{}: provider, tenant {tenant} (ODS {})\n",
            client.id, client.organisation
        ),
        None => format!("{}: consumer (ODS {})\n", client.id, client.organisation),
    }
}

fn of_agreement(agreement: &Agreement) -> String {
    let until = match agreement.until {
        Some(until) => format!("until {until}"),
        None => "without end".to_owned(),
    };
    let types = match &agreement.types {
        Some(types) => types.iter().cloned().collect::<Vec<_>>().join(", "),
        None => "all types".to_owned(),
    };
    format!(
        "{}: {} sees the people of {}, from {} {until}, {types}\n",
        agreement.key(),
        agreement.consumer,
        agreement.provider,
        agreement.from
    )
}
