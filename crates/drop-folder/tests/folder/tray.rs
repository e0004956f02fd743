//! Reports for senders.

use std::io::ErrorKind;

use drop_folder::Folder;

use crate::stand_in::{Fragile, Place, Power, StandIn};

#[tokio::test]
async fn a_report_lies_whole_under_its_name_and_overwrites_nothing() {
    let place = Place::new("", "");
    let (folder, _) = place.open();
    let tray = folder.tray();
    for text in ["first", "first", "second", "first", "third"] {
        tray.put_report("home", "export.csv", text).await.unwrap();
    }
    assert_eq!(
        place.names("out"),
        [
            "export.csv.2.report.txt",
            "export.csv.3.report.txt",
            "export.csv.report.txt"
        ]
    );
    assert_eq!(
        place.contents("out", ""),
        [b"first".to_vec(), b"second".to_vec(), b"third".to_vec()]
    );
    for name in ["../../outside", "/etc/passwd", "..", "", ".hidden"] {
        let path = tray.put_report("home", name, name).await.unwrap();
        assert_eq!(
            path.parent().unwrap(),
            place.path("out", "x").parent().unwrap()
        );
        assert!(!path.file_name().unwrap().to_str().unwrap().starts_with('.'));
    }
    let told = tray.put_report("../home", "export.csv", "text").await;
    assert_eq!(told.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn f02_a_report_that_could_not_be_written_is_not_there_in_half() {
    let place = Place::new("", "");
    for steps in 0..3 {
        let power = Power::until(steps);
        let disk = Fragile::until(&power);
        let folder = Folder::on(&place.settings, StandIn::default(), disk.clone()).unwrap();
        let put = folder
            .tray()
            .put_report("home", "a.csv", "the report")
            .await;
        assert!(put.is_err());
        disk.undo();
        let seen = place.names("out").into_iter();
        assert_eq!(seen.filter(|name| !name.starts_with('.')).count(), 0);
    }
    let (folder, _) = place.open();
    let tray = folder.tray();
    tray.put_report("home", "a.csv", "the report")
        .await
        .unwrap();
    assert!(place.names("out").contains(&"a.csv.report.txt".to_owned()));
}
