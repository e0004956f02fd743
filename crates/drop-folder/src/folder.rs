//! Watching a folder: look, pick up, receive, put away.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use diagnostics::{Issue, IssueType};
use tokio::sync::watch;
use tokio::task::spawn_blocking;

use crate::codes;
use crate::content::{Content, Stamp, is_plain_file};
use crate::disk::{Disk, Machine};
use crate::name::Ticket;
use crate::notice::{Notice, Reason};
use crate::pick_up::{Look, Seen, pick_up};
use crate::places::Places;
use crate::put_away;
use crate::receive::{Arrival, NotReceived, Received, Receiver};
use crate::settings::{Feed, Options, Settings};
use crate::tray::Tray;

/// The longest that a file which could not be received is left alone.
const LONGEST_SETBACK: Duration = Duration::from_secs(10 * 60);
/// The most files in `processing` that one look deals with.
const MOST_WAITING: usize = 10_000;

/// A folder that is watched. One task watches it.
pub struct Folder<R, D = Machine> {
    options: Options,
    receiver: R,
    disk: Arc<D>,
    states: Vec<State>,
    /// How many entries that are never taken were told of.
    told: HashMap<String, usize>,
}

/// What is remembered of a feed. All of it can be lost: a file in `processing` is offered again, and
/// its receiver knows it by its ticket.
#[derive(Default)]
struct State {
    seen: HashMap<OsString, Seen>,
    unsettled: HashMap<Ticket, Seen>,
    /// Files that are kept and could not be put away.
    kept: HashSet<Ticket>,
    setbacks: HashMap<Ticket, Setback>,
}

#[derive(Clone, Copy)]
struct Setback {
    times: u32,
    until: Instant,
}

/// What a look did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// Files that are kept now.
    pub received: usize,
    /// Files that had been kept before.
    pub again: usize,
    /// Files that were put into `failed`.
    pub failed: usize,
    /// Files that stay in `processing`.
    pub left: usize,
}

/// A file in `processing`.
struct Waiting {
    ticket: Ticket,
    own: String,
    /// Both, as the file is called.
    name: String,
}

impl<R: Receiver> Folder<R> {
    /// Checks the settings and makes the folders that are not there.
    ///
    /// # Errors
    /// An issue that names the setting or the folder, and what to do.
    pub fn open(settings: &Settings, receiver: R) -> Result<Self, Box<Issue>> {
        Self::on(settings, receiver, Machine)
    }
}

impl<R: Receiver, D: Disk> Folder<R, D> {
    /// The same on another disk.
    ///
    /// # Errors
    /// As [`Folder::open`].
    pub fn on(settings: &Settings, receiver: R, disk: D) -> Result<Self, Box<Issue>> {
        let options = settings.options()?;
        for feed in &options.feeds {
            Places::new(&options.path, &feed.folder)
                .prepare()
                .map_err(|error| unusable(&options.path, &error))?;
        }
        let states = options.feeds.iter().map(|_| State::default()).collect();
        Ok(Self {
            options,
            receiver,
            disk: Arc::new(disk),
            states,
            told: HashMap::new(),
        })
    }

    /// Where reports are put.
    pub fn tray(&self) -> Tray<D> {
        let folders = self.options.feeds.iter().map(|feed| feed.folder.clone());
        Tray::new(&self.options.path, folders.collect(), self.disk.clone())
    }

    /// The receiver.
    pub fn receiver(&self) -> &R {
        &self.receiver
    }

    /// Watches until told to stop. A file that is being received then stays in `processing`, and is
    /// offered again when watching begins anew.
    pub async fn run(&mut self, mut stop: watch::Receiver<bool>) {
        let pause = self.options.poll;
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

    /// Looks at every feed once. What goes wrong is told as a [`Notice`], and stops no other file.
    pub async fn round(&mut self) -> Round {
        let mut round = Round::default();
        let feeds = self.options.feeds.clone();
        let mut states = std::mem::take(&mut self.states);
        for (feed, state) in feeds.iter().zip(&mut states) {
            self.feed(feed, state, &mut round).await;
        }
        self.states = states;
        round
    }

    async fn feed(&mut self, feed: &Feed, state: &mut State, round: &mut Round) {
        let places = Places::new(&self.options.path, &feed.folder);
        self.look(feed, &places, state).await;
        let waiting = match self.waiting(&places).await {
            Ok(waiting) => waiting,
            Err(error) => {
                return self.tell_folder("processing", feed, &error);
            }
        };
        let is_waiting: HashSet<&Ticket> = waiting.iter().map(|file| &file.ticket).collect();
        state.kept.retain(|ticket| is_waiting.contains(ticket));
        state
            .setbacks
            .retain(|ticket, _| is_waiting.contains(ticket));
        state
            .unsettled
            .retain(|ticket, _| is_waiting.contains(ticket));
        for file in &waiting {
            self.file(feed, &places, state, file, round).await;
        }
    }

    /// Picks up what is whole.
    async fn look(&mut self, feed: &Feed, places: &Places, state: &mut State) {
        let (disk, at_once) = (self.disk.clone(), self.options.at_once);
        let (its_feed, its_places) = (feed.clone(), places.clone());
        let seen = std::mem::take(&mut state.seen);
        let looked =
            spawn_blocking(move || pick_up(disk.as_ref(), &its_places, &its_feed, at_once, seen));
        let look = looked.await.unwrap_or_else(|_| Look {
            faults: vec![io::ErrorKind::Other],
            ..Look::default()
        });
        state.seen = look.seen;
        state.unsettled.extend(look.unsettled);
        for why in look.faults {
            self.receiver.tell(&Notice::Folder {
                folder: format!("inbox/{}", feed.folder),
                why,
            });
        }
        let told = self.told.entry(feed.folder.clone()).or_default();
        if look.odd > *told {
            self.receiver.tell(&Notice::NotTaken {
                folder: feed.folder.clone(),
                count: look.odd,
            });
        }
        *told = look.odd;
        if look.forgotten > 0 {
            self.receiver.tell(&Notice::NotMarked {
                folder: feed.folder.clone(),
                count: look.forgotten,
            });
        }
    }

    /// What lies in `processing`, oldest first, once their names are certain to be on the disk: a
    /// file that lost its ticket after it was received would be received again under another.
    async fn waiting(&self, places: &Places) -> io::Result<Vec<Waiting>> {
        let (disk, places) = (self.disk.clone(), places.clone());
        spawn_blocking(move || {
            let mut waiting = Vec::new();
            for entry in fs::read_dir(&places.processing)?.take(MOST_WAITING) {
                let name = entry?.file_name();
                if let (Some((ticket, own)), Some(name)) = (Ticket::read(&name), name.to_str()) {
                    waiting.push(Waiting {
                        ticket,
                        own,
                        name: name.to_owned(),
                    });
                }
            }
            if !waiting.is_empty() {
                disk.sync_folder(&places.processing)?;
                disk.sync_folder(&places.inbox)?;
            }
            waiting.sort_by(|a, b| a.ticket.cmp(&b.ticket));
            Ok(waiting)
        })
        .await?
    }

    async fn file(
        &self,
        feed: &Feed,
        places: &Places,
        state: &mut State,
        file: &Waiting,
        round: &mut Round,
    ) {
        let ticket = &file.ticket;
        let is_set_back = state
            .setbacks
            .get(ticket)
            .is_some_and(|back| back.until > Instant::now());
        if is_set_back {
            round.left += 1;
            return;
        }
        let outcome = if state.kept.contains(ticket) {
            Ok(Received::Again)
        } else {
            self.offer(feed, places, state, file).await
        };
        let notice = match outcome {
            Ok(received) => {
                match received {
                    Received::New => round.received += 1,
                    Received::Again => round.again += 1,
                }
                state.kept.insert(ticket.clone());
                let (disk, after) = (self.disk.clone(), self.options.after);
                let (places, name) = (places.clone(), file.name.clone());
                let put = move || put_away::received(disk.as_ref(), &places, &name, after);
                match blocking(put).await {
                    Ok(()) => {
                        state.kept.remove(ticket);
                        Notice::Received {
                            ticket: ticket.clone(),
                            is_again: received == Received::Again,
                        }
                    }
                    Err(error) => Notice::NotPutAway {
                        ticket: ticket.clone(),
                        why: error.kind(),
                    },
                }
            }
            Err(Left::Gone) => return,
            Err(Left::Unsettled) => {
                round.left += 1;
                return;
            }
            Err(Left::Refused(why)) => {
                let (disk, its_why) = (self.disk.clone(), why.clone());
                let (places, name) = (places.clone(), file.name.clone());
                let put = move || put_away::failed(disk.as_ref(), &places, &name, &its_why);
                match blocking(put).await {
                    Ok(()) => {
                        round.failed += 1;
                        Notice::Refused {
                            ticket: ticket.clone(),
                            why,
                        }
                    }
                    Err(error) => self.tell_later(state, ticket, NotReceived::of(&error)),
                }
            }
            Err(Left::NotReceived(why)) => self.tell_later(state, ticket, why),
        };
        match notice {
            Notice::NotReceived { .. } | Notice::NotPutAway { .. } => round.left += 1,
            _ => {
                state.setbacks.remove(ticket);
            }
        }
        self.receiver.tell(&notice);
    }

    /// Offers one file to the receiver.
    async fn offer(
        &self,
        feed: &Feed,
        places: &Places,
        state: &mut State,
        file: &Waiting,
    ) -> Result<Received, Left> {
        let path = places.processing.join(&file.name);
        let its_path = path.clone();
        let metadata = match blocking(move || fs::symlink_metadata(its_path)).await {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Left::Gone),
            Err(error) => return Err(NotReceived::of(&error).into()),
        };
        if !is_plain_file(&metadata) {
            return Err(Reason::NotAFile.into());
        }
        let stamp = Stamp::of(&metadata);
        if let Some(seen) = state.unsettled.get_mut(&file.ticket) {
            if seen.stamp != stamp {
                seen.stamp = stamp;
                seen.since = Instant::now();
                return Err(Left::Unsettled);
            }
            if seen.since.elapsed() < feed.quiet {
                return Err(Left::Unsettled);
            }
        }
        if stamp.size == 0 {
            return Err(Reason::Empty.into());
        }
        if stamp.size > self.options.largest {
            let most = self.options.largest;
            return Err(Reason::TooLarge { most }.into());
        }
        let opened = blocking(move || Content::open(&path, &stamp)).await;
        let mut content = opened.map_err(|error| NotReceived::of(&error))?;
        let arrival = Arrival {
            ticket: file.ticket.clone(),
            folder: feed.folder.clone(),
            name: file.own.clone(),
            organisation: feed.organisation.clone(),
            source: feed.source.clone(),
        };
        match self.receiver.receive(&arrival, &mut content).await {
            // Whatever the receiver says: what was not read whole is not put away.
            Ok(received) if content.is_ended() => Ok(received),
            Ok(_) => Err(NotReceived::Failed("it was not read to its end".to_owned()).into()),
            Err(NotReceived::Refused(why)) => Err(Reason::Refused(why).into()),
            Err(why) => Err(why.into()),
        }
    }

    /// Leaves a file alone for a while, longer each time.
    fn tell_later(&self, state: &mut State, ticket: &Ticket, why: NotReceived) -> Notice {
        let asked = match &why {
            NotReceived::Busy { wait } => *wait,
            _ => None,
        };
        let times = state.setbacks.get(ticket).map_or(0, |back| back.times);
        let doubled = self.options.poll.saturating_mul(1 << times.min(10));
        let wait = match (asked, times) {
            (Some(wait), _) => wait,
            (None, 0) => Duration::ZERO,
            (None, _) => doubled,
        };
        let back = Setback {
            times: times.saturating_add(1),
            until: Instant::now() + wait.min(LONGEST_SETBACK),
        };
        state.setbacks.insert(ticket.clone(), back);
        Notice::NotReceived {
            ticket: ticket.clone(),
            why,
        }
    }

    fn tell_folder(&self, place: &str, feed: &Feed, error: &io::Error) {
        self.receiver.tell(&Notice::Folder {
            folder: format!("{place}/{}", feed.folder),
            why: error.kind(),
        });
    }
}

/// Why a file stays where it is, or goes to `failed`.
enum Left {
    /// Another process has it.
    Gone,
    /// It changed in the moment it was picked up.
    Unsettled,
    Refused(Reason),
    NotReceived(NotReceived),
}

impl From<Reason> for Left {
    fn from(why: Reason) -> Self {
        Self::Refused(why)
    }
}

impl From<NotReceived> for Left {
    fn from(why: NotReceived) -> Self {
        Self::NotReceived(why)
    }
}

impl NotReceived {
    /// Only the kind of an error is told: its words may hold the file's name.
    fn of(error: &io::Error) -> Self {
        Self::Failed(error.kind().to_string())
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    spawn_blocking(work).await?
}

fn unusable(path: &Path, error: &io::Error) -> Box<Issue> {
    let path: PathBuf = path.to_path_buf();
    Box::new(
        Issue::error(
            codes::FOLDER,
            IssueType::Processing,
            format!(
                "the watched folder {} cannot be used: {error}",
                path.display()
            ),
        )
        .help("let the server make and change folders there, all on one file system"),
    )
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Whoever could have said it is gone: that is the end, too.
    let _ = stop.wait_for(|stop| *stop).await;
}
