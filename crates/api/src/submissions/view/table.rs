//! Tables for spreadsheets.

/// A table as CSV (RFC 4180). A cell that a spreadsheet would take for a formula gets an apostrophe
/// before it, which shows that it is text.
pub(super) struct Table(csv::Writer<Vec<u8>>);

impl Table {
    pub(super) fn new(header: &[&str]) -> Self {
        let mut table = Self(
            csv::WriterBuilder::new()
                .terminator(csv::Terminator::CRLF)
                .from_writer(Vec::new()),
        );
        table.write(header.iter().copied());
        table
    }

    pub(super) fn row<'c>(&mut self, cells: impl IntoIterator<Item = &'c str>) {
        let cells: Vec<String> = cells.into_iter().map(as_text).collect();
        self.write(cells.iter().map(String::as_str));
    }

    fn write<'c>(&mut self, cells: impl Iterator<Item = &'c str>) {
        // A row of another length is the only thing that can go wrong in memory, and callers write
        // rows of one length.
        if let Err(error) = self.0.write_record(cells) {
            tracing::error!(%error, "a table has a row of another length");
        }
    }

    pub(super) fn finish(self) -> String {
        let bytes = self.0.into_inner().unwrap_or_default();
        String::from_utf8(bytes).unwrap_or_default()
    }
}

fn as_text(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        return format!("'{cell}");
    }
    cell.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i5_a_cell_is_never_a_formula() {
        let mut table = Table::new(&["a", "b"]);
        for cell in ["=cmd|' /C calc'!A0", "@SUM(A1)", "+1", "-1", "\t=1", "\r=1"] {
            table.row([cell, "x,\"y\"\nz"]);
        }
        let text = table.finish();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        for record in reader.records() {
            let record = record.unwrap();
            assert!(record[0].starts_with('\''), "{record:?}");
            assert_eq!(&record[1], "x,\"y\"\nz");
        }
        assert!(text.starts_with("a,b\r\n"));
    }
}
