//! Why an authorization request is refused: on a page, or by a redirect to the client (RFC 6749 §4.1.2.1).

use thiserror::Error;

use crate::authorize::prompt::InvalidPrompt;
use crate::authorize::provider_error::ProviderError;
use crate::clients::client::RedirectMismatch;
use crate::web::form::FormError;
use crate::web::redirect_uri::InvalidRedirectUri;

/// Why a request is answered with a page, with status 400 and without a redirect. The text is for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PageError {
    /// The query is malformed, or `client_id` or `redirect_uri` is repeated.
    #[error("The link that brought you here is broken: {0}.")]
    Query(#[from] FormError),
    /// There is no `client_id`, or an invalid one.
    #[error("The link that brought you here does not say which app it belongs to.")]
    NoClient,
    /// There is no such client. The app should register again.
    #[error("The app that sent you here is not known to this server.")]
    UnknownClient,
    /// The redirect URI is not acceptable.
    #[error("The app that sent you here wants the answer sent to an address that is not allowed: {0}.")]
    RedirectUri(#[from] InvalidRedirectUri),
    /// The owner of this server allows some clients only, and not this one.
    #[error("The owner of this server does not allow the app that sent you here.")]
    ClientNotAllowed,
    /// The redirect URI is not one of the client.
    #[error("{0}.")]
    RedirectUriMismatch(#[from] RedirectMismatch),
}

impl PageError {
    /// Returns the one thing that the person can do. Connecting again as before would lead to the same page.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::UnknownClient => "Remove this connector in the app, then add it again.",
            Self::RedirectUriMismatch(RedirectMismatch::NotRegistered) => {
                "Remove this connector in the app, then add it again. If that does not help, update the app or tell its maker."
            }
            Self::RedirectUri(InvalidRedirectUri::Scheme) => {
                "Ask the owner of this connector to allow the app, or update the app."
            }
            Self::RedirectUri(InvalidRedirectUri::NotAllowed) | Self::ClientNotAllowed => {
                "Use an app that is allowed, or ask the owner. Nothing was done."
            }
            Self::Query(_)
            | Self::NoClient
            | Self::RedirectUri(
                InvalidRedirectUri::TooLong
                | InvalidRedirectUri::Fragment
                | InvalidRedirectUri::Answer
                | InvalidRedirectUri::PlainHttp
                | InvalidRedirectUri::Url(_),
            )
            | Self::RedirectUriMismatch(RedirectMismatch::Missing) => "Update the app, or tell its maker.",
        }
    }
}

/// The error of an authorization response (RFC 6749 §4.1.2.1, RFC 8707 §2, OpenID Connect Core §3.1.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AuthorizationError {
    #[error(transparent)]
    Form(#[from] FormError),
    /// `response_type` is missing.
    #[error("response_type is missing")]
    NoResponseType,
    /// The flow is not the authorization code flow.
    #[error("only response_type code is supported")]
    ResponseType,
    /// The response mode is not `query`.
    #[error("only response_mode query is supported")]
    ResponseMode,
    /// `state` is too long, or has control characters.
    #[error("state must be at most 8192 bytes without control characters")]
    State,
    #[error("code_challenge is missing: PKCE is required")]
    NoCodeChallenge,
    /// The method is `plain`, or missing, which means `plain`.
    #[error("code_challenge_method must be S256")]
    CodeChallengeMethod,
    /// The challenge is not a SHA-256 digest.
    #[error("code_challenge must be 43 characters of base64url")]
    CodeChallenge,
    /// `scope` is malformed.
    #[error("scope is malformed")]
    Scope,
    /// The resource is none of this server.
    #[error("resource must name one resource of this server")]
    Target,
    /// `prompt` is contradictory, or does not allow a page.
    #[error(transparent)]
    Prompt(#[from] InvalidPrompt),
    #[error("access was denied")]
    Denied,
    /// The owner of this server has ended the client for everybody.
    #[error("the owner of this server has ended the access of this application")]
    ClientEnded,
    /// The roles of the person allow none of the scopes.
    #[error("the role of the person on this server allows none of this")]
    NotAllowed,
    /// The person has no group that the endpoint needs.
    #[error("the person has none of the groups that this endpoint requires")]
    NoGroup,
    /// The identity provider answered with an error.
    #[error("the identity provider answered with {}", .0.code())]
    Provider(ProviderError),
}

impl AuthorizationError {
    /// Returns the value of the parameter `error`.
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
            Self::Denied | Self::ClientEnded | Self::NotAllowed | Self::NoGroup => "access_denied",
            Self::Provider(error) => error.code(),
        }
    }
}
