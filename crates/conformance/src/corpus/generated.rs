//! Resources of every type, made from their Shapes.

use definitions::Definitions;

use crate::grow::Grower;
use crate::{Case, Format, Seeded, Set};

/// `each` resources of every type of R4, sparse and full.
pub fn generated(definitions: &Definitions, seed: u64, each: usize) -> Vec<Case> {
    let grower = Grower::new(definitions);
    let mut types: Vec<&str> = definitions.resource_types().collect();
    types.sort_unstable();
    types.dedup();
    let mut cases = Vec::new();
    for name in types {
        for number in 0..each {
            let mut seeded = Seeded::new(seed, &format!("{name}-{number}"));
            let percent = [15, 30, 45, 60].get(number % 4).copied().unwrap_or(30);
            let Some(resource) = grower.resource(name, percent, &mut seeded) else {
                continue;
            };
            cases.push(Case {
                name: format!("generated/{name}-{number}"),
                kind: "generated",
                set: Set::Base,
                profiles: Vec::new(),
                format: Format::Json,
                text: String::from_utf8_lossy(&resource.to_bytes()).into_owned(),
            });
        }
    }
    cases
}
