//! How a date may be written: patterns such as `dd/MM/yyyy`.

use std::fmt;

use crate::value::Date;

/// One way of writing a date or a time, compiled from its pattern.
///
/// | letters | match |
/// |---|---|
/// | `yyyy` | a year of four digits (a year of two digits is never read: CS-16) |
/// | `MM`, `M` | a month: two digits, or one or two |
/// | `MMM`, `MMMM` | an English month name: of three letters (`Sept` too), or in full |
/// | `dd`, `d` | a day: two digits, or one or two |
/// | `HH`, `H` | an hour from 0 to 23: two digits, or one or two |
/// | `hh`, `h` with `a` | an hour from 1 to 12, with `AM` or `PM` |
/// | `mm`, `ss` | minutes, seconds: two digits |
/// | `S` … `SSSSSSSSS` | a fraction of a second, of any length from 1 to 9 digits |
/// | `XXX` | an offset: `Z`, `+01:00`, `+0100` or `+01` |
/// | `'text'` | that text; `''` is an apostrophe |
/// | any other character that is no letter | itself; a space matches one or more |
///
/// Two patterns are names: `iso` (what FHIR writes: a year, month or day, or a day with a time and
/// an optional offset) and `excel` (the day number of a spreadsheet; a real date of a workbook needs
/// no pattern).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatePattern {
    text: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Excel,
    Any(Vec<Vec<Part>>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Year,
    Month { least: u8 },
    MonthName { full: bool },
    Day { least: u8 },
    Hour { least: u8 },
    Hour12 { least: u8 },
    HalfDay,
    Minute,
    Second,
    Fraction,
    Offset,
    Literal(char),
}

/// Why a pattern cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError {
    /// Which character of the pattern, from 0.
    pub at: usize,
    /// What is wrong, as a fragment.
    pub message: String,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "character {}: {}", self.at + 1, self.message)
    }
}

impl std::error::Error for PatternError {}

/// What a text says by a pattern, before it is known whether that exists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    pub year: i16,
    pub month: Option<i8>,
    pub day: Option<i8>,
    pub hour: Option<i8>,
    pub minute: Option<i8>,
    pub second: Option<i8>,
    pub nanosecond: i32,
    pub offset_seconds: Option<i32>,
    pub utc: bool,
    pub(crate) afternoon: Option<bool>,
}

impl Fields {
    pub(crate) fn date(&self) -> Date {
        Date {
            year: self.year,
            month: self.month,
            day: self.day,
        }
    }
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

impl DatePattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// When it holds letters that mean nothing, a year of two digits, an hour of twelve without
    /// `a`, one part twice, or parts that leave a gap (a day without a month).
    pub fn parse(pattern: &str) -> Result<Self, PatternError> {
        let text = pattern.to_owned();
        let kind = match pattern {
            "excel" => Kind::Excel,
            "iso" => Kind::Any(
                [
                    "yyyy",
                    "yyyy-MM",
                    "yyyy-MM-dd",
                    "yyyy-MM-dd'T'HH:mm",
                    "yyyy-MM-dd'T'HH:mmXXX",
                    "yyyy-MM-dd'T'HH:mm:ss",
                    "yyyy-MM-dd'T'HH:mm:ssXXX",
                    "yyyy-MM-dd'T'HH:mm:ss.S",
                    "yyyy-MM-dd'T'HH:mm:ss.SXXX",
                ]
                .into_iter()
                .map(parts)
                .collect::<Result<_, _>>()?,
            ),
            other => Kind::Any(vec![parts(other)?]),
        };
        Ok(Self { text, kind })
    }

    /// The pattern as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is the day number of a spreadsheet.
    pub fn is_excel(&self) -> bool {
        self.kind == Kind::Excel
    }

    /// Whether it can say a day, not only a month or year.
    pub fn has_day(&self) -> bool {
        self.any(|part| matches!(part, Part::Day { .. }))
    }

    /// Whether it can say a time of day.
    pub fn has_time(&self) -> bool {
        self.any(|part| matches!(part, Part::Hour { .. } | Part::Hour12 { .. }))
    }

    fn any(&self, test: impl Fn(&Part) -> bool) -> bool {
        match &self.kind {
            Kind::Excel => true,
            Kind::Any(alternatives) => alternatives.iter().flatten().any(test),
        }
    }

    /// What a text says by this pattern, when it has its shape.
    pub(crate) fn read(&self, text: &str) -> Option<Fields> {
        match &self.kind {
            Kind::Excel => None,
            Kind::Any(alternatives) => alternatives.iter().find_map(|parts| read(parts, text)),
        }
    }

    /// Whether a text has this pattern's shape but for a year of two digits.
    pub(crate) fn reads_with_short_year(&self, text: &str) -> bool {
        let Kind::Any(alternatives) = &self.kind else {
            return false;
        };
        alternatives.iter().any(|parts| {
            // With a delimiter on at least one side a group of two digits can be told from its
            // neighbours; without one (yyyyMMdd) it cannot.
            let Some(year) = parts.iter().position(|part| *part == Part::Year) else {
                return false;
            };
            let literal = |index: Option<usize>| match index.and_then(|index| parts.get(index)) {
                Some(Part::Literal(_)) | None => true,
                Some(_) => false,
            };
            literal(year.checked_sub(1)) && literal(Some(year + 1)) && parts.len() > 1 && {
                let digits: Vec<(usize, usize)> = groups(text);
                digits.iter().any(|&(start, end)| {
                    end - start == 2
                        && text.get(..start).zip(text.get(start..)).is_some_and(
                            |(before, after)| read(parts, &format!("{before}19{after}")).is_some(),
                        )
                })
            }
        })
    }
}

/// The runs of digits of a text, as byte ranges.
fn groups(text: &str) -> Vec<(usize, usize)> {
    let mut groups = Vec::new();
    let mut start = None;
    for (index, byte) in text.bytes().enumerate() {
        match (byte.is_ascii_digit(), start) {
            (true, None) => start = Some(index),
            (false, Some(from)) => {
                groups.push((from, index));
                start = None;
            }
            _ => {}
        }
    }
    if let Some(from) = start {
        groups.push((from, text.len()));
    }
    groups
}

fn parts(pattern: &str) -> Result<Vec<Part>, PatternError> {
    let fail = |at: usize, message: &str| {
        Err(PatternError {
            at,
            message: message.to_owned(),
        })
    };
    let chars: Vec<char> = pattern.chars().collect();
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        if c == '\'' {
            let rest = chars.get(at + 1..).unwrap_or_default();
            let Some(length) = rest.iter().position(|c| *c == '\'') else {
                return fail(at, "the apostrophe is not closed");
            };
            if length == 0 {
                parts.push(Part::Literal('\''));
            }
            parts.extend(rest.iter().take(length).map(|c| Part::Literal(*c)));
            at += length + 2;
            continue;
        }
        if !c.is_alphabetic() {
            if !(c == ' ' && parts.last() == Some(&Part::Literal(' '))) {
                parts.push(Part::Literal(c));
            }
            at += 1;
            continue;
        }
        let run = chars
            .get(at..)
            .unwrap_or_default()
            .iter()
            .take_while(|next| **next == c)
            .count();
        let part = match (c, run) {
            ('y', 4) => Part::Year,
            ('y', 2) => {
                return fail(
                    at,
                    "a year of two digits does not say its century, so it is not read; use yyyy",
                );
            }
            ('M', 1) => Part::Month { least: 1 },
            ('M', 2) => Part::Month { least: 2 },
            ('M', 3) => Part::MonthName { full: false },
            ('M', 4) => Part::MonthName { full: true },
            ('d', 1) => Part::Day { least: 1 },
            ('d', 2) => Part::Day { least: 2 },
            ('H', 1) => Part::Hour { least: 1 },
            ('H', 2) => Part::Hour { least: 2 },
            ('h', 1) => Part::Hour12 { least: 1 },
            ('h', 2) => Part::Hour12 { least: 2 },
            ('a', 1) => Part::HalfDay,
            ('m', 2) => Part::Minute,
            ('s', 2) => Part::Second,
            ('S', 1..=9) => Part::Fraction,
            ('X', 1..=3) => Part::Offset,
            ('D' | 'Y', _) => {
                return fail(
                    at,
                    "write a day as d or dd and a year as yyyy, in small letters",
                );
            }
            _ => {
                return fail(
                    at,
                    "these letters mean nothing here; a pattern is made of yyyy, MM, dd, HH, mm, ss, and the like",
                );
            }
        };
        parts.push(part);
        at += run;
    }
    sound(&parts).map_err(|message| PatternError {
        at: 0,
        message: message.to_owned(),
    })?;
    Ok(parts)
}

/// Whether the parts say one date or time without a gap.
fn sound(parts: &[Part]) -> Result<(), &'static str> {
    let count = |test: fn(&Part) -> bool| parts.iter().filter(|part| test(part)).count();
    let year = count(|p| *p == Part::Year);
    let month = count(|p| matches!(p, Part::Month { .. } | Part::MonthName { .. }));
    let day = count(|p| matches!(p, Part::Day { .. }));
    let hour24 = count(|p| matches!(p, Part::Hour { .. }));
    let hour12 = count(|p| matches!(p, Part::Hour12 { .. }));
    let half = count(|p| *p == Part::HalfDay);
    let minute = count(|p| *p == Part::Minute);
    let second = count(|p| *p == Part::Second);
    let fraction = count(|p| *p == Part::Fraction);
    let offset = count(|p| *p == Part::Offset);
    let all = [
        year,
        month,
        day,
        hour24 + hour12,
        half,
        minute,
        second,
        fraction,
        offset,
    ];
    if all.iter().any(|count| *count > 1) {
        return Err("one part stands twice");
    }
    if year == 0 {
        return Err("the year is missing");
    }
    if day > month {
        return Err("a day without its month");
    }
    let hour = hour24 + hour12;
    if hour > day || minute > hour || second > minute || fraction > second {
        return Err("a time without the larger part before it");
    }
    if hour > minute {
        return Err("an hour without minutes");
    }
    if hour12 != half {
        return Err("an hour written as h and the half of the day written as a go together");
    }
    if offset > hour {
        return Err("an offset without a time");
    }
    Ok(())
}

fn read(parts: &[Part], text: &str) -> Option<Fields> {
    let mut fields = Fields::default();
    let mut rest = text;
    for part in parts {
        rest = step(*part, rest, &mut fields)?;
    }
    if !rest.is_empty() {
        return None;
    }
    if let (Some(afternoon), Some(hour)) = (fields.afternoon, fields.hour) {
        fields.hour = Some(match (afternoon, hour) {
            (false, 12) => 0,
            (true, 12) => 12,
            (false, hour) => hour,
            (true, hour) => hour + 12,
        });
    }
    Some(fields)
}

fn step<'t>(part: Part, text: &'t str, fields: &mut Fields) -> Option<&'t str> {
    let two = |least: u8| -> Option<(i8, &'t str)> {
        let (number, rest) = digits(text, least.into(), 2)?;
        Some((i8::try_from(number).ok()?, rest))
    };
    match part {
        Part::Year => {
            let (year, rest) = digits(text, 4, 4)?;
            fields.year = i16::try_from(year).ok()?;
            Some(rest)
        }
        Part::Month { least } => {
            let (month, rest) = two(least)?;
            fields.month = Some(month);
            Some(rest)
        }
        Part::MonthName { full } => {
            let (month, rest) = month_name(text, full)?;
            fields.month = Some(month);
            Some(rest)
        }
        Part::Day { least } => {
            let (day, rest) = two(least)?;
            fields.day = Some(day);
            Some(rest)
        }
        Part::Hour { least } => {
            let (hour, rest) = two(least)?;
            fields.hour = Some(hour);
            Some(rest)
        }
        Part::Hour12 { least } => {
            let (hour, rest) = two(least)?;
            fields.hour = Some(hour);
            (1..=12).contains(&hour).then_some(rest)
        }
        Part::HalfDay => {
            let half = text.get(..2)?;
            fields.afternoon = Some(if half.eq_ignore_ascii_case("pm") {
                true
            } else if half.eq_ignore_ascii_case("am") {
                false
            } else {
                return None;
            });
            text.get(2..)
        }
        Part::Minute => {
            let (minute, rest) = two(2)?;
            fields.minute = Some(minute);
            Some(rest)
        }
        Part::Second => {
            let (second, rest) = two(2)?;
            fields.second = Some(second);
            Some(rest)
        }
        Part::Fraction => {
            let (number, rest) = digits(text, 1, 9)?;
            let length = u32::try_from(text.len() - rest.len()).ok()?;
            fields.nanosecond = i32::try_from(number).ok()? * 10_i32.pow(9 - length);
            Some(rest)
        }
        Part::Offset => offset(text, fields),
        Part::Literal(' ') => {
            let rest = text.trim_start_matches([' ', '\u{A0}']);
            (rest.len() < text.len()).then_some(rest)
        }
        Part::Literal(c) => text.strip_prefix(c),
    }
}

/// A number of at least and at most so many digits.
fn digits(text: &str, least: usize, most: usize) -> Option<(u32, &str)> {
    let length = text
        .bytes()
        .take(most)
        .take_while(u8::is_ascii_digit)
        .count();
    if length < least {
        return None;
    }
    let (number, rest) = text.split_at_checked(length)?;
    Some((number.parse().ok()?, rest))
}

fn month_name(text: &str, full: bool) -> Option<(i8, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (name, rest) = text.split_at_checked(length)?;
    let name = name.to_ascii_lowercase();
    let index = MONTHS.iter().position(|month| {
        if full {
            *month == name
        } else {
            month.get(..3) == Some(name.as_str()) || (name == "sept" && *month == "september")
        }
    })?;
    // A three-letter month may be followed by a full stop.
    let rest = if full {
        rest
    } else {
        rest.strip_prefix('.').unwrap_or(rest)
    };
    Some((i8::try_from(index + 1).ok()?, rest))
}

fn offset<'t>(text: &'t str, fields: &mut Fields) -> Option<&'t str> {
    if let Some(rest) = text.strip_prefix(['Z', 'z']) {
        fields.offset_seconds = Some(0);
        fields.utc = true;
        return Some(rest);
    }
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, text.get(1..)?),
        b'-' => (-1, text.get(1..)?),
        _ => return None,
    };
    let (hours, rest) = digits(rest, 2, 2)?;
    let (minutes, rest) = match rest.strip_prefix(':') {
        Some(rest) => digits(rest, 2, 2)?,
        None => digits(rest, 2, 2).unwrap_or((0, rest)),
    };
    // FHIR's dateTime allows offsets up to 14 hours.
    if hours > 14 || minutes > 59 || (hours == 14 && minutes > 0) {
        return None;
    }
    let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
    fields.offset_seconds = Some(sign * seconds);
    Some(rest)
}
