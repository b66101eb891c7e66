//! Why an authorization request is refused: on a page, or at the client's own address (RFC 6749 §4.1.2.1).

use thiserror::Error;

use crate::authorize::prompt::InvalidPrompt;
use crate::authorize::provider_error::ProviderError;
use crate::clients::client::RedirectMismatch;
use crate::web::form::FormError;
use crate::web::redirect_uri::InvalidRedirectUri;

/// Why a request is answered with a page, status 400, and no redirect. The text is for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PageError {
    /// The query cannot be read, or one of the first two parameters is repeated.
    #[error("The link that brought you here is broken: {0}.")]
    Query(#[from] FormError),
    /// No `client_id`, or one that cannot be one.
    #[error("The link that brought you here does not say which application it belongs to.")]
    NoClient,
    /// No such client. The application should register again.
    #[error(
        "The application that sent you here is not known to this server. Remove the connection there and add it again."
    )]
    UnknownClient,
    /// The redirect URI is not acceptable.
    #[error("The application that sent you here wants the answer sent to an address that is not allowed: {0}.")]
    RedirectUri(#[from] InvalidRedirectUri),
    /// The redirect URI is not the client's.
    #[error("The request cannot be trusted: {0}.")]
    Mismatch(#[from] RedirectMismatch),
}

/// Why a request is refused at the client's own address (RFC 6749 §4.1.2.1, RFC 8707 §2, OpenID Connect Core §3.1.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AuthorizationError {
    #[error(transparent)]
    Form(#[from] FormError),
    /// `response_type` is missing.
    #[error("response_type is missing")]
    NoResponseType,
    /// A flow other than the authorization code flow.
    #[error("only response_type code is supported")]
    ResponseType,
    /// A response mode other than `query`.
    #[error("only response_mode query is supported")]
    ResponseMode,
    /// `state` is too long, or has control characters.
    #[error("state must be at most 8192 bytes without control characters")]
    State,
    #[error("code_challenge is missing: PKCE is required")]
    NoCodeChallenge,
    /// `plain`, or no method, which means `plain`.
    #[error("code_challenge_method must be S256")]
    CodeChallengeMethod,
    /// Not a SHA-256 digest.
    #[error("code_challenge must be 43 characters of base64url")]
    CodeChallenge,
    /// `scope` cannot be read.
    #[error("scope is malformed")]
    Scope,
    /// The resource is not one of this server.
    #[error("resource must name one resource of this server")]
    Target,
    /// `prompt` contradicts itself, or asks for an answer without a page.
    #[error(transparent)]
    Prompt(#[from] InvalidPrompt),
    #[error("access was denied")]
    Denied,
    /// The owner of this server has ended the client for everybody.
    #[error("the owner of this server has ended the access of this application")]
    ClientEnded,
    /// The identity provider that was asked who the person is answered with an error.
    #[error("the identity provider answered with {}", .0.code())]
    Provider(ProviderError),
}

impl AuthorizationError {
    /// Returns the code for `error`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Form(_)
            | Self::NoResponseType
            | Self::ResponseMode
            | Self::State
            | Self::NoCodeChallenge
            | Self::CodeChallengeMethod
            | Self::CodeChallenge => "invalid_request",
            Self::ResponseType => "unsupported_response_type",
            Self::Scope => "invalid_scope",
            Self::Target => "invalid_target",
            Self::Prompt(error) => error.code(),
            Self::Denied | Self::ClientEnded => "access_denied",
            Self::Provider(error) => error.code(),
        }
    }
}
