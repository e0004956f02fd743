//! Streams of resources: format found out, each line on its own, memory bounded.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::io::{BufReader, Read};

use fhir::xml::{Child, Model};
use fhir::{Format, Resources};

/// A model that knows nothing: enough for JSON.
struct Nothing;

impl Model for Nothing {
    type Node = ();
    fn resource(&self, _: &str) -> Option<()> {
        None
    }
    fn child(&self, (): &(), _: &str) -> Option<Child<()>> {
        None
    }
}

type Item = (u64, Result<String, String>);

fn read(text: &str) -> (Option<Format>, Vec<Item>) {
    let mut resources = Resources::new(text.as_bytes(), &Nothing);
    let items: Vec<_> = resources
        .by_ref()
        .map(|(line, item)| {
            (
                line,
                item.map(|v| v.to_string()).map_err(|i| i.code.to_string()),
            )
        })
        .collect();
    (resources.format(), items)
}

#[test]
fn a_document_over_many_lines() {
    let (format, items) = read("\u{feff}\n{\n \"a\": 1\n}\n");
    assert_eq!(format, Some(Format::Json));
    assert_eq!(items, [(2, Ok("{\"a\":1}".to_owned()))]);
}

#[test]
fn one_document_a_line_with_a_broken_one_between() {
    let (format, items) = read("{\"a\":1}\n\n{\"a\":\n{\"a\":1,\"a\":2}\r\n{\"b\":2}");
    assert_eq!(format, Some(Format::NdJson));
    assert_eq!(
        items,
        [
            (1, Ok("{\"a\":1}".to_owned())),
            (3, Err("V001".to_owned())),
            (4, Err("V001".to_owned())),
            (5, Ok("{\"b\":2}".to_owned())),
        ]
    );
}

#[test]
fn a_broken_first_line_does_not_hide_the_second() {
    let (format, items) = read("{\"a\":1,}\n{\"b\":2}\n");
    assert_eq!(format, Some(Format::NdJson));
    assert_eq!(
        items,
        [(1, Err("V001".to_owned())), (2, Ok("{\"b\":2}".to_owned()))]
    );
}

#[test]
fn xml_is_found_out() {
    let (format, items) =
        read("  <Patient xmlns=\"http://hl7.org/fhir\">\n<active value=\"true\"/></Patient>");
    assert_eq!(format, Some(Format::Xml));
    assert_eq!(
        items,
        [(
            1,
            Ok("{\"resourceType\":\"Patient\",\"active\":\"true\"}".to_owned())
        )]
    );
    assert_eq!(read("<a").1, [(1, Err("V002".to_owned()))]);
}

#[test]
fn nothing_is_an_error() {
    assert_eq!(read("").1, [(1, Err("V004".to_owned()))]);
    assert_eq!(read("\n \n").1, [(1, Err("V004".to_owned()))]);
}

#[test]
fn a_failing_input_ends_the_stream_with_an_issue() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
        }
    }
    let mut resources = Resources::new(BufReader::new(b"{\"a\":1}\n".chain(Broken)), &Nothing);
    assert!(resources.next().unwrap().1.is_ok());
    assert_eq!(resources.next().unwrap().1.unwrap_err().code, "V003");
    assert!(resources.next().is_none());
}

#[test]
fn an_endless_line_is_refused_and_passed_over() {
    let endless = std::io::repeat(b'x').take(65 * 1024 * 1024);
    let input = BufReader::new(b"{}\n".chain(endless).chain(&b"\n{\"a\":1}\n"[..]));
    let items: Vec<_> = Resources::new(input, &Nothing)
        .map(|(line, item)| (line, item.map_err(|i| i.code)))
        .collect();
    assert_eq!(items.len(), 3);
    assert_eq!(items[1].1.as_ref().unwrap_err(), "V003");
    assert_eq!(items[2].0, 3);
    assert!(items[2].1.is_ok());
}

/// A first line may be longer than the reader's buffer, and lines may end in any way.
#[test]
fn small_buffers_make_no_difference() {
    let text = "{\"a\":1}\r\n{\"b\":2}\r\n";
    let input = BufReader::with_capacity(1, text.as_bytes());
    assert_eq!(
        Resources::new(input, &Nothing)
            .filter(|(_, item)| item.is_ok())
            .count(),
        2
    );
}
