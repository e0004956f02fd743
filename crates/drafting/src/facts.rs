//! What is counted of a column: never more of its cells than bounded counts need.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::LazyLock;

use jiff::tz::TimeZone;
use source::{ColumnType, DatePattern, Markers, RawCell, typed};

use crate::shape::Shapes;
use crate::vocabulary::{self, Tick};

/// How many different texts of a column are kept to list them; a column with more has no list.
pub(crate) const LISTED: usize = 60;
/// The longest text of a list.
const LISTED_LENGTH: usize = 80;
/// How many cells of a column are remembered (as hashes) to tell whether each occurs once.
const REMEMBERED: usize = 50_000;
/// How many cells are tried against every way of writing a date, before only those that fitted are.
const TRIED: u64 = 2_000;

/// The ways of writing a date or a time that are tried.
pub(crate) const PATTERNS: [&str; 22] = [
    "dd/MM/yyyy",
    "d/M/yyyy",
    "yyyy-MM-dd",
    "dd-MM-yyyy",
    "d-M-yyyy",
    "dd.MM.yyyy",
    "d.M.yyyy",
    "d MMM yyyy",
    "d MMMM yyyy",
    "dd-MMM-yyyy",
    "yyyy/MM/dd",
    "MM/dd/yyyy",
    "M/d/yyyy",
    "yyyyMMdd",
    "MM/yyyy",
    "MMM yyyy",
    "dd/MM/yyyy HH:mm",
    "dd/MM/yyyy HH:mm:ss",
    "yyyy-MM-dd HH:mm",
    "yyyy-MM-dd HH:mm:ss",
    "yyyy-MM-dd HH:mm:ss.S",
    "iso",
];

static TYPES: LazyLock<Vec<ColumnType>> = LazyLock::new(|| {
    PATTERNS
        .iter()
        .map(|pattern| ColumnType::Date {
            formats: DatePattern::parse(pattern).into_iter().collect(),
        })
        .collect()
});

/// What is known of the cells of one column.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    /// Cells that hold something, markers for "nothing" among them.
    pub filled: u64,
    /// Those markers.
    pub markers: BTreeMap<&'static str, u64>,
    /// Real booleans, dates, dates with a time, times and spreadsheet errors.
    pub booleans: u64,
    pub real_dates: u64,
    pub real_times: u64,
    pub errors: u64,
    /// Arrays and objects of a document.
    pub structures: u64,
    pub integers: u64,
    pub decimals: u64,
    /// Whole numbers that a number would change: with a zero before them, or very long.
    pub digits_only: u64,
    pub least: Option<f64>,
    pub most: Option<f64>,
    /// For each of [`PATTERNS`] how many cells fit it.
    pub dates: [u64; PATTERNS.len()],
    /// Cells that are a date whichever of day and month comes first.
    pub either_order: u64,
    /// Dates with a year of two digits.
    pub short_years: u64,
    /// NHS numbers whose check digit is right; ten digits whose check digit is not.
    pub nhs_right: u64,
    pub nhs_wrong: u64,
    pub postcodes: u64,
    pub phones: u64,
    pub mails: u64,
    pub ticks: BTreeMap<&'static str, u64>,
    pub yes: u64,
    pub no: u64,
    /// Cells in which `;`, `|`, a line break or `,` stands between parts.
    pub separators: [u64; 4],
    pub longest: usize,
    pub shapes: Shapes,
    /// How many rows in a row held 1, 2, 3 …
    pub counted: u64,
    texts: HashMap<String, u64>,
    too_many: bool,
    pub(crate) hashes: HashSet<u64, BuildHasherDefault<DefaultHasher>>,
    /// Whether a cell occurred that had occurred before, among those that are remembered.
    pub repeats: bool,
    pub remembered: u64,
}

impl Facts {
    /// How many cells hold more than a marker.
    pub fn meant(&self) -> u64 {
        self.filled - self.markers.values().sum::<u64>()
    }

    /// How many different texts there are; nothing when they were too many or too long to keep.
    pub fn different(&self) -> Option<usize> {
        (!self.too_many).then_some(self.texts.len())
    }

    /// The texts and how often each was met, the most frequent first.
    pub fn texts(&self) -> Vec<(&str, u64)> {
        let mut texts: Vec<(&str, u64)> = self
            .texts
            .iter()
            .map(|(text, count)| (text.as_str(), *count))
            .collect();
        texts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        texts
    }

    /// Counts one cell.
    pub fn add(&mut self, raw: RawCell<'_>, epoch_1904: bool) {
        let text = match raw {
            RawCell::Missing => return,
            RawCell::Text(text) | RawCell::Number(text) | RawCell::Rounded(text) => text.trim(),
            RawCell::Error(text) => {
                self.filled += 1;
                match vocabulary::marker(text) {
                    Some(marker) => *self.markers.entry(marker).or_default() += 1,
                    None => self.errors += 1,
                }
                return;
            }
            RawCell::Bool(truth) => {
                self.filled += 1;
                self.booleans += 1;
                self.remember(if truth { "true" } else { "false" });
                return;
            }
            RawCell::Date(date) => {
                self.filled += 1;
                self.real_dates += 1;
                self.too_many = true;
                self.remember(&date.to_string());
                return;
            }
            RawCell::DateTime(at) => {
                self.filled += 1;
                self.real_dates += 1;
                self.real_times += 1;
                self.too_many = true;
                self.remember(&at.to_string());
                return;
            }
            RawCell::Time(time) => {
                self.filled += 1;
                self.too_many = true;
                self.remember(&time.to_string());
                return;
            }
            RawCell::Items(_) | RawCell::Object => {
                self.filled += 1;
                self.structures += 1;
                return;
            }
        };
        if text.is_empty() {
            return;
        }
        self.filled += 1;
        if let Some(marker) = vocabulary::marker(text) {
            *self.markers.entry(marker).or_default() += 1;
            return;
        }
        if matches!(raw, RawCell::Rounded(_)) {
            self.errors += 1;
        }
        self.longest = self.longest.max(text.chars().count());
        self.keep(text);
        self.remember(text);
        self.number(text);
        match vocabulary::tick(text) {
            Some(Tick::Yes(word)) => {
                self.yes += 1;
                *self.ticks.entry(word).or_default() += 1;
            }
            Some(Tick::No(word)) => {
                self.no += 1;
                *self.ticks.entry(word).or_default() += 1;
            }
            Some(Tick::Neither(word)) => *self.ticks.entry(word).or_default() += 1,
            None => {}
        }
        if text.len() <= 40 && text.bytes().any(|byte| byte.is_ascii_digit()) {
            self.date(text, epoch_1904);
            self.person(text);
        }
        if text.contains('@') && !text.contains(' ') && text.contains('.') {
            self.mails += 1;
        }
        for (count, separator) in self.separators.iter_mut().zip([";", "|", "\n", ","]) {
            let parts = text
                .split(separator)
                .filter(|part| !part.trim().is_empty())
                .count();
            *count += u64::from(parts > 1);
        }
        self.shapes.add(text);
    }

    fn keep(&mut self, text: &str) {
        if self.too_many {
            return;
        }
        if let Some(count) = self.texts.get_mut(text) {
            *count += 1;
        } else if self.texts.len() < LISTED && text.chars().count() <= LISTED_LENGTH {
            self.texts.insert(text.to_owned(), 1);
        } else {
            self.too_many = true;
            self.texts = HashMap::new();
        }
    }

    fn remember(&mut self, text: &str) {
        if self.hashes.len() >= REMEMBERED {
            return;
        }
        self.remembered += 1;
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(text);
        self.repeats |= !self.hashes.insert(hash);
    }

    fn number(&mut self, text: &str) {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let plain = !unsigned.is_empty()
            && unsigned.bytes().all(|b| b.is_ascii_digit() || b == b'.')
            && unsigned.bytes().filter(|b| *b == b'.').count() <= 1
            && unsigned.bytes().any(|b| b.is_ascii_digit());
        let Some(size) = text.parse::<f64>().ok().filter(|_| plain) else {
            return;
        };
        if unsigned.contains('.') {
            self.decimals += 1;
        } else {
            self.integers += 1;
            if (unsigned.len() > 1 && unsigned.starts_with('0')) || unsigned.len() > 15 {
                self.digits_only += 1;
            }
            if text.parse::<u64>().ok() == Some(self.counted + 1) {
                self.counted += 1;
            }
        }
        self.least = Some(self.least.map_or(size, |least| least.min(size)));
        self.most = Some(self.most.map_or(size, |most| most.max(size)));
    }

    fn date(&mut self, text: &str, epoch_1904: bool) {
        let first = self.filled <= TRIED;
        let mut fits = [false; PATTERNS.len()];
        for ((fit, hits), kind) in fits.iter_mut().zip(&mut self.dates).zip(TYPES.iter()) {
            if !first && *hits == 0 {
                continue;
            }
            let read = typed(
                kind,
                RawCell::Text(text),
                &Markers::default(),
                &TimeZone::UTC,
                epoch_1904,
            );
            *fit = matches!(read, Ok(Some(_)));
            *hits += u64::from(*fit);
        }
        let fit = |pattern: &str| {
            PATTERNS
                .iter()
                .zip(&fits)
                .any(|(name, fit)| *name == pattern && *fit)
        };
        self.either_order += u64::from(fit("d/M/yyyy") && fit("M/d/yyyy"));
        let parts: Vec<&str> = text.split(['/', '-', '.']).collect();
        if let [day, month, year] = parts.as_slice() {
            let digits = |part: &str, most: usize| {
                !part.is_empty() && part.len() <= most && part.bytes().all(|b| b.is_ascii_digit())
            };
            self.short_years +=
                u64::from(digits(day, 2) && digits(month, 2) && digits(year, 2) && year.len() == 2);
        }
    }

    fn person(&mut self, text: &str) {
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let spaced = text
            .chars()
            .all(|c| c.is_ascii_digit() || c == ' ' || c == '-' || c == '\'');
        if spaced && (digits == 10 || digits == 9) {
            let read = typed(
                &ColumnType::NhsNumber,
                RawCell::Text(text),
                &Markers::default(),
                &TimeZone::UTC,
                false,
            );
            if read.is_ok() {
                self.nhs_right += 1;
            } else if digits == 10 {
                self.nhs_wrong += 1;
            }
        }
        let phone = text
            .chars()
            .all(|c| c.is_ascii_digit() || " +()-'".contains(c));
        let begins = text.trim_start_matches(['\'', '(']);
        self.phones += u64::from(
            phone
                && (10..=15).contains(&digits)
                && (begins.starts_with('0') || begins.starts_with('+')),
        );
        self.postcodes += u64::from(is_postcode(text));
    }
}

/// Whether a text has the shape of a United Kingdom postcode.
fn is_postcode(text: &str) -> bool {
    let compact: Vec<u8> = text
        .bytes()
        .filter(|b| *b != b' ')
        .map(|b| b.to_ascii_uppercase())
        .collect();
    let Some((outward, [sector, unit @ ..])) = compact.split_last_chunk::<3>() else {
        return false;
    };
    (2..=4).contains(&outward.len())
        && sector.is_ascii_digit()
        && unit.iter().all(u8::is_ascii_uppercase)
        && outward.first().is_some_and(u8::is_ascii_uppercase)
        && outward.iter().any(u8::is_ascii_digit)
        && outward.iter().all(u8::is_ascii_alphanumeric)
}
