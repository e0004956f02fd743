//! The one interface to what is kept.

use std::future::Future;
use std::pin::Pin;

use crate::{
    Archive, Batch, Committed, Current, DeedRow, Directory, Error, IdentityReview, Intake, Jobs,
    MappingRegistry, Outbox, Page, PendingRow, PersonMatch, PersonRow, QuarantineQuery,
    QuarantinedRow, Query, Scan, Sight, Stored, Submission, SubmissionQuery, Tenant, TouchedPart,
    Traces,
};

/// An answer that is waited for.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// Where resources, versions, index rows, submissions, the quarantine and mappings are kept.
///
/// Each read takes the [`Sight`] that bounds it. What lies outside is left out or not found; that
/// is never an error, so that nothing can be learnt from the difference.
pub trait Store:
    MappingRegistry
    + Archive
    + Intake
    + Jobs
    + Outbox
    + IdentityReview
    + Traces
    + Directory
    + Send
    + Sync
{
    /// Applies a batch whole, or not at all; it is on disk when this returns.
    ///
    /// # Errors
    /// [`Error::Unusable`] when a write has no type or usable id, or is written as retired; [`Error::Full`], [`Error::Closed`] or [`Error::Database`] when it could
    /// not be stored. In each case nothing of the batch was.
    fn commit(&self, batch: Batch) -> Answer<'_, Committed>;

    /// The current version of a resource.
    fn read<'a>(
        &'a self,
        sight: &'a Sight,
        rtype: &'a str,
        id: &'a str,
    ) -> Answer<'a, Option<Stored>>;

    /// One version of a resource. It is seen when both it and the current version are in sight.
    fn vread<'a>(
        &'a self,
        sight: &'a Sight,
        rtype: &'a str,
        id: &'a str,
        version: u64,
    ) -> Answer<'a, Option<Stored>>;

    /// The versions of a resource, newest first, under the rule of `vread`; empty when it is not
    /// found.
    fn history<'a>(
        &'a self,
        sight: &'a Sight,
        rtype: &'a str,
        id: &'a str,
    ) -> Answer<'a, Vec<Stored>>;

    /// A page of what matches.
    fn search<'a>(&'a self, sight: &'a Sight, query: &'a Query) -> Answer<'a, Page>;

    /// Everything that is about a person: the Patient and its compartment, in the order in which
    /// it was first stored.
    fn everything_about<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        patient: &'a str,
    ) -> Answer<'a, Vec<Stored>>;

    /// The persons who carry an NHS number (ten digits), over all tenants in sight.
    fn people_by_nhs_number<'a>(
        &'a self,
        sight: &'a Sight,
        nhs_number: &'a str,
    ) -> Answer<'a, Vec<PersonRow>>;

    /// The persons of one source of one tenant who match (CS-1).
    fn people_of_source<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        source: &'a str,
        matching: &'a PersonMatch,
    ) -> Answer<'a, Vec<PersonRow>>;

    /// What identifies one stored person.
    fn person<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        patient: &'a str,
    ) -> Answer<'a, Option<PersonRow>>;

    /// What a source has said that is stored now, deleted resources left out.
    fn current_of_source<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        source: &'a str,
    ) -> Answer<'a, Vec<Current>>;

    /// Everything that is current in a tenant, part by part: at most `limit` resources from a place
    /// on, deleted ones left out. The first part begins at 0, each further one where the part before
    /// says. A resource that is stored meanwhile comes in a later part, or was met in its older
    /// version.
    fn scan<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        from: u64,
        limit: usize,
    ) -> Answer<'a, Scan>;

    /// What is held back and not settled of a person, found by Patient id or by the NHS number
    /// that the stored person carries.
    fn quarantine_for<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        patient: &'a str,
    ) -> Answer<'a, Vec<QuarantinedRow>>;

    /// What is held back and not settled under an NHS number, of every tenant in sight whose people
    /// are all seen: finds those of whom nothing but the quarantine knows.
    fn quarantine_by_nhs_number<'a>(
        &'a self,
        sight: &'a Sight,
        nhs_number: &'a str,
    ) -> Answer<'a, Vec<QuarantinedRow>>;

    /// What a submission had held back. Only the tenant itself sees it.
    fn quarantine_of<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        submission: &'a str,
    ) -> Answer<'a, Vec<QuarantinedRow>> {
        let query = QuarantineQuery {
            submission: Some(submission.to_owned()),
            ..QuarantineQuery::default()
        };
        Box::pin(async move { self.quarantine(sight, tenant, &query).await })
    }

    /// A submission by id. Only the tenant itself sees it whole; to another organisation in sight
    /// the file's name, the counts and the report are empty.
    fn submission<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        id: &'a str,
    ) -> Answer<'a, Option<Submission>>;

    /// The submissions of a tenant, the latest received first, of one source or of all. Only the
    /// tenant itself sees them.
    fn submissions<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        source: Option<&'a str>,
    ) -> Answer<'a, Vec<Submission>> {
        let query = SubmissionQuery {
            source: source.map(str::to_owned),
            ..SubmissionQuery::default()
        };
        Box::pin(async move { self.find_submissions(sight, tenant, &query).await })
    }

    /// The submissions of a tenant that are asked for, the latest received first. Only the tenant
    /// itself sees them.
    fn find_submissions<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        query: &'a SubmissionQuery,
    ) -> Answer<'a, Vec<Submission>>;

    /// The rows of a tenant's quarantine that are asked for. Only the tenant itself sees them.
    fn quarantine<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        query: &'a QuarantineQuery,
    ) -> Answer<'a, Vec<QuarantinedRow>>;

    /// What waits for a person, of one submission or of all. Only the tenant itself sees it.
    fn pending<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        submission: Option<&'a str>,
    ) -> Answer<'a, Vec<PendingRow>>;

    /// What submissions of a source have left behind, part by part: at most `limit` resources from a
    /// place on, the first part from 0. Only the tenant itself sees it.
    fn touched<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        source: &'a str,
        submissions: &'a [String],
        from: u64,
        limit: usize,
    ) -> Answer<'a, TouchedPart>;

    /// What people decided about a tenant's records, in order, of one submission or of all. Only the
    /// tenant itself sees it.
    fn deeds<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        submission: Option<&'a str>,
    ) -> Answer<'a, Vec<DeedRow>>;

    /// A hash over everything that is stored of a tenant, the same for the same versions of the same
    /// resources on whichever engine, in whichever order they were stored: for comparing a store that
    /// was restored, or moved, with what it should be. For whoever runs Causeway, never for a caller.
    fn fingerprint<'a>(&'a self, tenant: &'a Tenant) -> Answer<'a, String>;

    /// Whether the store answers: for `_status`.
    fn ready(&self) -> Answer<'_, ()>;
}
