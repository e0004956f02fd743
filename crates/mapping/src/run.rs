//! Running a program over records.

mod build;
mod cell;
mod content;
mod engine;
mod evaluate;
mod functions;
mod grouping;
mod groups;
mod index;
mod joined;
mod make;
mod maker;
mod naming;
mod parallel;
mod plan;
mod records;
mod register;
mod settle;
mod stored;
mod survey;
pub(crate) mod value;
pub(crate) mod wording;

pub(crate) use cell::Filled;
pub(crate) use engine::run;
#[cfg(test)]
mod expression_tests;
#[cfg(test)]
mod full_disk_tests;
