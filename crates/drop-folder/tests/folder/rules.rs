//! What becomes of files.

use std::fs;
use std::time::{Duration, Instant};

use drop_folder::{Folder, NotReceived, Notice, Reason, Settings};

use crate::stand_in::{Next, Place, StandIn};

#[tokio::test]
async fn f06_files_of_one_name_lie_side_by_side_and_each_is_received() {
    let place = Place::new("", "");
    let (mut folder, stand_in) = place.open();
    for content in [b"one", b"two", b"two"] {
        place.put_marked("export.csv", content);
        assert_eq!(folder.round().await.received, 1);
    }
    assert_eq!(stand_in.contents().len(), 3);
    assert_eq!(
        place.contents("done", ".export.csv"),
        [b"one".to_vec(), b"two".to_vec(), b"two".to_vec()]
    );
}

#[tokio::test]
async fn a_received_file_is_deleted_where_that_is_set() {
    let place = Place::new("after = \"delete\"", "");
    let (mut folder, stand_in) = place.open();
    place.put_marked("export.csv", b"text");
    stand_in.plan(&[Next::Fail]);
    assert_eq!(folder.round().await.left, 1);
    assert_eq!(place.names("processing").len(), 1);
    assert_eq!(folder.round().await.received, 1);
    for place_name in ["inbox", "processing", "done", "failed"] {
        assert!(place.names(place_name).is_empty(), "{place_name}");
    }
}

#[tokio::test]
async fn what_can_never_be_kept_is_put_aside_with_words_and_without_a_name() {
    let place = Place::new("largest-file-bytes = 100", "");
    let (mut folder, stand_in) = place.open();
    place.put_marked("Wendy Testperson empty.csv", b"");
    place.put_marked("Wendy Testperson large.csv", &[b'x'; 101]);
    assert_eq!(folder.round().await.failed, 2);
    place.put_marked("Wendy Testperson.csv", b"text");
    stand_in.plan(&[Next::Refuse]);
    assert_eq!(folder.round().await.failed, 1);
    assert_eq!(place.names("failed").len(), 6);
    let texts = place.contents("failed", ".txt");
    for (text, part) in texts.iter().zip(["100 bytes", "is empty", "no export"]) {
        let text = std::str::from_utf8(text).unwrap();
        assert!(!text.contains("Wendy"), "{text}");
        assert!(text.contains("What to do: "), "{text}");
        let all = texts.concat();
        assert!(String::from_utf8(all).unwrap().contains(part), "{part}");
    }
    assert_eq!(place.contents("failed", ".csv").len(), 3);
    let told = stand_in.notices();
    assert!(told.iter().all(Notice::is_alarm));
    assert!(told.iter().any(|notice| matches!(
        notice,
        Notice::Refused {
            why: Reason::Empty,
            ..
        }
    )));
    assert!(!format!("{told:?}").contains("Wendy"));
    assert!(stand_in.contents().is_empty());
}

#[tokio::test]
async fn f02_what_could_not_be_kept_now_is_offered_again_and_stops_nothing_else() {
    let place = Place::new("", "");
    let (mut folder, stand_in) = place.open();
    for number in 0..4 {
        place.put_marked(
            &format!("{number}.csv"),
            format!("file {number}").as_bytes(),
        );
    }
    stand_in.plan(&[Next::Fail, Next::Busy, Next::Lie]);
    let round = folder.round().await;
    assert_eq!((round.received, round.left), (1, 3));
    assert_eq!(place.names("processing").len(), 3);
    let told = stand_in.notices();
    let busy = NotReceived::Busy { wait: None };
    assert!(told.iter().any(|notice| matches!(
        notice,
        Notice::NotReceived { why, .. } if *why == busy
    )));
    let begun = Instant::now();
    while stand_in.contents().len() < 4 {
        folder.round().await;
        assert!(begun.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(place.contents("done", ".csv").len(), 4);
}

#[tokio::test]
async fn a_file_that_is_never_kept_is_offered_less_and_less_often() {
    let place = Place::new("", "");
    let (mut folder, stand_in) = place.open();
    place.put_marked("export.csv", b"text");
    stand_in.plan(&vec![Next::Fail; 1000]);
    for _ in 0..100 {
        assert_eq!(folder.round().await.left, 1);
    }
    let offers = stand_in.state.lock().unwrap().offers;
    assert!((2..30).contains(&offers), "{offers}");
    assert_eq!(place.names("processing").len(), 1);
}

#[tokio::test]
async fn one_look_takes_so_many_files_and_the_oldest_first() {
    let place = Place::new("at-once = 3", "");
    let (mut folder, stand_in) = place.open();
    for number in (0..7).rev() {
        let name = format!("{number}.csv");
        place.put_marked(&name, name.as_bytes());
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    for count in [3, 3, 1, 0] {
        assert_eq!(folder.round().await.received, count);
    }
    let first: Vec<Vec<u8>> = stand_in.contents().into_iter().take(3).collect();
    let mut first: Vec<String> = first
        .into_iter()
        .map(|name| String::from_utf8(name).unwrap())
        .collect();
    first.sort();
    assert_eq!(first, ["4.csv", "5.csv", "6.csv"]);
}

#[tokio::test]
async fn folders_that_no_setting_names_are_left_alone() {
    let place = Place::new("", "whole = \"renamed\"");
    let (mut folder, stand_in) = place.open();
    let other = place.root.path().join("inbox").join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("export.csv"), "text").unwrap();
    fs::write(place.root.path().join("inbox/export.csv"), "text").unwrap();
    folder.round().await;
    assert!(stand_in.contents().is_empty());
    assert!(other.join("export.csv").exists());
}

#[tokio::test]
async fn watching_ends_when_told_to() {
    let place = Place::new("", "");
    let (mut folder, stand_in) = place.open();
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let watching = tokio::spawn(async move { folder.run(stopped).await });
    place.put_marked("export.csv", b"text");
    let begun = Instant::now();
    while stand_in.contents().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.send(true).unwrap();
    watching.await.unwrap();
}

#[test]
fn settings_that_cannot_be_used_are_named() {
    let root = tempfile::tempdir().unwrap();
    let open = |folder: &str, source: &str| {
        let text = format!(
            "path = {:?}\n{folder}\n[[sources]]\norganisation = \"VM001\"\n{source}",
            root.path().join("drop").to_str().unwrap()
        );
        let settings: Settings = toml::from_str(&text).unwrap();
        Folder::open(&settings, StandIn::default()).map(drop)
    };
    assert_eq!(open("", "source = \"a\""), Ok(()));
    assert!(root.path().join("drop/inbox/a").is_dir());
    let twice = "source = \"a\"\n[[sources]]\norganisation = \"VM002\"\nsource = \"A\"";
    for (folder, source, named) in [
        ("poll-seconds = 0.0", "source = \"a\"", "poll-seconds"),
        ("at-once = 0", "source = \"a\"", "at-once"),
        ("", "source = \"../a\"", "sources"),
        ("", "source = \"a b\"", "sources"),
        ("", "source = \"a\"\nfolder = \".a\"", "sources"),
        ("", "source = \" \"", "sources"),
        ("", "source = \"a\"\nquiet-seconds = -1.0", "quiet-seconds"),
        ("", twice, "sources"),
    ] {
        let issue = open(folder, source).unwrap_err();
        assert!(issue.message.contains(named), "{named}: {issue}");
        assert!(issue.help.is_some());
    }
    // A file where a folder must be.
    fs::write(root.path().join("drop/inbox/b"), "").unwrap();
    let issue = open("", "source = \"b\"").unwrap_err();
    assert_eq!(issue.code, "P302");
}
