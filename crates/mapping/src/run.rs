//! Running a program over records.

mod build;
mod cell;
mod content;
mod engine;
mod evaluate;
mod functions;
mod grouping;
mod index;
mod naming;
mod survey;
pub(crate) mod value;
pub(crate) mod wording;

pub(crate) use engine::run;
#[cfg(test)]
mod expression_tests;
