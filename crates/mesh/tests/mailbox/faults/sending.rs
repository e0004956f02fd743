//! Sending over a line that fails.

use mesh::{Client, Fault, FileKind, MailboxId, NotSent, Outgoing, Reference};

use super::service::{Service, answer, silence};

fn outgoing() -> Outgoing {
    Outgoing {
        to: MailboxId::new("HOME").unwrap(),
        workflow: "REPLY".to_owned(),
        reference: Reference::new("submission-1").unwrap(),
        kind: FileKind::Text,
    }
}

const FIND: &str = "GET /MB/outbox/tracking/submission-1";

#[tokio::test]
async fn f04_the_first_part_is_never_sent_twice() {
    let service = Service::start().await;
    let client = Client::open(&service.settings("")).unwrap();
    for fault in [
        silence(),
        answer(500, &[], b""),
        answer(502, &[], b""),
        answer(202, &[], b"not json"),
    ] {
        service.on("POST /MB/outbox", &[fault]);
        service.on(FIND, &[answer(404, &[], b"")]);
        let before = service.asked("POST /MB/outbox").len();
        let told = client.send(&outgoing(), &b"text"[..], 4).await.unwrap_err();
        assert!(matches!(told, NotSent::Unknown(_)), "{told:?}");
        assert!(told.is_passing());
        // The answer was lost, and the service has the message.
        let tracked = br#"{"messageId": "S1", "status": "Accepted"}"#;
        service.on(FIND, &[answer(200, &[], tracked)]);
        let sent = client.send(&outgoing(), &b"text"[..], 4).await.unwrap();
        assert_eq!(sent.as_str(), "S1");
        assert_eq!(service.asked("POST /MB/outbox").len() - before, 2);
    }
    // What was certainly not taken is told as that, and nothing is asked.
    let before = service.asked(FIND).len();
    for status in [403, 417, 429] {
        service.on("POST /MB/outbox", &[answer(status, &[], b"")]);
        let told = client.send(&outgoing(), &b"text"[..], 4).await.unwrap_err();
        assert!(matches!(told, NotSent::Refused(_)), "{told:?}");
    }
    assert_eq!(service.asked(FIND).len(), before);
}

#[tokio::test]
async fn further_parts_are_repeated_and_a_lost_last_answer_is_found_out() {
    let service = Service::start().await;
    let client = Client::open(&service.settings("chunk-bytes = 3\ntries = 3")).unwrap();
    let begun = answer(202, &[], br#"{"message_id": "S1"}"#);
    service.on("POST /MB/outbox", &[begun]);
    let taken = answer(202, &[], b"");
    service.on("POST /MB/outbox/S1/2", &[answer(503, &[], b""), taken]);
    service.on("POST /MB/outbox/S1/3", &[silence(), answer(423, &[], b"")]);
    let tracked = br#"{"message_id": "S1", "status": "accepted"}"#;
    let track = "GET /MB/outbox/tracking";
    service.on(track, &[answer(200, &[], tracked)]);
    let sent = client.send(&outgoing(), &b"12345678"[..], 8).await;
    assert_eq!(sent.unwrap().as_str(), "S1");
    assert_eq!(service.asked("POST /MB/outbox").len(), 1);
    assert_eq!(service.refused(), Vec::<String>::new());
    let first = &service.asked("POST /MB/outbox")[0].headers;
    assert_eq!(first["mex-chunk-range"], "1:3");
    assert_eq!(first["mex-localid"], "submission-1");
    let third = &service.asked("POST /MB/outbox/S1/3")[0];
    assert_eq!(third.headers["mex-chunk-range"], "3:3");
    assert!(!third.headers.contains_key("mex-to"));
    assert_eq!(third.body[..2], [0x1f, 0x8b]);
    // Where it is not complete it is told that it does not arrive.
    let uploading = br#"{"message_id": "S1", "status": "uploading"}"#;
    service.on(track, &[answer(200, &[], uploading)]);
    service.on("POST /MB/outbox/S1/3", &[answer(423, &[], b"")]);
    let told = client.send(&outgoing(), &b"12345678"[..], 8).await;
    assert!(matches!(told, Err(NotSent::Unfinished { .. })), "{told:?}");
}

#[tokio::test]
async fn nobody_at_the_address_means_that_nothing_was_sent() {
    let service = Service::start().await;
    let mut settings = service.settings("tries = 1");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    settings.url = format!("http://{}/messageexchange", free.local_addr().unwrap());
    drop(free);
    let client = Client::open(&settings).unwrap();
    let told = client.send(&outgoing(), &b"text"[..], 4).await;
    assert_eq!(told, Err(NotSent::Refused(Fault::Unreachable)));
}

#[test]
fn nothing_that_may_name_a_person_becomes_a_reference() {
    for fine in [
        "submission-1",
        "3f2c7a10-6f3b-4b0e-9c55-999000001812",
        "20261122T121500Z-1234567890ab",
        "9990000019",
    ] {
        assert!(Reference::new(fine).is_ok(), "{fine}");
    }
    for wrong in [
        "9990000018",
        "report-9990000018",
        "999-000-0018",
        "report_999_000_0018",
        "Wendy Testperson",
        "wendy@example.org",
        "line\r\nMex-To: OTHER",
        "../other",
        "",
    ] {
        let told = Reference::new(wrong).unwrap_err();
        assert!(wrong.is_empty() || !told.to_string().contains(wrong));
    }
    assert!(Reference::new(&"a".repeat(201)).is_err());
}

#[tokio::test]
async fn a_workflow_that_is_no_plain_id_is_not_sent() {
    let service = Service::start().await;
    let client = Client::open(&service.settings("")).unwrap();
    for workflow in ["", "A B", "A\r\nB", "https://example.org"] {
        let mut report = outgoing();
        report.workflow = workflow.to_owned();
        let told = client.send(&report, &b"text"[..], 4).await;
        assert!(matches!(told, Err(NotSent::NotSendable(_))), "{workflow}");
    }
    let told = client.send(&outgoing(), &b""[..], 0).await;
    assert!(matches!(told, Err(NotSent::NotSendable(_))));
    assert!(service.asked("POST /MB/outbox").is_empty());
}
