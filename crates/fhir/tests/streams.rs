//! Streams of resources: format found out, each line on its own, memory bounded.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::io::Read;

use fhir::{Format, MAX_RESOURCE, Stream};
use proptest::prelude::*;

type Item = (u64, Result<String, String>);

fn of(input: impl Read, format: Option<Format>, limit: usize) -> (Option<Format>, Vec<Item>) {
    let mut stream = Stream::new(input, format, limit);
    let mut items = Vec::new();
    for piece in stream.by_ref() {
        match piece {
            Ok(piece) => {
                items.extend(piece.documents().map(|(line, text)| {
                    (line, Ok(String::from_utf8_lossy(text).trim().to_owned()))
                }))
            }
            Err(unread) => items.push((unread.line, Err(unread.issue.code.to_string()))),
        }
    }
    (stream.format(), items)
}

fn read(text: &str) -> (Option<Format>, Vec<Item>) {
    of(text.as_bytes(), None, MAX_RESOURCE)
}

/// Gives a byte at a time.
struct Slow<'t>(&'t [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        let take = room.len().min(1);
        self.0.read(&mut room[..take])
    }
}

#[test]
fn a_document_over_many_lines() {
    let (format, items) = read("\u{feff}\n{\n \"a\": 1\n}\n");
    assert_eq!(format, Some(Format::Json));
    assert_eq!(items.len(), 1);
    assert_eq!(
        read("{\n \"resourceType\": \"Patient\",\n}").0,
        Some(Format::Json)
    );
    // A document that is broken is no NDJSON because of an object on a line of its own.
    assert_eq!(read("{\n \"a\": [\n  {}\n ],\n}").0, Some(Format::Json));
}

#[test]
fn one_document_a_line_with_broken_ones_between() {
    let (format, items) = read("{\"a\":1}\n\n{\"a\":\n  \r\n{\"b\":2}");
    assert_eq!(format, Some(Format::NdJson));
    assert_eq!(
        items,
        [
            (1, Ok("{\"a\":1}".to_owned())),
            (3, Ok("{\"a\":".to_owned())),
            (5, Ok("{\"b\":2}".to_owned())),
        ]
    );
}

#[test]
fn a_broken_first_line_does_not_hide_the_second() {
    for first in [
        "{\"a\":1,}",
        "{\"resourceType\":\"Pat",
        "not json",
        "\"",
        "{",
    ] {
        let (format, items) = read(&format!("{first}\n{{\"b\":2}}\n"));
        assert_eq!(format, Some(Format::NdJson), "{first}");
        assert_eq!(items[1], (2, Ok("{\"b\":2}".to_owned())));
    }
}

#[test]
fn xml_is_found_out() {
    let text = "  <Patient xmlns=\"http://hl7.org/fhir\">\n<active value=\"true\"/></Patient>";
    let (format, items) = read(text);
    assert_eq!(format, Some(Format::Xml));
    assert_eq!(items, [(1, Ok(text.trim().to_owned()))]);
}

#[test]
fn nothing_is_an_error() {
    assert_eq!(read("").1, [(1, Err("V004".to_owned()))]);
    assert_eq!(read("\n \n").1, [(1, Err("V004".to_owned()))]);
    let (_, items) = of(&b"\n\n"[..], Some(Format::NdJson), MAX_RESOURCE);
    assert_eq!(items, [(1, Err("V004".to_owned()))]);
}

#[test]
fn a_failing_input_ends_the_stream_with_an_issue() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
        }
    }
    let input = b"{\"a\":1}\n{\"b\":1}\n".chain(Broken);
    let (_, items) = of(input, Some(Format::NdJson), MAX_RESOURCE);
    assert_eq!(items.len(), 3);
    assert_eq!(items[2], (3, Err("V003".to_owned())));
}

#[test]
fn an_endless_line_is_refused_and_passed_over() {
    let endless = std::io::repeat(b'x').take(9 * 1024 * 1024);
    let input = b"{}\n".chain(endless).chain(&b"\n{\"a\":1}\n"[..]);
    let (_, items) = of(input, None, 1024 * 1024);
    assert_eq!(
        items,
        [
            (1, Ok("{}".to_owned())),
            (2, Err("V003".to_owned())),
            (3, Ok("{\"a\":1}".to_owned())),
        ]
    );
    let (_, items) = of(std::io::repeat(b' ').take(9 << 20), None, 1 << 20);
    assert_eq!(items, [(1, Err("V003".to_owned()))]);
    let (_, items) = of(
        b"<a".chain(std::io::repeat(b'a').take(9 << 20)),
        None,
        1 << 20,
    );
    assert_eq!(items, [(1, Err("V003".to_owned()))]);
}

proptest! {
    /// However the bytes come in and whatever the limit, every line is answered once and in order.
    #[test]
    fn every_line_is_answered(lines in prop::collection::vec("[a-z{}]{0,12}", 1..12), limit in 0usize..16) {
        let text = lines.join("\n");
        let expected: Vec<Item> = lines.iter().enumerate()
            .filter(|(_, line)| !line.is_empty())
            .map(|(index, line)| (index as u64 + 1, if line.len() > limit { Err("V003".to_owned()) } else { Ok(line.clone()) }))
            .collect();
        let expected = if expected.is_empty() { vec![(1, Err("V004".to_owned()))] } else { expected };
        let format = Some(Format::NdJson);
        prop_assert_eq!(&of(text.as_bytes(), format, limit).1, &expected);
        prop_assert_eq!(&of(Slow(text.as_bytes()), format, limit).1, &expected);
    }

    #[test]
    fn anything_ends(bytes in prop::collection::vec(any::<u8>(), 0..200), limit in 0usize..64) {
        let _ = of(bytes.as_slice(), None, limit);
        let _ = of(Slow(&bytes), None, limit);
    }
}
