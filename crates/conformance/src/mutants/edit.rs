//! What is changed.

use json::Value;

use super::json_text;
use crate::Format;

/// One change of a resource. Places are JSON pointers.
#[derive(Debug, Clone)]
pub enum Change {
    /// A value is put there: a member is replaced or added, an item replaced, or added at the index
    /// one past the last.
    Set(String, Value),
    /// A member or an item is taken away; an array that becomes empty goes with it.
    Remove(String),
}

/// How a mutant comes from its base.
#[derive(Debug, Clone)]
pub enum Body {
    /// By changes of the tree.
    Changes(Vec<Change>),
    /// As text that no tree has.
    Text(Format, String),
}

/// A proposal.
#[derive(Debug, Clone)]
pub struct Mutant {
    /// The rule that is to be broken: an element, an invariant, a way to break it.
    pub rule: String,
    /// Where and how, for the case's name.
    pub place: String,
    /// Profiles to hold it against beside those of its base.
    pub profiles: Vec<String>,
    /// Whether the profiles of the base do not hold any more: the resource is another.
    pub without_profiles: bool,
    /// The change.
    pub body: Body,
}

impl Mutant {
    /// A proposal of changes.
    pub fn new(rule: impl Into<String>, place: impl Into<String>, changes: Vec<Change>) -> Self {
        Self {
            rule: rule.into(),
            place: place.into(),
            profiles: Vec::new(),
            without_profiles: false,
            body: Body::Changes(changes),
        }
    }

    /// A proposal of one value in one place.
    pub fn set(rule: &str, how: &str, pointer: &str, value: impl Into<Value>) -> Self {
        let change = Change::Set(pointer.to_owned(), value.into());
        Self::new(rule, format!("{}:{how}", dotted(pointer)), vec![change])
    }

    /// A proposal of text.
    pub fn text(rule: &str, place: impl Into<String>, format: Format, text: String) -> Self {
        Self {
            rule: rule.to_owned(),
            place: place.into(),
            profiles: Vec::new(),
            without_profiles: false,
            body: Body::Text(format, text),
        }
    }
}

/// A JSON pointer as it stands in names: `name.0.given`.
pub fn dotted(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}

impl Body {
    /// The text of the mutant; `None` when a change does not apply.
    pub fn text(&self, base: &Value) -> Option<(Format, String)> {
        match self {
            Self::Text(format, text) => Some((*format, text.clone())),
            Self::Changes(changes) => {
                let mut resource = base.clone();
                for change in changes {
                    apply(&mut resource, change)?;
                }
                (resource != *base).then(|| json_text(&resource))
            }
        }
    }
}

/// The value at a pointer.
pub fn at<'v>(value: &'v Value, pointer: &str) -> Option<&'v Value> {
    let mut here = value;
    for step in pointer.split('/').skip(1) {
        here = match here {
            Value::Array(items) => items.get(step.parse::<usize>().ok()?)?,
            other => other.get(step)?,
        };
    }
    Some(here)
}

fn at_mut<'v>(value: &'v mut Value, pointer: &str) -> Option<&'v mut Value> {
    let mut here = value;
    for step in pointer.split('/').skip(1) {
        here = match here {
            Value::Array(items) => items.get_mut(step.parse::<usize>().ok()?)?,
            other => other.get_mut(step)?,
        };
    }
    Some(here)
}

fn apply(resource: &mut Value, change: &Change) -> Option<()> {
    match change {
        Change::Set(pointer, value) => {
            if pointer.is_empty() {
                *resource = value.clone();
                return Some(());
            }
            let (parent, last) = pointer.rsplit_once('/')?;
            match at_mut(resource, parent)? {
                Value::Array(items) => {
                    let index: usize = last.parse().ok()?;
                    if index == items.len() {
                        items.push(value.clone());
                    } else {
                        *items.get_mut(index)? = value.clone();
                    }
                }
                Value::Object(object) => {
                    object.insert(last, value.clone());
                }
                _ => return None,
            }
        }
        Change::Remove(pointer) => {
            let (parent, last) = pointer.rsplit_once('/')?;
            let empty = match at_mut(resource, parent)? {
                Value::Array(items) => {
                    let index: usize = last.parse().ok()?;
                    if index >= items.len() {
                        return None;
                    }
                    items.remove(index);
                    items.is_empty()
                }
                Value::Object(object) => {
                    object.remove(last)?;
                    object.is_empty()
                }
                _ => return None,
            };
            if empty && !parent.is_empty() {
                return apply(resource, &Change::Remove(parent.to_owned()));
            }
        }
    }
    Some(())
}
