//! From declarations and YAML to a program: names are resolved, types are checked, and whatever can
//! be known before a record is read is decided here.

pub(crate) mod binding;
pub(crate) mod calls;
pub(crate) mod cells;
pub(crate) mod choices;
pub(crate) mod coded;
pub(crate) mod comparison;
pub(crate) mod constant;
pub(crate) mod definition;
pub(crate) mod deleted;
pub(crate) mod each;
pub(crate) mod each_records;
pub(crate) mod elements;
pub(crate) mod expression;
pub(crate) mod extension;
pub(crate) mod filled;
pub(crate) mod fragments;
pub(crate) mod item;
pub(crate) mod labels;
pub(crate) mod moments;
pub(crate) mod names;
pub(crate) mod naming;
pub(crate) mod parts;
pub(crate) mod policies;
pub(crate) mod reach;
pub(crate) mod references;
pub(crate) mod rules;
pub(crate) mod scope;
pub(crate) mod target;

use std::collections::{BTreeSet, HashMap};

use definitions::Definitions;
use terminology::Terminology;

use crate::code_table::CodeTable;
use crate::declare::Systems;
use crate::declare::source::SourceDecl;
use crate::findings::Findings;
use crate::program::Phrases;
use crate::yaml::{Node, Spot};

/// What is known of a rule before any is compiled.
#[derive(Debug)]
pub(crate) struct RuleHead {
    pub name: String,
    pub resource_type: String,
    pub table: usize,
    /// A `Patient`, or a rule with an identity of its own.
    pub is_person: bool,
    pub has_each: bool,
    /// How many parts its look-up key has.
    pub lookup: usize,
    pub spot: Spot,
    /// Its map, the fragments that it uses merged in.
    pub node: Node,
    /// Its named expressions.
    pub lets: Vec<(Node, Node)>,
}

/// Everything that compiling a rule looks at.
pub(crate) struct Compiler<'m> {
    pub definitions: &'m Definitions,
    pub terminology: &'m Terminology,
    pub systems: &'m Systems,
    pub source: &'m SourceDecl,
    pub codes: &'m [CodeTable],
    pub phrases: &'m [Phrases],
    pub heads: &'m [RuleHead],
    pub fragments: &'m fragments::Fragments,
    /// The named expressions of the top level.
    pub lets: &'m [(Node, Node)],
    pub findings: &'m mut Findings,
    /// Of each table the columns that others look up.
    pub kept: Vec<Vec<usize>>,
    /// How each code table is used.
    pub table_use: HashMap<usize, TableUse>,
    /// Which rule refers to which, for the order.
    pub edges: BTreeSet<(usize, usize)>,
    /// The records that resources repeat over.
    pub joins: Vec<crate::program::Join>,
    /// Which names were used: origin, line and column of their definitions.
    pub named: BTreeSet<(u16, u32, u32)>,
    /// The names that are being followed, against circles.
    pub resolving: Vec<(u16, u32, u32)>,
    /// How many names were followed.
    pub expanded: usize,
}

/// How a code table is used.
#[derive(Debug, Default)]
pub(crate) struct TableUse {
    /// The rows that the labels of listed columns reach.
    pub reached: BTreeSet<usize>,
    /// Whether texts without a list are looked up as well, so that any row may be reached.
    pub open: bool,
}

/// What every part of a mapping is compiled with: its rules, and each fragment by itself.
#[derive(Clone, Copy)]
pub(crate) struct Common<'m> {
    pub definitions: &'m Definitions,
    pub terminology: &'m Terminology,
    pub systems: &'m Systems,
    pub codes: &'m [CodeTable],
    pub phrases: &'m [Phrases],
    pub fragments: &'m fragments::Fragments,
}

impl<'m> Common<'m> {
    /// A compiler of rules over a source.
    pub fn compiler(
        self,
        source: &'m SourceDecl,
        heads: &'m [RuleHead],
        lets: &'m [(Node, Node)],
        findings: &'m mut Findings,
    ) -> Compiler<'m> {
        Compiler {
            definitions: self.definitions,
            terminology: self.terminology,
            systems: self.systems,
            source,
            codes: self.codes,
            phrases: self.phrases,
            heads,
            fragments: self.fragments,
            lets,
            findings,
            kept: vec![Vec::new(); source.tables.len()],
            table_use: HashMap::new(),
            edges: BTreeSet::new(),
            joins: Vec::new(),
            named: BTreeSet::new(),
            resolving: Vec::new(),
            expanded: 0,
        }
    }

    /// Checks each fragment by itself, and gives the names that they use.
    pub fn check(self, findings: &mut Findings) -> BTreeSet<(u16, u32, u32)> {
        let source = SourceDecl::default();
        let mut compiler = self.compiler(&source, &[], &[], findings);
        for index in 0..self.fragments.decls.len() {
            compiler.check_fragment(index);
        }
        compiler.named
    }
}

impl Compiler<'_> {
    /// The index of a rule by its name.
    pub fn rule(&self, name: &str) -> Option<usize> {
        self.heads.iter().position(|head| head.name == name)
    }
}
