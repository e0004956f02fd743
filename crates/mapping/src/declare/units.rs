//! The units of a column, and what else its texts are read as.

use std::sync::Arc;

use terminology::{Membership, Terminology};

use super::columns::{ColumnDecl, Reading, range};
use super::{constant_text, texts};
use crate::codes;
use crate::findings::Findings;
use crate::program::Unit;
use crate::read::{KnownUnit, ReadAs, TimeFormat, Units, fold};
use crate::yaml::{Data, Node};

/// The system of UCUM.
const UCUM: &str = "http://unitsofmeasure.org";

/// Whether a text is a unit of UCUM, whose codes heed case (<https://ucum.org/ucum>).
pub(crate) fn is_ucum(terminology: &Terminology, code: &str) -> bool {
    !code.is_empty() && terminology.code_in_system(UCUM, code) != Membership::Out
}

/// Reports the units of a column that UCUM does not know.
pub(crate) fn check(column: &ColumnDecl, terminology: &Terminology, findings: &mut Findings) {
    let units: Vec<&str> = match &column.reading {
        Some(Reading::Unit(unit)) => vec![&unit.code],
        Some(Reading::Text(ReadAs::Quantity(units))) => {
            units.known.iter().map(|known| &*known.unit.code).collect()
        }
        _ => Vec::new(),
    };
    for code in units {
        if !is_ucum(terminology, code) {
            findings.error(
                codes::UNIT,
                column.spot,
                format!("'{code}' is no unit of UCUM"),
                "for example kg, cm, mm[Hg], Cel, /min, mL; case counts",
            );
        }
    }
}

/// What the cells of a column are read as, beyond what the reader gives.
pub(super) fn reading(
    name: &str,
    key: &Node,
    options: Option<&Node>,
    findings: &mut Findings,
) -> Option<Reading> {
    let option = |key: &str| options.and_then(|options| options.get(key));
    match name {
        "integer" | "decimal" => {
            let unit = constant_text(findings, option("unit")?, "unit")?;
            Some(Reading::Unit(Arc::new(self::unit(unit))))
        }
        "quantity" => quantity(key, options, findings)
            .map(|units| Reading::Text(ReadAs::Quantity(Arc::new(units)))),
        "time" => {
            let mut formats = vec![TimeFormat::HourMinuteSecond];
            let written = options.map_or_else(Vec::new, |node| texts(findings, node, "formats"));
            for (text, spot) in written {
                match TimeFormat::parse(&text) {
                    Some(format) => formats.push(format),
                    None => findings.error(
                        codes::DATE_FORMAT,
                        spot,
                        format!("'{text}' is no format of times"),
                        "one of HH:mm, HH:mm:ss, HHmm, h:mm a, excel",
                    ),
                }
            }
            Some(Reading::Text(ReadAs::Time(formats.into())))
        }
        "uprn" => Some(Reading::Text(ReadAs::Uprn)),
        "email" => Some(Reading::Text(ReadAs::Email)),
        _ => None,
    }
}

/// A unit by its code, or by its code and how it is shown: `kg`, `kg|kilogram`.
fn unit(text: &str) -> Unit {
    let (code, shown) = text.split_once('|').unwrap_or((text, text));
    Unit {
        code: code.trim().into(),
        unit: shown.trim().into(),
    }
}

/// `units: { kg: [kg, kgs], "[lb_av]": { written: lb, range: 40..660 } }`
fn quantity(key: &Node, options: Option<&Node>, findings: &mut Findings) -> Option<Units> {
    let mut units = Units {
        known: Vec::new(),
        bare: None,
    };
    let node = options.and_then(|options| options.get("units"));
    let Some(entries) = node.and_then(Node::entries) else {
        findings.error(
            codes::MISSING_KEY,
            node.map_or(key.spot, |node| node.spot),
            "a quantity must say which units its texts may have",
            "for example: units: { kg: [kg, kgs], \"[lb_av]\": lb }",
        );
        return None;
    };
    for (name, value) in entries {
        let Some(text) = name.text() else { continue };
        let unit = unit(text);
        let mut written = vec![fold(&unit.code)];
        let (words, bounds) = match &value.data {
            Data::Map(_) => {
                findings.unknown_keys(value, crate::keys::UNIT, "a unit");
                (value.get("written"), range(Some(value), findings))
            }
            _ => (Some(value), (None, None)),
        };
        for word in words.map(Node::items).unwrap_or_default() {
            written.extend(constant_text(findings, word, "how a unit is written").map(fold));
        }
        let clash = written
            .iter()
            .find(|word| units.known.iter().any(|known| known.written.contains(word)));
        if let Some(word) = clash {
            findings.error(
                codes::BAD_VALUE,
                name.spot,
                format!(
                    "'{word}' is how two units are written: case and spaces do not tell them apart"
                ),
                "keep it under one of them",
            );
        }
        units.known.push(KnownUnit {
            unit,
            written,
            min: bounds.0,
            max: bounds.1,
        });
    }
    if let Some(bare) = options.and_then(|options| options.get("unit")) {
        let text = constant_text(findings, bare, "unit")?;
        units.bare = units
            .known
            .iter()
            .position(|known| *known.unit.code == *text);
        if units.bare.is_none() {
            findings.error(
                codes::BAD_VALUE,
                bare.spot,
                format!("'{text}' is not among the column's units"),
                "add it to units",
            );
        }
    }
    Some(units)
}
