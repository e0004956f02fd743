//! From a tree to a plan: names become places, types are checked, constants are worked out.

mod calls;
mod operators;
mod paths;

pub(crate) use calls::regex;

use crate::ast::{Ast, Kind as AstKind, Literal, TypeName};
use crate::error::{CompileErrorKind, Mistake};
use crate::eval::fold;
use crate::item::{Item, Text};
use crate::kinds::{Kind, Static, System};
use crate::parser::parse;
use crate::plan::{Expr, Op, Options, Test};
use crate::{Model, Ty};

/// Compiles an expression for nodes of some types; and what is known of its result.
pub(crate) fn compile(
    text: &str,
    roots: &[Ty],
    model: &Model,
    options: &Options<'_>,
) -> Result<(Expr, Static), Mistake> {
    let ast = parse(text)?;
    let compiler = Compiler { model, options };
    let root = Static::fhir(roots);
    let scope = Scope {
        this: &root,
        root: &root,
        total: None,
        in_loop: false,
    };
    let typed = compiler.expression(&ast, &scope)?;
    Ok((typed.expr, typed.is))
}

struct Compiler<'c> {
    model: &'c Model,
    options: &'c Options<'c>,
}

/// What names mean at a place in the expression.
#[derive(Clone, Copy)]
struct Scope<'s> {
    /// The type of `$this`.
    this: &'s Static,
    /// The type of the node that the expression starts from.
    root: &'s Static,
    /// The type of `$total`, inside `aggregate`.
    total: Option<&'s Static>,
    /// Whether there is an `$index`.
    in_loop: bool,
}

/// A compiled part and what is known of its result.
struct Typed {
    expr: Expr,
    is: Static,
}

impl Typed {
    fn new(op: Op, at: u32, is: Static) -> Self {
        Self {
            expr: Expr { op, at },
            is,
        }
    }
}

fn mistake(kind: CompileErrorKind, at: u32, message: impl Into<String>) -> Mistake {
    Mistake::new(kind, at, message)
}

impl Compiler<'_> {
    fn expression(&self, ast: &Ast, scope: &Scope<'_>) -> Result<Typed, Mistake> {
        let at = ast.at;
        let typed = match &ast.kind {
            AstKind::Literal(literal) => self.literal(literal, at),
            AstKind::Empty => Typed::new(Op::Constants(Vec::new()), at, Static::nothing()),
            AstKind::This => Typed::new(Op::This, at, scope.this.clone()),
            AstKind::Index if scope.in_loop => {
                Typed::new(Op::Index, at, Static::system(System::Integer))
            }
            AstKind::Total if scope.total.is_some() => Typed::new(
                Op::Total,
                at,
                scope.total.cloned().unwrap_or_else(Static::any),
            ),
            AstKind::Index | AstKind::Total => {
                return Err(mistake(
                    CompileErrorKind::UnknownVariable,
                    at,
                    "`$index` and `$total` exist inside functions that visit items only",
                ));
            }
            AstKind::Variable(name) => self.variable(name, at, scope)?,
            AstKind::Member(None, name) => self.start(name, at, scope)?,
            AstKind::Member(Some(on), name) => {
                let on = self.expression(on, scope)?;
                self.member(on, name, at)?
            }
            AstKind::Call(on, name, arguments) => {
                self.call(on.as_deref(), name, arguments, at, scope)?
            }
            AstKind::At(on, index) => self.at(on, index, at, scope)?,
            AstKind::Sign(minus, of) => self.sign(*minus, of, at, scope)?,
            AstKind::Binary(operator, left, right) => {
                self.binary(*operator, left, right, at, scope)?
            }
            AstKind::Is(of, type_name) => {
                let of = self.expression(of, scope)?;
                self.is(of, type_name, at)?
            }
            AstKind::As(of, type_name) => {
                let of = self.expression(of, scope)?;
                self.cast(of, type_name, at)?
            }
        };
        Ok(self.folded(typed))
    }

    /// Works out what depends on no data. What goes wrong there goes wrong when it is run.
    fn folded(&self, typed: Typed) -> Typed {
        match fold(&typed.expr, self.model) {
            Some(items) => Typed {
                expr: Expr {
                    op: Op::Constants(items),
                    at: typed.expr.at,
                },
                is: typed.is,
            },
            None => typed,
        }
    }

    fn literal(&self, literal: &Literal, at: u32) -> Typed {
        let item: Item<'static> = match literal {
            Literal::Boolean(truth) => Item::Boolean(*truth),
            Literal::Integer(integer) => Item::Integer(*integer),
            Literal::Decimal(decimal) => Item::Decimal(*decimal),
            Literal::String(text) => Item::String(Text::Owned(text.as_str().into())),
            Literal::Moment(moment) => Item::Moment(*moment),
            Literal::Quantity(quantity) => Item::Quantity(Box::new(quantity.clone())),
        };
        let is = System::of(&item).map_or_else(Static::any, Static::system);
        Typed::new(Op::Constants(vec![item]), at, is)
    }

    /// FHIR's variables are of the resource, or stand for a text
    /// (<http://hl7.org/fhir/R4/fhirpath.html#variables>).
    fn variable(&self, name: &str, at: u32, scope: &Scope<'_>) -> Result<Typed, Mistake> {
        let text = |text: String| {
            let item = Item::String(Text::Owned(text.into()));
            Typed::new(
                Op::Constants(vec![item]),
                at,
                Static::system(System::String),
            )
        };
        Ok(match name {
            "resource" => Typed::new(Op::Resource, at, Static::any()),
            "rootResource" => Typed::new(Op::RootResource, at, Static::any()),
            "context" => Typed::new(Op::Context, at, scope.root.clone()),
            "ucum" => text("http://unitsofmeasure.org".to_owned()),
            "sct" => text("http://snomed.info/sct".to_owned()),
            "loinc" => text("http://loinc.org".to_owned()),
            name if self.options.variables.contains(&name) => {
                Typed::new(Op::Variable(name.into()), at, Static::any())
            }
            name => match (name.strip_prefix("vs-"), name.strip_prefix("ext-")) {
                (Some(set), _) => text(format!("http://hl7.org/fhir/ValueSet/{set}")),
                (_, Some(extension)) => text(format!(
                    "http://hl7.org/fhir/StructureDefinition/{extension}"
                )),
                _ => {
                    return Err(mistake(
                        CompileErrorKind::UnknownVariable,
                        at,
                        format!("`%{name}` is not known here"),
                    ));
                }
            },
        })
    }

    /// What a type's name means: FHIR's type, else FHIRPath's own. `Quantity` can be either.
    fn test(&self, name: &TypeName, exact: bool) -> Result<Test, Mistake> {
        let system = System::named(&name.name);
        let fhir = || self.model.type_named(&name.name);
        let test = match name.namespace.as_deref() {
            None => {
                let fhir = fhir();
                Test {
                    fhir,
                    system: system.filter(|s| fhir.is_none() || *s == System::Quantity),
                    exact,
                }
            }
            Some("FHIR") => Test {
                fhir: fhir(),
                system: None,
                exact,
            },
            // Nothing is of a type that FHIRPath does not have, so that much can be answered.
            Some("System") => {
                return Ok(Test {
                    fhir: None,
                    system,
                    exact,
                });
            }
            Some(_) => Test {
                fhir: None,
                system: None,
                exact,
            },
        };
        if test.fhir.is_none() && test.system.is_none() {
            return Err(mistake(
                CompileErrorKind::UnknownType,
                name.at,
                format!("`{}` is no type", name.name),
            ));
        }
        Ok(test)
    }

    fn tested(&self, test: Test) -> Static {
        let kinds = test
            .fhir
            .map(Kind::Fhir)
            .into_iter()
            .chain(test.system.map(Kind::System));
        Static {
            kinds: Some(kinds.collect()),
            ordered: true,
        }
    }

    fn is(&self, of: Typed, name: &TypeName, at: u32) -> Result<Typed, Mistake> {
        let test = self.test(name, false)?;
        let op = Op::Is(Box::new(of.expr), test);
        Ok(Typed::new(op, at, Static::system(System::Boolean)))
    }

    fn cast(&self, of: Typed, name: &TypeName, at: u32) -> Result<Typed, Mistake> {
        if self.options.as_filters {
            return self.of_type(of, name, at);
        }
        let test = self.test(name, true)?;
        let op = Op::As(Box::new(of.expr), test);
        Ok(Typed::new(op, at, self.tested(test)))
    }

    fn of_type(&self, of: Typed, name: &TypeName, at: u32) -> Result<Typed, Mistake> {
        let test = self.test(name, true)?;
        let is = Static {
            ordered: of.is.ordered,
            ..self.tested(test)
        };
        Ok(Typed::new(Op::OfType(Box::new(of.expr), test), at, is))
    }

    /// The type that an argument names: `Patient`, `FHIR.Patient`.
    fn type_argument(&self, ast: &Ast) -> Result<TypeName, Mistake> {
        let (namespace, name) = match &ast.kind {
            AstKind::Member(None, name) => (None, name),
            AstKind::Member(Some(on), name) => match &on.kind {
                AstKind::Member(None, namespace) => (Some(namespace.clone()), name),
                _ => (None, name),
            },
            _ => {
                return Err(mistake(
                    CompileErrorKind::Arguments,
                    ast.at,
                    "the name of a type is missing",
                ));
            }
        };
        Ok(TypeName {
            namespace,
            name: name.clone(),
            at: ast.at,
        })
    }
}
