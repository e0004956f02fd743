//! The encoding of a text file, found out before it is read.

use std::io::{self, Read, Seek, SeekFrom};

use diagnostics::{InputPlace, Issue, IssueType};
use encoding_rs::{Decoder, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::codes;
use crate::input::{Input, ReadSeek};
use crate::sniff;

const CHUNK: usize = 128 << 10;

/// How the bytes of a file are characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// UTF-8; a record that is not is an issue of its own.
    Utf8,
    Utf16Le,
    Utf16Be,
    Windows1252,
}

/// A text file after its bytes were looked through once.
#[derive(Debug, Clone)]
pub(crate) struct TextFile {
    input: Input,
    pub encoding: Encoding,
    /// How many bytes its byte order mark has.
    mark: u64,
    /// The first characters.
    pub head: String,
}

impl TextFile {
    /// Looks through a file and finds its encoding: by its byte order mark, by the pattern of NUL
    /// bytes that UTF-16 has, or by whether the whole of it is UTF-8. Bytes that are not, in a file
    /// without a single multi-byte character of UTF-8, are taken for Windows-1252, which is what
    /// Windows programs write; in a file that has both, each record answers for itself.
    ///
    /// # Errors
    /// When it cannot be read, is empty, or is no text.
    pub(crate) fn look(input: &Input, wanted: &str) -> Result<(Self, Vec<Issue>), Vec<Issue>> {
        let place = || InputPlace::file(input.name().as_ref());
        let failed = |error: io::Error| vec![unreadable(&error, place())];
        let mut reader = input.open().map_err(failed)?;
        let mut head = vec![0; sniff::HEAD];
        let length = fill(&mut *reader, &mut head).map_err(failed)?;
        head.truncate(length);
        if head.is_empty() {
            return Err(vec![empty(place())]);
        }
        if let Some(kind) = sniff::kind(&head) {
            return Err(vec![wrong_format(kind, wanted, place())]);
        }
        let (mark, marked) = byte_order_mark(&head);
        let encoding = match marked.or_else(|| unmarked_utf16(&head)) {
            Some(encoding) => encoding,
            None if sniff::is_binary(&head) => {
                return Err(vec![wrong_format(
                    "a binary file, not text",
                    wanted,
                    place(),
                )]);
            }
            None => {
                reader.seek(SeekFrom::Start(mark)).map_err(failed)?;
                utf8_or_windows(&mut *reader).map_err(failed)?
            }
        };
        let mut file = Self {
            input: input.clone(),
            encoding,
            mark,
            head: String::new(),
        };
        let mut start = vec![0; sniff::HEAD];
        let length = fill(&mut *file.open().map_err(failed)?, &mut start).map_err(failed)?;
        start.truncate(length);
        file.head = String::from_utf8_lossy(&start).into_owned();
        if let Some(kind) = sniff::markup(&file.head) {
            return Err(vec![wrong_format(kind, wanted, place())]);
        }
        let issue = match encoding {
            Encoding::Utf8 => None,
            Encoding::Utf16Le | Encoding::Utf16Be => Some(Issue::information(
                codes::ENCODING,
                "the file is encoded in UTF-16 and was read as such",
            )),
            Encoding::Windows1252 => Some(
                Issue::warning(
                    codes::ENCODING,
                    IssueType::Value,
                    "the file is not encoded in UTF-8; it was read as Windows-1252, the usual encoding of Windows programs",
                )
                .help("check accented letters and pound signs in the result, or export the file as UTF-8"),
            ),
        };
        let issues = issue
            .map(|issue| issue.at_input(place()))
            .into_iter()
            .collect();
        Ok((file, issues))
    }

    /// A reader of its characters as UTF-8, without byte order mark.
    pub(crate) fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        let mut reader = self.input.open()?;
        reader.seek(SeekFrom::Start(self.mark))?;
        let decoder = match self.encoding {
            Encoding::Utf8 => return Ok(Box::new(reader)),
            Encoding::Utf16Le => UTF_16LE.new_decoder_without_bom_handling(),
            Encoding::Utf16Be => UTF_16BE.new_decoder_without_bom_handling(),
            Encoding::Windows1252 => WINDOWS_1252.new_decoder_without_bom_handling(),
        };
        Ok(Box::new(Decoding::new(reader, decoder)))
    }

    /// Whether a decoded text holds what no text of this encoding would: the mark of a sequence
    /// that could not be decoded, or a control character that Windows-1252 does not have.
    pub(crate) fn is_garbled(&self, text: &str) -> bool {
        match self.encoding {
            Encoding::Utf8 => false,
            Encoding::Utf16Le | Encoding::Utf16Be => text.contains('\u{FFFD}'),
            Encoding::Windows1252 => text.contains(|c: char| ('\u{80}'..='\u{9F}').contains(&c)),
        }
    }
}

fn byte_order_mark(head: &[u8]) -> (u64, Option<Encoding>) {
    match head {
        [0xEF, 0xBB, 0xBF, ..] => (3, None),
        [0xFF, 0xFE, ..] => (2, Some(Encoding::Utf16Le)),
        [0xFE, 0xFF, ..] => (2, Some(Encoding::Utf16Be)),
        _ => (0, None),
    }
}

/// UTF-16 of mostly Latin letters has a NUL in every other byte.
fn unmarked_utf16(head: &[u8]) -> Option<Encoding> {
    let pairs = head.len() / 2;
    if pairs < 2 {
        return None;
    }
    let nul = |offset: usize| {
        head.iter()
            .skip(offset)
            .step_by(2)
            .filter(|b| **b == 0)
            .count()
    };
    let (even, odd) = (nul(0), nul(1));
    if odd * 10 > pairs * 6 && even * 20 < pairs {
        Some(Encoding::Utf16Le)
    } else if even * 10 > pairs * 6 && odd * 20 < pairs {
        Some(Encoding::Utf16Be)
    } else {
        None
    }
}

fn utf8_or_windows(reader: &mut dyn ReadSeek) -> io::Result<Encoding> {
    let mut buffer = vec![0; CHUNK];
    let mut kept = 0;
    let (mut multi_byte, mut invalid) = (false, false);
    loop {
        let space = buffer.get_mut(kept..).unwrap_or_default();
        let length = reader.read(space)?;
        if length == 0 {
            invalid |= kept > 0;
            break;
        }
        let filled = kept + length;
        let mut rest = buffer.get(..filled).unwrap_or_default();
        kept = 0;
        if rest.is_ascii() {
            continue;
        }
        while !rest.is_empty() {
            let (valid, after) = match std::str::from_utf8(rest) {
                Ok(_) => (rest, [].as_slice()),
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    match error.error_len() {
                        Some(length) => {
                            invalid = true;
                            (valid, after.get(length..).unwrap_or_default())
                        }
                        None => {
                            kept = after.len();
                            (valid, [].as_slice())
                        }
                    }
                }
            };
            multi_byte |= !valid.is_ascii();
            rest = after;
            if multi_byte && invalid {
                return Ok(Encoding::Utf8);
            }
        }
        buffer.copy_within(filled - kept..filled, 0);
    }
    Ok(if invalid && !multi_byte {
        Encoding::Windows1252
    } else {
        Encoding::Utf8
    })
}

/// Reads until the buffer is full or the input ends.
pub(crate) fn fill(reader: &mut (impl Read + ?Sized), buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(space) = buffer.get_mut(filled..).filter(|space| !space.is_empty()) {
        match reader.read(space) {
            Ok(0) => break,
            Ok(length) => filled += length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// A reader that decodes to UTF-8 as it goes.
struct Decoding {
    inner: Box<dyn ReadSeek>,
    decoder: Decoder,
    raw: Vec<u8>,
    raw_at: usize,
    raw_end: usize,
    done: bool,
}

impl Decoding {
    fn new(inner: Box<dyn ReadSeek>, decoder: Decoder) -> Self {
        Self {
            inner,
            decoder,
            raw: vec![0; CHUNK],
            raw_at: 0,
            raw_end: 0,
            done: false,
        }
    }
}

impl Read for Decoding {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        // A decoder may need room for one whole character.
        if out.len() < 16 {
            return Err(io::Error::other("the buffer is too small to decode into"));
        }
        loop {
            let ended = self.raw_at == self.raw_end && !self.done && {
                self.raw_at = 0;
                self.raw_end = self.inner.read(&mut self.raw)?;
                self.raw_end == 0
            };
            if self.done {
                return Ok(0);
            }
            let raw = self.raw.get(self.raw_at..self.raw_end).unwrap_or_default();
            let (result, read, written, _) = self.decoder.decode_to_utf8(raw, out, ended);
            self.raw_at += read;
            self.done = ended && result == encoding_rs::CoderResult::InputEmpty;
            if written > 0 {
                return Ok(written);
            }
        }
    }
}

pub(crate) fn unreadable(error: &io::Error, place: InputPlace) -> Issue {
    let help = match error.kind() {
        io::ErrorKind::NotFound => "check the file's name and folder",
        io::ErrorKind::PermissionDenied => "check who may read the file",
        _ => "check the disk or share that the file is on, and try again",
    };
    let reason = match error.kind() {
        io::ErrorKind::NotFound => "it does not exist".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        kind => kind.to_string(),
    };
    Issue::error(
        codes::IO,
        IssueType::NotFound,
        format!("the file cannot be read: {reason}"),
    )
    .help(help)
    .at_input(place)
}

pub(crate) fn empty(place: InputPlace) -> Issue {
    Issue::error(codes::EMPTY, IssueType::Incomplete, "the file is empty")
        .help("export it again; an empty file says nothing about anybody")
        .at_input(place)
}

pub(crate) fn wrong_format(found: &str, wanted: &str, place: InputPlace) -> Issue {
    Issue::error(
        codes::WRONG_FORMAT,
        IssueType::Structure,
        format!("this is {found}, and the mapping reads {wanted}"),
    )
    .help(format!(
        "export the data as {wanted}, or choose the mapping that fits the file"
    ))
    .at_input(place)
}
