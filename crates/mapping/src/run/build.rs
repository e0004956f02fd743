//! Objects and values of FHIR from what operations give.

use std::borrow::Cow;

use diagnostics::Severity;
use json::{CompactString, Number, Value};

use super::cell::{Bound, Cx};
use super::value::Val;
use crate::codes;
use crate::program::{Condition, Each, EachOf, Field, Item, Object, Target};
use crate::trace::Origin;
use crate::yaml::Spot;

/// The extension that says why a value is absent.
const DATA_ABSENT_REASON: &str = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";

/// What comes of an item.
enum Out {
    Value(Value),
    /// A primitive with its extensions, or only these.
    Primitive(Option<Value>, Value),
}

/// The values of a field while they are gathered.
#[derive(Default)]
struct Gathered {
    values: Vec<Value>,
    extensions: Vec<Value>,
    extended: bool,
    live: bool,
    /// The index that the first value will have.
    base: usize,
}

impl Gathered {
    /// The index of the next value.
    fn next(&self) -> usize {
        self.base + self.values.len()
    }

    fn push(&mut self, out: Out) {
        match out {
            Out::Value(value) => {
                self.values.push(value);
                if self.extended {
                    self.extensions.push(Value::Null);
                }
            }
            Out::Primitive(value, extension) => {
                if !self.extended {
                    self.extended = true;
                    self.extensions = vec![Value::Null; self.values.len()];
                }
                self.values.push(value.unwrap_or(Value::Null));
                self.extensions.push(extension);
            }
        }
    }
}

impl<'a> Cx<'a> {
    /// Builds an object: its value, and whether an expression in it gave anything. Nothing when it
    /// is not made.
    pub fn object(&mut self, object: &'a Object) -> Option<(Value, bool)> {
        if !self.holds(object.when.as_ref()) {
            return None;
        }
        let mut out = json::Object::with_capacity(object.fields.len() + 3);
        let live = self.fields(object, &mut out, None);
        let live = live || object.when.is_some();
        // An object that ended up with nothing in it is nothing, even where its `when` holds: FHIR has
        // no empty objects.
        ((live || !object.has_expressions) && !out.is_empty()).then_some((Value::Object(out), live))
    }

    /// Builds the fields of an object into another. `always`: the object stands whatever its
    /// expressions give.
    pub fn fields(
        &mut self,
        object: &'a Object,
        out: &mut json::Object,
        always: Option<()>,
    ) -> bool {
        let mut live = false;
        let mut lacking: Option<&'a Field> = None;
        for field in &object.fields {
            let (found, field_live) = self.field(field, out);
            live |= field_live;
            if field.mandatory && !found {
                lacking.get_or_insert(field);
            }
        }
        let stands = live || always.is_some() || object.when.is_some() || !object.has_expressions;
        if let Some(field) = lacking
            && stands
            && !self.refused
        {
            self.refused = true;
            if !self.quiet {
                let issue = self
                    .issue(
                        Severity::Error,
                        codes::NO_VALUE,
                        format!(
                            "{} is mandatory and the record gives it no value",
                            field.path
                        ),
                        "complete the record in the source system and export it again",
                        field.spot,
                    )
                    .at_element(&*field.path);
                self.issues.push(issue);
            }
        }
        live
    }

    fn field(&mut self, field: &'a Field, out: &mut json::Object) -> (bool, bool) {
        let outer = self.element.replace(&field.path);
        if let Some(trace) = self.tracer() {
            trace.field(field);
        }
        let found = self.field_value(field, out);
        if let Some(trace) = self.tracer() {
            trace.leave();
        }
        self.element = outer;
        found
    }

    fn field_value(&mut self, field: &'a Field, out: &mut json::Object) -> (bool, bool) {
        // The common case: one item, no array, no extension.
        if let ([item], false) = (field.items.as_slice(), field.array) {
            match item {
                Item::Constant(constant) => {
                    if let Some(trace) = self.tracer() {
                        trace.wrote_constant(constant);
                    }
                    out.insert(field.name.clone(), constant.value.clone());
                    return (true, false);
                }
                Item::Value { op, target, spot } => {
                    let since = self.traced_from();
                    let value = self.evaluate(op);
                    let converted = self.convert(value, *target, *spot);
                    if let Some(trace) = self.tracer() {
                        trace.wrote(*spot, since, converted.is_some());
                    }
                    return match converted {
                        None => (false, false),
                        Some(Out::Value(value)) => {
                            out.insert(field.name.clone(), value);
                            (true, true)
                        }
                        Some(Out::Primitive(value, extension)) => {
                            if let Some(value) = value {
                                out.insert(field.name.clone(), value);
                            }
                            out.insert(underscored(&field.name), extension);
                            (true, true)
                        }
                    };
                }
                _ => {}
            }
        }
        let mut gathered = Gathered::default();
        for item in &field.items {
            self.item(item, &mut gathered);
        }
        if gathered.values.is_empty() {
            return (false, false);
        }
        let live = gathered.live;
        if field.array {
            let only_extensions =
                gathered.extended && gathered.values.iter().all(|value| *value == Value::Null);
            if !only_extensions {
                out.insert(field.name.clone(), gathered.values);
            }
            if gathered.extended {
                out.insert(underscored(&field.name), gathered.extensions);
            }
        } else {
            let value = gathered.values.swap_remove(0);
            if value != Value::Null {
                out.insert(field.name.clone(), value);
            }
            if gathered.extended {
                out.insert(underscored(&field.name), gathered.extensions.swap_remove(0));
            }
        }
        (true, live)
    }

    /// Builds items that stand alone, for `meta`.
    pub fn items(&mut self, items: &'a [Item]) -> Vec<Value> {
        self.items_of("", items, 0)
    }

    /// Builds the items of an element of `meta` that come after some of the engine's own.
    pub fn items_of(&mut self, name: &str, items: &'a [Item], base: usize) -> Vec<Value> {
        let mut gathered = Gathered {
            base,
            ..Gathered::default()
        };
        if let Some(trace) = self.tracer() {
            trace.enter(name, true);
        }
        for item in items {
            self.item(item, &mut gathered);
        }
        if let Some(trace) = self.tracer() {
            trace.leave();
        }
        gathered.values
    }

    /// An object as an item of a field. What it wrote is forgotten where it is not made.
    fn traced_object(&mut self, object: &'a Object, index: usize) -> Option<(Value, bool)> {
        let mark = self.tracer().map(|trace| trace.begin(index));
        let made = self.object(object);
        if let (None, Some(mark), Some(trace)) = (&made, mark, self.tracer()) {
            trace.forget(mark);
        }
        made
    }

    fn item(&mut self, item: &'a Item, gathered: &mut Gathered) {
        match item {
            Item::Constant(constant) => {
                if let Some(trace) = self.tracer() {
                    trace.at(gathered.next());
                    trace.wrote_constant(constant);
                }
                gathered.push(Out::Value(constant.value.clone()));
            }
            Item::Local(name) => {
                let mut system = CompactString::from(self.shared.local);
                system.push_str(name);
                if let Some(trace) = self.tracer() {
                    trace.at(gathered.next());
                    trace.wrote_local();
                }
                gathered.push(Out::Value(Value::from(system)));
            }
            Item::Value { op, target, spot } => {
                let since = self.traced_from();
                let first = gathered.next();
                match self.evaluate(op) {
                    Val::Nothing => {}
                    Val::List(items) => {
                        for value in items {
                            if let Some(out) = self.convert(value, *target, *spot) {
                                gathered.live = true;
                                gathered.push(out);
                            }
                        }
                    }
                    value => {
                        if let Some(out) = self.convert(value, *target, *spot) {
                            gathered.live = true;
                            gathered.push(out);
                        }
                    }
                }
                if let Some(trace) = self.tracer() {
                    trace.wrote_items(*spot, since, first..gathered.next());
                }
            }
            Item::Concept {
                concept,
                text,
                spot,
            } => {
                let since = self.traced_from();
                let text = text.as_ref().map(|text| self.evaluate(text));
                let value = match self.evaluate(concept) {
                    Val::Concept { codings, text: own } => Val::Concept {
                        codings,
                        text: text.map_or(own, |text| text.text()),
                    },
                    Val::Nothing => match text.and_then(|text| text.text()) {
                        Some(text) => Val::Concept {
                            codings: &[],
                            text: Some(text),
                        },
                        None => Val::Nothing,
                    },
                    other => other,
                };
                let first = gathered.next();
                if let Some(out) = self.convert(value, Target::CodeableConcept, *spot) {
                    gathered.live = true;
                    gathered.push(out);
                }
                if let Some(trace) = self.tracer() {
                    trace.wrote_items(*spot, since, first..gathered.next());
                }
            }
            Item::Primitive { value, extension } => {
                let mut inner = Gathered {
                    base: gathered.next(),
                    ..Gathered::default()
                };
                if let Some(trace) = self.tracer() {
                    trace.at(gathered.next());
                }
                if let Some(value) = value {
                    self.item(value, &mut inner);
                }
                let built = self.object(extension);
                let live_extension = built.as_ref().is_some_and(|(_, live)| *live);
                let has_value = inner
                    .values
                    .first()
                    .is_some_and(|value| *value != Value::Null);
                if !has_value && !inner.extended && !live_extension && value.is_some() {
                    return;
                }
                gathered.live |= inner.live || live_extension;
                let mut extension = built.map(|(value, _)| value);
                if let Some(reason) = inner.extensions.into_iter().next() {
                    extension = Some(merged(extension, reason));
                }
                let value = inner
                    .values
                    .into_iter()
                    .next()
                    .filter(|value| *value != Value::Null);
                match (
                    value,
                    extension
                        .filter(|value| value.as_object().is_some_and(|object| !object.is_empty())),
                ) {
                    (Some(value), None) => gathered.push(Out::Value(value)),
                    (value, Some(extension)) => gathered.push(Out::Primitive(value, extension)),
                    (None, None) => {}
                }
            }
            Item::Object(object) => match &object.each {
                None => {
                    if let Some((value, live)) = self.traced_object(object, gathered.next()) {
                        gathered.live |= live;
                        gathered.push(Out::Value(value));
                    }
                }
                Some(each) => {
                    for bound in self.each_values(each) {
                        self.bind(each, bound);
                        if let Some((value, _)) = self.traced_object(object, gathered.next()) {
                            gathered.live = true;
                            gathered.push(Out::Value(value));
                        }
                        self.variables.truncate(each.variable);
                    }
                }
            },
        }
    }

    /// The values that `each` goes through.
    pub fn each_values(&mut self, each: &'a Each) -> Vec<Bound<'a>> {
        match &each.of {
            EachOf::Items(op) => self
                .evaluate(op)
                .items()
                .into_iter()
                .map(|value| Bound {
                    value,
                    column: None,
                    record: None,
                })
                .collect(),
            EachOf::Columns(columns) => columns
                .iter()
                .filter_map(|(op, name)| {
                    let value = self.evaluate(op);
                    (!value.is_nothing()).then_some(Bound {
                        value,
                        column: Some(name),
                        record: None,
                    })
                })
                .collect(),
            EachOf::Records(records) => self.joined(records),
        }
    }

    /// In a traced run: what a variable's value was read from.
    fn traced_items(&mut self, each: &'a Each, bound: &Bound<'a>) -> Option<Vec<Origin>> {
        let paused = self.tracer()?.pause();
        let quiet = std::mem::replace(&mut self.quiet, true);
        let (refused, unmapped) = (self.refused, self.unmapped.len());
        match &each.of {
            EachOf::Items(op) => {
                self.evaluate(op);
            }
            EachOf::Columns(columns) => {
                let read = columns
                    .iter()
                    .find(|(_, name)| Some(&**name) == bound.column);
                if let Some((op, _)) = read {
                    self.evaluate(op);
                }
            }
            EachOf::Records(_) => {}
        }
        self.quiet = quiet;
        self.refused = refused;
        self.unmapped.truncate(unmapped);
        Some(self.tracer()?.resume(paused))
    }

    /// Gives a variable its value.
    pub fn bind(&mut self, each: &'a Each, bound: Bound<'a>) {
        let origins = self.traced_items(each, &bound);
        self.variables.truncate(each.variable);
        self.variables.push(bound);
        if let (Some(origins), Some(trace)) = (origins, self.tracer()) {
            trace.bind(each.variable, origins);
        }
    }

    /// A value as an element of a type; nothing when there is no value.
    fn convert(&mut self, value: Val<'a>, target: Target, spot: Spot) -> Option<Out> {
        if let Val::Absent(reason) = value {
            let extension = absent(reason);
            return Some(match target {
                Target::CodeableConcept
                | Target::Coding
                | Target::Quantity
                | Target::Period
                | Target::Range
                | Target::Ratio
                | Target::Reference => Out::Value(extension),
                _ => Out::Primitive(None, extension),
            });
        }
        let value = match (target, value) {
            (_, Val::Nothing | Val::List(_)) => return None,
            (Target::Boolean, Val::Boolean(truth)) => Value::Bool(truth),
            (Target::Integer | Target::Decimal, Val::Integer(number)) => Value::from(number),
            (Target::Integer | Target::Decimal, Val::Decimal(text)) => {
                Value::Number(Number::from_text(&text)?)
            }
            (Target::Code, Val::Concept { codings, .. }) => match codings.first() {
                Some(coding) => Value::String(coding.code.clone()),
                None => {
                    if !self.quiet {
                        let issue = self.issue(
                            Severity::Warning,
                            codes::NO_CODE,
                            "the element takes only a code, and the label has none",
                            "add a code to the code table where there is one",
                            spot,
                        );
                        self.issues.push(issue);
                    }
                    return None;
                }
            },
            (Target::CodeableConcept, Val::Concept { codings, text }) => {
                let mut object = json::Object::with_capacity(2);
                if !codings.is_empty() {
                    let items: Vec<Value> =
                        codings.iter().map(|coding| coding.value.clone()).collect();
                    object.insert("coding", items);
                }
                if let Some(text) = text {
                    object.insert("text", text.as_ref());
                }
                Value::Object(object)
            }
            (Target::Coding, Val::Concept { codings, .. }) => codings.first()?.value.clone(),
            (Target::CodeableConcept, other) => {
                let text = other.text()?;
                Value::Object(json::Object::with_capacity(1).with("text", text.as_ref()))
            }
            (Target::Quantity, Val::Quantity(number, unit)) => quantity(&number, unit)?,
            (Target::Period | Target::Range | Target::Ratio, Val::Pair(pair)) => {
                let names = match target {
                    Target::Period => ("start", "end"),
                    Target::Range => ("low", "high"),
                    _ => ("numerator", "denominator"),
                };
                let mut object = json::Object::with_capacity(2);
                for (name, value) in [(names.0, pair.0), (names.1, pair.1)] {
                    let inner = match value {
                        Val::Nothing => continue,
                        Val::Absent(reason) => {
                            object.insert(underscored(name), absent(reason));
                            continue;
                        }
                        Val::Quantity(number, unit) => quantity(&number, unit)?,
                        other => Value::from(other.text()?.as_ref()),
                    };
                    object.insert(name, inner);
                }
                Value::Object(object)
            }
            (Target::Reference, Val::Reference { resource_type, id }) => {
                let text = self.refer(resource_type, &id);
                Value::Object(json::Object::with_capacity(1).with("reference", text))
            }
            (Target::ReferenceText, Val::Reference { resource_type, id }) => {
                self.refer(resource_type, &id)
            }
            (_, Val::Text(Cow::Borrowed(text)) | Val::Label(Cow::Borrowed(text), _)) => {
                Value::from(text)
            }
            (_, Val::Text(Cow::Owned(text)) | Val::Label(Cow::Owned(text), _)) => Value::from(text),
            (_, other) => Value::from(other.text()?.as_ref()),
        };
        Some(Out::Value(value))
    }

    fn refer(&mut self, resource_type: &str, id: &str) -> Value {
        let mut text = CompactString::with_capacity(resource_type.len() + 1 + id.len());
        text.push_str(resource_type);
        text.push('/');
        text.push_str(id);
        self.references.push((resource_type.into(), id.to_owned()));
        Value::String(text)
    }

    /// Whether a condition holds; without one it does.
    pub fn holds(&mut self, when: Option<&'a Condition>) -> bool {
        let Some(when) = when else { return true };
        let since = self.traced_from();
        let truth = self.evaluate(&when.op).truth();
        if let Some(trace) = self.tracer() {
            trace.asked(when, truth, since);
        }
        truth
    }
}

fn quantity(number: &str, unit: &crate::program::Unit) -> Option<Value> {
    let mut object = json::Object::with_capacity(4);
    object.insert("value", Value::Number(Number::from_text(number)?));
    object.insert("unit", unit.unit.clone());
    object.insert("system", "http://unitsofmeasure.org");
    object.insert("code", unit.code.clone());
    Some(Value::Object(object))
}

fn absent(reason: &str) -> Value {
    let extension = json::Object::with_capacity(2)
        .with("url", DATA_ABSENT_REASON)
        .with("valueCode", reason);
    Value::Object(json::Object::with_capacity(1).with("extension", vec![Value::Object(extension)]))
}

/// The extensions of two objects in one.
fn merged(first: Option<Value>, second: Value) -> Value {
    let Some(first) = first else { return second };
    let list = |value: &Value| -> Vec<Value> {
        value
            .get("extension")
            .and_then(Value::as_array)
            .map(<[Value]>::to_vec)
            .unwrap_or_default()
    };
    let mut all = list(&first);
    all.extend(list(&second));
    Value::Object(json::Object::with_capacity(1).with("extension", all))
}

fn underscored(name: &str) -> CompactString {
    let mut out = CompactString::with_capacity(name.len() + 1);
    out.push('_');
    out.push_str(name);
    out
}
