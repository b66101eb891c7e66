//! The errors of the token endpoint: status, code and description for the client (RFC 6749 §5.2, RFC 8707 §2), and apart from
//! them the reason for the log.

use serde::Serialize;
use thiserror::Error;

use mcp_connector_base::outage::Outage;

use crate::clients::client_authentication::ClientAuthenticationError;
use crate::external_issuer::id_jag::IdJagError;
use crate::grants::codes::redemption::{RedeemError, RedemptionMismatch};
use crate::grants::refresh::request::RefreshError;
use crate::web::form::FormError;

/// Why no tokens are issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TokenError {
    #[error("the request is not form-urlencoded")]
    NotAForm,
    /// The form is malformed, or repeats a parameter.
    #[error(transparent)]
    Form(#[from] FormError),
    /// A required parameter is missing.
    #[error("the parameter {0} is missing")]
    Missing(&'static str),
    /// Client authentication failed.
    #[error(transparent)]
    Client(#[from] ClientAuthenticationError),
    /// The grant type is not supported.
    #[error("this grant type is not supported")]
    UnsupportedGrantType,
    /// A token of a kind that no client may revoke, or that nothing ends (RFC 7009 §2.2.1).
    #[error(transparent)]
    UnsupportedTokenType(#[from] Unrevocable),
    /// The client may not use the grant type.
    #[error("this client may not use this grant type")]
    UnauthorizedClient,
    /// The code is not, or no longer, valid.
    #[error("the authorization code is invalid, expired or was used")]
    Code(CodeError),
    /// The refresh token is not, or no longer, valid.
    #[error("the refresh token is invalid, expired or revoked")]
    RefreshToken(RefreshTokenError),
    /// The assertion of a trusted issuer gives no access.
    #[error("assertion: {0}")]
    Assertion(#[from] IdJagError),
    /// None of the requested scopes was granted, or `scope` is malformed.
    #[error("the requested scope is invalid or was not granted")]
    Scope,
    /// The resource is unknown, or not the granted one.
    #[error("the requested resource is unknown or was not granted")]
    Target,
    /// A limit is reached. The same request works later.
    #[error("{0}, try again in a minute")]
    Limited(#[from] Limited),
    /// The object that stores the grants does not answer.
    #[error("{}", Outage::DESCRIPTION)]
    Outage(#[from] Outage),
}

/// Why a token is not revoked. A 200 would say that it has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unrevocable {
    /// Only its person ends it.
    #[error("an access key is ended by its owner, at the account page")]
    AccessKey,
    /// There is no grant behind it that could end.
    #[error("a token of client_credentials ends only when it expires")]
    ClientCredentials,
}

/// What there is too much of at the moment. It is no fault of the credentials, which the client keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Limited {
    /// As many unexpired assertions of the person or the client as are stored were used.
    #[error("too many assertions")]
    Assertions,
    /// The network of the request has caused too many fetches of client documents and keys, or their host was asked too often.
    #[error("too many fetches of client documents")]
    Fetches,
}

impl Limited {
    /// The seconds after which another attempt makes sense.
    const RETRY_AFTER: u32 = 60;
}

/// Why a code is invalid, for the log. The client gets the same error for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CodeError {
    /// It was not issued here.
    #[error("not_ours")]
    NotIssuedHere,
    /// The verifier is missing or malformed.
    #[error("no_verifier")]
    NoVerifier,
    /// The owner of this server has ended the client for everybody.
    #[error("client_ended")]
    ClientEnded,
    #[error("{0}")]
    Refused(RedeemError),
}

/// Why a refresh token is invalid, for the log. The client gets the same error for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RefreshTokenError {
    /// It was not issued here.
    #[error("not_ours")]
    NotIssuedHere,
    #[error("{0}")]
    Refused(RefreshError),
}

impl TokenError {
    /// The client has to authenticate with its private key, and has not.
    pub(crate) const NO_CLIENT_ASSERTION: Self = Self::Client(ClientAuthenticationError::NoAssertion);

    /// Returns the HTTP status (RFC 6749 §5.2).
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Client(error) => error.status(),
            Self::Limited(_) | Self::Outage(_) => 503,
            Self::NotAForm
            | Self::Form(_)
            | Self::Missing(_)
            | Self::UnsupportedGrantType
            | Self::UnsupportedTokenType(_)
            | Self::UnauthorizedClient
            | Self::Code(_)
            | Self::RefreshToken(_)
            | Self::Assertion(_)
            | Self::Scope
            | Self::Target => 400,
        }
    }

    /// Returns the value of `error` (RFC 6749 §5.2, RFC 8707 §2).
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotAForm | Self::Form(_) | Self::Missing(_) => "invalid_request",
            Self::Client(error) => error.code(),
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedTokenType(_) => "unsupported_token_type",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::Code(_) | Self::RefreshToken(_) | Self::Assertion(_) => "invalid_grant",
            Self::Scope => "invalid_scope",
            Self::Target => "invalid_target",
            Self::Limited(_) | Self::Outage(_) => "temporarily_unavailable",
        }
    }

    /// Returns the value of `error_description`. It never repeats the request.
    #[must_use]
    pub fn description(self) -> String {
        self.to_string()
    }

    /// Returns the value of `WWW-Authenticate`, if the client used the header (RFC 6749 §5.2).
    #[must_use]
    pub fn www_authenticate(self) -> Option<&'static str> {
        let asks = if let Self::Client(error) = self { error.asks_for_basic() } else { false };
        asks.then_some("Basic realm=\"token\"")
    }

    /// Returns the value of `Retry-After`, in seconds.
    #[must_use]
    pub fn retry_after(self) -> Option<u32> {
        if let Self::Outage(outage) = self {
            Some(outage.retry_after())
        } else if let Self::Limited(_) = self {
            Some(Limited::RETRY_AFTER)
        } else {
            None
        }
    }

    /// Returns the text for the log: the code, and the reason that the client does not get.
    #[must_use]
    pub fn reason(self) -> String {
        let code = self.code();
        if let Self::Code(problem) = self {
            format!("{code}: code {problem}")
        } else if let Self::RefreshToken(problem) = self {
            format!("{code}: refresh_token {problem}")
        } else if let Self::Assertion(_) | Self::Client(ClientAuthenticationError::Assertion(_)) = self {
            format!("{code}: {self}")
        } else if let Self::Outage(outage) = self {
            format!("{code}: {outage}")
        } else if let Self::Limited(limited) = self {
            format!("{code}: {limited}")
        } else {
            code.to_owned()
        }
    }
}

impl From<RedeemError> for TokenError {
    fn from(refusal: RedeemError) -> Self {
        if refusal == RedeemError::ParameterMismatch(RedemptionMismatch::Resource) {
            return Self::Target;
        }
        if refusal == RedeemError::ParameterMismatch(RedemptionMismatch::ClientProof) {
            return Self::NO_CLIENT_ASSERTION;
        }
        Self::Code(CodeError::Refused(refusal))
    }
}

impl From<RefreshError> for TokenError {
    fn from(refusal: RefreshError) -> Self {
        match refusal {
            RefreshError::Scope => Self::Scope,
            RefreshError::OtherResource => Self::Target,
            RefreshError::ClientProof => Self::NO_CLIENT_ASSERTION,
            RefreshError::Unknown
            | RefreshError::Expired
            | RefreshError::Ended
            | RefreshError::OtherClient
            | RefreshError::OtherIssuer
            | RefreshError::Replayed
            | RefreshError::CredentialsChanged
            | RefreshError::Outdated => Self::RefreshToken(RefreshTokenError::Refused(refusal)),
        }
    }
}

/// An error response (RFC 6749 §5.2).
#[derive(Serialize)]
pub struct TokenErrorResponse {
    error: &'static str,
    error_description: String,
}

impl From<TokenError> for TokenErrorResponse {
    fn from(error: TokenError) -> Self {
        Self { error: error.code(), error_description: error.description() }
    }
}
