//! What may be sent on to another organisation, without its asking.

use std::collections::BTreeSet;

use jiff::Timestamp;
use store::{Reach, Sight, Tenant};

use crate::Access;
use crate::decision::{day_of, shared_with};
use crate::labels::withheld_from_others;

/// Who is sent to, and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiver {
    /// The ODS code of the organisation that receives.
    pub organisation: String,
    /// The resource types that are sent, of those that are shared with it; all when `None`.
    pub types: Option<BTreeSet<String>>,
}

impl Access {
    /// What of a tenant may be sent to an organisation now: what a sharing agreement in force would
    /// let it read, and never what is withheld from others. Nothing without an agreement; to the
    /// organisation that the tenant itself is, its own records under the same rule, for who runs the
    /// receiving system is not known.
    pub fn destination(&self, receiver: &Receiver, tenant: &Tenant, now: Timestamp) -> Sight {
        let config = self.config();
        let itself = config.tenants.iter().any(|known| {
            known.name == tenant.as_str()
                && known
                    .organisation
                    .eq_ignore_ascii_case(&receiver.organisation)
        });
        let mut reach = if itself {
            vec![Reach::shared(tenant.clone())]
        } else {
            shared_with(&config, &receiver.organisation, day_of(now))
        };
        reach.retain(|reach| reach.tenant == *tenant);
        let sight = Sight::new(reach, withheld_from_others());
        match &receiver.types {
            None => sight,
            Some(types) => sight.only_types(types.iter().cloned()),
        }
    }
}
