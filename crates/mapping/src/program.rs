//! What a mapping compiles to: operations over column indexes, and elements in their order.

use std::sync::Arc;

use diagnostics::MappingPlace;
use json::{CompactString, Value};

use crate::code_table::CodeTable;
use crate::origin::Origins;
use crate::read::ReadAs;
use crate::yaml::Spot;

/// What happens when a value is bad or missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Policy {
    Quarantine,
    Drop,
    Text,
    Absent(CompactString),
}

/// A value of one type: what an expression compiles to.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    Text(CompactString),
    Number(CompactString),
    Boolean(bool),
    Concept(Arc<Concept>),
    Absent(CompactString),
    Cell(Cell),
    /// The cell of another table's record.
    Partner(Box<Partner>),
    Variable(usize),
    /// A cell of the record that a variable stands for: variable, place among what is kept, cell.
    Joined(usize, usize, Box<Cell>),
    /// The name of the column that a variable of `each: columns` stands for.
    VariableColumn(usize),
    Reference(Box<ReferenceOp>),
    Not(Box<Op>),
    And(Box<Op>, Box<Op>),
    Or(Box<Op>, Box<Op>),
    Compare(Box<Compare>),
    /// The condition, what it chooses between, and where it stands.
    If(Box<(Op, Op, Op, Spot)>),
    Case(Box<Case>),
    Coalesce(Vec<Op>, Spot),
    Call(Function, Vec<Op>),
    /// `is`, `mentions`
    Phrases {
        value: Box<Op>,
        list: usize,
        whole: bool,
    },
    Code(Box<CodeOp>),
    /// `lookup`
    Row {
        value: Box<Op>,
        table: usize,
        column: usize,
    },
    Quantity {
        value: Box<Op>,
        unit: Arc<Unit>,
    },
    ReadDate {
        value: Box<Op>,
        formats: Arc<Vec<source::DatePattern>>,
        time: bool,
        policy: Policy,
        spot: Spot,
    },
    ReadNumber {
        value: Box<Op>,
        integer: bool,
        policy: Policy,
        spot: Spot,
    },
    /// A text that is read as something.
    Read {
        value: Box<Op>,
        kind: ReadAs,
        policy: Policy,
        spot: Spot,
    },
    /// A day and a time of day, in the source's zone.
    At(Box<(Op, Op)>, Spot),
    /// Two values that FHIR has as one: a period, a range, a ratio.
    Pair(Box<(Op, Op)>),
    /// Whether a text as a whole is of a pattern.
    Matches {
        value: Box<Op>,
        pattern: Arc<regex::Regex>,
    },
    ReadNhsNumber {
        value: Box<Op>,
        policy: Policy,
        spot: Spot,
    },
    OnMissing {
        value: Box<Op>,
        policy: Policy,
        spot: Spot,
    },
}

/// A cell of the record, or of one of its parents.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    /// How many parents up.
    pub up: u8,
    pub column: usize,
    pub policy: Policy,
    /// Whether a label outside the column's list is a bad value.
    pub strict: bool,
    pub spot: Spot,
}

/// A look-up in another table.
#[derive(Debug, Clone)]
pub(crate) struct Partner {
    pub table: usize,
    /// Which of the cells that are kept of that table.
    pub slot: usize,
    pub keys: Option<Vec<Op>>,
    /// Which parts of the key are labels: case, dashes and spaces do not matter.
    pub labels: Vec<bool>,
    /// Whether a record without a partner is worth a warning.
    pub expected: bool,
    pub spot: Spot,
}

#[derive(Debug, Clone)]
pub(crate) struct ReferenceOp {
    pub rule: usize,
    /// Nothing: the one of the same record, or of the parent that many up.
    pub keys: Result<Vec<Op>, u8>,
    /// Whether the resource cannot stand without it.
    pub mandatory: bool,
    pub spot: Spot,
}

/// `case`: the first branch whose test is the value.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub value: Op,
    pub branches: Vec<(Op, Op)>,
    pub otherwise: Option<Op>,
    pub spot: Spot,
}

#[derive(Debug, Clone)]
pub(crate) struct Compare {
    pub operator: crate::expr::Operator,
    pub left: Op,
    pub right: Op,
    /// A side is a label: case, dashes and spaces do not matter. A literal is normalised already.
    pub labels: bool,
    /// `[Column] = "literal"`, where the literal is this label of the column's list.
    pub index: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Upper,
    Lower,
    Trim,
    Concat,
    Join,
    Replace,
    Text,
    Contains,
    StartsWith,
    EndsWith,
    Before,
    After,
    Split,
    List,
    First,
    Last,
    Count,
    Distinct,
    Present,
    Missing,
    In,
    TextOnly,
    DateOf,
    Negates,
    Doubts,
}

#[derive(Debug, Clone)]
pub(crate) struct CodeOp {
    pub value: Op,
    pub table: usize,
    pub policy: Policy,
    /// For a column with a list: the table's row for each label, found once.
    pub rows: Option<Vec<Option<usize>>>,
    pub spot: Spot,
}

/// A code of a system.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Coding {
    pub system: Option<CompactString>,
    pub code: CompactString,
    pub display: Option<CompactString>,
    /// The whole as FHIR writes it, built once.
    pub value: Value,
}

/// Codings and a text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Concept {
    pub codings: Vec<Coding>,
    pub text: Option<CompactString>,
}

/// A unit of measure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Unit {
    pub code: CompactString,
    pub unit: CompactString,
}

/// How a value becomes an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    String,
    Code,
    Boolean,
    Integer,
    Decimal,
    Date,
    DateTime,
    Instant,
    CodeableConcept,
    Coding,
    Quantity,
    Period,
    Range,
    Ratio,
    Reference,
    /// `Reference.reference` itself.
    ReferenceText,
}

/// A value that is the same for every record.
#[derive(Debug, Clone)]
pub(crate) struct Constant {
    pub value: Value,
    /// Where the mapping writes it, or what the profile adds it to.
    pub spot: Spot,
    /// The part of it that the profile fixes and the mapping does not write, laid out as the value is;
    /// what the mapping writes is null there.
    pub fixed: Option<Arc<Value>>,
}

impl Constant {
    /// What the mapping writes.
    pub fn written(value: Value, spot: Spot) -> Self {
        Self {
            value,
            spot,
            fixed: None,
        }
    }

    /// What the profile fixes.
    pub fn by_profile(value: Value, spot: Spot) -> Self {
        Self {
            fixed: Some(Arc::new(value.clone())),
            value,
            spot,
        }
    }
}

/// A condition, and where the mapping writes it.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    pub op: Op,
    pub spot: Spot,
}

/// One value of an element.
#[derive(Debug, Clone)]
pub(crate) enum Item {
    Constant(Constant),
    /// `local(name)`: an identifier system of this provider's own.
    Local(CompactString),
    Value {
        op: Op,
        target: Target,
        spot: Spot,
    },
    /// Codings of one expression, text of another.
    Concept {
        concept: Op,
        text: Option<Op>,
        spot: Spot,
    },
    /// A primitive with extensions.
    Primitive {
        value: Option<Box<Item>>,
        extension: Box<Object>,
    },
    Object(Box<Object>),
}

/// An object: the fields in the order in which FHIR has them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Object {
    pub when: Option<Condition>,
    pub each: Option<Each>,
    pub fields: Vec<Field>,
    /// Whether anything in it is an expression.
    pub has_expressions: bool,
    pub spot: Spot,
}

#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub name: CompactString,
    pub array: bool,
    pub items: Vec<Item>,
    pub mandatory: bool,
    /// Its FHIR path, for issues.
    pub path: Arc<str>,
    pub spot: Spot,
}

/// What is repeated.
#[derive(Debug, Clone)]
pub(crate) struct Each {
    pub of: EachOf,
    pub variable: usize,
}

#[derive(Debug, Clone)]
pub(crate) enum EachOf {
    Items(Op),
    /// Columns with their names.
    Columns(Vec<(Op, CompactString)>),
    /// Records.
    Records(Box<EachRecords>),
}

/// What is repeated over records.
#[derive(Debug, Clone)]
pub(crate) struct EachRecords {
    /// Which of [`Program::joins`].
    pub join: usize,
    /// The variable whose record encloses them; otherwise it is the rule's own.
    pub inside: Option<usize>,
    /// What their key must equal, and whether it is a label.
    pub keys: Vec<(Op, bool)>,
    /// What happens where there is none: `Text` warns.
    pub missing: Policy,
    pub spot: Spot,
}

/// Records that are kept for resources to repeat over.
#[derive(Debug, Clone)]
pub(crate) struct Join {
    pub table: usize,
    /// The columns that are asked for.
    pub kept: Vec<usize>,
    pub by: JoinBy,
}

/// How a record finds its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JoinBy {
    /// They stand inside it.
    Enclosing,
    /// These columns of theirs equal something of it.
    Columns(Vec<usize>),
    /// They are of the group that a rule makes one resource of.
    Group(usize),
}

/// What tells the records of a table apart across files.
#[derive(Debug, Clone)]
pub(crate) struct IdentityEntry {
    pub columns: Vec<Cell>,
    pub weak: bool,
}

/// How the resources of a rule are told apart.
#[derive(Debug, Clone)]
pub(crate) struct Naming {
    /// What it is looked up by.
    pub lookup: Vec<Op>,
    /// The person's reference.
    pub person: Option<ReferenceOp>,
    /// The parts of the id beside the person.
    pub parts: Vec<Op>,
    /// Persons: instead of `parts`.
    pub identity: Option<Vec<IdentityEntry>>,
}

/// How many records become one resource.
#[derive(Debug, Clone)]
pub(crate) struct Grouping {
    pub key: GroupKey,
    pub latest: Option<Op>,
    /// The key names an item of `each`: items are grouped, not records.
    pub per_item: bool,
    /// Columns that take the latest value that is not blank, and whose values should agree.
    pub columns: Vec<usize>,
}

#[derive(Debug, Clone)]
pub(crate) enum GroupKey {
    Identity(Vec<IdentityEntry>),
    Parts(Vec<Op>),
}

#[derive(Debug, Clone)]
pub(crate) struct Warning {
    pub when: Option<Condition>,
    pub say: String,
    pub spot: Spot,
}

/// What becomes of a rule's resource when the record that makes it is deleted.
#[derive(Debug, Clone)]
pub(crate) enum Deleted {
    /// Nothing is made, and what an earlier file made is no longer reported.
    Retire,
    /// Made of this body instead, with this `meta.profile`.
    Instead(Box<Object>, Option<Value>),
}

/// A rule.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub name: Arc<str>,
    pub resource_type: CompactString,
    pub table: usize,
    pub level: usize,
    /// Which records it looks at, before any grouping.
    pub only: Option<Condition>,
    pub each: Option<Each>,
    pub when: Option<Condition>,
    pub naming: Naming,
    pub group: Option<Grouping>,
    pub is_person: bool,
    /// Whether another rule refers to it.
    pub referred: bool,
    pub warnings: Vec<Warning>,
    pub meta: Meta,
    pub body: Object,
    /// Where records of its table may be deleted.
    pub deleted: Option<Deleted>,
    /// The columns of its table that it uses.
    pub uses: Vec<usize>,
    /// Of these the ones that two records with one id are compared by.
    pub content: Vec<usize>,
    /// The columns of its parents that it uses: parents up, column.
    pub uses_above: Vec<(u8, usize)>,
    pub spot: Spot,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Meta {
    pub profile: Option<CompactString>,
    pub security: Vec<Item>,
    pub tag: Vec<Item>,
}

/// As of when a file is.
#[derive(Debug, Clone)]
pub(crate) enum AsOf {
    Stated,
    /// The latest value of an expression over the records of a table.
    Table {
        table: usize,
        op: Op,
    },
    /// A value that stands in one place.
    Once(Op),
}

/// Where a file says whose it is.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    /// What kind of code it is: one of [`crate::keys::SENDERS`].
    pub kind: Arc<str>,
    /// The table whose every record is asked; `None` for a value that stands in one place.
    pub table: Option<usize>,
    pub op: Op,
}

/// A list of phrases, normalised.
#[derive(Debug, Clone)]
pub(crate) struct Phrases {
    pub name: String,
    /// The fragment that brings them; nothing for the mapping's own.
    pub owner: Option<usize>,
    pub phrases: Vec<String>,
}

/// A table as the engine needs it.
#[derive(Debug, Clone)]
pub(crate) struct TableProgram {
    pub name: Arc<str>,
    pub parent: Option<usize>,
    /// The columns whose blank cells quarantine the record.
    pub required: Vec<usize>,
    /// The columns of its key.
    pub key: Vec<usize>,
    /// Which records are read at all: the others make nothing.
    pub only: Option<Condition>,
    /// Which records their source marks as deleted.
    pub deleted: Option<Condition>,
    /// Records that a later version overtakes make nothing.
    pub latest: Option<Latest>,
    /// The columns that other tables' expressions look up.
    pub kept: Vec<usize>,
    pub columns: Vec<ColumnProgram>,
    /// Columns that every record uses: keys, conditions of the table, the as-of date.
    pub always: Vec<usize>,
}

/// What is versioned, and by what.
#[derive(Debug, Clone)]
pub(crate) struct Latest {
    pub of: Vec<Op>,
    pub by: Op,
}

#[derive(Debug, Clone)]
pub(crate) struct ColumnProgram {
    pub name: Arc<str>,
    pub purpose: Purpose,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Purpose {
    Used,
    Ignored(String),
    Denied(String),
}

/// The whole.
#[derive(Debug)]
pub(crate) struct Program {
    pub name: String,
    pub version: String,
    /// The files that spots stand in.
    pub origins: Origins,
    pub hash: String,
    pub snapshot: bool,
    pub as_of: AsOf,
    pub senders: Vec<Sender>,
    pub schema: Arc<source::Schema>,
    /// How a local time is written when a day and a time of day are put together.
    pub local_time: Vec<source::DatePattern>,
    pub tables: Vec<TableProgram>,
    pub codes: Vec<CodeTable>,
    pub phrases: Vec<Phrases>,
    pub rules: Vec<Rule>,
    pub joins: Vec<Join>,
    pub levels: usize,
}

impl Program {
    /// The place of a spot in the mapping's files.
    pub fn place(&self, spot: Spot) -> MappingPlace {
        self.origins.place(spot)
    }

    /// By which uses of fragments a spot is there, the innermost first.
    #[allow(dead_code)]
    pub fn uses(&self, spot: Spot) -> Vec<MappingPlace> {
        self.origins.uses(spot)
    }
}
