//! Who may use a link: nobody without its seal, nobody after its time, and nobody after the sign-in under which it was made has ended.

use std::rc::Rc;

use thiserror::Error;
use worker::Env;

use mcp_connector_oauth::crypto::seal::SealError;
use mcp_connector_protocol::Unavailable;

use crate::app::state::App;
use crate::files::bucket::{Bucket, not_bound};
use crate::files::links::file_key::FileKey;
use crate::files::links::link;
use crate::files::links::link::Link;
use crate::http::incoming::Incoming;
use crate::http::limit::Limit;
use crate::oauth::access::grant_checks::{Asked, Validity, ask};

/// A link that may be used, with the file that it is about.
pub(crate) struct Opened<T> {
    pub(crate) link: T,
    pub(crate) key: FileKey,
    /// The name of the object in the bucket.
    pub(crate) object: String,
    pub(crate) bucket: Bucket,
}

/// Why a link cannot be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum LinkError {
    /// It was not made here, or was changed.
    #[error("This link is incomplete, or it does not belong to this server. Copy all of it, or ask for a new one.")]
    Unknown,
    #[error("This link has expired. Ask for a new one.")]
    Expired,
    /// The grant is over.
    #[error("This link has ended with the sign-in under which it was made. Sign in again and ask for a new one.")]
    SignedOut,
    #[error("Too many requests for files; try again in a minute.")]
    TooMany,
    #[error("{0}")]
    NotBound(String),
    #[error("Storage does not answer; try again in a moment.")]
    Unavailable,
}

impl LinkError {
    /// Returns the HTTP status that says so.
    pub(crate) const fn status(&self) -> u16 {
        match self {
            Self::Unknown => 404,
            Self::Expired | Self::SignedOut => 410,
            Self::TooMany => 429,
            Self::NotBound(_) | Self::Unavailable => 503,
        }
    }
}

impl From<Unavailable> for LinkError {
    fn from(Unavailable: Unavailable) -> Self {
        Self::Unavailable
    }
}

/// Opens the link in the path of a request. The seal is checked first: an invented link reaches no storage.
pub(crate) async fn open<T: Link>(app: &Rc<App>, env: &Env, incoming: &Incoming) -> Result<Opened<T>, LinkError> {
    let secrets = app.secrets(env).await?;
    let link: T = match link::open(incoming.path(), &secrets) {
        Ok(link) => link,
        Err(error) => {
            if is_over_limit(app, env, incoming.network().as_str()).await {
                return Err(LinkError::TooMany);
            }
            return Err(if error == SealError::Expired { LinkError::Expired } else { LinkError::Unknown });
        }
    };
    let key = link.key().ok_or(LinkError::Unknown)?;
    let holder = link.holder();
    let counted = holder.subject.as_ref().map_or(incoming.network().as_str().to_owned(), |who| format!("files {who}"));
    if is_over_limit(app, env, &counted).await {
        return Err(LinkError::TooMany);
    }
    let binding = app.endpoint.registry.files().ok_or(LinkError::Unknown)?;
    let bucket = Bucket::bound(env, binding).ok_or_else(|| LinkError::NotBound(not_bound(binding)))?;
    if let (Some(subject), Some(grant)) = (&holder.subject, holder.grant) {
        let source = app.grant_source(env).await?;
        let asked = Asked { env: env.clone(), subject: subject.clone(), grant, source };
        if ask(&asked).await? == Validity::Ended {
            return Err(LinkError::SignedOut);
        }
    }
    let object = key.object(holder.subject.as_ref());
    Ok(Opened { link, key, object, bucket })
}

async fn is_over_limit(app: &App, env: &Env, key: &str) -> bool {
    app.limits_calls && Limit::CALLS.is_over_beyond_usual(env, key).await
}
