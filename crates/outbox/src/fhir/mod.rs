//! A destination that is a FHIR R4 server.

mod bundle;
mod client;
mod exchange;
mod rewrite;
mod settings;
mod token;

use std::time::Duration;

pub use self::exchange::judge;
pub use self::settings::{
    Conflict, FhirSettings, Matching, OAuthSettings, SigningAlgorithm, Unusable,
};

pub use self::client::{Answer, Ask, Client, NoAnswer};
use crate::destination::{Destination, Sending, Verdict};
use crate::parcel::Parcel;

/// A FHIR server that resources are sent to (<http://hl7.org/fhir/R4/http.html>).
pub struct Fhir {
    settings: FhirSettings,
    client: Client,
}

impl Fhir {
    /// A server from its settings; the keys and tokens that they name are read.
    ///
    /// # Errors
    /// What of the settings cannot be used.
    pub fn new(settings: FhirSettings) -> Result<Self, Unusable> {
        let client = Client::new(&settings)?;
        Ok(Self { settings, client })
    }
}

impl std::fmt::Debug for Fhir {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fhir")
            .field("base", &self.settings.base)
            .finish_non_exhaustive()
    }
}

impl Destination for Fhir {
    fn send<'a>(&'a self, parcel: &'a Parcel) -> Sending<'a, Verdict> {
        Box::pin(exchange::send(&self.client, &self.settings, parcel))
    }

    fn send_together<'a>(&'a self, parcels: &'a [&'a Parcel]) -> Sending<'a, Option<Vec<Verdict>>> {
        Box::pin(async move {
            if !self.settings.transactions || self.assigns_ids() {
                return None;
            }
            bundle::send(&self.client, &self.settings, parcels).await
        })
    }

    fn assigns_ids(&self) -> bool {
        self.settings.matching != Matching::Id
    }

    fn patience(&self) -> Duration {
        // One sending may be a token, a try, a look and a second try.
        self.client.timeout().saturating_mul(4)
    }
}
