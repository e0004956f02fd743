//! Cells as their types read them: what is taken, what is refused, and why.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use jiff::tz::TimeZone;
use source::{
    CodeList, ColumnType, DatePattern, Markers, RawCell, Typed, codes, nearest, normalise_label,
    typed,
};
use support::london;

/// The value as text, with the code of its warning; or the code of the problem.
fn read_raw(kind: &ColumnType, raw: RawCell<'_>) -> Result<String, String> {
    let markers = Markers::new(["N/A"]);
    match typed(kind, raw, &markers, &london(), false) {
        Ok(None) => Ok(String::new()),
        Ok(Some(reading)) => {
            let text = match reading.value {
                Typed::Text(text) | Typed::Decimal(text) => text.into_owned(),
                Typed::Integer(number) => number.to_string(),
                Typed::Date(date) => date.to_string(),
                Typed::DateTime(at) => at.to_string(),
                Typed::Code { label, index } => match index {
                    Some(index) => format!("{label}={index}"),
                    None => label.into_owned(),
                },
                Typed::List(items) => items.join("|"),
                Typed::Flag(flag) => flag.to_string(),
                Typed::NhsNumber(number) => number,
            };
            Ok(match reading.warning {
                Some(warning) => {
                    assert!(warning.help.is_some());
                    format!("{text} {}", warning.code)
                }
                None => text,
            })
        }
        Err(problem) => {
            assert!(problem.help.is_some(), "{problem:?} says what to do");
            if let RawCell::Text(text) = raw {
                assert_eq!(problem.value.as_deref(), Some(text));
                let said = format!("{} {}", problem.message, problem.help.as_deref().unwrap());
                assert!(
                    text.len() < 5 || !said.contains(text),
                    "the value is in: {said}"
                );
            }
            Err(problem.code.to_owned())
        }
    }
}

fn read(kind: &ColumnType, text: &str) -> Result<String, String> {
    read_raw(kind, RawCell::Text(text))
}

fn check(kind: &ColumnType, cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let got = read(kind, text).unwrap_or_else(|code| code);
        assert_eq!(&got, expected, "{} of {text:?}", kind.name());
    }
}

fn patterns(texts: &[&str]) -> Vec<DatePattern> {
    texts
        .iter()
        .map(|text| DatePattern::parse(text).unwrap())
        .collect()
}

fn date(formats: &[&str]) -> ColumnType {
    ColumnType::Date {
        formats: patterns(formats),
    }
}

fn date_time(formats: &[&str]) -> ColumnType {
    ColumnType::DateTime {
        formats: patterns(formats),
        zone: None,
    }
}

#[test]
fn cs_18_text_is_verbatim() {
    check(
        &ColumnType::String,
        &[
            ("  a  b\u{301} ", "a  b\u{301}"),
            ("<b>&amp;</b>", "<b>&amp;</b>"),
            ("=1+1", "=1+1"),
        ],
    );
}

#[test]
fn cs_16_whole_numbers_carry_no_unit() {
    let range = ColumnType::Integer {
        min: Some(0),
        max: Some(6),
    };
    check(
        &range,
        &[
            ("3", "3"),
            (" 06 ", "6"),
            ("7", codes::OUT_OF_RANGE),
            ("-1", codes::OUT_OF_RANGE),
            ("3.0", codes::NOT_INTEGER),
            ("3 kg", codes::NOT_INTEGER),
            ("1,000", codes::NOT_INTEGER),
            ("+3", codes::NOT_INTEGER),
            ("three", codes::NOT_INTEGER),
            ("-", codes::NOT_INTEGER),
            ("٣", codes::NOT_INTEGER),
            ("99999999999999999999", codes::NOT_INTEGER),
        ],
    );
}

#[test]
fn cs_16_decimals_stay_as_written() {
    let kind = ColumnType::Decimal {
        min: Some("0".into()),
        max: Some("300".into()),
    };
    check(
        &kind,
        &[
            ("72.50", "72.50"),
            ("0.10", "0.10"),
            ("072.5", "72.5"),
            (".5", "0.5"),
            ("72.", "72"),
            ("0", "0"),
            ("650", codes::OUT_OF_RANGE),
            ("-0.1", codes::OUT_OF_RANGE),
            ("72 kg", codes::NOT_DECIMAL),
            ("72kg", codes::NOT_DECIMAL),
            ("1,234.5", codes::NOT_DECIMAL),
            ("72,5", codes::NOT_DECIMAL),
            ("9.99E+09", codes::LOST_DIGITS),
            ("1.2.3", codes::NOT_DECIMAL),
            (".", codes::NOT_DECIMAL),
            ("-", codes::NOT_DECIMAL),
            ("NaN", codes::NOT_DECIMAL),
            ("inf", codes::NOT_DECIMAL),
        ],
    );
    let open = ColumnType::Decimal {
        min: None,
        max: None,
    };
    assert_eq!(
        read_raw(&open, RawCell::Number("1.50e2")).unwrap(),
        "1.50e2"
    );
    assert_eq!(
        read(&open, "123456789012345678901234567890.10").unwrap(),
        "123456789012345678901234567890.10"
    );
}

#[test]
fn dates_are_read_in_the_declared_formats_only() {
    check(
        &date(&["dd/MM/yyyy", "d MMM yyyy", "yyyy-MM-dd"]),
        &[
            ("14/02/2026", "2026-02-14"),
            ("'14/02/2026", "2026-02-14"),
            ("5 Sept 2026", "2026-09-05"),
            ("5  JAN.  2026", "2026-01-05"),
            ("2024-02-29", "2024-02-29"),
            ("31/02/2026", codes::IMPOSSIBLE_DATE),
            ("2023-02-29", codes::IMPOSSIBLE_DATE),
            ("14/13/2026", codes::IMPOSSIBLE_DATE),
            ("00/01/2026", codes::IMPOSSIBLE_DATE),
            ("01/01/0000", codes::IMPOSSIBLE_DATE),
            ("14/02/38", codes::SHORT_YEAR),
            ("14/2/2026", codes::NOT_DATE),
            ("14-02-2026", codes::NOT_DATE),
            ("45000", codes::NOT_DATE),
            ("2026", codes::NOT_DATE),
            ("14/02/2026 10:30", codes::NOT_DATE),
            ("yesterday", codes::NOT_DATE),
            ("14/02/20266", codes::NOT_DATE),
            ("١٤/٠٢/٢٠٢٦", codes::NOT_DATE),
        ],
    );
    check(
        &date(&["d/M/yyyy"]),
        &[("1/2/2026", "2026-02-01"), ("01/02/2026", "2026-02-01")],
    );
    check(
        &date(&["yyyyMMdd"]),
        &[("20260214", "2026-02-14"), ("2026214", codes::NOT_DATE)],
    );
    check(
        &date(&["MMMM yyyy", "MM/yyyy", "yyyy"]),
        &[
            ("February 2026", "2026-02"),
            ("02/2026", "2026-02"),
            ("2026", "2026"),
            ("13/2026", codes::IMPOSSIBLE_DATE),
        ],
    );
}

#[test]
fn a_date_that_two_formats_read_differently_is_refused() {
    check(
        &date(&["dd/MM/yyyy", "MM/dd/yyyy"]),
        &[
            ("03/04/2026", codes::AMBIGUOUS_DATE),
            ("04/04/2026", "2026-04-04"),
            ("25/12/2026", "2026-12-25"),
        ],
    );
}

#[test]
fn day_numbers_are_read_where_they_are_declared() {
    check(
        &date(&["dd/MM/yyyy", "excel"]),
        &[
            ("45000", "2023-03-15"),
            ("1", "1900-01-01"),
            ("59", "1900-02-28"),
            ("60", codes::NOT_DATE),
            ("61", "1900-03-01"),
            ("2958465", "9999-12-31"),
            ("2958466", codes::NOT_DATE),
            ("-1", codes::NOT_DATE),
            ("45000.5", "2023-03-15 S110"),
        ],
    );
}

#[test]
fn a_time_in_a_column_of_dates_is_left_out_with_a_warning() {
    check(
        &date(&["dd/MM/yyyy HH:mm"]),
        &[
            ("14/02/2026 00:00", "2026-02-14"),
            ("14/02/2026 10:30", "2026-02-14 S110"),
        ],
    );
}

#[test]
fn cs_17_local_times_are_london_and_doubtful_hours_are_kept_to_the_day() {
    check(
        &date_time(&[
            "dd/MM/yyyy HH:mm",
            "yyyy-MM-d H:mm:ss",
            "dd/MM/yyyy h:mm a",
            "iso",
        ]),
        &[
            ("14/02/2026 10:30", "2026-02-14T10:30:00+00:00"),
            ("14/07/2026 10:30", "2026-07-14T10:30:00+01:00"),
            ("2021-07-1 11:30:00", "2021-07-01T11:30:00+01:00"),
            ("14/07/2026 12:05 am", "2026-07-14T00:05:00+01:00"),
            ("14/07/2026 12:05 PM", "2026-07-14T12:05:00+01:00"),
            // The clocks go back at 02:00 on 25 October 2026 and forward at 01:00 on 29 March 2026.
            ("25/10/2026 00:59", "2026-10-25T00:59:00+01:00"),
            ("25/10/2026 01:30", "2026-10-25 S108"),
            ("25/10/2026 02:00", "2026-10-25T02:00:00+00:00"),
            ("29/03/2026 01:30", "2026-03-29 S109"),
            ("29/03/2026 02:00", "2026-03-29T02:00:00+01:00"),
            ("2026-10-25T01:30:00+01:00", "2026-10-25T01:30:00+01:00"),
            ("2026-10-25T00:30:00Z", "2026-10-25T00:30:00Z"),
            ("2026-10-25T00:30:00.250Z", "2026-10-25T00:30:00.25Z"),
            ("2026-10-25T00:30:00-0530", "2026-10-25T00:30:00-05:30"),
            ("2026-10", "2026-10"),
            ("2026-10-25", "2026-10-25"),
            ("14/02/2026 24:00", codes::IMPOSSIBLE_DATE),
            ("14/02/2026 10:60", codes::IMPOSSIBLE_DATE),
            ("2026-10-25T01:30:00+99:00", codes::NOT_DATE),
            ("14/02/26 10:30", codes::SHORT_YEAR),
        ],
    );
    let utc = ColumnType::DateTime {
        formats: patterns(&["yyyy-MM-dd HH:mm:ss.S"]),
        zone: Some(TimeZone::UTC),
    };
    assert_eq!(
        read(&utc, "2026-10-25 01:30:00.123").unwrap(),
        "2026-10-25T01:30:00.123Z"
    );
}

#[test]
fn patterns_that_mean_nothing_are_refused_with_their_place() {
    for (pattern, at, words) in [
        ("dd/MM/yy", 6, "two digits"),
        ("DD/MM/YYYY", 0, "small letters"),
        ("dd/mm/yyyy", 0, "a day without its month"),
        ("dd/MM", 0, "the year is missing"),
        ("dd/yyyy", 0, "a day without its month"),
        ("yyyy-MM-dd HH", 0, "an hour without minutes"),
        ("yyyy-MM-dd hh:mm", 0, "go together"),
        ("yyyy-MM-dd'T", 10, "not closed"),
        ("yyyy-MM-dd MM", 0, "twice"),
        ("yyyy-QQ", 5, "mean nothing"),
        ("", 0, "the year is missing"),
    ] {
        let error = DatePattern::parse(pattern).unwrap_err();
        assert_eq!(error.at, at, "{pattern}: {error}");
        assert!(error.message.contains(words), "{pattern}: {error}");
    }
    let pattern = DatePattern::parse("dd/MM/yyyy HH:mm").unwrap();
    assert!(pattern.has_day() && pattern.has_time() && !pattern.is_excel());
    assert!(!DatePattern::parse("MM/yyyy").unwrap().has_day());
}

#[test]
fn labels_are_found_whatever_their_case_dashes_and_spaces_and_kept_as_written() {
    let values = CodeList::new(["NFA - Other", "Admitted to hospital", "Yes"]);
    let kind = ColumnType::Code {
        values: Some(values),
    };
    check(
        &kind,
        &[
            ("NFA - Other", "NFA - Other=0"),
            ("nfa- OTHER", "nfa- OTHER=0"),
            ("NFA – Other", "NFA – Other=0"),
            ("Admitted  to\u{a0}Hospital", "Admitted  to\u{a0}Hospital=1"),
            ("Left", "Left S111"),
        ],
    );
    check(&ColumnType::Code { values: None }, &[("Left", "Left")]);
    assert_eq!(
        normalise_label("Paid: 16 or  more—hours"),
        "paid: 16 or more-hours"
    );
    assert_eq!(normalise_label("resident’s"), "resident's");
}

#[test]
fn lists_drop_what_says_nothing() {
    let kind = ColumnType::List {
        separator: Some(";".into()),
    };
    check(
        &kind,
        &[
            ("Penicillin; Nuts ;;n/a;", "Penicillin|Nuts"),
            (";;", ""),
            ("a, b", "a, b"),
        ],
    );
    let items = [
        json::Value::from("a"),
        json::Value::Null,
        json::Value::from(""),
        json::Value::from(3),
    ];
    assert_eq!(read_raw(&kind, RawCell::Items(&items)).unwrap(), "a|3");
    let nested = [json::Value::Array(Vec::new())];
    assert_eq!(
        read_raw(&kind, RawCell::Items(&nested)).unwrap_err(),
        codes::WRONG_TYPE
    );
}

#[test]
fn cs_09_a_flag_is_yes_or_no_and_nothing_else() {
    let kind = ColumnType::Flag {
        yes: vec!["Y".into(), "Yes".into()],
        no: vec!["N".into()],
    };
    check(
        &kind,
        &[
            ("Y", "true"),
            (" yes ", "true"),
            ("n", "false"),
            ("No", codes::NOT_FLAG),
            ("Unknown", codes::NOT_FLAG),
            ("1", codes::NOT_FLAG),
        ],
    );
    assert_eq!(read_raw(&kind, RawCell::Bool(false)).unwrap(), "false");
}

#[test]
fn nhs_numbers_are_checked_and_never_repaired_by_guess() {
    check(
        &ColumnType::NhsNumber,
        &[
            ("9990000018", "9990000018"),
            ("999 000 0026", "9990000026"),
            ("999-000-0034", "9990000034"),
            ("'9990000042", "9990000042"),
            ("999\u{a0}000\u{a0}0050", "9990000050"),
            ("9990000019", codes::NHS_CHECK_DIGIT),
            ("999000001", codes::NHS_CHECK_DIGIT),
            ("99900000180", codes::NOT_NHS_NUMBER),
            ("99900001", codes::NOT_NHS_NUMBER),
            ("9999999999", codes::NHS_PLACEHOLDER),
            ("0000000000", codes::NHS_PLACEHOLDER),
            ("9.99E+09", codes::NOT_NHS_NUMBER),
            ("unknown", codes::NOT_NHS_NUMBER),
            ("9990000018X", codes::NOT_NHS_NUMBER),
        ],
    );
    // 012 345 6789 has a right check digit or not: the padded number is checked like any other.
    let padded = (100_000_000_u32..100_000_100)
        .filter_map(|number| {
            read_raw(&ColumnType::NhsNumber, RawCell::Number(&number.to_string())).ok()
        })
        .collect::<Vec<_>>();
    assert!(
        padded.len() >= 8 && padded.len() <= 10,
        "one in eleven: {}",
        padded.len()
    );
    assert!(
        padded
            .iter()
            .all(|it| it.starts_with("01") && it.ends_with(codes::NHS_PADDED))
    );
}

#[test]
fn postcodes_and_telephone_numbers_change_only_without_loss() {
    check(
        &ColumnType::Postcode,
        &[
            ("ls1 4ap", "LS1 4AP"),
            ("LS14AP", "LS1 4AP"),
            ("ec1a1bb", "EC1A 1BB"),
            ("w1a 0ax", "W1A 0AX"),
            ("M1 1AE", "M1 1AE"),
            ("near the church", "near the church"),
            ("LS1", "LS1"),
            ("ZZ99 3VZ", "ZZ99 3VZ"),
        ],
    );
    check(
        &ColumnType::Phone,
        &[
            ("'07700 900123", "07700 900123"),
            ("+44 (0)7700\u{200b} 900123", "+44 (0)7700 900123"),
            ("ring twice", "ring twice"),
        ],
    );
}

#[test]
fn a_cell_of_another_kind_is_never_forced() {
    let number = ColumnType::Integer {
        min: None,
        max: None,
    };
    for raw in [
        RawCell::Bool(true),
        RawCell::Object,
        RawCell::Items(&[]),
        RawCell::Date(jiff::civil::date(2026, 1, 1)),
    ] {
        assert_eq!(read_raw(&number, raw).unwrap_err(), codes::WRONG_TYPE);
    }
    assert_eq!(
        read_raw(&ColumnType::String, RawCell::Object).unwrap_err(),
        codes::WRONG_TYPE
    );
    assert_eq!(
        read_raw(&ColumnType::String, RawCell::Bool(true)).unwrap_err(),
        codes::WRONG_TYPE
    );
    assert_eq!(read_raw(&number, RawCell::Missing).unwrap(), "");
}

#[test]
fn the_nearest_name_is_offered_when_there_is_one() {
    assert_eq!(
        nearest("NHS Number", ["Colour", "NHS No", "Name"]),
        Some("NHS No")
    );
    assert_eq!(nearest("NHS Number", ["Colour"]), None);
}
