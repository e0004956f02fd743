//! One operation: what it says, and what is done for it.

use json::Value;

use super::edit::{insert, put, remove, replace, shift};
use super::given::Given;
use super::place::{Place, Step, find, find_all, list_of, parent};
use crate::Model;

/// An operation as the Parameters resource gives it.
pub(super) struct Operation<'p> {
    kind: Kind,
    path: &'p str,
    name: Option<&'p str>,
    value: Option<&'p Value>,
    index: Option<usize>,
    source: Option<usize>,
    destination: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Add,
    Insert,
    Delete,
    Replace,
    Move,
}

impl<'p> Operation<'p> {
    /// Reads a `parameter` named `operation`.
    pub fn read(parameter: &'p Value) -> Result<Self, String> {
        if parameter.text("name") != Some("operation") {
            return Err("a parameter of a patch is named `operation`".to_owned());
        }
        let part = |name: &str| {
            parameter
                .each("part")
                .find(|part| part.text("name") == Some(name))
        };
        let text = |name: &str| {
            let value = part(name)?;
            ["valueString", "valueCode", "valueUri"]
                .iter()
                .find_map(|key| value.text(key))
        };
        let kind = match text("type") {
            Some("add") => Kind::Add,
            Some("insert") => Kind::Insert,
            Some("delete") => Kind::Delete,
            Some("replace") => Kind::Replace,
            Some("move") => Kind::Move,
            Some(_) => {
                return Err(
                    "its `type` is not one of add, insert, delete, replace and move".to_owned(),
                );
            }
            None => return Err("it has no `type`".to_owned()),
        };
        let number = |name: &str| match part(name) {
            None => Ok(None),
            Some(part) => part
                .get("valueInteger")
                .and_then(Value::as_number)
                .and_then(json::Number::as_i64)
                .and_then(|number| usize::try_from(number).ok())
                .map(Some)
                .ok_or_else(|| format!("its `{name}` is not a whole number from 0")),
        };
        Ok(Self {
            kind,
            path: text("path").ok_or("it has no `path`")?,
            name: text("name"),
            value: part("value"),
            index: number("index")?,
            source: number("source")?,
            destination: number("destination")?,
        })
    }

    /// Changes a resource.
    pub fn carry_out(&self, resource: &mut Value, model: &Model) -> Result<(), String> {
        match self.kind {
            Kind::Add => self.add(resource, model),
            Kind::Insert => self.insert(resource, model),
            Kind::Delete => self.delete(resource, model),
            Kind::Replace => self.replace(resource, model),
            Kind::Move => self.rearrange(resource, model),
        }
    }

    fn value(&self) -> Result<&'p Value, String> {
        self.value.ok_or_else(|| "it has no `value`".to_owned())
    }

    /// Appends to a list, or sets what is not there yet.
    fn add(&self, resource: &mut Value, model: &Model) -> Result<(), String> {
        let name = self.name.ok_or("it has no `name`")?;
        let Place { steps, ty, .. } = find(resource, self.path, model)?;
        let given = Given::read(self.value()?, ty, name, model)?;
        put(resource, &steps, &given)
    }

    fn insert(&self, resource: &mut Value, model: &Model) -> Result<(), String> {
        let index = self.index.ok_or("it has no `index`")?;
        let list = self.list(resource, model)?;
        let given = Given::read(self.value()?, list.owner, &list.name, model)?;
        insert(resource, &list.steps, &given, index)
    }

    fn delete(&self, resource: &mut Value, model: &Model) -> Result<(), String> {
        let mut places = find_all(resource, self.path, model)?;
        match places.len() {
            // What is not there need not be taken away.
            0 => Ok(()),
            1 => match places.pop() {
                Some(place) => remove(resource, &place.steps),
                None => Ok(()),
            },
            _ => Err("its `path` leads to several elements: delete takes one".to_owned()),
        }
    }

    fn replace(&self, resource: &mut Value, model: &Model) -> Result<(), String> {
        let place = find(resource, self.path, model)?;
        let (Some(owner), Some(name)) = (place.owner, &place.name) else {
            return Err("a resource cannot be replaced as a whole".to_owned());
        };
        let given = Given::read(self.value()?, owner, name, model)?;
        replace(resource, &place.steps, &given)
    }

    fn rearrange(&self, resource: &mut Value, model: &Model) -> Result<(), String> {
        let source = self.source.ok_or("it has no `source`")?;
        let destination = self.destination.ok_or("it has no `destination`")?;
        let list = self.list(resource, model)?;
        shift(resource, &list.steps, source, destination)
    }

    /// The list that the path names.
    fn list(&self, resource: &Value, model: &Model) -> Result<List, String> {
        let no_list = || "its `path` leads to no list".to_owned();
        let places = find_all(resource, self.path, model)?;
        let Some(first) = places.first() else {
            // A list without items is not there at all.
            let (above, name) = parent(self.path).ok_or_else(no_list)?;
            let above = find(resource, above, model)?;
            let member = model
                .member(above.ty, name)
                .filter(|member| member.is_array);
            let key = member.and_then(|member| member.choices.first());
            let mut steps = above.steps;
            steps.push(Step::Member(key.ok_or_else(no_list)?.key.to_string()));
            return Ok(List {
                steps,
                owner: above.ty,
                name: name.to_owned(),
            });
        };
        let steps = list_of(&first.steps).ok_or_else(no_list)?.to_vec();
        let (Some(owner), Some(name)) = (first.owner, first.name.clone()) else {
            return Err(no_list());
        };
        let same = places
            .iter()
            .all(|place| list_of(&place.steps) == Some(steps.as_slice()));
        if !same {
            return Err("its `path` leads to more than one list".to_owned());
        }
        Ok(List { steps, owner, name })
    }
}

struct List {
    steps: Vec<Step>,
    owner: crate::Ty,
    name: String,
}
