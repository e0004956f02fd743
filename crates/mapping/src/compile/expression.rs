//! Expressions to operations.

use source::ColumnType;

use super::Compiler;
use super::scope::{Scope, Type, Typing};
use crate::codes;
use crate::expr::{self, Expr, Kind, Operator};
use crate::findings::suggest;
use crate::program::{Cell, Compare, Op, Partner, Policy, ReferenceOp};
use crate::yaml::{Node, Spot};

/// What a compiled expression is.
pub(crate) type Compiled = Option<(Op, Typing)>;

impl Compiler<'_> {
    /// Compiles the expression that a scalar holds. A constant is an error here.
    pub fn expression(&mut self, node: &Node, scope: &mut Scope) -> Compiled {
        let Some((text, lead)) = node.expression() else {
            self.findings.error(
                codes::BAD_VALUE,
                node.spot,
                "an expression is wanted here",
                "begin it with =",
            );
            return None;
        };
        self.expression_text(text, shift(node.spot, lead), scope)
    }

    /// Compiles an expression whose text begins at a spot.
    pub fn expression_text(&mut self, text: &str, base: Spot, scope: &mut Scope) -> Compiled {
        let expr = self.parsed(text, base)?;
        self.compile(&expr, base, scope, None)
    }

    /// Parses an expression; a broken one is a finding.
    pub fn parsed(&mut self, text: &str, base: Spot) -> Option<Expr> {
        match expr::parse(text) {
            Ok(expr) => Some(expr),
            Err(error) => {
                let spot = Spot {
                    length: error.length,
                    ..shift(base, error.at)
                };
                self.findings
                    .error(codes::SYNTAX, spot, error.message, error.help);
                None
            }
        }
    }

    /// A condition: an expression that gives a boolean.
    pub fn condition(&mut self, node: &Node, scope: &mut Scope) -> Option<Op> {
        let (text, lead) = match node.expression() {
            Some(found) => found,
            None => {
                self.findings.error(
                    codes::BAD_VALUE,
                    node.spot,
                    "a condition is an expression",
                    "for example: =present([Column])",
                );
                return None;
            }
        };
        let base = shift(node.spot, lead);
        let expr = self.parsed(text, base)?;
        let (op, typing) = self.compile(&expr, base, scope, None)?;
        if !matches!(typing.of, Type::Boolean) {
            self.findings.error(
                codes::WRONG_TYPE,
                node.spot,
                format!(
                    "a condition must be true or false, and this is {}",
                    typing.of.name()
                ),
                "compare it with something, or ask present(…)",
            );
            return None;
        }
        self.learn(&expr, scope);
        Some(op)
    }

    /// What a condition that holds tells of cells: that they are filled, or tested.
    fn learn(&mut self, expr: &Expr, scope: &mut Scope) {
        collect_tested(expr, scope);
        let mut open = vec![expr];
        while let Some(expr) = open.pop() {
            match &expr.kind {
                Kind::And(left, right) => open.extend([&**left, &**right]),
                Kind::Compare { left, right, .. } => open.extend([&**left, &**right]),
                Kind::Call { name, arguments }
                    if matches!(
                        name.as_str(),
                        "present"
                            | "is"
                            | "mentions"
                            | "negates"
                            | "doubts"
                            | "in"
                            | "contains"
                            | "startsWith"
                    ) =>
                {
                    open.extend(arguments.first());
                    // A text that is one of the phrases that an explicit rule names needs no other test.
                    if name == "is"
                        && let Some(subject) = arguments.first()
                    {
                        scope.tested_denial.push(subject.kind.clone());
                        scope.tested_doubt.push(subject.kind.clone());
                    }
                }
                Kind::Column(column) => {
                    if let Some(index) = scope
                        .table
                        .and_then(|table| self.source.tables.get(table))
                        .and_then(|table| table.column(column))
                    {
                        scope.known.insert((0, index));
                    }
                }
                _ => {}
            }
        }
    }

    /// Compiles one expression. `policy` is what `onBad` says of everything inside.
    pub fn compile(
        &mut self,
        expr: &Expr,
        base: Spot,
        scope: &mut Scope,
        policy: Option<&Policy>,
    ) -> Compiled {
        let spot = Spot {
            length: expr.length,
            ..shift(base, expr.at)
        };
        match &expr.kind {
            Kind::Text(text) => Some((Op::Text(text.as_str().into()), Typing::new(Type::Text))),
            Kind::Number(text) => {
                let of = if text.contains('.') {
                    Type::Decimal
                } else {
                    Type::Integer
                };
                Some((Op::Number(text.as_str().into()), Typing::new(of)))
            }
            Kind::Bool(truth) => Some((Op::Boolean(*truth), Typing::new(Type::Boolean))),
            Kind::Column(name) => {
                let Some(table) = scope.table else {
                    self.findings.error(
                        codes::UNKNOWN_COLUMN,
                        spot,
                        "there is no record here whose column this could be",
                        "name the table: table.[Column]",
                    );
                    return None;
                };
                self.cell(0, table, name, spot, scope, policy)
            }
            Kind::Cell {
                table,
                keys,
                column,
            } => self.table_cell(table, keys.as_deref(), column, base, spot, scope, policy),
            Kind::Name { name, field } => self.variable(name, field.as_deref(), spot, scope),
            Kind::Reference { rule, keys } => self.reference(rule, keys, base, spot, scope, policy),
            Kind::Not(inner) => {
                let op = self.truth(inner, base, scope, policy)?;
                Some((Op::Not(Box::new(op)), Typing::new(Type::Boolean)))
            }
            Kind::And(left, right) | Kind::Or(left, right) => {
                let left = self.truth(left, base, scope, policy);
                let right = self.truth(right, base, scope, policy);
                let (left, right) = (Box::new(left?), Box::new(right?));
                let op = if matches!(expr.kind, Kind::And(..)) {
                    Op::And(left, right)
                } else {
                    Op::Or(left, right)
                };
                Some((op, Typing::new(Type::Boolean)))
            }
            Kind::Compare {
                operator,
                left,
                right,
            } => self.comparison(*operator, left, right, base, spot, scope, policy),
            Kind::Call { name, arguments } => self.call(name, arguments, base, spot, scope, policy),
        }
    }

    fn truth(
        &mut self,
        expr: &Expr,
        base: Spot,
        scope: &mut Scope,
        policy: Option<&Policy>,
    ) -> Option<Op> {
        let (op, typing) = self.compile(expr, base, scope, policy)?;
        if typing.of != Type::Boolean {
            let spot = Spot {
                length: expr.length,
                ..shift(base, expr.at)
            };
            self.findings.error(
                codes::WRONG_TYPE,
                spot,
                format!(
                    "true or false is wanted here, and this is {}",
                    typing.of.name()
                ),
                "compare it with something, or ask present(…)",
            );
            return None;
        }
        Some(op)
    }

    /// A cell of the record, or of a parent.
    pub fn cell(
        &mut self,
        up: u8,
        table: usize,
        name: &str,
        spot: Spot,
        scope: &mut Scope,
        policy: Option<&Policy>,
    ) -> Compiled {
        let source = self.source;
        let decl = source.tables.get(table)?;
        let Some(column) = decl.column(name) else {
            self.findings.error(
                codes::UNKNOWN_COLUMN,
                spot,
                format!("table {} has no column '{name}'", decl.table.name),
                suggest(
                    name,
                    decl.columns
                        .iter()
                        .map(|column| column.column.name.as_str()),
                    "columns",
                ),
            );
            return None;
        };
        let declared = decl.columns.get(column)?;
        declared.used.set(true);
        scope.uses.insert((up, column));
        let strict = policy.is_some() || declared.on_bad.is_some();
        let policy = policy
            .cloned()
            .unwrap_or_else(|| self.column_policy(table, column));
        let typing = column_typing(&declared.column.kind)
            .nullable(!declared.required && !scope.known.contains(&(up, column)));
        Some((
            Op::Cell(Cell {
                up,
                column,
                policy,
                strict,
                spot,
            }),
            typing,
        ))
    }

    /// What happens to a bad cell of a column when no expression says otherwise.
    pub fn column_policy(&self, table: usize, column: usize) -> Policy {
        let Some(table) = self.source.tables.get(table) else {
            return Policy::Drop;
        };
        let Some(declared) = table.columns.get(column) else {
            return Policy::Drop;
        };
        if let Some(policy) = &declared.on_bad {
            return policy.clone();
        }
        let identifies = declared.required
            || table.key.contains(&column)
            || table
                .identity
                .iter()
                .any(|entry| entry.columns.contains(&column));
        if identifies {
            Policy::Quarantine
        } else {
            Policy::Drop
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn table_cell(
        &mut self,
        name: &str,
        keys: Option<&[Expr]>,
        column: &str,
        base: Spot,
        spot: Spot,
        scope: &mut Scope,
        policy: Option<&Policy>,
    ) -> Compiled {
        let source = self.source;
        let Some(table) = source.table(name) else {
            self.findings.error(
                codes::UNKNOWN_TABLE,
                spot,
                format!("there is no table '{name}'"),
                suggest(
                    name,
                    source.tables.iter().map(|table| table.table.name.as_str()),
                    "tables",
                ),
            );
            return None;
        };
        if keys.is_none()
            && let Some(own) = scope.table
            && let Some(up) = self.steps_up(own, table)
        {
            return self.cell(up, table, column, spot, scope, policy);
        }
        let decl = source.tables.get(table)?;
        let keys = match keys {
            None => None,
            Some(keys) => {
                if keys.len() != decl.key.len() || keys.is_empty() {
                    self.findings.error(
                        codes::TABLE_KEY,
                        spot,
                        format!(
                            "table {name} has a key of {}, and {} were given",
                            count(decl.key.len(), "column"),
                            count(keys.len(), "value")
                        ),
                        "give one value for each column of the table's key",
                    );
                    return None;
                }
                Some(
                    keys.iter()
                        .map(|key| self.plain(key, base, scope))
                        .collect::<Option<Vec<_>>>()?,
                )
            }
        };
        // The look-up reads the other table's cell as that table types it.
        let mut other = Scope {
            table: Some(table),
            ..Scope::default()
        };
        let (op, typing) = self.cell(0, table, column, spot, &mut other, policy)?;
        let Op::Cell(cell) = op else { return None };
        let kept = self.kept.get_mut(table)?;
        let slot = match kept.iter().position(|&known| known == cell.column) {
            Some(slot) => slot,
            None => {
                kept.push(cell.column);
                kept.len() - 1
            }
        };
        Some((
            Op::Partner(Box::new(Partner {
                table,
                slot,
                keys,
                labels: decl
                    .key
                    .iter()
                    .map(|&column| is_label(decl, column))
                    .collect(),
                expected: true,
                spot,
            })),
            typing.nullable(true),
        ))
    }

    /// How many parents up a table is from another; nothing when it is none of its parents.
    pub fn steps_up(&self, from: usize, to: usize) -> Option<u8> {
        let mut at = from;
        for up in 0..=u8::MAX {
            if at == to {
                return Some(up);
            }
            at = self.source.tables.get(at)?.parent?;
        }
        None
    }

    fn variable(
        &mut self,
        name: &str,
        field: Option<&str>,
        spot: Spot,
        scope: &mut Scope,
    ) -> Compiled {
        let found = scope
            .variables
            .iter()
            .enumerate()
            .rev()
            .find(|(_, variable)| variable.name == name);
        let Some((index, variable)) = found else {
            self.findings.error(
                codes::UNKNOWN_NAME,
                spot,
                format!("'{name}' stands for nothing here"),
                "a column needs square brackets, a text needs quotes, a variable is named by `each … as`",
            );
            return None;
        };
        match field {
            None => Some((Op::Variable(index), variable.typing.clone())),
            Some("column") if variable.of_columns => {
                Some((Op::VariableColumn(index), Typing::new(Type::Text)))
            }
            Some(field) => {
                self.findings.error(
                    codes::UNKNOWN_NAME,
                    spot,
                    format!("'{name}' has no '{field}'"),
                    "only a variable of each: { columns: … } has .column",
                );
                None
            }
        }
    }

    fn reference(
        &mut self,
        name: &str,
        keys: &[Expr],
        base: Spot,
        spot: Spot,
        scope: &mut Scope,
        _policy: Option<&Policy>,
    ) -> Compiled {
        let heads = self.heads;
        let Some(rule) = self.rule(name) else {
            self.findings.error(
                codes::UNKNOWN_RULE,
                spot,
                format!("no rule makes '{name}'"),
                suggest(name, heads.iter().map(|head| head.name.as_str()), "rules"),
            );
            return None;
        };
        let head = heads.get(rule)?;
        if let Some(own) = scope.rule {
            self.edges.insert((own, rule));
        }
        let typing = Typing::new(Type::Reference(vec![head.resource_type.clone()]));
        if keys.is_empty() {
            let up = scope
                .table
                .and_then(|table| self.steps_up(table, head.table));
            let Some(up) = up.filter(|_| !head.has_each) else {
                self.findings.error(
                    codes::REFERENCE_KEY,
                    spot,
                    format!("'{name}()' needs a rule that makes one resource of this same record, or of its parent"),
                    format!("give its key: {}", count(head.lookup, "value")),
                );
                return None;
            };
            return Some((
                Op::Reference(Box::new(ReferenceOp {
                    rule,
                    keys: Err(up),
                    mandatory: false,
                    spot,
                })),
                typing,
            ));
        }
        if keys.len() != head.lookup {
            self.findings.error(
                codes::REFERENCE_KEY,
                spot,
                format!(
                    "'{name}' is looked up by {}, and {} were given",
                    count(head.lookup, "value"),
                    keys.len()
                ),
                "give the parts of the rule's key, or of its table's key, in their order",
            );
            return None;
        }
        let mut nullable = false;
        let mut ops = Vec::with_capacity(keys.len());
        for key in keys {
            let (op, typing) = self.compile(key, base, scope, None)?;
            if !typing.of.is_plain() || typing.list {
                self.findings.error(
                    codes::REFERENCE_KEY,
                    Spot {
                        length: key.length,
                        ..shift(base, key.at)
                    },
                    format!("a key is one plain value, and this is {}", typing.of.name()),
                    "use a column, or `each` for a list",
                );
                return None;
            }
            nullable |= typing.nullable;
            ops.push(op);
        }
        Some((
            Op::Reference(Box::new(ReferenceOp {
                rule,
                keys: Ok(ops),
                mandatory: false,
                spot,
            })),
            typing.nullable(nullable),
        ))
    }

    /// A value that can be written as text, for a key.
    pub fn plain(&mut self, expr: &Expr, base: Spot, scope: &mut Scope) -> Option<Op> {
        let (op, typing) = self.compile(expr, base, scope, None)?;
        if typing.of.is_plain() && !typing.list {
            return Some(op);
        }
        self.findings.error(
            codes::WRONG_TYPE,
            Spot {
                length: expr.length,
                ..shift(base, expr.at)
            },
            format!(
                "a key is one plain value, and this is {}",
                if typing.list {
                    "a list"
                } else {
                    typing.of.name()
                }
            ),
            "use a column, a text or a number",
        );
        None
    }

    #[allow(clippy::too_many_arguments)]
    fn comparison(
        &mut self,
        operator: Operator,
        left: &Expr,
        right: &Expr,
        base: Spot,
        spot: Spot,
        scope: &mut Scope,
        policy: Option<&Policy>,
    ) -> Compiled {
        let a = self.compile(left, base, scope, policy);
        let b = self.compile(right, base, scope, policy);
        let ((mut a, a_type), (mut b, b_type)) = (a?, b?);
        let comparable = match (&a_type.of, &b_type.of) {
            (Type::Integer | Type::Decimal, Type::Integer | Type::Decimal)
            | (Type::Date | Type::DateTime, Type::Date | Type::DateTime)
            | (Type::Text, Type::Text) => true,
            (Type::Boolean, Type::Boolean) => {
                matches!(operator, Operator::Equal | Operator::NotEqual)
            }
            _ => false,
        } && !a_type.list
            && !b_type.list;
        if !comparable {
            self.findings.error(
                codes::WRONG_TYPE,
                spot,
                format!(
                    "{} cannot be compared with {} in this way",
                    if a_type.list { "a list" } else { a_type.of.name() },
                    if b_type.list { "a list" } else { b_type.of.name() }
                ),
                "compare texts with texts, numbers with numbers, dates with dates; a date in quotes needs date(…)",
            );
            return None;
        }
        let mut index = None;
        let labels = a_type.label || b_type.label;
        for (cell, literal) in [(&a, &b), (&b, &a)] {
            if let Op::Variable(variable) = cell
                && let Op::Text(text) = literal
                && let Some(labels) = self.variable_labels(*variable, scope)
                && !labels.iter().any(|list| list.find(text).is_some())
            {
                let known: Vec<&str> = labels
                    .iter()
                    .flat_map(|list| list.labels())
                    .map(String::as_str)
                    .collect();
                let help = suggest(text, known, "labels");
                self.findings.error(
                    codes::NOT_IN_LIST,
                    spot,
                    format!("'{text}' is not in the list of any of the columns"),
                    help,
                );
                return None;
            }
            if let Some(Some(list)) = self.label_list(cell, scope)
                && let Op::Text(text) = literal
            {
                index = list.find(text);
                if index.is_none() {
                    let help = suggest(text, list.labels().iter().map(String::as_str), "labels");
                    self.findings.error(
                        codes::NOT_IN_LIST,
                        spot,
                        format!("'{text}' is not in the list of the column"),
                        help,
                    );
                    return None;
                }
            }
        }
        if labels {
            for side in [&mut a, &mut b] {
                if let Op::Text(text) = side {
                    *text = source::normalise_label(text).as_ref().into();
                }
            }
            if matches!(b, Op::Cell(_)) && matches!(a, Op::Text(_)) {
                std::mem::swap(&mut a, &mut b);
            }
        }
        if !matches!(a, Op::Cell(_)) {
            index = None;
        }
        Some((
            Op::Compare(Box::new(Compare {
                operator,
                left: a,
                right: b,
                labels,
                index,
            })),
            Typing::new(Type::Boolean),
        ))
    }

    /// The list of labels of a cell of type `code`: `Some(None)` for an open list.
    pub fn label_list(&self, op: &Op, scope: &Scope) -> Option<Option<&source::CodeList>> {
        let Op::Cell(cell) = op else { return None };
        match self.column_kind(cell, scope)? {
            ColumnType::Code { values } => Some(values.as_ref()),
            _ => None,
        }
    }

    /// The lists of the columns that a variable stands for, where all have one.
    fn variable_labels(&self, variable: usize, scope: &Scope) -> Option<Vec<&source::CodeList>> {
        let variable = scope
            .variables
            .get(variable)
            .filter(|variable| variable.of_columns)?;
        variable
            .columns
            .iter()
            .map(|&(_, column)| {
                let column = self.source.tables.get(scope.table?)?.columns.get(column)?;
                match &column.column.kind {
                    ColumnType::Code { values } => values.as_ref(),
                    _ => None,
                }
            })
            .collect()
    }

    /// The type of the column of a cell.
    pub fn column_kind(&self, cell: &Cell, scope: &Scope) -> Option<&ColumnType> {
        let mut table = scope.table?;
        for _ in 0..cell.up {
            table = self.source.tables.get(table)?.parent?;
        }
        Some(
            &self
                .source
                .tables
                .get(table)?
                .columns
                .get(cell.column)?
                .column
                .kind,
        )
    }
}

/// Whether a column holds labels, which are looked up without regard to case, dashes and spaces.
pub(crate) fn is_label(table: &crate::declare::source::TableDecl, column: usize) -> bool {
    table
        .columns
        .get(column)
        .is_some_and(|column| matches!(column.column.kind, ColumnType::Code { .. }))
}

/// The values that the cells of a column have.
pub(crate) fn column_typing(kind: &ColumnType) -> Typing {
    match kind {
        ColumnType::String => Typing::new(Type::Text).free(true),
        ColumnType::Code { values } => Typing::new(Type::Text).free(values.is_none()).label(),
        ColumnType::List { .. } => Typing::new(Type::Text).list(true).free(true),
        ColumnType::Integer { .. } => Typing::new(Type::Integer),
        ColumnType::Decimal { .. } => Typing::new(Type::Decimal),
        ColumnType::Date { .. } => Typing::new(Type::Date),
        ColumnType::DateTime { .. } => Typing::new(Type::DateTime),
        ColumnType::Flag { .. } => Typing::new(Type::Boolean),
        ColumnType::NhsNumber | ColumnType::Postcode | ColumnType::Phone => Typing::new(Type::Text),
    }
}

/// Everything that `negates` and `doubts` are asked about.
fn collect_tested(expr: &Expr, scope: &mut Scope) {
    match &expr.kind {
        Kind::Call { name, arguments } => {
            let subject = arguments.first().map(|argument| argument.kind.clone());
            match name.as_str() {
                "negates" => scope.tested_denial.extend(subject),
                "doubts" => scope.tested_doubt.extend(subject),
                _ => {}
            }
            for argument in arguments {
                collect_tested(argument, scope);
            }
        }
        Kind::Not(inner) => collect_tested(inner, scope),
        Kind::And(left, right) | Kind::Or(left, right) => {
            collect_tested(left, scope);
            collect_tested(right, scope);
        }
        Kind::Compare { left, right, .. } => {
            collect_tested(left, scope);
            collect_tested(right, scope);
        }
        _ => {}
    }
}

/// A spot some characters further on its line.
pub(crate) fn shift(spot: Spot, by: u32) -> Spot {
    Spot {
        column: spot.column.saturating_add(by),
        length: spot.length.saturating_sub(by).max(1),
        ..spot
    }
}

/// "1 column", "2 columns".
pub(crate) fn count(number: usize, what: &str) -> String {
    if number == 1 {
        format!("1 {what}")
    } else {
        format!("{number} {what}s")
    }
}
