//! `causeway demo`: the whole road on fictional people, in one process, on loopback.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use api::Providers;
use demo_issuer::{DemoClient, Issuer};
use identity::{IdSpace, NHS_NUMBER_SYSTEM};
use jiff::Timestamp;
use mapping_registry::Gate;
use serde_json::{Value, json};
use store::{Query, Store, Tenant};
use submission::{Delivery, KnownCodes, Report};

use crate::cli::Demo;
use crate::config::{Organisation, Submissions};
use crate::exit::{Exit, Failure};
use crate::knowledge::Knowledge;
use crate::pulse::Pulse;
use crate::serve::install_tls;
use crate::service::{Service, listen, providers, serve, served_types};
use crate::works::{Crew, Plan, Works};
use crate::{locate, observe, output, stores};

/// Who sends what in the demo. All fictional.
const SENDERS: &[Sender] = &[
    Sender {
        mapping: "cld-r1",
        ods: "ZZ001",
        name: "Sampleshire Council",
        phone: "01632 960001",
        codes: &[("council", "999")],
    },
    Sender {
        mapping: "generic-carehome-xlsx",
        ods: "ZZ002",
        name: "Pretend Lodge",
        phone: "01632 960002",
        codes: &[("ods", "VZ999"), ("cqc-location", "1-999000001")],
    },
    Sender {
        mapping: "mods-json",
        ods: "ZZ003",
        name: "Pretend Day Support",
        phone: "01632 960003",
        codes: &[("ods", "VZ998")],
    },
];

/// Who sends files in the demo.
struct Sender {
    mapping: &'static str,
    ods: &'static str,
    name: &'static str,
    phone: &'static str,
    /// The codes that its sample names it by.
    codes: &'static [(&'static str, &'static str)],
}

impl Sender {
    fn tenant(&self) -> Tenant {
        Tenant::new(self.ods)
    }

    fn codes(&self) -> KnownCodes {
        let mut codes = KnownCodes::new();
        for (kind, code) in self.codes {
            codes
                .entry((*kind).to_owned())
                .or_default()
                .insert((*code).to_owned());
        }
        codes
    }
}

/// The surgery that asks.
const SURGERY: &str = "ZZ900";

/// The organisation whose files the demo's provider token sends.
const COUNCIL: &str = "ZZ001";

/// Where the demo is served unless another port is asked for.
const USUAL_PORT: u16 = 8080;

/// Marks a data folder as the demo's own.
const MARK: &str = "causeway-demo";

/// How long the demo's tokens last.
const TOKEN_LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);

/// Runs the command.
pub fn run(arguments: &Demo) -> Result<Exit, Failure> {
    observe::start("warn");
    install_tls();
    let (folder, _temporary) = data_folder(arguments.data.as_deref())?;
    let knowledge = Knowledge::embedded();
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::failed)?;
    runtime.block_on(demo(arguments, &folder, &knowledge))?;
    Ok(Exit::Fine)
}

async fn demo(arguments: &Demo, folder: &Path, knowledge: &Knowledge) -> Result<(), Failure> {
    output::print(
        "Causeway demo: every person here is fictional. The server listens on this machine only.\n\n",
    )?;
    let store = stores::open_folder(folder)?;
    let ids = IdSpace::with_secret(&demo_secret(folder)?);
    // Fictional people only, and every answer says so (CS-21).
    let settings = Submissions::default();
    let plan = Plan {
        gate: Gate::Open,
        ids,
        senders: SENDERS
            .iter()
            .map(|sender| (sender.tenant(), sender.codes()))
            .collect(),
        settings: &settings,
    };
    let works = Works::new(store.clone(), knowledge, plan)?;
    for sender in SENDERS {
        let mapping = locate::mapping(sender.mapping, knowledge)?;
        for (file, bytes) in locate::samples(mapping.name())? {
            let report = works
                .pipeline
                .submit(Delivery {
                    tenant: sender.tenant(),
                    source: mapping.name().to_owned(),
                    mapping: mapping.clone(),
                    input: source::Input::bytes(file, bytes),
                    as_of: None,
                    received: Timestamp::now(),
                })
                .await
                .map_err(Failure::failed)?;
            output::print(&tell(sender.name, &report))?;
        }
    }

    let port = arguments
        .port
        .unwrap_or(if arguments.once { 0 } else { USUAL_PORT });
    let listener = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .await
        .map_err(|failure| {
            Failure::failed(format!("{}; choose another with --port", failure.message))
        })?;
    let port = listener.local_addr().map_err(Failure::failed)?.port();
    let base = format!("http://127.0.0.1:{port}/fhir/R4");
    let issuer = Issuer::start(0, &base, clients())
        .await
        .map_err(|error| Failure::failed(format!("the demo's issuer cannot start: {error}")))?;
    let gp = issuer.mint("demo-gp", "system/*.rs", TOKEN_LIFETIME);
    let provider = issuer.mint("demo-provider", "system/*.cruds", TOKEN_LIFETIME);
    let crew = Crew::none();
    let health = Arc::new(api::Health::default());
    let mut service = service(&base, issuer.url(), store.clone(), knowledge)?;
    service.desk = Some(works.desk(&settings, &crew));
    service.api.health = Some(health.clone());
    let (router, _) = service.router(knowledge).await?;
    crew.start(&works, &settings);
    let tenants = SENDERS.iter().map(Sender::tenant).collect();
    tokio::spawn(Pulse::new(store.clone(), tenants, health).run());
    let nhs_number = shared_person(store.as_ref()).await?;
    let server = tokio::spawn(serve(listener, router, crew));

    if let Some(path) = &arguments.info {
        let info = json!({
            "base": base,
            "tokens": { "gp": gp, "provider": provider },
            "nhsNumber": nhs_number,
        });
        write_whole(path, &info).map_err(|error| {
            Failure::failed(format!("{} cannot be written: {error}", path.display()))
        })?;
    }
    if arguments.once {
        let text = fetch_summary(&base, &gp, &nhs_number).await?;
        output::print(&text)?;
        server.abort();
        return Ok(());
    }
    output::print(&format!(
        "\nServing {base} (stop with Ctrl-C)\n\n\
         A token for the surgery, good for twelve hours:\n\n  {gp}\n\n\
         Fetch one person's care summary, gathered from all three organisations:\n\n  \
         curl -s -H 'Authorization: Bearer {gp}' \\\n    \
         '{base}/Patient/$summary?identifier={NHS_NUMBER_SYSTEM}|{nhs_number}'\n"
    ))?;
    server.await.map_err(Failure::failed)?
}

fn tell(organisation: &str, report: &Report) -> String {
    format!("{organisation} sent {}\n", report.to_text())
}

fn clients() -> Vec<DemoClient> {
    ["demo-gp", "demo-provider"]
        .into_iter()
        .map(|id| DemoClient {
            id: id.to_owned(),
            secret: format!("{id}-secret"),
            scope: "system/*.rs".to_owned(),
        })
        .collect()
}

fn service(
    base: &str,
    issuer: &str,
    store: Arc<dyn Store>,
    knowledge: &Knowledge,
) -> Result<Service, Failure> {
    let mut auth = auth::Config::new(issuer, base);
    auth.clients = vec![
        auth::Client {
            id: "demo-gp".to_owned(),
            organisation: SURGERY.to_owned(),
            tenant: None,
        },
        auth::Client {
            id: "demo-provider".to_owned(),
            organisation: COUNCIL.to_owned(),
            tenant: Some(COUNCIL.to_owned()),
        },
    ];
    let tenants: Vec<_> = SENDERS
        .iter()
        .map(|sender| access::TenantConfig {
            name: sender.ods.to_owned(),
            organisation: sender.ods.to_owned(),
        })
        .collect();
    let agreements = SENDERS
        .iter()
        .map(|sender| access::Agreement {
            consumer: SURGERY.to_owned(),
            provider: sender.ods.to_owned(),
            types: None,
            from: jiff::civil::date(2026, 1, 1),
            until: None,
        })
        .collect();
    let organisations: Vec<_> = SENDERS
        .iter()
        .map(|sender| Organisation {
            ods: sender.ods.to_owned(),
            name: sender.name.to_owned(),
            phone: Some(sender.phone.to_owned()),
            identifiers: sender.codes(),
        })
        .collect();
    let mut api = api::Config::new(base);
    api.types = served_types(knowledge)?;
    api.providers = Providers::new(providers(&tenants, &organisations));
    api.summary.mode = summary::Mode::Demo;
    api.default_purpose = Some(access::Purpose::DirectCare);
    Ok(Service {
        store,
        auth,
        access: access::Access::new(access::Config {
            tenants,
            agreements,
        })
        .map_err(Failure::usage)?,
        desk: None,
        api,
    })
}

/// The NHS number of a person whom all three organisations know: found among what was stored.
async fn shared_person(store: &dyn Store) -> Result<String, Failure> {
    let mut common: Option<std::collections::BTreeSet<String>> = None;
    for sender in SENDERS {
        let tenant = sender.tenant();
        let sight = access::Access::pipeline(&tenant);
        let mut numbers = std::collections::BTreeSet::new();
        let mut query = Query::new("Patient");
        loop {
            let page = store
                .search(&sight, &query)
                .await
                .map_err(Failure::failed)?;
            for stored in &page.items {
                if let Ok(patient) = json::parse(&stored.body)
                    && let Some(number) = identity::PersonKey::of_patient(&patient).nhs_number
                {
                    numbers.insert(number.as_str().to_owned());
                }
            }
            match page.next {
                Some(next) => query.after = Some(next),
                None => break,
            }
        }
        common = Some(match common {
            None => numbers,
            Some(common) => common.intersection(&numbers).cloned().collect(),
        });
    }
    common
        .and_then(|common| common.into_iter().next())
        .ok_or_else(|| {
            Failure::failed("no person of the samples is known to all three organisations")
        })
}

async fn fetch_summary(base: &str, token: &str, nhs_number: &str) -> Result<String, Failure> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .map_err(Failure::failed)?;
    let answer = client
        .get(format!("{base}/Patient/$summary"))
        .query(&[("identifier", format!("{NHS_NUMBER_SYSTEM}|{nhs_number}"))])
        .header("Accept", "application/fhir+json")
        .bearer_auth(token)
        .send()
        .await
        .map_err(Failure::failed)?;
    let status = answer.status();
    let body = answer.bytes().await.map_err(Failure::failed)?;
    if !status.is_success() {
        return Err(Failure::failed(format!(
            "the summary was answered with {status}"
        )));
    }
    let bundle = json::parse(&body).map_err(Failure::failed)?;
    summary::render_text(&bundle)
        .map_err(|_| Failure::failed("the summary cannot be shown as text"))
}

/// The folder for the demo's data: a temporary one, or one that is empty or was a demo's before.
fn data_folder(asked: Option<&Path>) -> Result<(PathBuf, Option<tempfile::TempDir>), Failure> {
    let Some(folder) = asked else {
        let temporary = tempfile::tempdir().map_err(Failure::failed)?;
        return Ok((temporary.path().to_path_buf(), Some(temporary)));
    };
    let unusable = |error| Failure::usage(format!("{} cannot be used: {error}", folder.display()));
    if folder.exists() && !folder.join(MARK).exists() {
        let empty = std::fs::read_dir(folder)
            .map_err(unusable)?
            .next()
            .is_none();
        if !empty {
            return Err(Failure::usage(format!(
                "{} holds something that is not the demo's: name an empty folder",
                folder.display()
            )));
        }
    }
    std::fs::create_dir_all(folder).map_err(unusable)?;
    std::fs::write(
        folder.join(MARK),
        b"The data of a Causeway demo. Fictional people only.\n",
    )
    .map_err(unusable)?;
    Ok((folder.to_path_buf(), None))
}

/// The demo's id secret: made once for a folder, so that its ids stay when it is started again.
fn demo_secret(folder: &Path) -> Result<Vec<u8>, Failure> {
    let path = folder.join("id-secret");
    if let Ok(secret) = std::fs::read(&path)
        && secret.len() >= 32
    {
        return Ok(secret);
    }
    let mut secret = Vec::with_capacity(32);
    for _ in 0..2 {
        secret.extend_from_slice(uuid::Uuid::new_v4().as_bytes());
    }
    std::fs::write(&path, &secret).map_err(|error| {
        Failure::failed(format!("{} cannot be written: {error}", path.display()))
    })?;
    Ok(secret)
}

/// Writes a file that is there whole or not at all: who waits for it must not read half of it.
fn write_whole(path: &Path, value: &Value) -> std::io::Result<()> {
    let part = path.with_extension("part");
    std::fs::write(&part, format!("{value}\n"))?;
    std::fs::rename(&part, path)
}
