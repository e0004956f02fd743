//! What type a column is given, and on what evidence.

use crate::facts::{Facts, PATTERNS};
use crate::heading::{self, Role, Vital};
use crate::table::Column;
use crate::vocabulary;

/// A column's declaration.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    pub kind: Kind,
    /// What speaks for it, in words; one comment line each.
    pub evidence: Vec<String>,
    pub required: bool,
    pub optional: bool,
    pub volatile: bool,
    /// Texts that would be markers elsewhere may be values here.
    pub keeps_markers: bool,
    pub on_bad: Option<&'static str>,
}

/// A type of the mapping language with its options.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum Kind {
    #[default]
    String,
    Code {
        values: Vec<String>,
    },
    Integer {
        range: Option<String>,
    },
    Decimal {
        range: Option<String>,
    },
    Date {
        formats: Vec<&'static str>,
        time: bool,
    },
    Flag {
        yes: Vec<&'static str>,
        no: Vec<&'static str>,
        unknown: Vec<&'static str>,
    },
    Boolean,
    List {
        separator: Option<&'static str>,
    },
    NhsNumber,
    Postcode,
    Phone,
}

impl Kind {
    pub fn is_text(&self) -> bool {
        matches!(
            self,
            Self::String | Self::Code { .. } | Self::Postcode | Self::Phone | Self::NhsNumber
        )
    }

    pub fn is_date(&self) -> bool {
        matches!(self, Self::Date { .. })
    }

    pub fn is_number(&self) -> bool {
        matches!(self, Self::Integer { .. } | Self::Decimal { .. })
    }
}

/// Chooses a type. `rows` are the records of its table; texts of cells go into it only when they
/// may be shown.
pub(crate) fn plan(column: &Column, rows: u64, is_json: bool, synthetic: bool) -> Plan {
    let facts = &column.facts;
    let mut plan = Plan {
        optional: is_json && column.present < rows,
        ..Plan::default()
    };
    let mut filled = if column.is_array {
        format!("{} items in {} lists", facts.filled, column.present)
    } else {
        format!("{} of {rows} filled", facts.filled)
    };
    for (marker, count) in &facts.markers {
        filled.push_str(&format!("; {count} {marker}"));
    }
    if facts.errors > 0 {
        filled.push_str(&format!(
            "; {} spreadsheet errors or cut numbers, which are refused as values",
            facts.errors
        ));
    }
    if facts.structures > 0 {
        filled.push_str(&format!("; {} lists or objects", facts.structures));
    }
    if rows > 1 && facts.meant() == rows && !facts.repeats {
        filled.push_str("; each once");
    }
    plan.evidence.push(filled);
    if column.is_array {
        plan.kind = Kind::List { separator: None };
        return plan;
    }
    if matches!(column.role, Some(Role::Family | Role::FullName))
        && facts
            .markers
            .keys()
            .any(|marker| marker.eq_ignore_ascii_case("null"))
    {
        plan.keeps_markers = true;
        plan.evidence
            .push("Null is a surname too: here it is kept as one".to_owned());
    }
    if facts.meant() == 0 {
        plan.evidence.push("nothing to tell its type by".to_owned());
        plan.kind = empty(column.role);
        return plan;
    }
    choose(column, rows, synthetic, &mut plan);
    plan
}

/// The type of a column without cells: what its header says.
fn empty(role: Option<Role>) -> Kind {
    match role {
        Some(Role::NhsNumber) => Kind::NhsNumber,
        Some(Role::Postcode) => Kind::Postcode,
        Some(Role::Phone) => Kind::Phone,
        _ => Kind::String,
    }
}

fn choose(column: &Column, rows: u64, synthetic: bool, plan: &mut Plan) {
    let facts = &column.facts;
    let meant = facts.meant();
    match column.role {
        Some(Role::NhsNumber) => return nhs_number(facts, meant, plan),
        Some(Role::Postcode) => {
            plan.kind = Kind::Postcode;
            plan.evidence
                .push(share("look like postcodes", facts.postcodes, meant));
            return;
        }
        Some(Role::Phone) => {
            plan.kind = Kind::Phone;
            plan.evidence
                .push(share("look like telephone numbers", facts.phones, meant));
            return;
        }
        Some(Role::Allergies | Role::Conditions) => return list(facts, meant, plan),
        Some(
            Role::FullName
            | Role::Family
            | Role::Given
            | Role::Title
            | Role::KnownAs
            | Role::AddressLine
            | Role::Town
            | Role::Mail
            | Role::Practice
            | Role::PracticeCode
            | Role::Room
            | Role::PersonId
            | Role::Medicine
            | Role::Strength
            | Role::Form
            | Role::Dose
            | Role::Route
            | Role::Times
            | Role::MedicineCode
            | Role::Reaction
            | Role::Religion
            | Role::Note,
        ) => {
            plan.kind = if facts.booleans == meant {
                Kind::Boolean
            } else {
                Kind::String
            };
            plan.evidence
                .push(format!("shapes: {}", facts.shapes.summary(3)));
            return;
        }
        Some(
            Role::Sex | Role::Relationship | Role::MaritalStatus | Role::Ethnicity | Role::Stay,
        ) => {
            return code(facts, synthetic, plan);
        }
        _ => {}
    }
    if facts.booleans * 10 >= meant * 9 {
        plan.kind = Kind::Boolean;
        plan.evidence
            .push(share("are real booleans", facts.booleans, meant));
    } else if facts.nhs_right * 10 >= meant * 8 && meant >= 3 {
        plan.evidence
            .push("its header does not say so, but its cells do".to_owned());
        nhs_number(facts, meant, plan);
    } else if dates(column, meant, plan)
        || ticks(facts, meant, plan)
        || numbers(column, meant, plan)
    {
        // Its type was found.
    } else if facts.postcodes * 10 >= meant * 8 {
        plan.kind = Kind::Postcode;
        plan.evidence
            .push(share("look like postcodes", facts.postcodes, meant));
    } else if facts.phones * 10 >= meant * 8 {
        plan.kind = Kind::Phone;
        plan.evidence
            .push(share("look like telephone numbers", facts.phones, meant));
    } else if separator(facts)
        .is_some_and(|(separator, count)| separator != "," && count * 10 >= meant * 3)
    {
        list(facts, meant, plan);
    } else if is_list_of_codes(facts, rows) {
        code(facts, synthetic, plan);
    } else {
        plan.evidence
            .push(format!("shapes: {}", facts.shapes.summary(3)));
    }
}

fn share(what: &str, count: u64, of: u64) -> String {
    match of - count.min(of) {
        0 => format!("{count} of {of} {what}"),
        rest => format!("{count} of {of} {what}; {rest} do not"),
    }
}

fn nhs_number(facts: &Facts, meant: u64, plan: &mut Plan) {
    plan.kind = Kind::NhsNumber;
    let mut text = share(
        "are NHS numbers with the right check digit",
        facts.nhs_right,
        meant,
    );
    if facts.nhs_wrong > 0 {
        text.push_str(&format!(
            "; of those {} have ten digits and a wrong one",
            facts.nhs_wrong
        ));
    }
    plan.evidence.push(text);
}

fn list(facts: &Facts, meant: u64, plan: &mut Plan) {
    match separator(facts) {
        Some((separator, count)) => {
            plan.kind = Kind::List {
                separator: Some(separator),
            };
            let shown = if separator == "\n" {
                "a line break"
            } else {
                separator
            };
            plan.evidence.push(format!(
                "{count} of {meant} hold several texts, with {shown} between them"
            ));
        }
        None => {
            plan.kind = Kind::String;
            plan.evidence.push(format!(
                "one text a cell; shapes: {}",
                facts.shapes.summary(3)
            ));
        }
    }
}

/// The separator that most cells hold. A comma is also a mark in a sentence, so it comes last.
fn separator(facts: &Facts) -> Option<(&'static str, u64)> {
    let [semicolon, bar, line, comma] = facts.separators;
    [(";", semicolon), ("|", bar), ("\n", line)]
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .max_by_key(|(_, count)| *count)
        .or_else(|| (comma > 0).then_some((",", comma)))
}

/// Few different texts, each of them several times.
fn is_list_of_codes(facts: &Facts, rows: u64) -> bool {
    let Some(different) = facts.different() else {
        return false;
    };
    let different = different as u64;
    rows >= 4 && different <= 30 && facts.meant() >= different * 2 && facts.longest <= 60
}

fn code(facts: &Facts, synthetic: bool, plan: &mut Plan) {
    let texts = facts.texts();
    let known: Option<Vec<&'static str>> = texts
        .iter()
        .map(|(text, _)| vocabulary::plain(text))
        .collect();
    let values: Vec<String> = match (facts.different(), known) {
        (Some(_), Some(mut words)) => {
            words.sort_unstable();
            words.dedup();
            words.into_iter().map(str::to_owned).collect()
        }
        (Some(_), None) if synthetic => texts.iter().map(|(text, _)| (*text).to_owned()).collect(),
        _ => Vec::new(),
    };
    match facts.different() {
        Some(different) if values.is_empty() => plan.evidence.push(format!(
            "{different} different labels, not shown: {}. Write them as values: [ … ]",
            facts.shapes.summary(5)
        )),
        Some(different) => plan.evidence.push(format!("{different} different labels")),
        None => plan.evidence.push(format!(
            "more than {} different labels: {}",
            crate::facts::LISTED,
            facts.shapes.summary(3)
        )),
    }
    plan.kind = Kind::Code { values };
}

fn ticks(facts: &Facts, meant: u64, plan: &mut Plan) -> bool {
    let ticked: u64 = facts.ticks.values().sum();
    if ticked != meant || facts.yes + facts.no == 0 {
        return false;
    }
    let (mut yes, mut no, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for word in facts.ticks.keys().copied() {
        match vocabulary::tick(word) {
            Some(vocabulary::Tick::Yes(_)) => {
                yes.push(word);
                no.extend(vocabulary::opposite(word));
            }
            Some(vocabulary::Tick::No(_)) => {
                no.push(word);
                yes.extend(vocabulary::opposite(word));
            }
            Some(vocabulary::Tick::Neither(_)) => unknown.push(word),
            None => {}
        }
    }
    for words in [&mut yes, &mut no] {
        words.sort_unstable();
        words.dedup();
    }
    let counts: Vec<String> = facts
        .ticks
        .iter()
        .map(|(word, count)| format!("{count} {word}"))
        .collect();
    plan.evidence.push(counts.join(", "));
    plan.kind = Kind::Flag { yes, no, unknown };
    true
}

fn dates(column: &Column, meant: u64, plan: &mut Plan) -> bool {
    let facts = &column.facts;
    let hits = |pattern: &str| {
        PATTERNS
            .iter()
            .zip(facts.dates)
            .find(|(name, _)| **name == pattern)
            .map_or(0, |(_, hits)| hits)
    };
    let dated_role = matches!(
        column.role,
        Some(
            Role::BirthDate
                | Role::DeathDate
                | Role::Admission
                | Role::Start
                | Role::Stop
                | Role::Date
                | Role::AsOf
                | Role::Given_
        )
    );
    let mut formats: Vec<&'static str> = Vec::new();
    let mut fitted = facts.real_dates;
    // Each group is the same dates written with or without a zero before one digit.
    let orders: [(&str, &str); 3] = [
        ("dd/MM/yyyy", "d/M/yyyy"),
        ("dd-MM-yyyy", "d-M-yyyy"),
        ("dd.MM.yyyy", "d.M.yyyy"),
    ];
    let american = hits("M/d/yyyy") > hits("d/M/yyyy");
    for (two, one) in orders {
        if american && two == "dd/MM/yyyy" {
            let (two, one) = ("MM/dd/yyyy", "M/d/yyyy");
            fitted += hits(one);
            formats.push(name(if hits(one) > hits(two) { one } else { two }));
            continue;
        }
        if hits(one) > 0 {
            fitted += hits(one);
            formats.push(name(if hits(one) > hits(two) { one } else { two }));
        }
    }
    let iso_days = hits("yyyy-MM-dd");
    if iso_days > 0 {
        fitted += iso_days;
        formats.push("yyyy-MM-dd");
    }
    for pattern in [
        "d MMM yyyy",
        "d MMMM yyyy",
        "dd-MMM-yyyy",
        "yyyy/MM/dd",
        "MMM yyyy",
    ] {
        if hits(pattern) > 0 {
            fitted += hits(pattern);
            formats.push(name(pattern));
        }
    }
    let mut timed = facts.real_times;
    for pattern in [
        "dd/MM/yyyy HH:mm",
        "dd/MM/yyyy HH:mm:ss",
        "yyyy-MM-dd HH:mm",
        "yyyy-MM-dd HH:mm:ss",
        "yyyy-MM-dd HH:mm:ss.S",
    ] {
        if hits(pattern) > 0 {
            fitted += hits(pattern);
            timed += hits(pattern);
            formats.push(name(pattern));
        }
    }
    // What iso reads beyond whole days: with a time, or only to the month or year.
    let partial = facts.integers.min(hits("iso"));
    let iso_times = hits("iso").saturating_sub(iso_days + partial);
    if iso_times > 0 {
        fitted += iso_times;
        timed += iso_times;
        formats.push("iso");
    }
    if dated_role {
        for pattern in ["yyyyMMdd", "MM/yyyy"] {
            if hits(pattern) > 0 {
                fitted += hits(pattern);
                formats.push(name(pattern));
            }
        }
        if partial > 0 && fitted > 0 {
            fitted += partial;
            formats.push("yyyy");
        }
    }
    let fitted = fitted.min(meant);
    if fitted * 10 < meant * 7 || fitted == 0 {
        if dated_role && facts.short_years > 0 {
            plan.evidence.push(format!(
                "{} dates have a year of two digits, which does not say its century; export years of four digits",
                facts.short_years
            ));
        }
        return false;
    }
    if facts.real_dates > 0 {
        formats.push("excel");
    }
    plan.evidence.push(format!(
        "{}: {}",
        formats.join(", "),
        share("fit", fitted, meant)
    ));
    if facts.short_years > 0 {
        plan.evidence.push(format!(
            "{} have a year of two digits, which is refused",
            facts.short_years
        ));
    }
    let written = hits("d/M/yyyy").max(hits("M/d/yyyy"));
    if american {
        plan.evidence
            .push("CHECK: the month comes first in these dates".to_owned());
    } else if written > 0 && facts.either_order == written {
        plan.evidence.push(
            "CHECK: every one of these dates can be read with day or month first; the British order was chosen"
                .to_owned(),
        );
    }
    plan.kind = Kind::Date {
        formats,
        time: timed > 0,
    };
    true
}

/// The pattern as it stands in [`PATTERNS`].
fn name(pattern: &str) -> &'static str {
    PATTERNS
        .into_iter()
        .find(|known| *known == pattern)
        .unwrap_or("iso")
}

fn numbers(column: &Column, meant: u64, plan: &mut Plan) -> bool {
    let facts = &column.facts;
    let numbers = facts.integers + facts.decimals;
    let measured = matches!(column.role, Some(Role::Vital(_) | Role::Score));
    let enough = if measured { 7 } else { 9 };
    if numbers * 10 < meant * enough || facts.digits_only > 0 || numbers == 0 {
        return false;
    }
    let words = heading::words(&column.name);
    let named = words.last().is_some_and(|last| {
        [
            "id",
            "no",
            "number",
            "ref",
            "reference",
            "code",
            "key",
            "uid",
            "uprn",
            "num",
        ]
        .contains(&last.as_str())
    });
    if named && !measured {
        plan.evidence
            .push("digits that name something, kept as text".to_owned());
        return true;
    }
    plan.evidence.push(share("are numbers", numbers, meant));
    let range = range(column, plan);
    plan.kind = if facts.decimals == 0 && !matches!(column.role, Some(Role::Vital(_))) {
        Kind::Integer { range }
    } else {
        Kind::Decimal { range }
    };
    if let Some(unit) = heading::unit(column.alias.as_deref().unwrap_or(&column.name)) {
        plan.evidence
            .push(format!("the header states the unit: {unit}"));
    } else if matches!(column.role, Some(Role::Vital(_))) {
        plan.evidence
            .push("CHECK: the header states no unit, and none is assumed".to_owned());
    }
    true
}

/// What a measurement can be in a living adult, by its unit; otherwise a round range about what was
/// met, so that no cell can be read off it.
fn range(column: &Column, plan: &mut Plan) -> Option<String> {
    let facts = &column.facts;
    let (least, most) = (facts.least?, facts.most?);
    let unit = heading::unit(column.alias.as_deref().unwrap_or(&column.name));
    let known = match (column.role, unit) {
        (Some(Role::Vital(Vital::Weight)), Some("kg")) => Some((20.0, 300.0)),
        (Some(Role::Vital(Vital::Height)), Some("cm")) => Some((50.0, 250.0)),
        (Some(Role::Vital(Vital::Bmi)), _) => Some((8.0, 80.0)),
        (Some(Role::Vital(Vital::Temperature)), Some("Cel")) => Some((30.0, 45.0)),
        (Some(Role::Vital(Vital::Pulse)), _) => Some((20.0, 250.0)),
        (Some(Role::Vital(Vital::Breathing)), _) => Some((4.0, 60.0)),
        (Some(Role::Vital(Vital::Oxygen)), _) => Some((50.0, 100.0)),
        (Some(Role::Vital(Vital::Systolic)), _) => Some((50.0, 300.0)),
        (Some(Role::Vital(Vital::Diastolic)), _) => Some((20.0, 200.0)),
        (Some(Role::Score), _) => {
            heading::score(&column.name).map(|(least, most)| (least as f64, most as f64))
        }
        _ => None,
    };
    if let Some((min, max)) = known {
        plan.evidence
            .push(format!("range: what can be, {min}..{max}"));
        if least < min || most > max {
            plan.evidence
                .push("CHECK: some are outside the range, and will be refused".to_owned());
        }
        return Some(format!("{min}..{max}"));
    }
    let above = |size: f64| -> Option<u64> {
        let mut step = 1_u64;
        while step < 1_000_000_000_000 {
            for times in [1, 2, 5] {
                #[allow(clippy::cast_precision_loss)]
                if (step * times) as f64 > size {
                    return Some(step * times);
                }
            }
            step *= 10;
        }
        None
    };
    let max = above(most.max(0.0))?;
    let min = if least < 0.0 {
        format!("-{}", above(-least)?)
    } else {
        "0".to_owned()
    };
    plan.evidence
        .push("range: a round one about what was met; say what can be".to_owned());
    Some(format!("{min}..{max}"))
}
