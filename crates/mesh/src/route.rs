//! Whose file a message holds.

use std::collections::HashMap;

use diagnostics::Issue;
use serde::Deserialize;

use crate::name::MailboxId;
use crate::settings::wrong;

/// `[[mesh.routes]]`: what comes from this sender by this workflow is a file of this source of this
/// organisation. Nothing is guessed: what no route names stays in the mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Route {
    /// The workflow id, exactly as the sender gives it.
    pub workflow: String,
    /// The sender's mailbox.
    pub from: MailboxId,
    /// The ODS code of the organisation whose records these are.
    pub organisation: String,
    /// The source that the mapping is declared for.
    pub source: String,
    /// The workflow by which the report of a submission goes back to the sender; none is sent where
    /// it is left out.
    #[serde(default)]
    pub reply_workflow: Option<String>,
}

/// The routes of a mailbox, by workflow and sender.
#[derive(Debug, Clone, Default)]
pub(crate) struct Routes(HashMap<(String, MailboxId), Route>);

impl Routes {
    pub(crate) fn new(routes: &[Route]) -> Result<Self, Box<Issue>> {
        let mut all = HashMap::new();
        for route in routes {
            let names = [&route.workflow, &route.organisation, &route.source];
            if names.iter().any(|name| name.trim().is_empty()) {
                return Err(wrong(
                    "routes",
                    "a workflow, an organisation or a source is empty",
                    "give all three",
                ));
            }
            let key = (route.workflow.clone(), route.from.clone());
            if all.insert(key, route.clone()).is_some() {
                return Err(wrong(
                    "routes",
                    &format!(
                        "workflow {} from {} is there twice",
                        route.workflow, route.from
                    ),
                    "keep one of them: a message can only be one organisation's",
                ));
            }
        }
        Ok(Self(all))
    }

    pub(crate) fn of(&self, workflow: &str, from: &MailboxId) -> Option<&Route> {
        self.0.get(&(workflow.to_owned(), from.clone()))
    }
}
