//! Policies at the end of a pipe.

use super::Compiler;
use super::calls::Call;
use crate::codes;
use crate::declare::policy::REASONS;
use crate::expr::Kind;
use crate::findings::suggest;
use crate::program::{Op, Policy};

impl Compiler<'_> {
    pub(super) fn policy_argument(&mut self, call: &Call<'_>, index: usize) -> Option<Policy> {
        match call.arguments.get(index).map(|argument| &argument.kind) {
            Some(Kind::Name { name, field: None }) if name == "quarantine" => {
                Some(Policy::Quarantine)
            }
            Some(Kind::Name { name, field: None }) if name == "drop" => Some(Policy::Drop),
            Some(Kind::Name { name, field: None }) if name == "text" => Some(Policy::Text),
            Some(Kind::Call { name, arguments }) if name == "absent" => {
                let inner = Call {
                    name: "absent",
                    arguments,
                    base: call.base,
                    spot: call.spot_of(index),
                    policy: None,
                };
                self.policy_reason(&inner, 0)
                    .map(|reason| Policy::Absent(reason.as_str().into()))
            }
            _ => {
                self.findings.error(
                    codes::ARGUMENTS,
                    call.spot_of(index),
                    "this is no policy",
                    "one of quarantine, drop, text, absent(\"reason\")",
                );
                None
            }
        }
    }

    pub(super) fn policy_reason(&mut self, call: &Call<'_>, index: usize) -> Option<String> {
        let reason = self.literal(call, index, "a reason")?;
        if crate::declare::policy::is_reason(reason) {
            return Some(reason.to_owned());
        }
        self.findings.error(
            codes::ARGUMENTS,
            call.spot_of(index),
            format!("'{reason}' is no reason for absence"),
            suggest(reason, REASONS, "reasons"),
        );
        None
    }
}

/// The mapping has said what a missing partner means: it is no surprise any more.
pub(super) fn hush(op: &mut Op) {
    match op {
        Op::Partner(partner) => partner.expected = false,
        Op::Call(_, ops) | Op::Coalesce(ops, _) => ops.iter_mut().for_each(hush),
        Op::ReadDate { value, .. }
        | Op::ReadNumber { value, .. }
        | Op::ReadNhsNumber { value, .. }
        | Op::Row { value, .. }
        | Op::Read { value, .. }
        | Op::Matches { value, .. }
        | Op::Quantity { value, .. } => hush(value),
        Op::At(parts, _) | Op::Pair(parts) => {
            hush(&mut parts.0);
            hush(&mut parts.1);
        }
        Op::Code(code) => hush(&mut code.value),
        _ => {}
    }
}
