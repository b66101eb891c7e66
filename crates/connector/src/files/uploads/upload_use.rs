//! The one use of an upload link. An object of the person holds it, so it is one use in all instances together.

use worker::Env;

use mcp_connector_protocol::Unavailable;

use crate::config::bindings::Binding;
use crate::files::links::file_key::folder;
use crate::files::links::link::UploadLink;
use crate::files::uploads::upload_error::UploadError;
use crate::objects::store::commands::{GiveBackUpload, TakeUpload, UploadTaken};
use crate::objects::store::last_writes::WriteId;
use crate::objects::stub::ObjectStub;

/// How long the use of a link is remembered after the link has expired, in seconds. An upload whose link was looked at before may ask
/// for the use long after.
const REMEMBERED: u64 = 3600;

/// The use of a link that this upload has taken.
pub(crate) struct UploadUse {
    env: Env,
    object: String,
    id: String,
    attempt: WriteId,
}

impl UploadUse {
    /// Takes the use of a link. It is spent unless it is given back.
    pub(crate) async fn take(env: &Env, link: &UploadLink, id: &str) -> Result<Self, UploadError> {
        // The slashes in front keep it apart from every collection.
        let object = format!("//uploads/{}", folder(link.holder.subject.as_ref()));
        let taken = Self { env: env.clone(), object, id: id.to_owned(), attempt: WriteId::new()? };
        let command = TakeUpload {
            id: taken.id.clone(),
            attempt: taken.attempt,
            forget_at: link.expires.saturating_add(REMEMBERED),
        };
        match taken.stub().ask_again(&command).await? {
            UploadTaken::Yes => Ok(taken),
            UploadTaken::Used => Err(UploadError::Used),
            UploadTaken::TooOften => Err(UploadError::TooOften),
        }
    }

    /// Gives the use back after an upload that has left nothing behind.
    pub(crate) async fn give_back(self) {
        let command = GiveBackUpload { id: self.id.clone(), attempt: self.attempt };
        if let Err(Unavailable) = self.stub().ask_again(&command).await {
            worker::console_error!("files: the use of an upload link could not be given back");
        }
    }

    fn stub(&self) -> ObjectStub<'_> {
        ObjectStub::new(&self.env, Binding::SubjectStore, self.object.as_str())
    }
}
