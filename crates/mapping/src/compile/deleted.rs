//! Records that their source marks as deleted: what becomes of the resources that they make.

use definitions::Shape;
use json::Value;
use terminology::Membership;

use super::Compiler;
use super::elements::Site;
use super::scope::Scope;
use crate::codes;
use crate::findings::suggest;
use crate::keys;
use crate::program::{Condition, Constant, Deleted, Field, Item, Object};
use crate::yaml::{Data, Node, Spot};

/// The code that FHIR has for what should never have been there.
const ENTERED_IN_ERROR: &str = "entered-in-error";

impl Compiler<'_> {
    /// The condition of a table that marks its deleted records.
    pub fn deleted_record(&mut self, table: usize, scope: &mut Scope) -> Option<Condition> {
        let source = self.source;
        let node = source.tables.get(table)?.deleted.as_ref()?;
        self.condition(node, scope)
    }

    /// Notes the cells that say whether a record, or one that encloses it, is deleted: records that
    /// differ in them differ.
    pub(super) fn use_of_deletion(&mut self, table: usize, scope: &mut Scope) {
        let mut at = Some(table);
        let mut up = 0_u8;
        while let Some(index) = at {
            let source = self.source;
            let Some(table) = source.tables.get(index) else {
                return;
            };
            let mut own = Scope {
                table: Some(index),
                ..Scope::default()
            };
            self.deleted_record(index, &mut own);
            scope
                .uses
                .extend(own.uses.iter().map(|(steps, column)| (steps + up, *column)));
            at = table.parent;
            up = up.saturating_add(1);
        }
    }

    /// Whether records of a table, or of what encloses them, may be deleted.
    fn may_be_deleted(&self, table: usize) -> bool {
        let mut at = Some(table);
        while let Some(table) = at.and_then(|table| self.source.tables.get(table)) {
            if table.deleted.is_some() {
                return true;
            }
            at = table.parent;
        }
        false
    }

    /// What becomes of a rule's resource when its record is deleted.
    pub(super) fn deleted(
        &mut self,
        node: &Node,
        head: &super::RuleHead,
        site: &Site,
        body: &Object,
        scope: &mut Scope,
    ) -> Option<Deleted> {
        let word = node.get("deleted");
        if !self.may_be_deleted(head.table) {
            if let Some(word) = word {
                self.findings.error(
                    codes::DELETED_RULE,
                    word.spot,
                    "nothing says which records of the table are deleted",
                    "add deleted: =condition to the table, or take this out",
                );
            }
            return None;
        }
        let spot = word.map_or(head.spot, |word| word.spot);
        match word.map(|word| (&word.data, word.constant())) {
            Some((_, Some("retire"))) => Some(Deleted::Retire),
            None | Some((_, Some(ENTERED_IN_ERROR))) => {
                self.entered_in_error(site, body, spot, word.is_none())
            }
            Some((Data::Map(entries), _)) => self.instead(entries, site, body, scope),
            Some((_, text)) => {
                self.findings.error(
                    codes::BAD_VALUE,
                    spot,
                    "this does not say what becomes of what a deleted record made",
                    suggest(
                        text.unwrap_or_default(),
                        keys::DELETED.iter().copied(),
                        "one of these, or a map of elements",
                    ),
                );
                None
            }
        }
    }

    /// The resource with `entered-in-error` in the status that its type has.
    fn entered_in_error(
        &mut self,
        site: &Site,
        body: &Object,
        spot: Spot,
        unsaid: bool,
    ) -> Option<Deleted> {
        let root = site.shape.element(site.element).clone();
        let found = ["status", "lifecycleStatus", "verificationStatus"]
            .into_iter()
            .filter_map(|name| site.shape.child(site.element, name))
            .find(|&id| {
                let set = site.shape.element(id).binding.as_ref();
                set.and_then(|binding| binding.value_set.as_deref())
                    .is_some_and(|set| {
                        self.terminology.contains(set, None, ENTERED_IN_ERROR) == Membership::In
                    })
            });
        let Some(id) = found else {
            self.findings.error(
                codes::DELETED_RULE,
                spot,
                if unsaid {
                    format!(
                        "records of the table may be deleted, and {} has no status that says so",
                        root.name
                    )
                } else {
                    format!("{} has no status that can be {ENTERED_IN_ERROR}", root.name)
                },
                "write deleted: retire, or deleted: with the elements that say it, such as an end date",
            );
            return None;
        };
        let mut element = site.shape.element(id).clone();
        element.fixed = None;
        element.pattern = None;
        let code = element.types.first()?.code.to_string();
        let value = self.constant(ENTERED_IN_ERROR, &code, &element, spot)?;
        let name = element.name.to_string();
        let field = Field {
            name: name.as_str().into(),
            array: false,
            items: vec![Item::Constant(Constant::written(value.clone(), spot))],
            mandatory: true,
            path: format!("{}.{name}", site.path).into(),
            spot,
        };
        let mut body = body.clone();
        // What is entered in error has no clinical status: con-5 and ait-2 of FHIR R4.
        body.fields
            .retain(|field| *field.name != *name && &*field.name != "clinicalStatus");
        body.fields.push(field);
        self.order(&mut body, site);
        let profile = self.allowing(&site.shape, &[(name, Some(value))]);
        Some(Deleted::Instead(Box::new(body), profile))
    }

    /// The resource with some elements of its own.
    fn instead(
        &mut self,
        entries: &[(Node, Node)],
        site: &Site,
        body: &Object,
        scope: &mut Scope,
    ) -> Option<Deleted> {
        let mut body = body.clone();
        // A profile may fix what a deleted resource says otherwise, so the type itself is asked.
        let shape = self.definitions.shape_of_type(&site.path)?;
        let base = Site {
            element: shape.root(),
            shape,
            path: site.path.clone(),
            is_root: true,
        };
        let mut written = Vec::new();
        for (key, value) in entries {
            let name = key.text().unwrap_or_default();
            if matches!(name, "extension" | "modifierExtension") {
                if let Some(field) = self.extensions(key, value, site, scope) {
                    body.fields.retain(|known| known.name != field.name);
                    body.fields.push(field);
                }
                continue;
            }
            let Some(named) = self.named(&base, name) else {
                self.unknown_element(key, name, &base);
                continue;
            };
            let element = base.shape.element(named.id).clone();
            if matches!(value.data, Data::Empty) {
                // Nothing after the colon: the element is left out.
                body.fields.retain(|field| !is_of(field, &element));
                if element.min > 0 {
                    self.findings.error(
                        codes::MISSING_ELEMENT,
                        key.spot,
                        format!("{}.{name} is mandatory and nothing feeds it", site.path),
                        "give it a value",
                    );
                }
                continue;
            }
            let known = scope.known.clone();
            let Some((field, _)) = self.field(key, value, &base, &named, scope) else {
                continue;
            };
            scope.known = known;
            let constant = match field.items.as_slice() {
                [Item::Constant(constant)] => Some(constant.value.clone()),
                _ => None,
            };
            written.push((element.name.to_string(), constant));
            body.has_expressions |= super::elements::has_expressions(&field.items);
            body.fields.retain(|known| !is_of(known, &element));
            body.fields.push(field);
        }
        self.order(&mut body, site);
        let profile = self.allowing(&site.shape, &written);
        Some(Deleted::Instead(Box::new(body), profile))
    }

    /// The URL of the profile nearest to a shape that fixes none of some elements otherwise; nothing
    /// where only the type itself does not. An amended vital sign may not claim a profile that fixes
    /// its status to `final`.
    fn allowing(&self, shape: &Shape, written: &[(String, Option<Value>)]) -> Option<Value> {
        let mut at = Some(shape.clone());
        while let Some(shape) = at.filter(Shape::is_profile) {
            let fixes = written.iter().any(|(name, value)| {
                let Some(id) = shape.child(shape.root(), name) else {
                    return false;
                };
                let element = shape.element(id);
                element
                    .fixed
                    .as_ref()
                    .or(element.pattern.as_ref())
                    .is_some_and(|fixed| {
                        value
                            .as_ref()
                            .is_none_or(|value| !super::filled::covers(value, fixed))
                    })
            });
            if !fixes {
                return Some(Value::Array(vec![Value::from(shape.url())]));
            }
            at = shape.base().and_then(|base| self.definitions.shape(base));
        }
        None
    }
}

/// Whether a field is of an element: also `valueQuantity` of `value[x]`.
fn is_of(field: &Field, element: &definitions::Element) -> bool {
    *field.name == *element.name
        || (element.is_choice
            && element
                .types
                .iter()
                .any(|ty| *field.name == *super::target::choice_name(&element.name, &ty.code)))
}
