//! Watching what a site names, from start to stop.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use diagnostics::{Issue, IssueType};
use drop_folder::Folder;
use mesh::{Client, Mailbox};
use store::{Store, Tenant};
use submission::Intake;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::answering::Answering;
use crate::folder::FromFolder;
use crate::incoming::Incoming;
use crate::mailbox::FromMesh;
use crate::replies::Replies;

/// The tenant of an organisation, by its ODS code, as it is known at that moment.
pub type TenantOf = Arc<dyn Fn(&str) -> Option<Tenant> + Send + Sync>;

/// Told when a job was queued.
pub type Queued = Arc<dyn Fn() + Send + Sync>;

/// What a site names, and where it goes.
pub struct Ways {
    /// Mailboxes.
    pub mailboxes: Vec<mesh::Settings>,
    /// Watched folders.
    pub folders: Vec<drop_folder::Settings>,
    /// The one way in.
    pub intake: Intake,
    /// Whose files an organisation's are.
    pub tenant_of: TenantOf,
    /// Told when there is work.
    pub queued: Queued,
    /// Where it is seen what became of submissions.
    pub store: Arc<dyn Store>,
}

/// Checks mailboxes and folders as far as that can be done without asking or changing anything.
///
/// # Errors
/// An issue that names the setting.
pub fn check(
    mailboxes: &[mesh::Settings],
    folders: &[drop_folder::Settings],
) -> Result<(), Box<Issue>> {
    let mut seen = HashSet::new();
    for settings in mailboxes {
        settings.check()?;
        if !seen.insert(settings.mailbox.as_str().to_owned()) {
            return Err(twice(
                mesh::codes::SETTINGS,
                &format!("the MESH mailbox {}", settings.mailbox),
                "put all its routes under one [[mesh]]",
            ));
        }
    }
    let mut seen = HashSet::new();
    for settings in folders {
        settings.check()?;
        if !seen.insert(place(settings)) {
            return Err(twice(
                drop_folder::codes::SETTINGS,
                &format!("the watched folder {}", settings.path.display()),
                "put all its sources under one [[folder]]",
            ));
        }
    }
    Ok(())
}

fn twice(code: &'static str, what: &str, mend: &str) -> Box<Issue> {
    let message = format!("{what} is in the configuration twice");
    Box::new(Issue::error(code, IssueType::Conflict, message).help(mend))
}

/// A folder's path, the same from wherever the server is started.
fn place(settings: &drop_folder::Settings) -> String {
    std::path::absolute(&settings.path)
        .unwrap_or_else(|_| settings.path.clone())
        .display()
        .to_string()
}

/// Mailboxes and folders that are watched, until they are told to stop.
pub struct WaysIn {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    replies: Arc<Replies>,
}

impl WaysIn {
    /// Opens all of them, and begins to watch only when all could be opened: a mistyped setting must
    /// not leave one unwatched. To be called within a runtime.
    ///
    /// # Errors
    /// An issue that names the setting, secret or folder that cannot be used.
    pub fn start(ways: Ways) -> Result<Self, Box<Issue>> {
        check(&ways.mailboxes, &ways.folders)?;
        let routes = ways.mailboxes.iter().flat_map(|settings| &settings.routes);
        let answered = routes
            .filter(|route| route.reply_workflow.is_some())
            .map(|route| route.organisation.clone());
        let sources = ways.folders.iter().flat_map(|settings| &settings.sources);
        let organisations: BTreeSet<String> = answered
            .chain(sources.map(|source| source.organisation.clone()))
            .collect();
        let incoming = Incoming {
            intake: ways.intake,
            tenant_of: ways.tenant_of.clone(),
            queued: ways.queued,
        };
        let mut replies = Replies::default();
        let mut mailboxes = Vec::new();
        for settings in &ways.mailboxes {
            let client = Client::open(settings)?;
            mailboxes.push(Mailbox::new(client, FromMesh(incoming.clone())));
            let client = Client::open(settings)?;
            replies.mailboxes.insert(client.mailbox().clone(), client);
        }
        let mut folders = Vec::new();
        for settings in &ways.folders {
            let path = place(settings);
            let receiver = FromFolder {
                incoming: incoming.clone(),
                path: path.clone(),
            };
            let folder = Folder::open(settings, receiver)?;
            replies.trays.insert(path, folder.tray());
            folders.push(folder);
        }
        let (stop, stopped) = watch::channel(false);
        let mut tasks = Vec::new();
        for mut mailbox in mailboxes {
            let stopped = stopped.clone();
            tasks.push(tokio::spawn(async move { mailbox.run(stopped).await }));
        }
        for mut folder in folders {
            let stopped = stopped.clone();
            tasks.push(tokio::spawn(async move { folder.run(stopped).await }));
        }
        let replies = Arc::new(replies);
        if !organisations.is_empty() {
            let answering =
                Answering::new(ways.store, organisations, ways.tenant_of, replies.clone());
            tasks.push(tokio::spawn(answering.run(stopped)));
        }
        Ok(Self {
            stop,
            tasks,
            replies,
        })
    }

    /// By which reports go back.
    pub fn replies(&self) -> Arc<Replies> {
        self.replies.clone()
    }

    /// Stops watching. What is coming in at that moment is dropped; it was not acknowledged and comes
    /// again.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "watching a mailbox or a folder ended badly");
            }
        }
    }
}
