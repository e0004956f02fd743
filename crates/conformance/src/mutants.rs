//! Good resources broken one rule at a time.
//!
//! Each kind of rule has a maker that walks a good resource over the definitions it fits
//! ([`places`]) and proposes changes. [`mutants`] chooses among the proposals: as many different
//! rules (elements, invariants) as there are, each as often as it takes to reach the number asked
//! for. What a mutant is worth, the oracle says: some proposals turn out to be allowed.

mod bundle;
mod cardinality;
mod choice;
mod coded;
mod contained;
mod content;
mod edit;
mod extension;
mod format;
mod invariant;
mod json_shape;
mod meta;
mod narrative;
mod places;
mod primitive_extension;
mod reference;
mod stays_valid;
mod text;
mod xml;

use std::collections::BTreeMap;

use definitions::Definitions;
use json::Value;
use validation::Model;

pub use edit::{Body, Change, Mutant};
pub use places::{Member, Places, Site};

use crate::grow::Grower;
use crate::{Case, Format, Seeded, Set};

/// A good resource to break.
#[derive(Debug, Clone)]
pub struct Base {
    /// The name of the case it comes from.
    pub name: String,
    /// The packages it is held against.
    pub set: Set,
    /// The profiles it fits.
    pub profiles: Vec<String>,
    /// The resource.
    pub resource: Value,
}

/// What makers may ask.
pub struct World<'d> {
    /// The definitions.
    pub definitions: &'d Definitions,
    /// Makes values that fit.
    pub grower: Grower<'d>,
    /// For writing XML.
    pub model: Model,
}

impl<'d> World<'d> {
    /// The world of some definitions.
    pub fn new(definitions: &'d Definitions) -> Self {
        Self {
            definitions,
            grower: Grower::new(definitions),
            model: Model::new(definitions),
        }
    }
}

/// Proposes ways to break one rule of a good resource.
type Maker = fn(&World<'_>, &Base, &Places, &mut Seeded) -> Vec<Mutant>;

/// The kinds of rules that any resource can break, with what breaks them.
const KINDS: &[(&str, Maker)] = &[
    ("cardinality-min", cardinality::min),
    ("cardinality-max", cardinality::max),
    ("unknown-element", json_shape::unknown),
    ("json-array-for-one", json_shape::array_for_one),
    ("json-one-for-array", json_shape::one_for_array),
    ("json-wrong-type", json_shape::wrong_type),
    ("json-empty", json_shape::empty),
    ("choice-wrong-type", choice::wrong_type),
    ("choice-two-values", choice::two),
    ("format-base64Binary", |w, b, p, s| {
        format::of("base64Binary", w, b, p, s)
    }),
    ("format-boolean", |w, b, p, s| {
        format::of("boolean", w, b, p, s)
    }),
    ("format-canonical", |w, b, p, s| {
        format::of("canonical", w, b, p, s)
    }),
    ("format-code", |w, b, p, s| format::of("code", w, b, p, s)),
    ("format-date", |w, b, p, s| format::of("date", w, b, p, s)),
    ("format-dateTime", |w, b, p, s| {
        format::of("dateTime", w, b, p, s)
    }),
    ("format-decimal", |w, b, p, s| {
        format::of("decimal", w, b, p, s)
    }),
    ("format-id", |w, b, p, s| format::of("id", w, b, p, s)),
    ("format-instant", |w, b, p, s| {
        format::of("instant", w, b, p, s)
    }),
    ("format-integer", |w, b, p, s| {
        format::of("integer", w, b, p, s)
    }),
    ("format-markdown", |w, b, p, s| {
        format::of("markdown", w, b, p, s)
    }),
    ("format-oid", |w, b, p, s| format::of("oid", w, b, p, s)),
    ("format-positiveInt", |w, b, p, s| {
        format::of("positiveInt", w, b, p, s)
    }),
    ("format-string", |w, b, p, s| {
        format::of("string", w, b, p, s)
    }),
    ("format-time", |w, b, p, s| format::of("time", w, b, p, s)),
    ("format-unsignedInt", |w, b, p, s| {
        format::of("unsignedInt", w, b, p, s)
    }),
    ("format-uri", |w, b, p, s| format::of("uri", w, b, p, s)),
    ("format-url", |w, b, p, s| format::of("url", w, b, p, s)),
    ("format-uuid", |w, b, p, s| format::of("uuid", w, b, p, s)),
    ("binding-required", coded::required),
    ("binding-extensible", coded::extensible),
    ("binding-preferred", coded::preferred),
    ("code-in-system", coded::in_system),
    ("content-reference", content::inside),
    ("contained", contained::any),
    ("extension-unknown", extension::unknown),
    ("extension-value", extension::value),
    ("extension-context", extension::context),
    ("extension-shape", extension::shape),
    ("modifier-extension", extension::modifier),
    ("primitive-extension", primitive_extension::any),
    ("invariant", invariant::any),
    ("reference-target", reference::target),
    ("reference-form", reference::form),
    ("bundle", bundle::any),
    ("narrative", narrative::any),
    ("meta", meta::any),
    ("json-syntax", text::json),
    ("xml-order", xml::order),
    ("xml-shape", xml::shape),
    ("xml-namespace", xml::namespace),
    ("xml-cardinality", xml::repeat),
    ("stays-valid", stays_valid::any),
];

/// The names of the kinds, in the order of the report.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|(kind, _)| *kind)
}

/// `per_kind` mutants of each kind (`only` one kind where given), where the bases give so many.
pub fn mutants(
    world: &World<'_>,
    bases: &[Base],
    seed: u64,
    per_kind: usize,
    only: Option<&str>,
) -> Vec<Case> {
    let walked: Vec<(&Base, Places)> = bases
        .iter()
        .map(|base| (base, Places::of(world.definitions, base)))
        .collect();
    KINDS
        .iter()
        .filter(|(kind, _)| only.is_none_or(|only| only == *kind))
        .flat_map(|(kind, maker)| of_kind(world, &walked, seed, per_kind, kind, *maker))
        .collect()
}

fn of_kind(
    world: &World<'_>,
    bases: &[(&Base, Places)],
    seed: u64,
    per_kind: usize,
    kind: &'static str,
    maker: Maker,
) -> Vec<Case> {
    // Each base has numbers of its own, so that one base more or less changes nothing for the others.
    let numbers = |base: &Base| Seeded::new(seed, &format!("{kind} {}", base.name));
    let mut order: Vec<&(&Base, Places)> = bases.iter().collect();
    order.sort_by_key(|(base, _)| numbers(base).number());
    let mut by_rule: BTreeMap<String, Vec<(&Base, Mutant)>> = BTreeMap::new();
    let mut proposed = 0usize;
    for (base, places) in order {
        for mutant in maker(world, base, places, &mut numbers(base)) {
            proposed += 1;
            by_rule
                .entry(mutant.rule.clone())
                .or_default()
                .push((base, mutant));
        }
        if proposed > per_kind * 30 {
            break;
        }
    }
    let mut rules: Vec<(u64, Vec<(&Base, Mutant)>)> = by_rule
        .into_iter()
        .map(|(rule, mutants)| {
            (
                Seeded::new(seed, &format!("{kind} {rule}")).number(),
                mutants,
            )
        })
        .collect();
    rules.sort_by_key(|(number, _)| *number);
    for (_, mutants) in &mut rules {
        // The last is taken first.
        mutants.sort_by_key(|(base, mutant)| {
            Seeded::new(seed, &format!("{} {}", base.name, mutant.place)).number()
        });
    }
    let mut cases: Vec<Case> = Vec::new();
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    while cases.len() < per_kind && rules.iter().any(|(_, mutants)| !mutants.is_empty()) {
        for (_, mutants) in &mut rules {
            if cases.len() >= per_kind {
                break;
            }
            let Some((base, mutant)) = mutants.pop() else {
                continue;
            };
            let Some((format, text)) = mutant.body.text(&base.resource) else {
                continue;
            };
            // A name is one line of a file.
            let place: String = mutant
                .place
                .chars()
                .map(|c| if c.is_control() { '_' } else { c })
                .collect();
            let name = format!("{kind}/{}/{place}", base.name);
            let times = names.entry(name.clone()).or_default();
            *times += 1;
            let name = if *times > 1 {
                format!("{name}~{times}")
            } else {
                name
            };
            let mut profiles = if mutant.without_profiles {
                Vec::new()
            } else {
                base.profiles.clone()
            };
            profiles.extend(mutant.profiles);
            cases.push(Case {
                name,
                kind,
                set: base.set,
                profiles,
                format,
                text,
            });
        }
    }
    cases
}

/// JSON text of a resource.
fn json_text(value: &Value) -> (Format, String) {
    let text = String::from_utf8_lossy(&value.to_bytes()).into_owned();
    (Format::Json, text)
}
