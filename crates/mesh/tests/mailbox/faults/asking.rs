//! Requests: signed, repeated, refused, left alone.

use std::time::{Duration, Instant};

use mesh::{Client, Fault, Incomplete, Mailbox, MailboxId, Notice, Secret, authorization};

use super::service::{Service, answer, silence};
use crate::stand_in::StandIn;

fn watched(service: &Service, more: &str) -> (Mailbox<StandIn>, StandIn) {
    let stand_in = StandIn::default();
    let client = Client::open(&service.settings(more)).unwrap();
    (Mailbox::new(client, stand_in.clone()), stand_in)
}

const DATA: &[(&str, &str)] = &[
    ("Mex-MessageType", "DATA"),
    ("Mex-From", "HOME"),
    ("Mex-WorkflowID", "W"),
];

#[test]
fn the_signature_is_the_one_of_the_specification() {
    let value = authorization(
        &MailboxId::new("x26abc1").unwrap(),
        &Secret::new("password"),
        &Secret::new("TestKey"),
        uuid::Uuid::parse_str("00000000-0000-4000-8000-000000000001").unwrap(),
        0,
        "2026-11-21T12:00:00Z".parse().unwrap(),
    );
    assert_eq!(
        value,
        "NHSMESH X26ABC1:00000000-0000-4000-8000-000000000001:0:202611211200:\
         3e7adf9cca1d6bc0449fa8997459c40f071d64b27575bf07c3429d75839651cd"
    );
}

#[tokio::test]
async fn every_request_is_signed_anew_repeats_too() {
    let service = Service::start().await;
    let busy = answer(503, &[], b"");
    let right = answer(200, &[], br#"{"messages": []}"#);
    for status in [425, 429, 502, 503, 504] {
        let wait = answer(status, &[("Retry-After", "0")], b"");
        let answers = [wait, busy.clone(), silence(), right.clone()];
        service.on("GET /MB/inbox", &answers);
        let client = Client::open(&service.settings("")).unwrap();
        assert!(client.inbox().await.unwrap().messages.is_empty());
    }
    assert_eq!(service.asked("GET /MB/inbox?max_results=500").len(), 20);
    assert_eq!(service.refused(), Vec::<String>::new());
}

#[tokio::test]
async fn a_wait_that_is_asked_for_is_kept_and_one_that_is_too_long_ends_the_try() {
    let service = Service::start().await;
    let right = answer(200, &[], br#"{"messages": []}"#);
    let wait = answer(429, &[("Retry-After", "1")], b"");
    service.on("GET /MB/inbox", &[wait, right.clone()]);
    let client = Client::open(&service.settings("longest-wait-seconds = 5.0")).unwrap();
    let begun = Instant::now();
    client.inbox().await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1));
    for long in ["600", "Sat, 01 Jan 2095 00:00:00 GMT"] {
        let wait = answer(429, &[("Retry-After", long)], b"");
        service.on("GET /MB/inbox", &[wait, right.clone()]);
        let begun = Instant::now();
        let fault = client.inbox().await.unwrap_err();
        assert!(matches!(
            fault,
            Fault::Busy {
                status: 429,
                wait: Some(_)
            }
        ));
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
    // A date that is over asks for no wait.
    let wait = answer(
        503,
        &[("Retry-After", "Thu, 01 Jan 2015 00:00:00 GMT")],
        b"",
    );
    service.on("GET /MB/inbox", &[wait, right]);
    assert!(client.inbox().await.is_ok());
}

#[tokio::test]
async fn what_is_refused_is_not_asked_again() {
    let service = Service::start().await;
    for status in [400, 403, 404, 410, 500, 302] {
        let headers = [("Location", "http://127.0.0.1:9/elsewhere")];
        service.on("GET /MB/inbox", &[answer(status, &headers, b"{}")]);
        let client = Client::open(&service.settings("")).unwrap();
        let before = service.asked("GET /MB/inbox?max_results=500").len();
        assert!(client.inbox().await.is_err());
        let after = service.asked("GET /MB/inbox?max_results=500").len();
        assert_eq!(after - before, 1, "{status}");
    }
}

#[tokio::test]
async fn further_pages_are_only_asked_for_at_this_mailbox() {
    let service = Service::start().await;
    for next in [
        "http://127.0.0.1:9/messageexchange/MB/inbox?continue_from=x",
        "/messageexchange/OTHER/inbox?continue_from=x",
        "//example.org/messageexchange/MB/inbox",
        "/messageexchange/MB/inbox/../../OTHER/inbox",
        "/messageexchange/MB/inbox?max_results=500",
    ] {
        let page = serde_json::json!({"messages": ["A1"], "links": {"next": next}});
        let page = answer(200, &[], page.to_string().as_bytes());
        service.on("GET /MB/inbox", &[page]);
        let client = Client::open(&service.settings("")).unwrap();
        let inbox = client.inbox().await.unwrap();
        assert!(inbox.cut_short.is_some(), "{next}");
        assert_eq!(inbox.messages.len(), 1);
    }
    assert!(service.asked("GET /OTHER/inbox").is_empty());
}

#[tokio::test]
async fn what_is_no_id_is_never_asked_for() {
    let service = Service::start().await;
    service.inbox(&["../../OTHER", "", "A1"]);
    service.on("GET /MB/inbox/A1", &[answer(200, DATA, b"text")]);
    let (mut mailbox, stand_in) = watched(&service, "");
    let round = mailbox.round().await;
    assert_eq!((round.listed, round.received), (1, 1));
    let told = stand_in.notices();
    assert_eq!(told.iter().filter(|n| **n == Notice::NotAnId).count(), 2);
}

#[tokio::test]
async fn f06_an_acknowledgement_that_was_lost_is_given_again_without_a_download() {
    let service = Service::start().await;
    service.inbox(&["A1"]);
    service.on("GET /MB/inbox/A1", &[answer(200, DATA, b"text")]);
    let acknowledge = "PUT /MB/inbox/A1/status/acknowledged";
    service.on(acknowledge, &[silence()]);
    let (mut mailbox, stand_in) = watched(&service, "tries = 2");
    let round = mailbox.round().await;
    assert_eq!((round.received, round.left), (1, 1));
    service.on(acknowledge, &[answer(200, &[], b"")]);
    let round = mailbox.round().await;
    assert_eq!((round.received, round.again, round.left), (0, 1, 0));
    assert_eq!(service.asked("GET /MB/inbox/A1").len(), 1);
    assert_eq!(stand_in.contents().len(), 1);
    // A gateway that started anew knows nothing of it: the receiver does.
    let client = Client::open(&service.settings("")).unwrap();
    let mut fresh = Mailbox::new(client, stand_in.clone());
    assert_eq!(fresh.round().await.again, 1);
    assert_eq!(stand_in.contents().len(), 1);
}

#[tokio::test]
async fn a_service_that_is_away_is_left_alone_until_the_next_round() {
    let service = Service::start().await;
    let ids: Vec<String> = (0..50).map(|number| format!("A{number}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    service.inbox(&ids);
    for id in &ids {
        service.on(&format!("GET /MB/inbox/{id}"), &[answer(503, &[], b"")]);
    }
    let (mut mailbox, stand_in) = watched(&service, "tries = 1");
    mailbox.round().await;
    assert_eq!(service.asked("GET /MB/inbox/A2").len(), 1);
    assert!(service.asked("GET /MB/inbox/A3").is_empty());
    let told = stand_in.notices();
    assert!(matches!(told.last(), Some(Notice::GaveUp { .. })));
}

#[tokio::test]
async fn a_message_that_can_never_be_received_is_fetched_less_and_less_often() {
    let service = Service::start().await;
    service.inbox(&["A1"]);
    let wrong = [DATA, &[("Mex-Chunk-Range", "1:2")]].concat();
    service.on("GET /MB/inbox/A1", &[answer(200, &wrong, b"text")]);
    let (mut mailbox, _) = watched(&service, "");
    for _ in 0..40 {
        assert_eq!(mailbox.round().await.left, 1);
    }
    let fetched = service.asked("GET /MB/inbox/A1").len();
    assert!((2..20).contains(&fetched), "{fetched}");
    assert_eq!(service.acknowledged("A1"), 0);
}

#[tokio::test]
async fn watching_goes_on_after_faults_and_ends_when_told_to() {
    let service = Service::start().await;
    service.inbox(&["A1", "A2"]);
    service.on(
        "GET /MB/inbox/A1",
        &[answer(500, &[], b""), answer(200, DATA, b"one")],
    );
    service.on("GET /MB/inbox/A2", &[answer(200, DATA, b"two")]);
    let (mut mailbox, stand_in) = watched(&service, "");
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let watching = tokio::spawn(async move { mailbox.run(stopped).await });
    let begun = Instant::now();
    while stand_in.contents().len() < 2 {
        assert!(begun.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.send(true).unwrap();
    watching.await.unwrap();
    assert_eq!(service.asked("POST /MB").len(), 1);
    let head = &service.asked("POST /MB")[0].headers;
    for name in [
        "mex-clientversion",
        "mex-osname",
        "mex-osversion",
        "mex-osarchitecture",
        "mex-javaversion",
    ] {
        assert!(head.contains_key(name), "{name}");
    }
    assert_eq!(head["accept"], "application/vnd.mesh.v2+json");
}

#[tokio::test]
async fn a_message_of_an_unknown_kind_or_about_another_is_left() {
    let service = Service::start().await;
    service.inbox(&["A1"]);
    for head in [("Mex-MessageType", "SECRET"), ("Mex-MessageID", "A2")] {
        let headers = [&DATA[1..], &[head]].concat();
        service.on("GET /MB/inbox/A1", &[answer(200, &headers, b"text")]);
        let (mut mailbox, stand_in) = watched(&service, "");
        assert_eq!(mailbox.round().await.left, 1);
        let told = stand_in.notices();
        assert!(matches!(
            &told[..],
            [Notice::Incomplete {
                why: Incomplete::Fault(Fault::Unreadable(_)),
                ..
            }]
        ));
        assert_eq!(service.acknowledged("A1"), 0);
    }
}

#[test]
fn settings_that_cannot_be_used_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, "secret").unwrap();
    let file = file.to_str().unwrap();
    let right = [
        ("url", "\"https://mesh.example/messageexchange\"".to_owned()),
        ("mailbox", "\"MB\"".to_owned()),
        ("password-file", format!("{file:?}")),
        ("shared-key-file", format!("{file:?}")),
    ];
    let open = |change: (&str, &str), more: &str| {
        let lines = right.iter().filter(|(name, _)| *name != change.0);
        let mut text: String = lines
            .map(|(name, value)| format!("{name} = {value}\n"))
            .collect();
        if !change.1.is_empty() {
            text += &format!("{} = {}\n", change.0, change.1);
        }
        let settings: mesh::Settings = toml::from_str(&(text + more)).unwrap();
        Client::open(&settings).map(drop)
    };
    assert_eq!(open(("", ""), ""), Ok(()));
    let route =
        "[[routes]]\nworkflow = \"W\"\nfrom = \"A\"\norganisation = \"X\"\nsource = \"s\"\n";
    for (change, more, named) in [
        (("url", "\"http://mesh.example\""), "", "url"),
        (("url", "\"https://user@mesh.example\""), "", "url"),
        (("password-file", "\"/not/there\""), "", "password-file"),
        (("password-file", ""), "", "password"),
        (("shared-key-env", "\"NOBODY_SETS_THIS\""), "", "shared-key"),
        (("page", "5"), "", "page"),
        (("tries", "0"), "", "tries"),
        (("chunk-bytes", "100000000"), "", "chunk-bytes"),
        (("poll-seconds", "-1.0"), "", "poll-seconds"),
        (
            ("certificate-file", &format!("{file:?}")),
            "",
            "certificate",
        ),
        (
            ("authority-file", &format!("{file:?}")),
            "",
            "authority-file",
        ),
        (("", ""), &format!("{route}{route}"), "routes"),
    ] {
        let issue = open(change, more).unwrap_err();
        assert!(issue.message.contains(named), "{named}: {issue}");
        assert!(issue.help.is_some() && issue.code == "P201");
        assert!(!issue.message.contains("secret\""));
    }
}
