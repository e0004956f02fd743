//! Messages that come in.

use mesh::{Client, Fault, Incomplete, Mailbox, Notice};

use super::noise;
use super::peer::{Line, Sandbox};
use crate::stand_in::{Next, StandIn};

const HEAD: &[(&str, &str)] = &[
    ("mex-to", "X26ABC2"),
    ("mex-workflowid", "TEST_WORKFLOW"),
    ("mex-filename", "export.csv"),
];

fn mailbox(sandbox: &Sandbox, more: &str) -> (Mailbox<StandIn>, StandIn) {
    let stand_in = StandIn::default();
    let client = Client::open(&sandbox.settings("X26ABC2", more)).unwrap();
    (Mailbox::new(client, stand_in.clone()), stand_in)
}

async fn waiting(mailbox: &Mailbox<StandIn>) -> usize {
    mailbox.client().inbox().await.unwrap().messages.len()
}

#[tokio::test]
async fn what_the_services_own_client_sends_arrives_byte_for_byte() {
    let Some(sandbox) = Sandbox::start(Line::Plain).await else {
        return;
    };
    let (mut mailbox, stand_in) = mailbox(&sandbox, "");
    let content = noise(250_000);
    let file = sandbox.folder.path().join("export.bin");
    std::fs::write(&file, &content).unwrap();
    let file = file.to_str().unwrap();
    for (chunk, how, local) in [
        ("75000000", "plain", "whole-plain"),
        ("75000000", "compress", "whole-gzip"),
        ("60000", "plain", "parts-plain"),
        ("60000", "compress", "parts-gzip"),
    ] {
        let head = [
            "X26ABC1",
            "send",
            "X26ABC2",
            file,
            chunk,
            how,
            "workflow_id=TEST_WORKFLOW",
            "filename=export.bin",
            &format!("local_id={local}"),
        ];
        sandbox.foreign(&head).await;
    }
    let round = mailbox.round().await;
    assert_eq!((round.listed, round.received, round.left), (4, 4, 0));
    assert!(stand_in.contents().iter().all(|kept| *kept == content));
    let kept = stand_in.0.lock().unwrap().kept[3].clone();
    assert_eq!(kept.arrival.local_id.as_deref(), Some("parts-gzip"));
    assert_eq!(kept.arrival.file_name.as_deref(), Some("export.bin"));
    assert_eq!(kept.arrival.organisation, "VM001");
    assert_eq!(kept.arrival.source, "home");
    assert_eq!(waiting(&mailbox).await, 0);
    // The same content under another local id is another message; the same local id is not.
    let again = [
        "X26ABC1",
        "send",
        "X26ABC2",
        file,
        "100000",
        "compress",
        "workflow_id=TEST_WORKFLOW",
        "local_id=parts-gzip",
    ];
    sandbox.foreign(&again).await;
    let round = mailbox.round().await;
    assert_eq!((round.received, round.again, round.left), (0, 1, 0));
    assert_eq!(waiting(&mailbox).await, 0);
}

#[tokio::test]
async fn several_pages_are_all_followed() {
    let Some(sandbox) = Sandbox::start(Line::Plain).await else {
        return;
    };
    let (mut mailbox, stand_in) = mailbox(&sandbox, "page = 10");
    for number in 0..35 {
        let text = format!("file {number}");
        sandbox.send_raw(HEAD, 1, &[(1, text.as_bytes())]).await;
    }
    let round = mailbox.round().await;
    assert_eq!((round.listed, round.received, round.left), (35, 35, 0));
    let mut contents = stand_in.contents();
    contents.sort();
    contents.dedup();
    assert_eq!(contents.len(), 35);
    assert_eq!(waiting(&mailbox).await, 0);
}

#[tokio::test]
async fn f05_a_message_with_a_missing_part_is_never_acknowledged() {
    let Some(sandbox) = Sandbox::start(Line::Plain).await else {
        return;
    };
    let (mut mailbox, stand_in) = mailbox(&sandbox, "");
    // The sandbox takes the last part for the end, whatever is missing before it.
    let id = sandbox
        .send_raw(HEAD, 3, &[(1, b"first,"), (3, b"third")])
        .await;
    sandbox.send_raw(HEAD, 1, &[(1, b"a whole one")]).await;
    for _ in 0..2 {
        let round = mailbox.round().await;
        assert_eq!(round.left, 1);
    }
    let missing = Incomplete::MissingChunk { number: 2, of: 3 };
    let told = stand_in.notices().into_iter().any(|notice| {
        matches!(&notice, Notice::Incomplete { message, why }
            if message.as_str() == id && *why == missing)
    });
    assert!(told);
    assert_eq!(sandbox.status(&id).await, "Accepted");
    assert_eq!(stand_in.contents(), [b"a whole one".to_vec()]);
}

#[tokio::test]
async fn f05_what_is_damaged_stays_and_does_not_stop_the_others() {
    let Some(sandbox) = Sandbox::start(Line::Plain).await else {
        return;
    };
    let (mut mailbox, stand_in) = mailbox(&sandbox, "");
    let with = |more: &[(&'static str, &'static str)]| [HEAD, more].concat();
    let gzip = [("content-encoding", "gzip")];
    let mut damaged = Vec::new();
    // Not a gzip, half a gzip, and a checksum of something else.
    damaged.push(
        sandbox
            .send_raw(&with(&gzip), 1, &[(1, b"this is no gzip")])
            .await,
    );
    let whole = gzipped(&noise(5000));
    damaged.push(
        sandbox
            .send_raw(&with(&gzip), 1, &[(1, &whole[..4000])])
            .await,
    );
    let other = [("mex-content-checksum", "b10a8db164e0754105b7a99be72e3fe5")];
    damaged.push(sandbox.send_raw(&with(&other), 1, &[(1, b"Hello")]).await);
    let right = sandbox
        .send_raw(&with(&other), 1, &[(1, b"Hello World")])
        .await;
    let round = mailbox.round().await;
    assert_eq!((round.received, round.left), (1, 3));
    assert_eq!(stand_in.contents(), [b"Hello World".to_vec()]);
    for id in &damaged {
        assert_eq!(sandbox.status(id).await, "Accepted");
    }
    assert_eq!(sandbox.status(&right).await, "Acknowledged");
}

#[tokio::test]
async fn f01_only_what_is_durable_is_acknowledged() {
    let Some(sandbox) = Sandbox::start(Line::Plain).await else {
        return;
    };
    let (mut mailbox, stand_in) = mailbox(&sandbox, "");
    let id = sandbox.send_raw(HEAD, 1, &[(1, b"once")]).await;
    stand_in.plan(&[Next::Fail, Next::Busy, Next::Lie]);
    for _ in 0..3 {
        assert_eq!(mailbox.round().await.left, 1);
        assert_eq!(sandbox.status(&id).await, "Accepted");
        // Setbacks are waited for.
        tokio::time::sleep(std::time::Duration::from_millis(120)).await;
    }
    assert!(stand_in.contents().is_empty());
    let begun = std::time::Instant::now();
    while mailbox.round().await.received == 0 {
        assert!(begun.elapsed().as_secs() < 30);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(sandbox.status(&id).await, "Acknowledged");
    assert_eq!(stand_in.contents(), [b"once".to_vec()]);
}

#[tokio::test]
async fn f06_a_gateway_that_died_before_it_acknowledged_receives_nothing_twice() {
    let Some(sandbox) = Sandbox::start(Line::Plain).await else {
        return;
    };
    let (mut first, stand_in) = mailbox(&sandbox, "");
    let id = sandbox.send_raw(HEAD, 1, &[(1, b"once")]).await;
    // What the first gateway kept is kept; its acknowledgement is not sent, because it is dropped in
    // the very moment that its receiver has answered.
    let watching = stand_in.clone();
    tokio::select! {
        biased;
        () = async {
            while watching.contents().is_empty() {
                tokio::task::yield_now().await;
            }
        } => {}
        _ = first.round() => {}
    }
    drop(first);
    assert_eq!(stand_in.contents().len(), 1);
    let client = Client::open(&sandbox.settings("X26ABC2", "")).unwrap();
    let mut second = Mailbox::new(client, stand_in.clone());
    let round = second.round().await;
    assert_eq!(round.received, 0);
    assert_eq!(sandbox.status(&id).await, "Acknowledged");
    assert_eq!(stand_in.contents().len(), 1);
}

#[tokio::test]
async fn what_no_route_names_stays_and_is_told_by_its_id() {
    let Some(sandbox) = Sandbox::start(Line::Plain).await else {
        return;
    };
    let (mut mailbox, stand_in) = mailbox(&sandbox, "");
    let head = [
        ("mex-to", "X26ABC2"),
        ("mex-workflowid", "TEST_WORKFLOW2"),
        ("mex-filename", "Wendy Testperson 9990000018.csv"),
        ("mex-localid", "Wendy Testperson"),
        ("mex-subject", "Wendy Testperson"),
    ];
    let id = sandbox.send_raw(&head, 1, &[(1, b"text")]).await;
    assert_eq!(mailbox.round().await.left, 1);
    assert_eq!(sandbox.status(&id).await, "Accepted");
    let notices = stand_in.notices();
    let [notice] = &notices[..] else {
        panic!("{notices:?}");
    };
    let text = notice.to_string();
    assert!(notice.is_alarm() && text.contains(&id) && text.contains("TEST_WORKFLOW2"));
    assert!(!format!("{text}{notice:?}").contains("Wendy"));
    assert_eq!(stand_in.offers(), 0);
}

#[tokio::test]
async fn reports_are_read_and_acknowledged_once_they_are_taken_note_of() {
    let Some(sandbox) = Sandbox::start(Line::Plain).await else {
        return;
    };
    let (mut mailbox, stand_in) = mailbox(&sandbox, "");
    let undelivered = r#"{"mailbox_id": "MAILBOX", "code": "14", "description": "", "workflow_id":
        "REPLY", "local_id": "submission-1", "linked_message_id": "20261122000000000001_AAAA"}"#;
    let refused = r#"{"mailbox_id": "MAILBOX", "code": "06", "description": "MalformedControlFile",
        "workflow_id": "REPLY", "status": "error"}"#;
    sandbox.report("X26ABC2", undelivered).await;
    sandbox.report("X26ABC2", refused).await;
    stand_in.plan(&[Next::Fail]);
    let round = mailbox.round().await;
    assert_eq!((round.reports, round.left), (1, 1));
    let round = mailbox.round().await;
    assert_eq!((round.reports, round.left), (1, 0));
    assert_eq!(waiting(&mailbox).await, 0);
    let reports = stand_in.reports();
    let not_collected = reports.iter().find(|report| report.is_not_collected());
    let report = not_collected.unwrap();
    assert_eq!(report.local_id.as_deref(), Some("submission-1"));
    assert_eq!(
        report.about.as_ref().unwrap().as_str(),
        "20261122000000000001_AAAA"
    );
    assert!(report.to_string().contains("sent again"));
    let other = reports.iter().find(|report| !report.is_not_collected());
    assert_eq!(other.unwrap().code.as_deref(), Some("06"));
}

#[tokio::test]
async fn wrong_secrets_are_told_as_such() {
    let Some(sandbox) = Sandbox::start(Line::Plain).await else {
        return;
    };
    std::fs::write(sandbox.folder.path().join("shared-key"), "WrongKey").unwrap();
    let (mut mailbox, stand_in) = mailbox(&sandbox, "");
    mailbox.round().await;
    let notices = stand_in.notices();
    let [Notice::Handshake { why }] = &notices[..] else {
        panic!("{notices:?}");
    };
    assert!(why.to_string().contains("shared key"));
    let shown = format!("{mailbox:?}{notices:?}");
    assert!(!shown.contains("WrongKey") && !shown.contains("\"password\""));
}

#[tokio::test]
async fn certificates_are_asked_for_and_shown() {
    let Some(sandbox) = Sandbox::start(Line::Certificates).await else {
        return;
    };
    let certificate = |name: &str, authority: &str| {
        format!(
            "certificate-file = \"{name}.pem\"\ncertificate-key-file = \"{name}.key\"\n\
             authority-file = \"{authority}.pem\"\ntries = 1"
        )
    };
    let ask = async |more: &str| {
        let client = Client::open(&sandbox.settings("X26ABC2", more)).unwrap();
        client.handshake().await
    };
    assert_eq!(ask(&certificate("client", "authority")).await, Ok(()));
    let other = ask(&certificate("client", "other-authority")).await;
    assert_eq!(other, Err(Fault::Untrusted));
    // The service may break the connection before its refusal is read.
    for more in [
        certificate("stranger", "authority"),
        "authority-file = \"authority.pem\"\ntries = 1".to_owned(),
    ] {
        let fault = ask(&more).await.unwrap_err();
        assert!(matches!(fault, Fault::Untrusted | Fault::Broken), "{fault}");
    }
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}
