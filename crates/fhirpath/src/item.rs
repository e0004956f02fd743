//! What an expression works on: nodes of a resource, and values of FHIRPath's own types.

use std::ops::Deref;

use json::{CompactString, Value};
use rust_decimal::Decimal;
use smallvec::SmallVec;

use crate::model::Primitive;
use crate::moment::Moment;
use crate::quantity::Quantity;
use crate::{Model, Ty};

/// The result of an expression, in order. Two items fit without allocation.
pub type Collection<'v> = SmallVec<[Item<'v>; 2]>;

/// A part of a resource: borrowed, never copied.
///
/// A primitive has a value, or a shadow (the member `_name` beside it in JSON, with its id and
/// extensions), or both.
#[derive(Debug, Clone, Copy)]
pub struct Node<'v> {
    pub(crate) value: Option<&'v Value>,
    pub(crate) shadow: Option<&'v Value>,
    pub(crate) ty: Ty,
}

impl<'v> Node<'v> {
    /// A part of a resource, its shadow where it is primitive and has one, and its type.
    pub fn new(value: &'v Value, shadow: Option<&'v Value>, ty: Ty) -> Self {
        Self::primitive(Some(value), shadow, ty)
    }

    /// A primitive that may have no value but extensions.
    pub fn primitive(value: Option<&'v Value>, shadow: Option<&'v Value>, ty: Ty) -> Self {
        let there = |part: &&Value| !matches!(part, Value::Null);
        Self {
            value: value.filter(there),
            shadow: shadow.filter(there),
            ty,
        }
    }

    /// The JSON value; `None` for a primitive that has extensions only.
    pub fn value(&self) -> Option<&'v Value> {
        self.value
    }

    /// The member `_name` beside a primitive.
    pub fn shadow(&self) -> Option<&'v Value> {
        self.shadow
    }

    /// The type.
    pub fn ty(&self) -> Ty {
        self.ty
    }

    /// The text of a primitive that is a string in JSON.
    pub fn text(&self) -> Option<&'v str> {
        self.value?.as_str()
    }

    /// The value of a primitive as one of FHIRPath's own types; `None` for anything else, and where
    /// the text is not what its type asks for.
    pub(crate) fn system(&self, model: &Model) -> Option<Item<'v>> {
        let primitive = model.primitive(self.ty)?;
        let value = self.value?;
        match (primitive, value) {
            (_, Value::Bool(truth)) => Some(Item::Boolean(*truth)),
            (Primitive::Integer, Value::Number(number)) => match number.as_i64() {
                Some(integer) => Some(Item::Integer(integer)),
                None => decimal(number.as_str()).map(Item::Decimal),
            },
            (_, Value::Number(number)) => decimal(number.as_str()).map(Item::Decimal),
            (Primitive::Date, Value::String(text)) => Moment::date(text).map(Item::Moment),
            (Primitive::DateTime, Value::String(text)) => Moment::date_time(text).map(Item::Moment),
            (Primitive::Time, Value::String(text)) => Moment::time(text).map(Item::Moment),
            (_, Value::String(text)) => Some(Item::String(Text::Borrowed(text))),
            _ => None,
        }
    }
}

/// A number as FHIR writes it, exponents included; `None` beyond 28 digits.
pub(crate) fn decimal(text: &str) -> Option<Decimal> {
    match text.contains(['e', 'E']) {
        true => Decimal::from_scientific(text).ok(),
        false => text.parse().ok(),
    }
}

/// Text, borrowed from a resource or made by an expression.
#[derive(Debug, Clone)]
pub enum Text<'v> {
    /// Of a resource.
    Borrowed(&'v str),
    /// Of the expression.
    Owned(CompactString),
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Owned(text) => text,
        }
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self::Owned(text.into())
    }
}

/// One thing in a collection.
#[derive(Debug, Clone)]
pub enum Item<'v> {
    /// A part of a resource.
    Node(Node<'v>),
    /// `System.Boolean`.
    Boolean(bool),
    /// `System.Integer`.
    Integer(i64),
    /// `System.Decimal`.
    Decimal(Decimal),
    /// `System.String`.
    String(Text<'v>),
    /// `System.Date`, `System.DateTime` or `System.Time`.
    Moment(Moment),
    /// `System.Quantity`.
    Quantity(Box<Quantity>),
    /// What `type()` gives: a namespace (`FHIR`, `System`) and a name.
    Type(&'static str, Text<'v>),
}

impl<'v> Item<'v> {
    /// The node, when it is a part of a resource.
    pub fn as_node(&self) -> Option<&Node<'v>> {
        match self {
            Self::Node(node) => Some(node),
            _ => None,
        }
    }

    /// The name of its type: `FHIR.code`, `System.Integer`.
    pub fn type_name(&self, model: &Model) -> String {
        match self {
            Self::Node(node) => format!("FHIR.{}", model.name(node.ty)),
            Self::Type(..) => "System.ClassInfo".to_owned(),
            other => format!("System.{}", other.system_name()),
        }
    }

    /// The name of its system type; empty for a node.
    pub(crate) fn system_name(&self) -> &'static str {
        match self {
            Self::Node(_) => "",
            Self::Boolean(_) => "Boolean",
            Self::Integer(_) => "Integer",
            Self::Decimal(_) => "Decimal",
            Self::String(_) => "String",
            Self::Moment(moment) => moment.kind().name(),
            Self::Quantity(_) => "Quantity",
            Self::Type(..) => "ClassInfo",
        }
    }

    /// The item as a value of FHIRPath's own types: a primitive's value, a FHIR Quantity as a
    /// Quantity; `None` for other nodes.
    pub(crate) fn system(&self, model: &Model) -> Option<Item<'v>> {
        match self {
            Self::Node(node) => node
                .system(model)
                .or_else(|| Quantity::of_node(node, model).map(|q| Item::Quantity(Box::new(q)))),
            other => Some(other.clone()),
        }
    }

    /// The text as people write it: what `toString()` gives. `None` for nodes without a value.
    pub fn to_text(&self, model: &Model) -> Option<Text<'v>> {
        Some(match self {
            Self::Node(node) => match (model.primitive(node.ty)?, node.value?) {
                (_, Value::String(text)) => Text::Borrowed(text),
                (_, Value::Number(number)) => Text::Borrowed(number.as_str()),
                (_, Value::Bool(truth)) => Text::from(truth.to_string()),
                _ => return None,
            },
            Self::Boolean(truth) => Text::from(truth.to_string()),
            Self::Integer(integer) => Text::from(integer.to_string()),
            Self::Decimal(decimal) => Text::from(decimal.to_string()),
            Self::String(text) => text.clone(),
            Self::Moment(moment) => Text::from(moment.to_string()),
            Self::Quantity(quantity) => Text::from(quantity.to_string()),
            Self::Type(namespace, name) => Text::from(format!("{namespace}.{}", &**name)),
        })
    }
}
