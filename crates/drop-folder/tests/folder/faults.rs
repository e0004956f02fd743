//! The power goes between any two steps, once or again and again.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use drop_folder::{Disk, Folder, Machine};
use proptest::prelude::*;

use crate::stand_in::{Fragile, Next, Place, Power, StandIn};

/// Runs rounds until the power goes, or for as many as would do.
async fn until_power_goes(place: &Place, stand_in: &StandIn, steps: u32) {
    let power = Power::until(steps);
    let disk = Fragile::until(&power);
    let receiver = StandIn {
        state: stand_in.state.clone(),
        power: power.clone(),
    };
    let mut folder = Folder::on(&place.settings, receiver, disk.clone()).unwrap();
    for _ in 0..3 {
        folder.round().await;
    }
    drop(folder);
    disk.undo();
}

async fn finish(place: &Place, stand_in: &StandIn) {
    let receiver = StandIn {
        state: stand_in.state.clone(),
        power: Power::default(),
    };
    let mut folder = Folder::open(&place.settings, receiver).unwrap();
    for _ in 0..4 {
        folder.round().await;
    }
}

#[tokio::test]
async fn f01_wherever_the_power_goes_each_file_is_received_once_and_put_away() {
    for after in ["keep", "delete"] {
        let mut steps = 0;
        loop {
            let place = Place::new(&format!("after = \"{after}\""), "");
            let stand_in = StandIn::default();
            place.put_marked("a.csv", b"one");
            place.put_marked("b.csv", b"two");
            place.put_marked("empty.csv", b"");
            until_power_goes(&place, &stand_in, steps).await;
            let before = stand_in.contents().len();
            finish(&place, &stand_in).await;
            let mut kept = stand_in.contents();
            kept.sort();
            assert_eq!(kept, [b"one".to_vec(), b"two".to_vec()], "{steps}");
            // A marker may stay behind; it counts for no other file.
            assert!(place.contents("inbox", ".csv").is_empty(), "{steps}");
            assert!(place.names("processing").is_empty(), "{steps}");
            if after == "keep" {
                assert_eq!(place.contents("done", ".csv"), kept, "{steps}");
            }
            assert_eq!(place.contents("failed", ".csv").len(), 1, "{steps}");
            let texts = place.contents("failed", ".txt");
            assert!(
                texts
                    .iter()
                    .all(|text| text.ends_with(b"do not send records of people.\n")),
                "{steps}"
            );
            steps += 1;
            // Far enough that nothing was left to do.
            if steps > 60 {
                assert_eq!(before, 2);
                break;
            }
        }
    }
}

#[derive(Debug, Clone)]
enum Act {
    /// A sender puts a file, with or without its marker.
    Put { name: u8, is_marked: bool },
    /// It is watched until the power goes.
    Watch { steps: u32 },
    /// What the receiver does next.
    Plan(Vec<Next>),
}

fn act() -> impl Strategy<Value = Act> {
    let next = prop_oneof![
        4 => Just(Next::Keep),
        1 => Just(Next::Fail),
        1 => Just(Next::Busy),
        1 => Just(Next::Lie),
    ];
    prop_oneof![
        3 => (0_u8..4, prop::bool::weighted(0.8))
            .prop_map(|(name, is_marked)| Act::Put { name, is_marked }),
        3 => (0_u32..40).prop_map(|steps| Act::Watch { steps }),
        1 => prop::collection::vec(next, 0..4).prop_map(Act::Plan),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn f01_nothing_is_lost_doubled_or_taken_in_half(acts in prop::collection::vec(act(), 1..14)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let place = Place::new("", "");
            let stand_in = StandIn::default();
            let mut marked = BTreeSet::new();
            let mut unmarked = BTreeSet::new();
            for (number, act) in acts.into_iter().enumerate() {
                match act {
                    Act::Put { name, is_marked } => {
                        let name = format!("{name}.csv");
                        let content = format!("content {number}");
                        // A sender does not write over a file that was not taken yet.
                        let is_there = place.names_or_none("inbox").contains(&name);
                        if is_there {
                            continue;
                        }
                        if is_marked {
                            place.put_marked(&name, content.as_bytes());
                            marked.insert(content.into_bytes());
                        } else {
                            // One that comes after a marker was left behind must not count for it.
                            std::thread::sleep(std::time::Duration::from_millis(12));
                            place.put(&name, content.as_bytes());
                            unmarked.insert(content.into_bytes());
                        }
                    }
                    Act::Watch { steps } => until_power_goes(&place, &stand_in, steps).await,
                    Act::Plan(plan) => stand_in.plan(&plan),
                }
            }
            stand_in.plan(&[]);
            finish(&place, &stand_in).await;
            let kept = stand_in.contents();
            let distinct: BTreeSet<Vec<u8>> = kept.iter().cloned().collect();
            prop_assert_eq!(kept.len(), distinct.len());
            prop_assert_eq!(&distinct, &marked);
            let done: BTreeSet<Vec<u8>> = place.contents("done", ".csv").into_iter().collect();
            prop_assert_eq!(&done, &marked);
            prop_assert!(place.names("processing").is_empty());
            let left: BTreeSet<Vec<u8>> = place.contents("inbox", ".csv").into_iter().collect();
            prop_assert_eq!(&left, &unmarked);
            Ok(())
        })?;
    }
}

/// A disk on which some steps fail for as long as that is set.
#[derive(Clone, Default)]
struct Failing {
    /// The name of a folder into which nothing can be moved or written, or whose names cannot be
    /// written through.
    no_moves_into: Arc<Mutex<Option<&'static str>>>,
    no_sync_of: Arc<Mutex<Option<&'static str>>>,
}

impl Failing {
    fn check(set: &Mutex<Option<&'static str>>, path: &Path) -> io::Result<()> {
        let set = *set.lock().unwrap();
        let is_in = |name: &str| path.components().any(|part| part.as_os_str() == name);
        match set {
            Some(name) if is_in(name) => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(()),
        }
    }
}

impl Disk for Failing {
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Self::check(&self.no_moves_into, to)?;
        Machine.rename(from, to)
    }

    fn sync_file(&self, path: &Path) -> io::Result<()> {
        Machine.sync_file(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        Self::check(&self.no_sync_of, path)?;
        Machine.sync_folder(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Machine.remove(path)
    }

    fn write(&self, path: &Path, text: &str) -> io::Result<()> {
        Self::check(&self.no_moves_into, path)?;
        Machine.write(path, text)
    }
}

fn on_failing(place: &Place) -> (Folder<StandIn, Failing>, StandIn, Failing) {
    let (stand_in, disk) = (StandIn::default(), Failing::default());
    let folder = Folder::on(&place.settings, stand_in.clone(), disk.clone()).unwrap();
    (folder, stand_in, disk)
}

#[tokio::test]
async fn f02_a_file_that_cannot_be_put_away_is_received_once_and_put_away_later() {
    let place = Place::new("", "");
    let (mut folder, stand_in, disk) = on_failing(&place);
    place.put_marked("a.csv", b"one");
    *disk.no_moves_into.lock().unwrap() = Some("done");
    for round in 0..5 {
        let done = folder.round().await;
        assert_eq!((done.received, done.left), (usize::from(round == 0), 1));
    }
    assert_eq!(place.names("processing").len(), 1);
    // It is not read again and again.
    assert_eq!(stand_in.state.lock().unwrap().offers, 1);
    let told = stand_in.notices();
    assert!(told.iter().all(|notice| notice.kind() == "not-put-away"));
    *disk.no_moves_into.lock().unwrap() = None;
    folder.round().await;
    assert_eq!(place.contents("done", ".csv"), [b"one".to_vec()]);
    assert_eq!(stand_in.contents().len(), 1);
}

#[tokio::test]
async fn f02_nothing_is_offered_while_its_ticket_may_be_lost() {
    let place = Place::new("", "");
    let (mut folder, stand_in, disk) = on_failing(&place);
    place.put_marked("a.csv", b"one");
    *disk.no_sync_of.lock().unwrap() = Some("processing");
    for _ in 0..3 {
        folder.round().await;
    }
    assert_eq!(stand_in.state.lock().unwrap().offers, 0);
    *disk.no_sync_of.lock().unwrap() = None;
    assert_eq!(folder.round().await.received, 1);
}

#[tokio::test]
async fn f02_what_cannot_be_picked_up_or_put_aside_stays_where_it_is() {
    let place = Place::new("", "");
    let (mut folder, stand_in, disk) = on_failing(&place);
    place.put_marked("a.csv", b"one");
    *disk.no_moves_into.lock().unwrap() = Some("processing");
    folder.round().await;
    // Its marker is still there, too.
    assert_eq!(place.names("inbox"), ["a.csv", "a.csv.done"]);
    *disk.no_moves_into.lock().unwrap() = Some("failed");
    stand_in.plan(&[Next::Refuse, Next::Refuse]);
    assert_eq!(folder.round().await.left, 1);
    assert!(place.names("failed").is_empty());
    *disk.no_moves_into.lock().unwrap() = None;
    assert_eq!(folder.round().await.failed, 1);
    assert_eq!(place.names("failed").len(), 2);
}
