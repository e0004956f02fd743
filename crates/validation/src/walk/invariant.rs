//! Invariants on the values that the walk passes.

use diagnostics::{IssueType, Severity};
use fhirpath::{Coded, Environment, Node, Services};
use json::Value;
use terminology::Membership;

use super::Walk;
use crate::invariants::{Checked, Focus, Invariant, Outcome};
use crate::{Validator, codes};

/// What expressions may ask of the world around a resource.
struct Around<'w, 'v> {
    validator: &'w Validator,
    containers: &'w [&'v Value],
    trials: usize,
}

impl<'v> Services<'v> for Around<'_, 'v> {
    fn member_of(&self, coded: &Coded<'_>, value_set: &str) -> Option<bool> {
        let terminology = self.validator.terminology();
        match terminology.contains(value_set, coded.system, coded.code) {
            Membership::In => Some(true),
            Membership::Out => Some(false),
            Membership::Unknown => None,
        }
    }

    fn conforms_to(&self, node: Node<'v>, profile: &str) -> Option<bool> {
        if self.trials >= super::MAX_TRIALS {
            return None;
        }
        let mut walk = Walk::new(self.validator, "Resource");
        walk.containers.extend(self.containers.iter().copied());
        walk.trials = self.trials + 1;
        walk.conforms(node.value()?, profile)
    }
}

impl<'v> Walk<'_, 'v> {
    /// The invariants of a value, and of the id and extensions of a primitive beside it.
    pub(super) fn invariants(
        &mut self,
        value: Option<&'v Value>,
        shadow: Option<&'v Value>,
        type_code: &str,
        invariants: &[Invariant],
    ) {
        for invariant in invariants {
            if invariant.is_best_practice && !self.report.wants_open() {
                continue;
            }
            match &invariant.rule {
                Checked::Native(native, _) if !self.validator.plans_only() => {
                    // The native ones look at the children of an object.
                    let Some(this) = value.or(shadow) else {
                        continue;
                    };
                    let resource = self.resources.last().copied().unwrap_or(this);
                    if !native.holds(&Focus { this, resource }) {
                        self.broken(invariant);
                    }
                }
                Checked::Native(_, rule) | Checked::Path(rule) => {
                    let model = &self.validator.plans().model;
                    let Some(own) = self.resources.last().copied().or(value) else {
                        continue;
                    };
                    let around = Around {
                        validator: self.validator,
                        containers: &self.containers,
                        trials: self.trials,
                    };
                    let mut environment =
                        Environment::new(model.resource_node(own)).services(&around);
                    if let Some(root) = self.containers.last() {
                        environment = environment.root(model.resource_node(root));
                    }
                    let outcome = rule.outcome(model, (value, shadow), type_code, &environment);
                    match outcome {
                        Outcome::Holds | Outcome::Undecided => {}
                        Outcome::Broken => self.broken(invariant),
                        Outcome::Unusable => self.not_checked(invariant, true),
                        Outcome::Failed => self.not_checked(invariant, false),
                    }
                }
            }
        }
    }

    fn broken(&mut self, invariant: &Invariant) {
        self.raise(codes::INVARIANT, |issue| {
            issue.kind(IssueType::Invariant);
            if invariant.is_best_practice {
                issue.severity(Severity::Information);
            } else if !invariant.is_error {
                issue.warning();
            }
            issue.say(format!(
                "a rule does not hold ({}): {}",
                invariant.key(),
                invariant.words()
            ));
            issue.mend("make the elements that the rule names agree with it");
        });
    }

    /// An invariant that could not be checked is told, once a resource.
    fn not_checked(&mut self, invariant: &Invariant, by_definition: bool) {
        let begin = self.begins.last().copied().unwrap_or(0);
        let below = self.path.split_off(begin.min(self.path.len()));
        self.raise(codes::INVARIANT_NOT_CHECKED, |issue| {
            issue.kind(IssueType::NotSupported);
            issue.warning();
            issue.say(format!(
                "the rule {} was not checked: its expression cannot be {}",
                invariant.key(),
                if by_definition {
                    "understood"
                } else {
                    "evaluated over these values"
                }
            ));
            issue.mend("check by hand what the rule asks for, or mend its definition");
        });
        self.path.extend(below);
    }
}
