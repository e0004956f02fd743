//! A run: a first reading of the whole file, one that weighs its records against each other, and one
//! for each level of reference.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use diagnostics::{Issue, IssueType};
use source::{Input, Interpreter, Opened};
use spill::Budget;

use super::index::Groups;
use super::maker::{Maker, Pass};
use super::parallel::{each_batch, threads};
use super::plan::{Plan, Stage};
use super::settle::Settler;
use super::survey::{Partners, Surveyor, settle};
use crate::codes;
use crate::loss::LossCounter;
use crate::made::{AsOfDate, Beginning, Counts, Judge, RunContext, RunOptions, RunReport, Sink};
use crate::program::{Program, Rule};

/// The types that a file says nothing about, because it lacks what would hold them.
fn doubtful_types(program: &Program, opened: &Opened) -> BTreeSet<String> {
    let lacks = |rule: &Rule| match opened.table(rule.table) {
        Some(found) if found.present => {
            rule.resource_type != "Patient"
                && rule
                    .uses
                    .iter()
                    .any(|column| matches!(found.columns.get(*column), Some(None)))
        }
        _ => true,
    };
    program
        .rules
        .iter()
        .filter(|rule| lacks(rule))
        .map(|rule| rule.resource_type.to_string())
        .collect()
}

/// Runs a program over an input.
///
/// # Errors
/// When the input cannot be used.
pub(crate) fn run<J: Judge>(
    program: &Program,
    input: &Input,
    context: &RunContext,
    options: RunOptions,
    judge: &J,
    sink: &mut dyn Sink<J::Judged>,
) -> Result<RunReport, Vec<Issue>> {
    let budget = Budget::new(options.memory.unwrap_or(RunOptions::MEMORY));
    run_within(budget, program, input, context, options, judge, sink)
}

/// The same, with a budget for what must be remembered of the file.
pub(super) fn run_within<J: Judge>(
    budget: Budget,
    program: &Program,
    input: &Input,
    context: &RunContext,
    options: RunOptions,
    judge: &J,
    sink: &mut dyn Sink<J::Judged>,
) -> Result<RunReport, Vec<Issue>> {
    let mut opened = source::open(input, Arc::clone(&program.schema))?;
    let threads = threads(options.threads);
    let interpreter = opened.interpreter(&opened.all_tables());
    let plan = Plan::new(program);
    let mut maker = Maker::new(program, &plan, context, judge, options.trace, budget);
    let survey = survey(&maker, &mut opened, &interpreter, threads, sink)?;
    let records: u64 = opened.census().map_or(0, |census| {
        census.tables.iter().map(|table| table.records).sum()
    });
    let (as_of, differs) = match settle(survey.as_of, program, context) {
        Ok(settled) => settled,
        Err(issue) => {
            // The reason that there is no date is worth more than that there is none.
            let mut issues = survey.unreadable;
            if records == 0 {
                let nothing = Issue::error(
                    codes::NO_RECORDS,
                    IssueType::Incomplete,
                    "the file has no record that can be read",
                );
                issues.push(nothing.help("export it again, and look at the rows named here"));
            }
            issues.extend(survey.issues);
            issues.push(*issue);
            return Err(issues);
        }
    };
    let mut counts = Counts::default();
    if let Some(census) = opened.census() {
        for (table, counted) in program.tables.iter().zip(&census.tables) {
            counts
                .records
                .insert(table.name.to_string(), counted.records);
            if counted.unreadable > 0 {
                counts
                    .unreadable
                    .insert(table.name.to_string(), counted.unreadable);
            }
        }
    }
    let mut report = RunReport {
        mapping: program.name.clone(),
        version: program.version.clone(),
        hash: program.hash.clone(),
        snapshot: program.snapshot,
        as_of: as_of.clone(),
        stopped: false,
        counts,
        doubtful_types: doubtful_types(program, &opened),
        loss: Default::default(),
    };
    let beginning = Beginning {
        as_of,
        snapshot: program.snapshot,
        senders: survey.senders,
    };
    if sink.begin(&beginning).is_break() {
        report.stopped = true;
        return Ok(report);
    }
    for issue in opened
        .issues()
        .iter()
        .cloned()
        .chain(survey.issues)
        .chain(differs)
    {
        sink.issue(issue);
    }
    maker.partners = survey.partners;
    let mut settler = Settler {
        read: survey.read,
        report: &mut report,
        sink,
        loss: LossCounter::new(program),
    };
    let mut passes = |pass: &Pass, maker: &Maker<'_, J>| -> Result<(), Box<Issue>> {
        if pass.is_idle() {
            return Ok(());
        }
        let budget = &maker.budget;
        each_batch(
            &mut opened,
            threads,
            &|number, batch| {
                let is_sound = !budget.has_failed();
                is_sound.then(|| maker.batch(pass, &interpreter, number, batch))
            },
            &mut |yielded, batch| {
                // What was made while the memory failed may be wrong: none of it counts.
                if let Some(yielded) = yielded.filter(|_| !budget.has_failed()) {
                    settler.take(maker, &interpreter, batch, yielded);
                }
            },
        )?;
        sound(budget)
    };
    levels(program, &plan, &maker, &mut passes).map_err(|issue| vec![*issue])?;
    let Settler { loss, .. } = settler;
    report.loss = loss.report(program, opened.census());
    report.loss.unused_entries = maker.seen.unused(program);
    Ok(report)
}

/// What the first reading found, and how many records it read.
struct FirstReading {
    partners: Partners,
    as_of: Option<AsOfDate>,
    senders: BTreeMap<Arc<str>, BTreeSet<String>>,
    issues: Vec<Issue>,
    unreadable: Vec<Issue>,
    read: u64,
}

fn survey<J: Judge>(
    maker: &Maker<'_, J>,
    opened: &mut Opened,
    interpreter: &Interpreter,
    threads: usize,
    sink: &mut dyn Sink<J::Judged>,
) -> Result<FirstReading, Vec<Issue>> {
    let program = maker.program;
    let register = registered(maker.plan, Stage::Survey);
    let mut surveyor = Surveyor::new(program, &maker.budget);
    let mut read = 0;
    each_batch(
        opened,
        threads,
        &|number, batch| {
            let is_sound = !maker.budget.has_failed();
            is_sound.then(|| maker.survey(&register, interpreter, number, batch))
        },
        &mut |found, _| {
            if let Some(found) = found {
                read += found.records;
                sink.progress(read);
                surveyor.take(found);
            }
        },
    )
    .and_then(|()| sound(&maker.budget))
    .map_err(|issue| vec![*issue])?;
    let (survey, counts) = surveyor.finish(program);
    opened.count(counts);
    Ok(FirstReading {
        partners: survey.partners,
        as_of: survey.as_of,
        senders: survey.senders,
        issues: survey.issues,
        unreadable: survey.unreadable,
        read,
    })
}

/// The rules that are registered at a stage.
fn registered(plan: &Plan<'_>, stage: Stage) -> Vec<usize> {
    (0..plan.stages.len())
        .filter(|&rule| plan.stage(rule) == stage)
        .collect()
}

/// An issue once the file that takes what memory does not hold has failed: from then on nothing that
/// the run finds can be trusted.
fn sound(budget: &Budget) -> Result<(), Box<Issue>> {
    if !budget.has_failed() {
        return Ok(());
    }
    let why = budget
        .take_failure()
        .map_or_else(String::new, |error| format!(": {error}"));
    Err(Box::new(
        Issue::error(
            codes::NO_ROOM,
            IssueType::Processing,
            format!("what must be remembered of this file could not be put into a temporary file{why}"),
        )
        .help("nothing is wrong with the file; free space in the folder for temporary files (TMPDIR), or set TMPDIR to a larger one, and run it again"),
    ))
}

type Passes<'f, 'p, J> = &'f mut dyn FnMut(&Pass, &Maker<'p, J>) -> Result<(), Box<Issue>>;

/// The readings after the first: as few as what refers to what allows.
fn levels<'p, J: Judge>(
    program: &Program,
    plan: &Plan<'_>,
    maker: &Maker<'p, J>,
    pass: Passes<'_, 'p, J>,
) -> Result<(), Box<Issue>> {
    let second = Pass {
        register: registered(plan, Stage::Second),
        ..Pass::default()
    };
    pass(&second, maker)?;
    let early: Vec<usize> = (0..plan.groups.len())
        .filter(|&group| {
            plan.groups
                .get(group)
                .is_some_and(|group| group.stage < Stage::Level)
        })
        .collect();
    let tables = 0..program.tables.len();
    let mut first = Pass {
        register: registered(plan, Stage::Weigh),
        account: tables
            .filter(|&table| plan.account_at.get(table).copied().flatten().is_none())
            .collect(),
        unreadable: true,
        ..Pass::default()
    };
    first.weigh.clone_from(&early);
    // What needs nothing of this reading is made in it.
    let fills_first = early.iter().any(|&group| {
        let at_first_level = plan.groups.get(group).is_some_and(|group| {
            let mut rules = group.rules.iter();
            rules.any(|&rule| program.rules.get(rule).is_some_and(|rule| rule.level == 0))
        });
        at_first_level
            && maker
                .indexes
                .groups
                .get(group)
                .is_some_and(Groups::has_fillers)
    });
    let late_first = program
        .rules
        .iter()
        .enumerate()
        .any(|(position, rule)| rule.level == 0 && plan.stage(position) >= Stage::Weigh);
    let mut from = 0;
    if !fills_first && !late_first && program.levels > 0 {
        first.make = Some(0);
        from = 1;
    }
    pass(&first, maker)?;
    for level in from..program.levels {
        let late: Vec<usize> = registered(plan, Stage::Level)
            .into_iter()
            .filter(|&rule| {
                program
                    .rules
                    .get(rule)
                    .is_some_and(|rule| rule.level == level)
            })
            .collect();
        let late_groups: Vec<usize> = (0..plan.groups.len())
            .filter(|&group| {
                plan.groups
                    .get(group)
                    .is_some_and(|group| late.contains(&group.rule))
            })
            .collect();
        let register = Pass {
            register: late,
            ..Pass::default()
        };
        pass(&register, maker)?;
        let weigh = Pass {
            weigh: late_groups,
            ..Pass::default()
        };
        pass(&weigh, maker)?;
        let make = Pass {
            make: Some(level),
            account: (0..program.tables.len())
                .filter(|&table| plan.account_at.get(table).copied().flatten() == Some(level))
                .collect(),
            ..Pass::default()
        };
        pass(&make, maker)?;
    }
    Ok(())
}
