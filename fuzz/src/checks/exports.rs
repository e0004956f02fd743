//! Exports as sources send them.

use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::tz::TimeZone;
use source::{Column, Event, Format, Input, Markers, Schema, Table};

/// Separated values.
pub fn csv(bytes: &[u8]) {
    read(
        bytes,
        Format::Csv {
            delimiters: vec![b',', b';', b'\t'],
        },
    );
}

/// A document, and documents a line.
pub fn json_tree(bytes: &[u8]) {
    read(bytes, Format::Json { lines: false });
    read(bytes, Format::Json { lines: true });
}

/// A workbook.
pub fn xlsx(bytes: &[u8]) {
    read(bytes, Format::Xlsx);
}

/// Reading ends, and two readings give the same number of records.
fn read(bytes: &[u8], format: Format) {
    let column = |name: &str| Column {
        name: name.to_owned(),
        ..Column::default()
    };
    let schema = Arc::new(Schema {
        format,
        tables: vec![Table {
            name: "people".to_owned(),
            columns: vec![column("a"), column("b"), column("c")],
            ..Table::default()
        }],
        missing: Markers::new(["N/A", "-"]),
        zone: TimeZone::UTC,
    });
    let Ok(mut opened) = source::open(&Input::bytes("input", bytes), schema) else {
        return;
    };
    let mut count = || {
        let (mut rows, mut unreadable) = (0u64, 0u64);
        let outcome = opened.read_counting(&mut |event| {
            match event {
                Event::Row(_) => rows += 1,
                Event::Unreadable(_) => unreadable += 1,
            }
            ControlFlow::Continue(())
        });
        (rows, unreadable, outcome.is_ok())
    };
    assert_eq!(count(), count(), "a second reading gives the same");
}
