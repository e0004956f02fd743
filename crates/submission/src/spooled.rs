//! A file taken out of the archive for as long as it is read.

use archive::{ReadError, Reader};
use diagnostics::{Issue, IssueType};
use store::Submission;
use tempfile::NamedTempFile;

use crate::job_run::Trouble;
use crate::{Pipeline, codes};

/// A file in a temporary place that only this process's user can read; it is gone when this is
/// dropped.
pub(crate) struct Spooled(NamedTempFile);

impl Spooled {
    /// The file under the name that its sender gave it.
    pub(crate) fn input(&self, name: &str) -> source::Input {
        source::Input::path(self.0.path()).named(name)
    }
}

/// Takes a submission's file out of the archive: whole, and the one that was sent.
pub(crate) async fn spooled(
    pipeline: &Pipeline,
    submission: &Submission,
) -> Result<Spooled, Trouble> {
    let sight = access::Access::pipeline(&submission.tenant);
    let copied = async {
        let reader = Reader::open(
            pipeline.store.clone(),
            &sight,
            &submission.tenant,
            &submission.file_hash,
            &pipeline.keys,
        )
        .await?;
        let mut file = NamedTempFile::new().map_err(ReadError::Output)?;
        reader.copy_to(file.as_file_mut()).await?;
        Ok(Spooled(file))
    };
    copied.await.map_err(|error: ReadError| match error {
        ReadError::Store(error) => error.into(),
        // Somebody who runs Causeway mends these, and the file goes on by itself.
        ReadError::Output(_)
        | ReadError::KeyMissing { .. }
        | ReadError::WrongKey { .. }
        | ReadError::Interrupted => Trouble::Outage(error.to_string()),
        ReadError::NotKept | ReadError::Erased | ReadError::Damaged { .. } => {
            Trouble::Hopeless(Box::new(
                Issue::error(codes::ARCHIVE, IssueType::Processing, error.to_string())
                    .help("send the file again; whoever runs Causeway has to look at the archive"),
            ))
        }
    })
}
