//! When a file is whole.

use std::fs;
use std::time::Duration;

use drop_folder::Notice;

use crate::stand_in::Place;

#[tokio::test]
async fn a_file_waits_for_its_marker() {
    let place = Place::new("", "");
    let (mut folder, stand_in) = place.open();
    place.put("export.csv", b"half of it");
    for _ in 0..3 {
        assert_eq!(folder.round().await.received, 0);
    }
    place.put("export.csv", b"all of it");
    place.put("export.csv.done", b"");
    assert_eq!(folder.round().await.received, 1);
    assert_eq!(stand_in.contents(), [b"all of it".to_vec()]);
    assert!(place.names("inbox").is_empty());
    assert!(place.names("processing").is_empty());
    assert_eq!(
        place.contents("done", ".export.csv"),
        [b"all of it".to_vec()]
    );
    let (arrival, _) = stand_in.state.lock().unwrap().kept[0].clone();
    assert_eq!(arrival.name, "export.csv");
    assert_eq!(arrival.organisation, "VM001");
    assert_eq!(arrival.source, "home");
}

#[tokio::test]
async fn a_marker_that_an_earlier_file_left_behind_does_not_count() {
    let place = Place::new("", "");
    let (mut folder, stand_in) = place.open();
    place.put("export.csv.done", b"");
    tokio::time::sleep(Duration::from_millis(20)).await;
    place.put("export.csv", b"half of it");
    for _ in 0..3 {
        assert_eq!(folder.round().await.received, 0);
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    place.put("export.csv.done", b"");
    assert_eq!(folder.round().await.received, 1);
    assert_eq!(stand_in.contents().len(), 1);
}

#[tokio::test]
async fn a_file_is_taken_when_it_has_its_own_name() {
    let place = Place::new("", "whole = \"renamed\"");
    let (mut folder, stand_in) = place.open();
    for name in ["a.csv.part", ".a.csv", "a.tmp", "a.csv~", "a.csv.filepart"] {
        place.put(name, b"half of it");
    }
    for _ in 0..3 {
        assert_eq!(folder.round().await.received, 0);
    }
    fs::rename(
        place.path("inbox", "a.csv.part"),
        place.path("inbox", "a.csv"),
    )
    .unwrap();
    assert_eq!(folder.round().await.received, 1);
    assert_eq!(stand_in.contents().len(), 1);
    assert_eq!(place.names("inbox").len(), 4);
}

#[tokio::test]
async fn a_file_must_be_quiet_for_as_long_as_is_said() {
    let place = Place::new("", "whole = \"quiet\"\nquiet-seconds = 0.3");
    let (mut folder, stand_in) = place.open();
    let begun = std::time::Instant::now();
    let mut content = Vec::new();
    // Something comes every now and then, for longer than the quiet.
    while begun.elapsed() < Duration::from_millis(600) {
        content.push(b'x');
        place.put("export.csv", &content);
        assert_eq!(folder.round().await.received, 0);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let quiet = std::time::Instant::now();
    while stand_in.contents().is_empty() {
        folder.round().await;
        assert!(quiet.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(quiet.elapsed() >= Duration::from_millis(200));
    assert_eq!(stand_in.contents(), [content]);
}

#[cfg(unix)]
#[tokio::test]
async fn links_devices_folders_and_files_with_two_names_are_never_taken() {
    let place = Place::new("", "whole = \"renamed\"");
    let (mut folder, stand_in) = place.open();
    let secret = place.root.path().join("secret");
    fs::write(&secret, "secret").unwrap();
    std::os::unix::fs::symlink(&secret, place.path("inbox", "link.csv")).unwrap();
    std::os::unix::fs::symlink("/nowhere", place.path("inbox", "dangling.csv")).unwrap();
    fs::hard_link(&secret, place.path("inbox", "second-name.csv")).unwrap();
    fs::create_dir(place.path("inbox", "folder.csv")).unwrap();
    let pipe = place.path("inbox", "pipe.csv");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    for _ in 0..3 {
        let round = folder.round().await;
        assert_eq!(round, drop_folder::Round::default());
    }
    assert!(stand_in.contents().is_empty());
    assert_eq!(place.names("inbox").len(), 5);
    // Told once, not every few seconds.
    let told = stand_in.notices();
    assert_eq!(
        told,
        [Notice::NotTaken {
            folder: "home".to_owned(),
            count: 5
        }]
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_that_lies_in_processing_is_not_followed() {
    let place = Place::new("", "");
    let (mut folder, stand_in) = place.open();
    let secret = place.root.path().join("secret");
    fs::write(&secret, "secret").unwrap();
    let name = "20261122T121500Z-0123456789abcdef.link.csv";
    std::os::unix::fs::symlink(&secret, place.path("processing", name)).unwrap();
    assert_eq!(folder.round().await.failed, 1);
    assert!(stand_in.contents().is_empty());
    assert!(place.names("failed").contains(&format!("{name}.txt")));
    assert_eq!(fs::read(&secret).unwrap(), b"secret");
}

#[tokio::test]
async fn a_file_that_grows_while_it_is_read_is_not_received() {
    let place = Place::new("", "");
    let (mut folder, stand_in) = place.open();
    place.put_marked("export.csv", &vec![b'x'; 3_000_000]);
    let growing = place.path("processing", "");
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    // A sender that goes on writing to a file that it has said to be whole.
    let file = fs::OpenOptions::new()
        .append(true)
        .open(place.path("inbox", "export.csv"))
        .unwrap();
    let writer = std::thread::spawn(move || {
        use std::io::Write as _;
        let mut file = file;
        while stopped.try_recv().is_err() {
            file.write_all(b"more").unwrap();
        }
    });
    for _ in 0..5 {
        assert_eq!(folder.round().await.received, 0);
    }
    stop.send(()).unwrap();
    writer.join().unwrap();
    assert!(stand_in.contents().is_empty());
    let there: usize = fs::read_dir(growing).unwrap().count();
    assert_eq!(there + place.names("inbox").len().min(1), 1);
}
