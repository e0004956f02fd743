//! What is kept of records, as bytes: for the temporary file that takes what memory does not hold.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use diagnostics::{InputPlace, IssueType, Severity};
use source::{CellProblem, Clock, Date, DateTime};
use spill::{Reader, Writer};

use super::cell::Filled;
use super::value::Val;
use crate::trace::CellOrigin;

impl Val<'static> {
    /// About how many bytes it holds beside itself.
    pub fn size(&self) -> usize {
        match self {
            Self::Text(text) | Self::Label(text, _) | Self::Decimal(text) => text.len(),
            Self::List(items) => items
                .iter()
                .map(|item| size_of::<Self>() + item.size())
                .sum(),
            _ => 0,
        }
    }

    /// Writes what outlives its record: see [`Val::owned`], which leaves nothing else.
    pub fn write(&self, out: &mut Writer<'_>) {
        match self {
            Self::Text(text) => {
                out.u8(1);
                out.text(text);
            }
            Self::Label(text, index) => {
                out.u8(2);
                out.text(text);
                out.option(*index, Writer::count);
            }
            Self::Integer(number) => {
                out.u8(3);
                out.i64(*number);
            }
            Self::Decimal(text) => {
                out.u8(4);
                out.text(text);
            }
            Self::Boolean(truth) => {
                out.u8(5);
                out.u8(u8::from(*truth));
            }
            Self::Date(date) => {
                out.u8(6);
                write_date(out, *date);
            }
            Self::DateTime(moment) => {
                out.u8(7);
                write_date(out, moment.date);
                out.option(moment.time, write_clock);
            }
            Self::List(items) => {
                out.u8(8);
                out.count(items.len());
                items.iter().for_each(|item| item.write(out));
            }
            _ => out.u8(0),
        }
    }

    /// Reads what was written.
    pub fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(match from.u8()? {
            0 => Self::Nothing,
            1 => Self::Text(Cow::Owned(from.text()?.to_owned())),
            2 => Self::Label(
                Cow::Owned(from.text()?.to_owned()),
                from.option(Reader::index)?,
            ),
            3 => Self::Integer(from.i64()?),
            4 => Self::Decimal(Cow::Owned(from.text()?.to_owned())),
            5 => Self::Boolean(from.u8()? != 0),
            6 => Self::Date(read_date(from)?),
            7 => Self::DateTime(DateTime {
                date: read_date(from)?,
                time: from.option(read_clock)?,
            }),
            8 => {
                let count = from.count()?;
                let items: Option<Vec<Self>> = (0..count).map(|_| Self::read(from)).collect();
                Self::List(items?)
            }
            _ => return None,
        })
    }
}

fn write_date(out: &mut Writer<'_>, date: Date) {
    out.i64(i64::from(date.year));
    out.option(date.month, |out, month| out.i64(i64::from(month)));
    out.option(date.day, |out, day| out.i64(i64::from(day)));
}

fn read_date(from: &mut Reader<'_>) -> Option<Date> {
    let small = |from: &mut Reader<'_>| i8::try_from(from.i64()?).ok();
    Some(Date {
        year: i16::try_from(from.i64()?).ok()?,
        month: from.option(small)?,
        day: from.option(small)?,
    })
}

fn write_clock(out: &mut Writer<'_>, clock: Clock) {
    let time = clock.time;
    for part in [time.hour(), time.minute(), time.second()] {
        out.i64(i64::from(part));
    }
    out.i64(i64::from(time.subsec_nanosecond()));
    out.i64(i64::from(clock.offset_seconds));
    out.u8(u8::from(clock.utc));
}

fn read_clock(from: &mut Reader<'_>) -> Option<Clock> {
    let mut part = || i8::try_from(from.i64()?).ok();
    let (hour, minute, second) = (part()?, part()?, part()?);
    let nanosecond = i32::try_from(from.i64()?).ok()?;
    Some(Clock {
        time: jiff::civil::Time::new(hour, minute, second, nanosecond).ok()?,
        offset_seconds: i32::try_from(from.i64()?).ok()?,
        utc: from.u8()? != 0,
    })
}

impl Filled {
    pub fn size(&self) -> usize {
        let place = self.place.as_deref().map_or(0, origin_size);
        size_of::<Self>() + self.value.size() + place
    }

    pub fn write(&self, out: &mut Writer<'_>) {
        out.count(self.column);
        self.value.write(out);
        out.option(self.place.as_deref(), write_origin);
    }

    pub fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            column: from.index()?,
            value: Val::read(from)?,
            place: from.option(read_origin)?.map(Box::new),
        })
    }
}

pub(super) fn origin_size(origin: &CellOrigin) -> usize {
    let value = origin.value.as_ref().map_or(0, String::len);
    size_of::<CellOrigin>()
        + origin.table.len()
        + origin.column.len()
        + value
        + place_size(&origin.place)
}

pub(super) fn write_origin(out: &mut Writer<'_>, origin: &CellOrigin) {
    out.text(&origin.table);
    out.text(&origin.column);
    write_place(out, &origin.place);
    out.option(origin.value.as_deref(), Writer::text);
}

pub(super) fn read_origin(from: &mut Reader<'_>) -> Option<CellOrigin> {
    Some(CellOrigin {
        table: from.text()?.to_owned(),
        column: from.text()?.to_owned(),
        place: read_place(from)?,
        value: from.option(|from| from.text().map(str::to_owned))?,
    })
}

/// Names are shared; only a pointer is a place's own.
pub(super) fn place_size(place: &InputPlace) -> usize {
    place.pointer.as_ref().map_or(0, String::len)
}

pub(super) fn write_place(out: &mut Writer<'_>, place: &InputPlace) {
    out.option(place.file.as_deref(), Writer::text);
    out.option(place.sheet.as_deref(), Writer::text);
    out.option(place.row, Writer::u64);
    out.option(place.column.as_deref(), Writer::text);
    out.option(place.pointer.as_deref(), Writer::text);
}

pub(super) fn read_place(from: &mut Reader<'_>) -> Option<InputPlace> {
    let text = |from: &mut Reader<'_>| from.option(|from| from.text().map(str::to_owned));
    Some(InputPlace {
        file: text(from)?.map(Into::into),
        sheet: text(from)?.map(Into::into),
        row: from.option(Reader::u64)?,
        column: text(from)?.map(Into::into),
        pointer: text(from)?,
    })
}

/// What problems of cells have in common: a code that never changes, how bad, and of what kind.
type Kind = (&'static str, Severity, IssueType);

/// The kinds of problems that were met: as many as there are codes, not as there are cells.
static KINDS: Mutex<Vec<Kind>> = Mutex::new(Vec::new());

fn number_of(kind: Kind) -> usize {
    let mut kinds = KINDS.lock().unwrap_or_else(PoisonError::into_inner);
    match kinds.iter().position(|known| *known == kind) {
        Some(number) => number,
        None => {
            kinds.push(kind);
            kinds.len() - 1
        }
    }
}

fn kind_of(number: usize) -> Option<Kind> {
    let kinds = KINDS.lock().unwrap_or_else(PoisonError::into_inner);
    kinds.get(number).copied()
}

pub(super) fn problem_size(problem: &CellProblem) -> usize {
    let help = problem.help.as_ref().map_or(0, |help| help.len());
    let value = problem.value.as_ref().map_or(0, String::len);
    size_of::<CellProblem>() + problem.message.len() + help + value
}

pub(super) fn write_problem(out: &mut Writer<'_>, problem: &CellProblem) {
    out.count(number_of((problem.code, problem.severity, problem.kind)));
    out.text(&problem.message);
    out.option(problem.help.as_deref(), Writer::text);
    out.option(problem.value.as_deref(), Writer::text);
}

pub(super) fn read_problem(from: &mut Reader<'_>) -> Option<CellProblem> {
    let (code, severity, kind) = kind_of(from.index()?)?;
    let text = |from: &mut Reader<'_>| from.option(|from| from.text().map(str::to_owned));
    Some(CellProblem {
        code,
        severity,
        kind,
        message: from.text()?.to_owned(),
        help: text(from)?.map(Cow::Owned),
        value: text(from)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn date() -> impl Strategy<Value = Date> {
        let month = prop::option::of((1_i8..=12, prop::option::of(1_i8..=28)));
        (1_i16..=9999, month).prop_map(|(year, rest)| Date {
            year,
            month: rest.map(|(month, _)| month),
            day: rest.and_then(|(_, day)| day),
        })
    }

    fn clock() -> impl Strategy<Value = Clock> {
        let parts = (0_i8..24, 0_i8..60, 0_i8..60, 0_i32..1_000_000_000);
        let offset = (-50_000_i32..50_000, any::<bool>());
        (parts, offset).prop_map(
            |((hour, minute, second, nano), (offset_seconds, utc))| Clock {
                time: jiff::civil::Time::new(hour, minute, second, nano).unwrap(),
                offset_seconds,
                utc,
            },
        )
    }

    fn val() -> impl Strategy<Value = Val<'static>> {
        let text = ".{0,30}".prop_map(Cow::<'static, str>::Owned);
        let one = prop_oneof![
            Just(Val::Nothing),
            text.clone().prop_map(Val::Text),
            (text.clone(), prop::option::of(any::<usize>()))
                .prop_map(|(text, index)| Val::Label(text, index)),
            any::<i64>().prop_map(Val::Integer),
            text.prop_map(Val::Decimal),
            any::<bool>().prop_map(Val::Boolean),
            date().prop_map(Val::Date),
            (date(), prop::option::of(clock()))
                .prop_map(|(date, time)| Val::DateTime(DateTime { date, time })),
        ];
        one.prop_recursive(2, 8, 4, |inner| {
            prop::collection::vec(inner, 0..4).prop_map(Val::List)
        })
    }

    fn place() -> impl Strategy<Value = InputPlace> {
        let text = || prop::option::of(".{0,12}");
        (
            text(),
            text(),
            prop::option::of(any::<u64>()),
            text(),
            text(),
        )
            .prop_map(|(file, sheet, row, column, pointer)| InputPlace {
                file: file.map(Into::into),
                sheet: sheet.map(Into::into),
                row,
                column: column.map(Into::into),
                pointer,
            })
    }

    /// What comes back of something that was written.
    fn back<T>(
        write: impl FnOnce(&mut Writer<'_>),
        read: impl FnOnce(&mut Reader<'_>) -> Option<T>,
    ) -> T {
        let mut bytes = Vec::new();
        write(&mut Writer::new(&mut bytes));
        let mut reader = Reader::new(&bytes);
        let value = read(&mut reader).expect("what was written can be read");
        assert!(reader.u8().is_none(), "all of it is read");
        value
    }

    proptest! {
        #[test]
        fn what_is_kept_comes_back(
            value in val(),
            place in place(),
            column in any::<usize>(),
            texts in (".{0,9}", ".{0,9}", prop::option::of(".{0,9}")),
        ) {
            let origin = CellOrigin {
                table: texts.0.clone(),
                column: texts.1,
                place,
                value: texts.2.clone(),
            };
            let filled = Filled {
                column,
                value: value.clone(),
                place: texts.2.is_some().then(|| Box::new(origin)),
            };
            let found = back(|out| filled.write(out), Filled::read);
            prop_assert_eq!(format!("{found:?}"), format!("{filled:?}"));
            let problem = CellProblem {
                code: "S999",
                severity: Severity::Warning,
                kind: IssueType::Value,
                message: texts.0,
                help: texts.2.clone().map(Cow::Owned),
                value: texts.2,
            };
            prop_assert_eq!(back(|out| write_problem(out, &problem), read_problem), problem);
        }
    }
}
