//! Where somebody reads the queue and decides.

use std::fmt;

use identity::{Decision, MergeRefused, NhsNumber, Record, Ruling, check_merge};
use store::{Case, Decided, DecisionRow, NewDecision, Sight, Store, Tenant, Traced};

use crate::claim_of;

/// Who decides, and why. Both are written down with the decision.
#[derive(Debug, Clone, Copy)]
pub struct Sign<'a> {
    /// A client's or a person's id.
    pub by: &'a str,
    /// The reason: what was found out, and from whom.
    pub why: &'a str,
}

/// Why nothing was decided.
#[derive(Debug)]
pub enum NotDecided {
    /// There is no such case or decision, or it is none of the reader's.
    NotFound,
    /// The case is about another organisation's record too.
    OneSided,
    /// Nobody is named, or no reason is given.
    Unsigned,
    /// The two numbers are one.
    SameNumber,
    /// The merge is not one that this authority may make.
    Merge(MergeRefused),
    /// The store failed.
    Store(store::Error),
}

impl fmt::Display for NotDecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("there is no such case, record or decision of yours"),
            Self::OneSided => f.write_str(
                "this case is also about a record of another organisation: correct your own record where it is wrong, and let whoever runs Causeway decide when it is not",
            ),
            Self::Unsigned => {
                f.write_str("a decision is written with who decided and why: give both")
            }
            Self::SameNumber => f.write_str("a number cannot be replaced by itself"),
            Self::Merge(refused) => refused.fmt(f),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for NotDecided {}

impl From<store::Error> for NotDecided {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

/// The queue, as far as a sight reaches.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    store: &'a dyn Store,
    sight: &'a Sight,
}

impl<'a> Desk<'a> {
    /// The queue of the tenants that are the sight's own.
    pub fn new(store: &'a dyn Store, sight: &'a Sight) -> Self {
        Self { store, sight }
    }

    /// Cases, the oldest first, from a number on.
    ///
    /// # Errors
    /// What the store says.
    pub async fn cases(
        &self,
        all: bool,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Case>, store::Error> {
        self.store.cases(self.sight, all, after, limit).await
    }

    /// One case.
    ///
    /// # Errors
    /// [`NotDecided::NotFound`], or what the store says.
    pub async fn case(&self, number: u64) -> Result<Case, NotDecided> {
        let case = self.store.case(self.sight, number).await?;
        case.ok_or(NotDecided::NotFound)
    }

    /// Decisions, the latest first.
    ///
    /// # Errors
    /// What the store says.
    pub async fn decisions(&self, limit: usize) -> Result<Vec<DecisionRow>, store::Error> {
        self.store.decisions(self.sight, limit).await
    }

    /// People of a tenant whose numbers PDS did not confirm.
    ///
    /// # Errors
    /// What the store says.
    pub async fn trace_problems(
        &self,
        tenant: &Tenant,
        limit: usize,
    ) -> Result<Vec<Traced>, store::Error> {
        self.store.trace_problems(self.sight, tenant, limit).await
    }

    /// Decides a case: its two records are one person's, or they are not.
    ///
    /// # Errors
    /// [`NotDecided`]; nothing was written then.
    pub async fn rule(
        &self,
        number: u64,
        ruling: Ruling,
        sign: Sign<'_>,
    ) -> Result<u64, NotDecided> {
        let case = self.case(number).await?;
        let [one, other] = case.sides.as_slice() else {
            return Err(NotDecided::OneSided);
        };
        let decision = Decision::Rule {
            one: one.record(),
            other: other.record(),
            ruling,
        };
        self.write(decision, None, sign).await
    }

    /// Says that an NHS number was replaced by another, in a tenant's own records.
    ///
    /// # Errors
    /// [`NotDecided`]; nothing was written then.
    pub async fn supersede(
        &self,
        tenant: &Tenant,
        old: NhsNumber,
        new: NhsNumber,
        sign: Sign<'_>,
    ) -> Result<u64, NotDecided> {
        if old == new {
            return Err(NotDecided::SameNumber);
        }
        let decision = Decision::Supersede {
            tenant: Some(tenant.as_str().to_owned()),
            old,
            new,
        };
        self.write(decision, None, sign).await
    }

    /// Merges one registration of a tenant into another, as the authority that gave out the
    /// identifiers of both has done.
    ///
    /// # Errors
    /// [`NotDecided`]; nothing was written then.
    pub async fn merge(
        &self,
        tenant: &Tenant,
        authority: &str,
        (from, into): (&str, &str),
        sign: Sign<'_>,
    ) -> Result<u64, NotDecided> {
        let record = |patient: &str| Record::new(tenant.as_str(), patient);
        let patient = async |id: &str| {
            let found = claim_of(self.store, self.sight, tenant, id).await?;
            found
                .map(|(_, patient)| patient)
                .ok_or(NotDecided::NotFound)
        };
        let (gone, stays) = (patient(from).await?, patient(into).await?);
        let (from, into) = (record(from), record(into));
        check_merge(authority, (&from, &gone), (&into, &stays)).map_err(NotDecided::Merge)?;
        let decision = Decision::Merge { from, into };
        self.write(decision, Some(authority.to_owned()), sign).await
    }

    /// Undoes an earlier decision: a link, a keeping apart, a replaced number, a merge, or another
    /// undoing. What held before it holds again.
    ///
    /// # Errors
    /// [`NotDecided`]; nothing was written then.
    pub async fn undo(&self, decision: u64, sign: Sign<'_>) -> Result<u64, NotDecided> {
        self.write(Decision::Undo { decision }, None, sign).await
    }

    async fn write(
        &self,
        decision: Decision,
        authority: Option<String>,
        sign: Sign<'_>,
    ) -> Result<u64, NotDecided> {
        let (by, why) = (sign.by.trim(), sign.why.trim());
        if by.is_empty() || why.is_empty() {
            return Err(NotDecided::Unsigned);
        }
        let given = NewDecision {
            by: by.to_owned(),
            note: Some(why.to_owned()),
            decision,
            authority,
        };
        match self.store.decide(self.sight, &given).await? {
            Decided::Written(number) => Ok(number),
            Decided::NotYours => Err(NotDecided::NotFound),
            Decided::Beyond => Err(NotDecided::Merge(MergeRefused::OtherTenant)),
        }
    }
}
