//! What comes by MESH.

use mesh::{Arrival, Content, NotReceived, Notice, Received, Receiver, Report};
use submission::{ArrivalInfo, NotTaken};

use crate::incoming::{Incoming, is_gzip, unpacked_name};
use crate::reply_to::ReplyTo;

/// Hands a mailbox's messages to the intake.
#[derive(Clone)]
pub(crate) struct FromMesh(pub Incoming);

impl Receiver for FromMesh {
    async fn receive(
        &self,
        arrival: &Arrival,
        content: &mut Content,
    ) -> Result<Received, NotReceived> {
        let tenant = self
            .0
            .tenant(&arrival.organisation)
            .map_err(NotReceived::Failed)?;
        let mut first = Vec::new();
        while is_gzip(&first).is_none() {
            match content.next().await? {
                Some(bytes) => first.extend(bytes),
                None => break,
            }
        }
        let gzip = is_gzip(&first).unwrap_or(false);
        let name = arrival
            .file_name
            .clone()
            .unwrap_or_else(|| format!("{}.dat", arrival.message));
        let mut info = ArrivalInfo::new(
            tenant,
            arrival.source.clone(),
            unpacked_name(&name, gzip),
            "mesh",
            arrival.client(),
        );
        info.gzip = gzip;
        info.reply_to = arrival.reply_workflow.as_ref().map(|workflow| {
            ReplyTo::Mesh {
                mailbox: arrival.mailbox.clone(),
                to: arrival.from.clone(),
                workflow: workflow.clone(),
            }
            .to_string()
        });
        let mut receiving = self.0.intake.begin(info).await.map_err(not_received)?;
        let mut next = Some(first);
        while let Some(bytes) = next {
            if let Err(why) = receiving.push(&bytes).await {
                receiving.abandon().await;
                return Err(not_received(why));
            }
            next = match content.next().await {
                Ok(next) => next,
                Err(why) => {
                    receiving.abandon().await;
                    return Err(why.into());
                }
            };
        }
        let Some(sha256) = content.sha256() else {
            receiving.abandon().await;
            return Err(NotReceived::Incomplete(mesh::Incomplete::Ended));
        };
        receiving.set_key(arrival.key(sha256));
        let taken = receiving.finish().await.map_err(not_received)?;
        if taken.again {
            return Ok(Received::Again);
        }
        tracing::info!(
            message = %arrival.message,
            submission = taken.submission,
            "a MESH message became a submission"
        );
        self.0.wake();
        Ok(Received::New)
    }

    async fn report(&self, report: &Report) -> Result<(), NotReceived> {
        if report.is_success {
            tracing::info!("{report}");
        } else {
            metrics::counter!("causeway_mesh_undelivered_total").increment(1);
            tracing::warn!(
                message = %report.message,
                about = report.about.as_ref().map(mesh::MessageId::as_str),
                "{report}"
            );
        }
        Ok(())
    }

    fn tell(&self, notice: &Notice) {
        metrics::counter!("causeway_mesh_messages_total", "outcome" => notice.kind()).increment(1);
        notice.log();
    }
}

fn not_received(why: NotTaken) -> NotReceived {
    match why {
        NotTaken::Busy { retry_after } => NotReceived::Busy {
            wait: Some(retry_after),
        },
        why => NotReceived::Failed(why.to_string()),
    }
}
