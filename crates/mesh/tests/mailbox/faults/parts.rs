//! Parts that are cut, damaged, mixed up or too many.

use mesh::{Client, Incomplete, Mailbox, Notice};

use super::service::{Answer, Service, answer, cut};
use crate::stand_in::StandIn;

/// Part `number` of `of`, as gzip.
pub fn part(number: u32, of: u32, content: &[u8]) -> Answer {
    let range = format!("{number}:{of}");
    let headers = [
        ("Mex-MessageType", "DATA"),
        ("Mex-From", "HOME"),
        ("Mex-WorkflowID", "W"),
        ("Mex-LocalID", "local"),
        ("Mex-Chunk-Range", &range),
        ("Content-Encoding", "gzip"),
    ];
    let status = if number < of { 206 } else { 200 };
    answer(status, &headers, &gzip(content))
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

/// Puts the answers of the parts of a message at their places.
pub fn put(service: &Service, parts: &[Vec<Answer>]) {
    service.inbox(&["A1"]);
    for (at, answers) in parts.iter().enumerate() {
        let what = match at {
            0 => "GET /MB/inbox/A1".to_owned(),
            at => format!("GET /MB/inbox/A1/{}", at + 1),
        };
        service.on(&what, answers);
    }
}

/// One round: what is kept, and why it is not.
pub async fn round(service: &Service, more: &str) -> (Vec<Vec<u8>>, Option<Incomplete>) {
    let stand_in = StandIn::default();
    let client = Client::open(&service.settings(more)).unwrap();
    let mut mailbox = Mailbox::new(client, stand_in.clone());
    mailbox.round().await;
    let why = stand_in
        .notices()
        .into_iter()
        .find_map(|notice| match notice {
            Notice::Incomplete { why, .. } => Some(why),
            _ => None,
        });
    (stand_in.contents(), why)
}

#[tokio::test]
async fn f04_a_part_that_was_cut_is_fetched_again_and_nothing_is_doubled() {
    let service = Service::start().await;
    let whole: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let (first, second) = whole.split_at(300_000);
    let (first, second) = (part(1, 2, first), part(2, 2, second));
    put(
        &service,
        &[
            vec![cut(&first, 100_000), cut(&first, 3), first.clone()],
            vec![cut(&second, 0), cut(&second, 150_000), second.clone()],
        ],
    );
    let (kept, why) = round(&service, "").await;
    assert_eq!(why, None);
    assert!(kept == [whole]);
    assert_eq!(service.acknowledged("A1"), 1);
    assert_eq!(service.refused(), Vec::<String>::new());
}

#[tokio::test]
async fn f05_a_part_that_stays_cut_is_not_acknowledged() {
    let service = Service::start().await;
    let first = part(1, 1, &[7; 100_000]);
    put(&service, &[vec![cut(&first, 50)]]);
    let (kept, why) = round(&service, "tries = 2").await;
    assert!(kept.is_empty());
    assert!(matches!(why, Some(Incomplete::Fault(_))), "{why:?}");
    assert_eq!(service.acknowledged("A1"), 0);
}

#[tokio::test]
async fn f05_a_part_that_changes_while_it_is_fetched_again_is_not_whole() {
    let service = Service::start().await;
    let content: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
    let mut other = content.clone();
    other[10] ^= 1;
    let first = part(1, 1, &content);
    for second in [part(1, 1, &other), part(1, 1, &content[..100])] {
        put(&service, &[vec![cut(&first, 100_000), second]]);
        let (kept, why) = round(&service, "").await;
        assert!(kept.is_empty());
        assert_eq!(why, Some(Incomplete::Changed { number: 1 }));
    }
    assert_eq!(service.acknowledged("A1"), 0);
}

#[tokio::test]
async fn f05_parts_that_are_mixed_up_doubled_or_missing_are_not_whole() {
    let service = Service::start().await;
    let (a, b, c) = (part(1, 3, b"a"), part(2, 3, b"b"), part(3, 3, b"c"));
    let missing = answer(404, &[], b"");
    let gone = answer(410, &[], b"");
    let wrong_total = part(2, 4, b"b");
    for (parts, expected) in [
        (
            [a.clone(), c.clone(), b.clone()],
            Incomplete::WrongChunk { number: 2, of: 3 },
        ),
        (
            [a.clone(), a.clone(), c.clone()],
            Incomplete::WrongChunk { number: 2, of: 3 },
        ),
        (
            [a.clone(), wrong_total, c.clone()],
            Incomplete::WrongChunk { number: 2, of: 3 },
        ),
        (
            [a.clone(), missing, c.clone()],
            Incomplete::MissingChunk { number: 2, of: 3 },
        ),
        (
            [a.clone(), b.clone(), gone],
            Incomplete::MissingChunk { number: 3, of: 3 },
        ),
    ] {
        put(&service, &parts.map(|part| vec![part]));
        let (kept, why) = round(&service, "").await;
        assert!(kept.is_empty());
        assert_eq!(why, Some(expected));
    }
    assert_eq!(service.acknowledged("A1"), 0);
    put(&service, &[vec![a], vec![b], vec![c]]);
    assert_eq!(round(&service, "").await.0, [b"abc".to_vec()]);
}

#[tokio::test]
async fn f05_a_head_that_contradicts_itself_is_not_whole() {
    let service = Service::start().await;
    for (status, range, total) in [
        (200, "1:2", "2"),
        (206, "1:1", "1"),
        (200, "1:1", "2"),
        (206, "", ""),
        (200, "1:0", "0"),
        (200, "one", ""),
        (200, "2:2", "2"),
    ] {
        let headers = [
            ("Mex-From", "HOME"),
            ("Mex-WorkflowID", "W"),
            ("Mex-Chunk-Range", range),
            ("Mex-Total-Chunks", total),
        ];
        put(&service, &[vec![answer(status, &headers, b"text")]]);
        let (kept, why) = round(&service, "").await;
        assert!(kept.is_empty() && why.is_some(), "{status} {range} {total}");
    }
    assert_eq!(service.acknowledged("A1"), 0);
}

#[tokio::test]
async fn f05_a_body_whose_end_nobody_can_tell_is_not_whole() {
    let service = Service::start().await;
    let text = "HTTP/1.1 200 X\r\nMex-From: HOME\r\nMex-WorkflowID: W\r\n\r\nhalf of the te";
    let open = Answer {
        bytes: text.as_bytes().to_vec(),
        is_silent: false,
    };
    put(&service, &[vec![open]]);
    let (kept, why) = round(&service, "").await;
    assert!(kept.is_empty());
    assert_eq!(why, Some(Incomplete::EndUnknown { number: 1 }));
}

#[tokio::test]
async fn i04_a_message_that_is_larger_than_allowed_is_not_received() {
    let service = Service::start().await;
    // A thousand times as large as its transfer.
    let bomb = part(1, 1, &vec![0; 20_000_000]);
    put(&service, &[vec![bomb]]);
    let (kept, why) = round(&service, "largest-message-bytes = 1000000").await;
    assert!(kept.is_empty());
    assert_eq!(why, Some(Incomplete::TooLarge { most: 1_000_000 }));
    // The same within content that its sender compressed.
    let headers = [
        ("Mex-From", "HOME"),
        ("Mex-WorkflowID", "W"),
        ("Mex-Content-Compressed", "Y"),
    ];
    let inside = answer(200, &headers, &gzip(&vec![0; 20_000_000]));
    put(&service, &[vec![inside]]);
    let (kept, why) = round(&service, "largest-message-bytes = 1000000").await;
    assert!(kept.is_empty());
    assert_eq!(why, Some(Incomplete::TooLarge { most: 1_000_000 }));
    assert_eq!(service.acknowledged("A1"), 0);
}

#[tokio::test]
async fn content_that_its_sender_compressed_before_it_was_cut_is_opened() {
    let service = Service::start().await;
    let content = b"number,name\n1,A home\n".repeat(500);
    let inside = gzip(&content);
    let (first, second) = inside.split_at(2);
    let sha256 = "SHA256: ".to_owned() + &hash(&content);
    let wrong = hash(b"something else");
    for (checksum, is_whole) in [(sha256, true), (hash(&inside), true), (wrong, false)] {
        let headers = [
            ("Mex-From", "HOME"),
            ("Mex-WorkflowID", "W"),
            ("Mex-Content-Compressed", "Y"),
            ("Mex-Content-Checksum", &checksum),
        ];
        let numbered = |range| [&headers[..], &[("Mex-Chunk-Range", range)]].concat();
        put(
            &service,
            &[
                vec![answer(206, &numbered("1:2"), first)],
                vec![answer(200, &numbered("2:2"), second)],
            ],
        );
        let (kept, why) = round(&service, "").await;
        if is_whole {
            assert!(kept == [content.clone()], "{why:?}");
        } else {
            assert_eq!(why, Some(Incomplete::Checksum));
            assert!(kept.is_empty());
        }
    }
    assert_eq!(service.acknowledged("A1"), 2);
}

fn hash(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    let hash = sha2::Sha256::digest(bytes);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
