//! From the files of a mapping to a program, with everything that the checker finds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use definitions::Definitions;
use diagnostics::Issue;
use sha2::{Digest, Sha256};
use terminology::Terminology;

use crate::Mapping;
use crate::codes;
use crate::compile::fragments::Fragments;
use crate::compile::scope::{Scope, Type, Typing};
use crate::compile::{Common, Compiler, TableUse, rules};
use crate::declare::fragments::{self, Library};
use crate::declare::source::{SourceDecl, unused};
use crate::declare::{self, Systems};
use crate::expr::{Expr, Kind};
use crate::files::{FileProblem, MAPPING_FILE, MappingFiles};
use crate::findings::Findings;
use crate::keys;
use crate::program::{
    AsOf, ColumnProgram, Condition, JoinBy, Latest, Op, Program, Rule, Sender, TableProgram,
};
use crate::yaml::{self, Node, Spot};

/// What loading a mapping gives: the mapping where no error stands against it, and all findings.
#[derive(Debug)]
pub struct Loaded {
    /// The compiled mapping; nothing when an issue is an error.
    pub mapping: Option<Mapping>,
    /// What the checker found, errors and warnings.
    pub issues: Vec<Issue>,
    /// The files that issues may point into, by their path relative to the folder.
    pub sources: Vec<(String, String)>,
}

impl Loaded {
    /// The text of a file that an issue points into.
    pub fn source(&self, file: &str) -> Option<&str> {
        self.sources
            .iter()
            .find(|(name, _)| name == file)
            .map(|(_, text)| text.as_str())
    }
}

/// The largest `mapping.yaml`, in bytes: some twenty thousand lines.
const MAX_MAPPING: u64 = 1 << 20;

/// Reads, checks and compiles a mapping. Never stops at the first error.
pub fn load(
    files: &dyn MappingFiles,
    definitions: &Definitions,
    terminology: &Terminology,
) -> Loaded {
    let mut findings = Findings::new(MAPPING_FILE);
    let mut texts = Vec::new();
    let whole = Spot {
        line: 1,
        column: 1,
        length: 1,
        origin: 0,
    };
    let text = match files.open(MAPPING_FILE, MAX_MAPPING) {
        Ok(bytes) => match String::from_utf8(bytes.into_owned()) {
            Ok(text) => text,
            Err(_) => {
                findings.error(
                    codes::FILE,
                    whole,
                    "the mapping is not UTF-8",
                    "save it as UTF-8",
                );
                String::new()
            }
        },
        Err(problem) => {
            let help = match problem {
                FileProblem::Absent => "name the folder that holds mapping.yaml",
                _ => problem.help(),
            };
            findings.error(
                problem.code(),
                whole,
                format!("mapping.yaml {problem}"),
                help,
            );
            String::new()
        }
    };
    if findings.has_errors() {
        return Loaded {
            mapping: None,
            issues: findings.issues,
            sources: texts,
        };
    }
    let program = read(
        &text,
        files,
        definitions,
        terminology,
        &mut texts,
        &mut findings,
    );
    findings.close();
    texts.insert(0, (MAPPING_FILE.to_owned(), text));
    let mapping = match program {
        Some(mut program) if !findings.has_errors() => {
            program.hash = hash(&texts);
            Some(Mapping::new(program))
        }
        _ => None,
    };
    Loaded {
        mapping,
        issues: findings.issues,
        sources: texts,
    }
}

fn read(
    text: &str,
    files: &dyn MappingFiles,
    definitions: &Definitions,
    terminology: &Terminology,
    texts: &mut Vec<(String, String)>,
    findings: &mut Findings,
) -> Option<Program> {
    let yaml::Parsed {
        root,
        errors,
        left_out,
        folded,
    } = yaml::parse(text);
    let rules_named_twice = root
        .as_ref()
        .and_then(|root| root.get("make"))
        .and_then(Node::entries)
        .unwrap_or_default();
    for error in errors {
        if rules_named_twice
            .iter()
            .any(|(key, _)| error.duplicate && key.spot == error.spot)
        {
            continue;
        }
        findings.yaml(error, text, 0);
    }
    findings.leave_out(left_out, text);
    findings.origins.fold(0, folded);
    let Some(root) = root else {
        // Where the text is broken, that has been said.
        if !findings.has_errors() {
            findings.error(
                codes::YAML,
                Spot {
                    line: 1,
                    column: 1,
                    length: 1,
                    ..Spot::default()
                },
                "the mapping is empty",
                "begin with mapping:, version: and fhir:",
            );
        }
        return None;
    };
    let start = Spot {
        line: 1,
        column: 1,
        length: 1,
        origin: 0,
    };
    if root.entries().is_none() {
        declare::wants_map(findings, &root, "the mapping");
        return None;
    }
    findings.unknown_keys(&root, keys::MAPPING, "a mapping");
    let name =
        declare::required_text(findings, &root, "mapping", "the mapping", start).map(str::to_owned);
    let version =
        declare::required_text(findings, &root, "version", "the mapping", start).map(str::to_owned);
    if let Some(name) = &name
        && name != files.name()
        && !files.name().is_empty()
    {
        let spot = root.get("mapping").map_or(start, |node| node.spot);
        findings.error(
            codes::BAD_VALUE,
            spot,
            format!(
                "the mapping is called '{name}' and its folder '{}'",
                files.name()
            ),
            "give both one name",
        );
    }
    match declare::required_text(findings, &root, "fhir", "the mapping", start) {
        None | Some("4.0.1") => {}
        Some(_) => findings.error(
            codes::FHIR_VERSION,
            root.get("fhir").map_or(start, |node| node.spot),
            "Causeway makes FHIR 4.0.1",
            "write fhir: 4.0.1",
        ),
    }
    let systems = Systems::read(root.get("systems"), findings);
    let source = match root.entry("source") {
        Some((key, node)) => declare::source::read(node, key.spot, findings),
        None => {
            findings.error(
                codes::MISSING_KEY,
                start,
                "the mapping has no source",
                "add source:",
            );
            return None;
        }
    };
    for column in source.tables.iter().flat_map(|table| &table.columns) {
        declare::units::check(column, terminology, findings);
    }
    let mut code_tables =
        declare::codes::read(root.get("codes"), &systems, files, None, texts, findings);
    let mut phrases = declare::phrases(root.get("phrases"), findings);
    let lets = fragments::lets(root.get("let"), findings);
    let used: Vec<&Node> = root.get("make").into_iter().collect();
    let fragments = {
        let mut library = Library {
            files,
            texts,
            codes: &mut code_tables,
            phrases: &mut phrases,
        };
        let decls = fragments::read_used(&used, &mut library, findings);
        Fragments::new(decls, files.fragments())
    };
    let (code_tables, phrases) = (code_tables, phrases);
    let common = Common {
        definitions,
        terminology,
        systems: &systems,
        codes: &code_tables,
        phrases: &phrases,
        fragments: &fragments,
    };
    let mut named = common.check(findings);
    let heads = match root.get("make") {
        Some(make) => rules::heads(make, &source, definitions, &fragments, findings),
        None => {
            findings.error(
                codes::MISSING_KEY,
                start,
                "the mapping makes nothing",
                "add make:",
            );
            Vec::new()
        }
    };
    let mut compiler = common.compiler(&source, &heads, &lets, findings);
    compiler.named.append(&mut named);
    let mut always: Vec<BTreeSet<usize>> = source
        .tables
        .iter()
        .map(|table| table.key.iter().copied().collect())
        .collect();
    let as_of = as_of(&source, &mut compiler, &mut always);
    let senders = senders(&source, &mut compiler, &mut always);
    let conditions: Vec<(Option<Condition>, Option<Condition>, Option<Latest>)> =
        (0..source.tables.len())
            .map(|table| {
                let mut scope = Scope {
                    table: Some(table),
                    facts: compiler.declared_facts(table),
                    ..Scope::default()
                };
                let found = (
                    only(table, &mut compiler, &mut scope),
                    compiler.deleted_record(table, &mut scope),
                    latest(table, &mut compiler, &mut scope),
                );
                keep_uses(&scope, &mut always);
                found
            })
            .collect();
    let compiled: Vec<Option<Rule>> = (0..heads.len())
        .map(|index| compiler.rule_program(index))
        .collect();
    let names: Vec<Node> = lets
        .iter()
        .chain(source.tables.iter().flat_map(|table| &table.lets))
        .chain(heads.iter().flat_map(|head| &head.lets))
        .map(|(key, _)| key.clone())
        .collect();
    compiler.unused_names(&names);
    for index in 0..fragments.decls.len() {
        compiler.unused_in_fragment(index);
    }
    let Compiler {
        kept,
        table_use,
        edges,
        joins,
        ..
    } = compiler;
    for (position, table) in code_tables.iter().enumerate() {
        // A fragment's table serves every mapping; no single one need reach all of it.
        if table.owner.is_some() {
            continue;
        }
        code_table_use(table, table_use.get(&position), findings);
    }
    unused(&source, findings);
    let mut rules: Vec<Rule> = compiled.into_iter().collect::<Option<_>>()?;
    for &(_, to) in &edges {
        if let Some(rule) = rules.get_mut(to) {
            rule.referred = true;
        }
    }
    let levels = rules::levels(&mut rules, &edges, findings);
    let tables = source
        .tables
        .iter()
        .zip(kept)
        .zip(conditions)
        .zip(always)
        .enumerate()
        .map(
            |(index, (((table, kept), (only, deleted, latest)), mut always))| TableProgram {
                name: Arc::from(table.table.name.as_str()),
                parent: table.parent,
                required: (0..table.columns.len())
                    .filter(|index| {
                        table
                            .columns
                            .get(*index)
                            .is_some_and(|column| column.required)
                    })
                    .collect(),
                key: table.key.clone(),
                only,
                deleted,
                latest,
                always: {
                    always.extend(kept.iter().copied());
                    always.extend(joins.iter().filter(|join| join.table == index).flat_map(
                        |join| {
                            let by = match &join.by {
                                JoinBy::Columns(columns) => columns.as_slice(),
                                _ => &[],
                            };
                            join.kept.iter().chain(by).copied()
                        },
                    ));
                    always.into_iter().collect()
                },
                kept,
                columns: table
                    .columns
                    .iter()
                    .map(|column| ColumnProgram {
                        name: Arc::from(column.column.name.as_str()),
                        purpose: column.purpose.clone(),
                    })
                    .collect(),
            },
        )
        .collect();
    Some(Program {
        name: name?,
        version: version?,
        origins: findings.origins.clone(),
        hash: String::new(),
        snapshot: source.snapshot,
        as_of: as_of?,
        senders,
        schema: Arc::new(source.schema()),
        local_time: source::DatePattern::parse("iso").into_iter().collect(),
        tables,
        codes: code_tables,
        phrases,
        rules,
        joins,
        levels,
    })
}

/// Compiles `asOf`.
fn as_of(
    source: &SourceDecl,
    compiler: &mut Compiler<'_>,
    always: &mut [BTreeSet<usize>],
) -> Option<AsOf> {
    let node = source.as_of.as_ref()?;
    if node.constant() == Some("stated") {
        return Some(AsOf::Stated);
    }
    if node.expression().is_none() {
        compiler.findings.error(
            codes::NO_AS_OF,
            node.spot,
            "asOf is an expression, or the word stated",
            "for example: asOf: =settings.[Exported on]",
        );
        return None;
    }
    let (table, op, typing) = of_file(node, source, compiler, always)?;
    if !matches!(typing.of, Type::Date | Type::DateTime) || typing.list {
        compiler.findings.error(
            codes::NO_AS_OF,
            node.spot,
            format!(
                "asOf is a date or a dateTime, and this is {}",
                typing.of.name()
            ),
            "give the column a date type, or end with | date(\"dd/MM/yyyy\")",
        );
        return None;
    }
    Some(match table {
        Some(table) => AsOf::Table { table, op },
        None => AsOf::Once(op),
    })
}

/// Compiles an expression about the file as a whole: over the records of the table that it names, or
/// of a value that stands in one place.
fn of_file(
    node: &Node,
    source: &SourceDecl,
    compiler: &mut Compiler<'_>,
    always: &mut [BTreeSet<usize>],
) -> Option<(Option<usize>, Op, Typing)> {
    let (text, lead) = node.expression()?;
    let base = crate::compile::expression::shift(node.spot, lead);
    let expr = compiler.parsed(text, base)?;
    let nowhere = Scope {
        whole_file: true,
        ..Scope::default()
    };
    // A name alone stands for what it names.
    let (expr, base) = compiler.alone(expr, base, &nowhere);
    let table = over(&expr).and_then(|name| source.table(name));
    let mut scope = Scope {
        table,
        ..Scope::default()
    };
    let (op, typing) = compiler.compile(&expr, base, &mut scope, None)?;
    keep_uses(&scope, always);
    Some((table, op, typing))
}

/// Compiles `sender`: where the file says whose it is.
fn senders(
    source: &SourceDecl,
    compiler: &mut Compiler<'_>,
    always: &mut [BTreeSet<usize>],
) -> Vec<Sender> {
    let Some(node) = &source.sender else {
        return Vec::new();
    };
    let Some(entries) = node.entries() else {
        compiler.findings.error(
            codes::BAD_VALUE,
            node.spot,
            "sender says, for each kind of code, where the file has it",
            "for example: sender: { ods: =settings.[ODS code] }",
        );
        return Vec::new();
    };
    compiler
        .findings
        .unknown_keys(node, keys::SENDERS, "sender");
    let mut senders = Vec::new();
    for (key, value) in entries {
        let Some(kind) = key.text().filter(|kind| keys::SENDERS.contains(kind)) else {
            continue;
        };
        if value.expression().is_none() {
            compiler.findings.error(
                codes::BAD_VALUE,
                value.spot,
                "a sender's code is an expression: each file says it itself",
                format!("for example: {kind}: =rows.[Code]"),
            );
            continue;
        }
        let Some((table, op, typing)) = of_file(value, source, compiler, always) else {
            continue;
        };
        if typing.of != Type::Text || typing.list {
            compiler.findings.error(
                codes::BAD_VALUE,
                value.spot,
                format!(
                    "a sender's code is a text, and this is {}",
                    typing.of.name()
                ),
                "give the column the type string",
            );
            continue;
        }
        senders.push(Sender {
            kind: Arc::from(kind),
            table,
            op,
        });
    }
    senders
}

/// Notes the columns of the scope's table as used by every record.
fn keep_uses(scope: &Scope, always: &mut [BTreeSet<usize>]) {
    if let Some(set) = scope.table.and_then(|table| always.get_mut(table)) {
        set.extend(
            scope
                .uses
                .iter()
                .filter(|(up, _)| *up == 0)
                .map(|(_, column)| *column),
        );
    }
}

/// The table that `table.[Column]` without a key names.
fn over(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        Kind::Cell {
            table, keys: None, ..
        } => Some(table),
        Kind::Call { arguments, .. } => arguments.iter().find_map(over),
        _ => None,
    }
}

fn only(table: usize, compiler: &mut Compiler<'_>, scope: &mut Scope) -> Option<Condition> {
    let source = compiler.source;
    let node = source.tables.get(table)?.only.as_ref()?;
    compiler.condition(node, scope)
}

/// `latest: { of: recordUid, by: versionNumber }`
fn latest(table: usize, compiler: &mut Compiler<'_>, scope: &mut Scope) -> Option<Latest> {
    let source = compiler.source;
    let node = source.tables.get(table)?.latest.as_ref()?;
    compiler.findings.unknown_keys(node, keys::LATEST, "latest");
    let part = |key: &str, compiler: &mut Compiler<'_>, scope: &mut Scope| -> Vec<(Op, Spot)> {
        match node.get(key) {
            Some(value) => compiler.key_parts(value, scope),
            None => {
                compiler.findings.error(
                    codes::MISSING_KEY,
                    node.spot,
                    format!("latest lacks '{key}'"),
                    "for example: latest: { of: recordUid, by: versionNumber }",
                );
                Vec::new()
            }
        }
    };
    let of = part("of", compiler, scope);
    let by = part("by", compiler, scope);
    let (by, _) = by.into_iter().next()?;
    Some(Latest {
        of: of.into_iter().map(|(op, _)| op).collect(),
        by,
    })
}

fn code_table_use(
    table: &crate::code_table::CodeTable,
    usage: Option<&TableUse>,
    findings: &mut Findings,
) {
    if findings.is_broken("code table", &table.name) || findings.is_lost(&table.name) {
        return;
    }
    let Some(usage) = usage else {
        findings.warning(
            codes::UNUSED_TABLE,
            table.spot,
            format!("nothing uses the code table '{}'", table.name),
            "use it, or take it out",
        );
        return;
    };
    if usage.open {
        return;
    }
    for (index, row) in table.rows.iter().enumerate() {
        if usage.reached.contains(&index) {
            continue;
        }
        let label = row.labels.first().map(String::as_str).unwrap_or_default();
        let message = format!(
            "no label of the column reaches the row '{label}' of the code table '{}'",
            table.name
        );
        let help = "add the label to the column's values, or take the row out";
        match &table.file {
            Some(file) => {
                let place = crate::findings::place(&Arc::from(file.as_str()), row.spot);
                let issue = Issue::warning(
                    codes::UNREACHABLE_ROW,
                    diagnostics::IssueType::Value,
                    message,
                )
                .help(help)
                .at_mapping(place);
                findings.push(issue);
            }
            None => findings.warning(codes::UNREACHABLE_ROW, row.spot, message, help),
        }
    }
}

/// The hash of all files that decide what the mapping makes, whatever the order they were read in.
fn hash(texts: &[(String, String)]) -> String {
    let sorted: BTreeMap<&str, &str> = texts
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let mut hash = Sha256::new();
    for (name, text) in sorted {
        for part in [name, text] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
    }
    hash.finalize().iter().fold(String::new(), |mut out, byte| {
        use std::fmt::Write as _;
        let _ = write!(out, "{byte:02x}");
        out
    })
}
