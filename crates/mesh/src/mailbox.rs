//! Watching a mailbox: look, receive, acknowledge.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use crate::client::Client;
use crate::content::{Content, Incomplete};
use crate::download::Download;
use crate::fault::Fault;
use crate::head::{Head, Kind};
use crate::name::MessageId;
use crate::notice::Notice;
use crate::receive::{Arrival, NotReceived, Received, Receiver};
use crate::report::Report;

/// How often the service wants to hear of a mailbox.
const HANDSHAKE_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// The longest that a message which could not be received is left alone.
const LONGEST_SETBACK: Duration = Duration::from_secs(60 * 60);
/// After how many failures of the service in a row a round ends.
const MOST_FAILURES: u32 = 3;
/// How many pieces of a message wait for its reader.
const WAITING: usize = 2;

/// A mailbox that is watched. One task watches it; several processes may watch the same mailbox,
/// because receiving a message twice does no harm.
#[derive(Debug)]
pub struct Mailbox<R> {
    client: Client,
    receiver: R,
    /// Messages that are kept and whose acknowledgement did not get through.
    kept: HashSet<MessageId>,
    setbacks: HashMap<MessageId, Setback>,
    checked_in: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Setback {
    times: u32,
    until: Instant,
}

/// What a round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Messages that the inbox listed.
    pub listed: usize,
    /// Messages that are kept now.
    pub received: usize,
    /// Messages that had been kept before.
    pub again: usize,
    /// Reports that were taken note of.
    pub reports: usize,
    /// Messages that stay in the mailbox.
    pub left: usize,
}

/// What became of one message.
enum Outcome {
    Received(Received),
    Reported,
    Left(Notice),
    /// Kept, and the service does not know.
    NotTold(Received, Fault),
}

impl<R: Receiver> Mailbox<R> {
    /// A mailbox whose messages go to a receiver.
    pub fn new(client: Client, receiver: R) -> Self {
        Self {
            client,
            receiver,
            kept: HashSet::new(),
            setbacks: HashMap::new(),
            checked_in: None,
        }
    }

    /// The client, for what is sent.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The receiver.
    pub fn receiver(&self) -> &R {
        &self.receiver
    }

    /// Watches until told to stop. A message that is coming in then is dropped: it was not
    /// acknowledged, so it comes again.
    pub async fn run(&mut self, mut stop: watch::Receiver<bool>) {
        let pause = self.client.exchange.options.poll;
        loop {
            tokio::select! {
                biased;
                () = stopped(&mut stop) => return,
                _ = self.round() => {}
            }
            tokio::select! {
                biased;
                () = stopped(&mut stop) => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Looks at the mailbox once: checks it in where that is due, and takes every message that can be
    /// taken. What goes wrong is told as a [`Notice`].
    pub async fn round(&mut self) -> Round {
        let mut round = Round::default();
        if self.is_check_in_due() {
            match self.client.handshake().await {
                Ok(()) => self.checked_in = Some(Instant::now()),
                Err(why) => {
                    self.receiver.tell(&Notice::Handshake { why });
                    return round;
                }
            }
        }
        let inbox = match self.client.inbox().await {
            Ok(inbox) => inbox,
            Err(why) => {
                self.receiver.tell(&Notice::NotListed { why });
                return round;
            }
        };
        for _ in 0..inbox.not_ids {
            self.receiver.tell(&Notice::NotAnId);
        }
        let cut_short = inbox.cut_short;
        if cut_short.is_none() {
            // Only a list that is whole tells what is gone.
            let listed: HashSet<&MessageId> = inbox.messages.iter().collect();
            self.kept.retain(|id| listed.contains(id));
            self.setbacks.retain(|id, _| listed.contains(id));
        }
        if let Some(why) = cut_short {
            self.receiver.tell(&Notice::NotListed { why });
        }
        round.listed = inbox.messages.len();
        let mut failures = 0;
        for id in inbox.messages {
            let now = Instant::now();
            if self.setbacks.get(&id).is_some_and(|back| back.until > now) {
                round.left += 1;
                continue;
            }
            let fault = self.message(&id, &mut round).await;
            failures = if fault.is_some() { failures + 1 } else { 0 };
            if let Some(why) = fault.filter(|_| failures >= MOST_FAILURES) {
                self.receiver.tell(&Notice::GaveUp { why });
                break;
            }
        }
        round
    }

    fn is_check_in_due(&self) -> bool {
        self.checked_in
            .is_none_or(|at| at.elapsed() >= HANDSHAKE_EVERY)
    }

    /// Deals with one message; a fault that is the service's and not the message's.
    async fn message(&mut self, id: &MessageId, round: &mut Round) -> Option<Fault> {
        let outcome = if self.kept.contains(id) {
            match self.client.acknowledge(id).await {
                Ok(()) => Outcome::Received(Received::Again),
                Err(why) => Outcome::NotTold(Received::Again, why),
            }
        } else {
            self.take(id).await
        };
        let message = id.clone();
        let (notice, fault) = match outcome {
            Outcome::Received(received) => {
                self.kept.remove(id);
                self.setbacks.remove(id);
                let is_again = received == Received::Again;
                if is_again {
                    round.again += 1;
                } else {
                    round.received += 1;
                }
                (Notice::Received { message, is_again }, None)
            }
            Outcome::Reported => {
                self.setbacks.remove(id);
                round.reports += 1;
                (Notice::Reported { message }, None)
            }
            Outcome::NotTold(received, why) => {
                if received == Received::New {
                    round.received += 1;
                }
                round.left += 1;
                self.kept.insert(message.clone());
                let fault = Some(why.clone()).filter(Fault::is_of_service);
                (Notice::NotAcknowledged { message, why }, fault)
            }
            Outcome::Left(notice) => {
                round.left += 1;
                let fault = notice
                    .fault()
                    .filter(|fault| fault.is_of_service())
                    .cloned();
                self.set_back(message, &notice);
                (notice, fault)
            }
        };
        self.receiver.tell(&notice);
        fault
    }

    /// Leaves a message alone for a while, longer each time, so that one that can never be received
    /// is not fetched every few minutes.
    fn set_back(&mut self, message: MessageId, notice: &Notice) {
        let asked = match notice {
            Notice::NotReceived {
                why: NotReceived::Busy { wait },
                ..
            } => *wait,
            _ => None,
        };
        let poll = self.client.exchange.options.poll;
        let times = self.setbacks.get(&message).map_or(0, |back| back.times);
        let doubled = poll.saturating_mul(1 << times.min(10)).min(LONGEST_SETBACK);
        // The first try after a failure is in the next round: most failures pass.
        let wait = match (asked, times) {
            (Some(wait), _) => wait.min(LONGEST_SETBACK),
            (None, 0) => Duration::ZERO,
            (None, _) => doubled,
        };
        let back = Setback {
            times: times.saturating_add(1),
            until: Instant::now() + wait,
        };
        self.setbacks.insert(message, back);
    }

    async fn take(&self, id: &MessageId) -> Outcome {
        let message = id.clone();
        let exchange = &self.client.exchange;
        let (head, first) = match exchange.open(id).await {
            Ok(opened) => opened,
            Err(fault) => {
                let why = fault.into();
                return Outcome::Left(Notice::Incomplete { message, why });
            }
        };
        if head.kind == Kind::Report {
            let report = Report::read(id, first.headers());
            drop(first);
            if let Err(why) = self.receiver.report(&report).await {
                return Outcome::Left(Notice::NotReceived { message, why });
            }
            return match exchange.acknowledge(id).await {
                Ok(()) => Outcome::Reported,
                // It is told again: that does no harm.
                Err(why) => Outcome::Left(Notice::NotAcknowledged { message, why }),
            };
        }
        let Some(arrival) = self.arrival(&head) else {
            return Outcome::Left(Notice::NoRoute {
                message,
                from: head.from,
                workflow: head.workflow,
            });
        };
        let (to, pieces) = mpsc::channel(WAITING);
        let mut content = Content::new(pieces);
        let download = Download::new(exchange, &head, to);
        let receive = async {
            let received = self.receiver.receive(&arrival, &mut content).await;
            drop(content);
            received
        };
        let (passed, received) = tokio::join!(download.pass(first), receive);
        match (passed, received) {
            // Whatever the receiver says: what is not whole is not acknowledged.
            (Ok(Err(why)), _) => Outcome::Left(Notice::Incomplete { message, why }),
            (Ok(Ok(())), Ok(received)) => match exchange.acknowledge(id).await {
                Ok(()) => Outcome::Received(received),
                Err(why) => Outcome::NotTold(received, why),
            },
            (_, Err(NotReceived::Incomplete(why))) => {
                Outcome::Left(Notice::Incomplete { message, why })
            }
            (_, Err(why)) => Outcome::Left(Notice::NotReceived { message, why }),
            (Err(_), Ok(_)) => Outcome::Left(Notice::NotReceived {
                message,
                why: NotReceived::Failed("it was not read to its end".to_owned()),
            }),
        }
    }

    fn arrival(&self, head: &Head) -> Option<Arrival> {
        let from = head.from.as_ref()?;
        let route = self
            .client
            .exchange
            .options
            .routes
            .of(&head.workflow, from)?;
        Some(Arrival {
            message: head.id.clone(),
            mailbox: self.client.mailbox().clone(),
            from: from.clone(),
            workflow: head.workflow.clone(),
            local_id: head.local_id.clone(),
            file_name: head.file_name.clone(),
            content_type: head.content_type.clone(),
            organisation: route.organisation.clone(),
            source: route.source.clone(),
            reply_workflow: route.reply_workflow.clone(),
        })
    }
}

impl Notice {
    /// The fault that it tells of.
    fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Incomplete {
                why: Incomplete::Fault(fault),
                ..
            }
            | Self::NotAcknowledged { why: fault, .. } => Some(fault),
            _ => None,
        }
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Whoever could have said it is gone: that is the end, too.
    let _ = stop.wait_for(|stop| *stop).await;
}
