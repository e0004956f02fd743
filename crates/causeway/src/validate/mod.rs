//! `causeway validate`: opens what is named, has it examined, prints what was found.

mod arguments;
mod inputs;
mod jobs;
mod print;

use std::io::{IsTerminal as _, Write as _, stdout};
use std::num::NonZero;
use std::ops::ControlFlow;

use fhir::Unread;
use validation::Model;
use verdict::{Examiner, Tally, Verdict, in_order};

pub use arguments::Validate;

use crate::exit::{Exit, Failure};
use crate::knowledge::Knowledge;
use crate::progress::Progress;
use inputs::Inputs;
use jobs::{Job, Jobs};
use print::Printer;

/// How many bytes of input are under way at a time, or one resource where that alone is larger.
const UNDER_WAY: usize = 16 * 1024 * 1024;

/// Runs the command.
pub fn run(arguments: &Validate) -> Result<Exit, Failure> {
    let inputs = Inputs::find(&arguments.inputs)?;
    let knowledge = Knowledge::of(&arguments.packages)?;
    let mut examiner = Examiner::new(knowledge.validator(), Model::new(knowledge.definitions))
        .with_profiles(profiles(&arguments.profile, &knowledge)?);
    if let Some(decider) = crate::terminology::decider(
        arguments.terminology_server.as_deref(),
        arguments.packages.config.as_deref(),
    )? {
        examiner = examiner.with_decider(decider);
    }
    let threads = arguments
        .threads
        .or_else(|| std::thread::available_parallelism().ok())
        .map_or(1, NonZero::get);
    let printer = Printer::new(arguments.format, arguments.quiet);
    let bar = (!stdout().is_terminal()).then(|| Progress::start("validating"));

    let mut total = Total::new(inputs.names.len());
    let mut failure = None;
    in_order(
        Jobs::new(&inputs, arguments.max_resource()),
        threads,
        UNDER_WAY,
        |job| examined(job, &examiner, &printer, arguments),
        |done| {
            let printed = write(&done.output);
            total.add(done);
            if let Some(bar) = &bar {
                bar.records(total.tally.total());
            }
            match printed {
                Ok(flow) => flow,
                Err(failed) => {
                    failure = Some(failed);
                    ControlFlow::Break(())
                }
            }
        },
    );
    drop(bar);
    if let Some(failure) = failure {
        return Err(failure);
    }
    let _ = write(printer.summary(&total.tally).as_bytes())?;
    Ok(total.exit(&inputs))
}

/// The canonical urls of the profiles that were asked for.
fn profiles(names: &[String], knowledge: &Knowledge) -> Result<Vec<String>, Failure> {
    names
        .iter()
        .map(|name| match knowledge.definitions.profile(name) {
            // A version that was asked for stays asked for.
            Some(shape) => Ok(match name.split_once('|') {
                Some((_, version)) => format!("{}|{version}", shape.url()),
                None => shape.url().to_owned(),
            }),
            None => Err(unknown_profile(name, knowledge)),
        })
        .collect()
}

fn unknown_profile(name: &str, knowledge: &Knowledge) -> Failure {
    let names: Vec<&str> = knowledge.definitions.profile_names().collect();
    let nearest = source::nearest(name, names.iter().copied());
    let hint = nearest.map_or_else(String::new, |nearest| format!("; did you mean {nearest}?"));
    Failure::usage(format!("there is no profile {name}{hint}"))
}

/// What came of a job.
struct Done {
    /// Which of the arguments it belongs to.
    argument: usize,
    output: Vec<u8>,
    tally: Tally,
    /// Whether something is as bad as `--fail-on` says.
    fails: bool,
}

fn examined(job: Job, examiner: &Examiner, printer: &Printer, arguments: &Validate) -> Done {
    let mut done = Done {
        argument: job.argument,
        output: Vec::new(),
        tally: Tally::default(),
        fails: false,
    };
    let mut take = |verdict: &Verdict, text: &[u8]| {
        done.tally.add(verdict);
        done.fails |= verdict.reaches(arguments.fail_on.severity());
        printer.verdict(&job.source, verdict, text, &mut done.output);
    };
    match job.piece {
        Ok(piece) => {
            for (verdict, (_, text)) in examiner.piece(&piece).iter().zip(piece.documents()) {
                take(verdict, text);
            }
        }
        Err(Unread { line, issue }) => take(&Examiner::unread(Unread { line, issue }), &[]),
    }
    done
}

/// Everything together.
struct Total {
    tally: Tally,
    fails: bool,
    /// For each argument, whether a resource in it could be read.
    is_read: Vec<bool>,
}

impl Total {
    fn new(arguments: usize) -> Self {
        Self {
            tally: Tally::default(),
            fails: false,
            is_read: vec![false; arguments],
        }
    }

    fn add(&mut self, done: Done) {
        if let Some(is_read) = self.is_read.get_mut(done.argument) {
            *is_read |= done.tally.valid + done.tally.invalid > 0;
        }
        self.fails |= done.fails;
        self.tally.merge(done.tally);
    }

    /// An input in which nothing at all could be read is unusable; what could not be read among
    /// what could is not valid.
    fn exit(&self, inputs: &Inputs) -> Exit {
        let mut unusable = false;
        for (name, is_read) in inputs.names.iter().zip(&self.is_read) {
            if !is_read {
                unusable = true;
                eprintln!("causeway: {name}: no resource in it could be read");
            }
        }
        match (unusable, self.fails) {
            (true, _) => Exit::Usage,
            (false, true) => Exit::Failed,
            (false, false) => Exit::Fine,
        }
    }
}

/// Writes to standard output. A closed pipe (`| head`) ends the work and is no failure.
fn write(bytes: &[u8]) -> Result<ControlFlow<()>, Failure> {
    let mut out = stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(ControlFlow::Continue(())),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
        Err(error) => Err(Failure::failed(format!("cannot write: {error}"))),
    }
}
