//! SearchParameter.

use diagnostics::Issue;
use json::Value;

use super::read::{broken, required, text, texts};
use crate::{SearchComponent, SearchKind, SearchParameter};

pub fn read(resource: &Value) -> Result<SearchParameter, Box<Issue>> {
    let kind = required(resource, "type")?;
    Ok(SearchParameter {
        url: required(resource, "url")?,
        code: required(resource, "code")?,
        kind: SearchKind::from_code(&kind)
            .ok_or_else(|| broken(resource, "its `type` is not a search parameter type of R4"))?,
        bases: texts(resource, "base"),
        expression: text(resource, "expression"),
        targets: texts(resource, "target"),
        components: resource
            .each("component")
            .filter_map(|component| {
                Some(SearchComponent {
                    definition: text(component, "definition")?,
                    expression: text(component, "expression")?,
                })
            })
            .collect(),
    })
}
