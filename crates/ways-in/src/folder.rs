//! What comes by a watched folder.

use drop_folder::{Arrival, Content, NotReceived, Notice, Received, Receiver};
use submission::{ArrivalInfo, NotTaken, Refusal};
use tokio::io::AsyncReadExt as _;

use crate::incoming::{Incoming, is_gzip, unpacked_name};
use crate::reply_to::ReplyTo;

/// Hands a folder's files to the intake.
#[derive(Clone)]
pub(crate) struct FromFolder {
    pub incoming: Incoming,
    /// Which of the site's folders it is: its path.
    pub path: String,
}

impl Receiver for FromFolder {
    async fn receive(
        &self,
        arrival: &Arrival,
        content: &mut Content,
    ) -> Result<Received, NotReceived> {
        let tenant = self
            .incoming
            .tenant(&arrival.organisation)
            .map_err(NotReceived::Failed)?;
        let mut first = Vec::new();
        while is_gzip(&first).is_none() {
            let read = content.read_buf(&mut first).await;
            if read.map_err(|error| unreadable(&error))? == 0 {
                break;
            }
        }
        let gzip = is_gzip(&first).unwrap_or(false);
        let mut info = ArrivalInfo::new(
            tenant,
            arrival.source.clone(),
            unpacked_name(&arrival.name, gzip),
            "folder",
            arrival.client(),
        );
        info.gzip = gzip;
        info.key = Some(arrival.key());
        let reply_to = ReplyTo::Folder {
            path: self.path.clone(),
            folder: arrival.folder.clone(),
            name: arrival.name.clone(),
        };
        info.reply_to = Some(reply_to.to_string());
        let mut all = first.as_slice().chain(content);
        let taken = self.incoming.intake.take(info, &mut all).await;
        let taken = taken.map_err(not_received)?;
        if taken.again {
            return Ok(Received::Again);
        }
        tracing::info!(
            ticket = %arrival.ticket,
            submission = taken.submission,
            "a file became a submission"
        );
        self.incoming.wake();
        Ok(Received::New)
    }

    fn tell(&self, notice: &Notice) {
        metrics::counter!("causeway_folder_files_total", "outcome" => notice.kind()).increment(1);
        notice.log();
    }
}

/// Only the kind of an error is told: its words may hold the file's name.
fn unreadable(error: &std::io::Error) -> NotReceived {
    NotReceived::Failed(error.kind().to_string())
}

/// What is wrong with the file itself can only be mended by its sender; all else may pass, or is
/// mended here.
fn not_received(why: NotTaken) -> NotReceived {
    match why {
        NotTaken::Busy { retry_after } => NotReceived::Busy {
            wait: Some(retry_after),
        },
        NotTaken::Refused(Refusal::Empty | Refusal::TooLarge { .. } | Refusal::NotGzip) => {
            NotReceived::Refused(why.to_string())
        }
        NotTaken::KeyReused => NotReceived::Refused(
            "the file was changed after it had been received; send what is new as a file of its own"
                .to_owned(),
        ),
        NotTaken::Unreadable(error) => unreadable(&error),
        why => NotReceived::Failed(why.to_string()),
    }
}
