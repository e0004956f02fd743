//! What is known of a collection before any data are seen.

use crate::item::Item;
use crate::model::Primitive;
use crate::moment::MomentKind;
use crate::{Model, Ty};

/// One of FHIRPath's own types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    Boolean,
    Integer,
    Decimal,
    String,
    Date,
    DateTime,
    Time,
    Quantity,
    /// What `type()` gives.
    ClassInfo,
}

impl System {
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "Boolean" => Self::Boolean,
            "Integer" => Self::Integer,
            "Decimal" => Self::Decimal,
            "String" => Self::String,
            "Date" => Self::Date,
            "DateTime" => Self::DateTime,
            "Time" => Self::Time,
            "Quantity" => Self::Quantity,
            _ => return None,
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Boolean => "Boolean",
            Self::Integer => "Integer",
            Self::Decimal => "Decimal",
            Self::String => "String",
            Self::Date => "Date",
            Self::DateTime => "DateTime",
            Self::Time => "Time",
            Self::Quantity => "Quantity",
            Self::ClassInfo => "ClassInfo",
        }
    }

    /// The type of an item; `None` for a node.
    pub fn of(item: &Item<'_>) -> Option<Self> {
        Some(match item {
            Item::Node(_) => return None,
            Item::Boolean(_) => Self::Boolean,
            Item::Integer(_) => Self::Integer,
            Item::Decimal(_) => Self::Decimal,
            Item::String(_) => Self::String,
            Item::Moment(moment) => match moment.kind() {
                MomentKind::Date => Self::Date,
                MomentKind::DateTime => Self::DateTime,
                MomentKind::Time => Self::Time,
            },
            Item::Quantity(_) => Self::Quantity,
            Item::Type(..) => Self::ClassInfo,
        })
    }

    fn of_primitive(primitive: Primitive) -> Self {
        match primitive {
            Primitive::Boolean => Self::Boolean,
            Primitive::Integer => Self::Integer,
            Primitive::Decimal => Self::Decimal,
            Primitive::String => Self::String,
            Primitive::Date => Self::Date,
            Primitive::DateTime => Self::DateTime,
            Primitive::Time => Self::Time,
        }
    }

    pub fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal)
    }

    pub fn is_date(self) -> bool {
        matches!(self, Self::Date | Self::DateTime)
    }
}

/// The type of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Fhir(Ty),
    System(System),
}

/// What is known of a collection: the types that its items can have (`None`: any), and whether they
/// are in an order that means something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Static {
    pub kinds: Option<Vec<Kind>>,
    pub ordered: bool,
}

impl Static {
    pub fn any() -> Self {
        Self {
            kinds: None,
            ordered: true,
        }
    }

    pub fn system(system: System) -> Self {
        Self {
            kinds: Some(vec![Kind::System(system)]),
            ordered: true,
        }
    }

    pub fn fhir(types: &[Ty]) -> Self {
        let known = !types.contains(&Ty::UNKNOWN);
        Self {
            kinds: known.then(|| types.iter().copied().map(Kind::Fhir).collect()),
            ordered: true,
        }
    }

    pub fn nothing() -> Self {
        Self {
            kinds: Some(Vec::new()),
            ordered: true,
        }
    }

    /// Of several systems, of which one will be.
    pub fn systems(systems: &[System]) -> Self {
        Self {
            kinds: Some(systems.iter().copied().map(Kind::System).collect()),
            ordered: true,
        }
    }

    pub fn unordered(mut self) -> Self {
        self.ordered = false;
        self
    }

    /// The types of both.
    pub fn or(mut self, other: &Self) -> Self {
        self.ordered &= other.ordered;
        self.kinds = match (self.kinds, &other.kinds) {
            (Some(mut mine), Some(others)) => {
                for kind in others {
                    if !mine.contains(kind) {
                        mine.push(*kind);
                    }
                }
                Some(mine)
            }
            _ => None,
        };
        self
    }

    /// FHIRPath's own types that the items can be taken as: those of primitives by their values, a
    /// FHIR Quantity as a Quantity. `None` when anything is possible, empty when nothing is.
    pub fn as_systems(&self, model: &Model) -> Option<Vec<System>> {
        let kinds = self.kinds.as_ref()?;
        if kinds.is_empty() {
            return None;
        }
        let quantity = model.type_named("Quantity");
        let mut systems = Vec::new();
        for kind in kinds {
            let system = match kind {
                Kind::System(system) => Some(*system),
                Kind::Fhir(ty) if model.is_any_resource(*ty) => return None,
                Kind::Fhir(ty) => match model.primitive(*ty) {
                    Some(primitive) => Some(System::of_primitive(primitive)),
                    None => quantity
                        .filter(|&quantity| model.is_a(*ty, quantity))
                        .map(|_| System::Quantity),
                },
            };
            systems.extend(system);
        }
        Some(systems)
    }

    /// Whether an item can be taken as one of these.
    pub fn can_be(&self, model: &Model, test: impl Fn(System) -> bool) -> bool {
        self.as_systems(model)
            .is_none_or(|systems| systems.into_iter().any(test))
    }

    /// The types in words, for messages.
    pub fn describe(&self, model: &Model) -> String {
        let Some(kinds) = &self.kinds else {
            return "anything".to_owned();
        };
        let names: Vec<&str> = kinds
            .iter()
            .take(4)
            .map(|kind| match kind {
                Kind::Fhir(ty) => model.name(*ty),
                Kind::System(system) => system.name(),
            })
            .collect();
        match names.as_slice() {
            [] => "nothing".to_owned(),
            names if kinds.len() > names.len() => format!("{}, …", names.join(", ")),
            names => names.join(" or "),
        }
    }
}
