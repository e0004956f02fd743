//! What lies in the mailbox.

use std::collections::HashSet;

use reqwest::{Method, Url};
use serde::Deserialize;

use crate::exchange::{Ask, Exchange, Repeat};
use crate::fault::Fault;
use crate::name::MessageId;

/// The most messages that one round looks at: what is beyond is there in the next round.
const MOST_LISTED: usize = 100_000;

#[derive(Deserialize)]
struct Page {
    messages: Vec<String>,
    #[serde(default)]
    links: Links,
}

#[derive(Default, Deserialize)]
struct Links {
    #[serde(default)]
    next: Option<String>,
}

/// The messages that nobody has acknowledged, as the service lists them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inbox {
    /// Their ids, each once, in the service's order.
    pub messages: Vec<MessageId>,
    /// How many entries are no ids.
    pub not_ids: usize,
    /// Why the list ends early; what was listed before can be used all the same.
    pub cut_short: Option<Fault>,
}

impl Exchange {
    /// Follows the pages of the inbox to their end. All ids are taken before any message is
    /// acknowledged: acknowledging changes what a page begins with.
    pub(crate) async fn inbox(&self) -> Result<Inbox, Fault> {
        let first = {
            let mut url = self.address(["inbox"]);
            url.query_pairs_mut()
                .append_pair("max_results", &self.options.page.to_string());
            url
        };
        let mut inbox = Inbox::default();
        let mut seen = HashSet::new();
        let mut followed = HashSet::from([first.clone()]);
        let mut next = Some(first);
        while let Some(url) = next {
            let page: Page = match self.json(&Ask::new(Method::GET, url), Repeat::Safe).await {
                Ok(page) => page,
                Err(fault) if inbox.messages.is_empty() => return Err(fault),
                Err(fault) => {
                    inbox.cut_short = Some(fault);
                    break;
                }
            };
            for id in page.messages {
                match MessageId::new(&id) {
                    Ok(id) if seen.insert(id.clone()) => inbox.messages.push(id),
                    Ok(_) => {}
                    Err(_) => inbox.not_ids += 1,
                }
            }
            if inbox.messages.len() >= MOST_LISTED {
                break;
            }
            next = match page.links.next.map(|link| self.following(&link)) {
                None => None,
                Some(Ok(url)) if followed.insert(url.clone()) => Some(url),
                Some(Ok(_)) => {
                    inbox.cut_short = Some(Fault::Unreadable("leads round in a circle"));
                    None
                }
                Some(Err(fault)) => {
                    inbox.cut_short = Some(fault);
                    None
                }
            };
        }
        Ok(inbox)
    }

    /// The address of a further page: only ever this mailbox's inbox at this service, because the
    /// request is signed.
    fn following(&self, link: &str) -> Result<Url, Fault> {
        let inbox = self.address(["inbox"]);
        let url = inbox
            .join(link)
            .map_err(|_| Fault::Unreadable("has a next page that is no address"))?;
        let is_ours = url.origin() == inbox.origin()
            && url.path().eq_ignore_ascii_case(inbox.path())
            && url.username().is_empty()
            && url.password().is_none();
        if is_ours {
            Ok(url)
        } else {
            Err(Fault::Unreadable(
                "leads to another place for the next page",
            ))
        }
    }
}
