//! `trace`, the clock, `type`.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::eval::{Call, ENOUGH, Flow, MORE, Run, Scope, Sink, give};
use crate::function::Function;
use crate::item::{Collection, Item, Text};
use crate::moment::Moment;

impl<'v> Run<'_, '_, 'v> {
    pub(super) fn visit_utility(
        &self,
        call: &Call<'_>,
        scope: Scope<'_, 'v>,
        sink: Sink<'_, 'v>,
    ) -> Flow {
        match call.function {
            Function::Trace => self.trace(call, scope, sink),
            Function::Now => sink(Item::Moment(self.now())),
            Function::Today => give(self.now().to_date().map(Item::Moment), sink),
            Function::TimeOfDay => sink(Item::Moment(self.now().time_of_day())),
            _ => self.visit(call.input, scope, &mut |item| sink(self.type_of(&item))),
        }
    }

    /// The same moment throughout an evaluation.
    fn now(&self) -> Moment {
        *self.now.get_or_init(|| match &self.environment.now {
            Some(now) => Moment::of_zoned(now),
            None => Moment::of_zoned(&Timestamp::now().to_zoned(TimeZone::UTC)),
        })
    }

    fn trace(&self, call: &Call<'_>, scope: Scope<'_, 'v>, sink: Sink<'_, 'v>) -> Flow {
        let name = match call.argument(0) {
            Some(name) => self.one_text(name, scope)?,
            None => None,
        };
        let items = self.collect(call.input, scope)?;
        let shown = match call.argument(1) {
            None => items.clone(),
            Some(projection) => {
                let mut shown = Collection::new();
                for (index, item) in items.iter().enumerate() {
                    let inner = Scope {
                        this: Some(item),
                        index,
                        ..scope
                    };
                    shown.extend(self.collect(projection, inner)?);
                }
                shown
            }
        };
        self.environment
            .services
            .trace(name.as_deref().unwrap_or_default(), &shown);
        for item in items {
            if sink(item)?.is_break() {
                return ENOUGH;
            }
        }
        MORE
    }

    fn type_of(&self, item: &Item<'v>) -> Item<'v> {
        match item {
            Item::Node(node) => {
                // Elements with children of their own have a path for a name; their type is this.
                let name = match self.model.name(node.ty) {
                    path if path.contains('.') => "BackboneElement",
                    name => name,
                };
                Item::Type("FHIR", Text::Owned(name.into()))
            }
            other => Item::Type("System", Text::Borrowed(other.system_name())),
        }
    }
}
