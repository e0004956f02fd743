//! Names: children, and the type that a path starts from.

use crate::Ty;
use crate::ast::Ast;
use crate::error::{CompileErrorKind, Mistake};
use crate::kinds::{Kind, Static, System};
use crate::model::Member;
use crate::plan::{Expr, Op, Test};

use super::{Compiler, Scope, Typed, mistake};

impl Compiler<'_> {
    /// A name at the start of a path: a child of what is in focus, or its type.
    pub(super) fn start(&self, name: &str, at: u32, scope: &Scope<'_>) -> Result<Typed, Mistake> {
        let this = || Typed::new(Op::This, at, scope.this.clone());
        let Some(kinds) = &scope.this.kinds else {
            return Ok(match self.root_type(name) {
                Some(ty) => self.only(this(), ty, at),
                None => self.named(this(), name, at, Static::any()),
            });
        };
        if kinds.iter().any(|kind| self.has_member(*kind, name)) {
            return self.member(this(), name, at);
        }
        let Some(ty) = self.root_type(name) else {
            return self.member(this(), name, at);
        };
        let types = || {
            kinds.iter().filter_map(|kind| match kind {
                Kind::Fhir(ty) => Some(*ty),
                Kind::System(_) => None,
            })
        };
        if types().count() == kinds.len() && types().all(|known| self.model.is_a(known, ty)) {
            return Ok(this());
        }
        let related = |known: Ty| self.model.is_a(known, ty) || self.model.is_a(ty, known);
        if types().any(related) {
            return Ok(self.only(this(), ty, at));
        }
        if self.options.other_roots {
            return Ok(Typed::new(
                Op::Constants(Vec::new()),
                at,
                Static::fhir(&[ty]),
            ));
        }
        Err(mistake(
            CompileErrorKind::UnknownElement,
            at,
            format!(
                "`{name}` is neither a child nor the type of {}",
                scope.this.describe(self.model)
            ),
        ))
    }

    fn root_type(&self, name: &str) -> Option<Ty> {
        name.starts_with(|c: char| c.is_ascii_uppercase())
            .then(|| self.model.type_named(name))
            .flatten()
    }

    /// Those of a type.
    fn only(&self, of: Typed, ty: Ty, at: u32) -> Typed {
        let test = Test {
            fhir: Some(ty),
            system: None,
            exact: false,
        };
        Typed::new(
            Op::OfType(Box::new(of.expr), test),
            at,
            Static {
                ordered: of.is.ordered,
                ..Static::fhir(&[ty])
            },
        )
    }

    fn has_member(&self, kind: Kind, name: &str) -> bool {
        match kind {
            Kind::Fhir(ty) => self.model.member(ty, name).is_some(),
            Kind::System(System::ClassInfo) => matches!(name, "namespace" | "name"),
            Kind::System(_) => false,
        }
    }

    /// The children of a name.
    pub(super) fn member(&self, on: Typed, name: &str, at: u32) -> Result<Typed, Mistake> {
        let Some(kinds) = &on.is.kinds else {
            return Ok(self.named(on, name, at, Static::any()));
        };
        let mut found: Vec<&std::sync::Arc<Member>> = Vec::new();
        let mut types: Vec<Ty> = Vec::new();
        let mut open = false;
        let mut information = false;
        for kind in kinds {
            match kind {
                Kind::Fhir(ty) => {
                    open |= self.model.is_any_resource(*ty);
                    if let Some(member) = self.model.member(*ty, name) {
                        found.push(member);
                        for choice in &member.choices {
                            if !types.contains(&choice.ty) {
                                types.push(choice.ty);
                            }
                        }
                    }
                }
                Kind::System(System::ClassInfo) => {
                    information |= matches!(name, "namespace" | "name");
                }
                Kind::System(_) => {}
            }
        }
        let ordered = on.is.ordered;
        let is = |is: Static| Static { ordered, ..is };
        if information {
            let system = is(Static::system(System::String));
            return Ok(self.named(on, name, at, system));
        }
        match (found.as_slice(), kinds.as_slice()) {
            // Any resource may stand there, and some will have it.
            ([], _) if open => Ok(self.named(on, name, at, is(Static::any()))),
            ([], []) => Ok(Typed::new(Op::Constants(Vec::new()), at, Static::nothing())),
            ([], _) => Err(self.unknown_member(&on.is, name, at)),
            ([member], [_]) if !open => {
                let op = Op::Member(Box::new(on.expr), std::sync::Arc::clone(member));
                Ok(Typed::new(op, at, is(Static::fhir(&types))))
            }
            _ if open => Ok(self.named(on, name, at, is(Static::any()))),
            _ => Ok(self.named(on, name, at, is(Static::fhir(&types)))),
        }
    }

    fn named(&self, on: Typed, name: &str, at: u32, is: Static) -> Typed {
        Typed::new(Op::Named(Box::new(on.expr), name.into()), at, is)
    }

    fn unknown_member(&self, on: &Static, name: &str, at: u32) -> Mistake {
        let mut message = format!("{} has no `{name}`", on.describe(self.model));
        let types = on.kinds.iter().flatten().filter_map(|kind| match kind {
            Kind::Fhir(ty) => Some(*ty),
            Kind::System(_) => None,
        });
        for ty in types {
            if let Some((member, choice)) = self.model.key(ty, name) {
                message.push_str(&format!(
                    ": write `{}` or `{}.ofType({})`",
                    member.name,
                    member.name,
                    self.model.name(choice.ty)
                ));
                break;
            }
            let near = self
                .model
                .member_names(ty)
                .find(|known| known.eq_ignore_ascii_case(name));
            if let Some(near) = near {
                message.push_str(&format!(": write `{near}`"));
                break;
            }
        }
        mistake(CompileErrorKind::UnknownElement, at, message)
    }

    /// `x[0]`
    pub(super) fn at(
        &self,
        on: &Ast,
        index: &Ast,
        at: u32,
        scope: &Scope<'_>,
    ) -> Result<Typed, Mistake> {
        let on = self.expression(on, scope)?;
        self.want_order(&on.is, "an index", at)?;
        let index = self.expression(index, scope)?;
        if !index
            .is
            .can_be(self.model, |system| system == System::Integer)
        {
            return Err(mistake(
                CompileErrorKind::Types,
                index.expr.at,
                "an index is an integer",
            ));
        }
        let is = on.is.clone();
        Ok(Typed {
            expr: Expr {
                op: Op::At(Box::new(on.expr), Box::new(index.expr)),
                at,
            },
            is,
        })
    }

    pub(super) fn want_order(&self, is: &Static, what: &str, at: u32) -> Result<(), Mistake> {
        if self.options.ordered && !is.ordered {
            return Err(mistake(
                CompileErrorKind::Order,
                at,
                format!("{what} asks for an order that its input does not have"),
            ));
        }
        Ok(())
    }
}
