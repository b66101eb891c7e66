//! The authorization request (RFC 6749 §4.1.1, OAuth 2.1 §4.1.1).
//!
//! A request is checked in two stages, and each stage is a type:
//!
//! * [`AuthorizationQuery`] is checked for its client and redirect URI. An error here is shown on a page and never leads to a
//!   redirect, because the address is not trusted yet (RFC 6749 §4.1.2.1).
//! * [`TrustedRedirect`] has a redirect URI of the client. An error from here on is sent to that URI, with `state` and `iss` (RFC
//!   9207).
//!
//! The result, an [`AuthorizationRequest`], is complete and can be sealed into a form. Nothing is stored: a request may be
//! repeated and changes nothing.

use serde::{Deserialize, Serialize};

use mcp_connector_base::identifier::ClientId;
use mcp_connector_base::random::Random;
use mcp_connector_base::scope::ScopeSet;

use crate::authorize::authorization_request::error::{AuthorizationError, PageError};
use crate::authorize::authorization_request::state::State;
use crate::authorize::authorization_response::{AuthorizationErrorResponse, ResponseTarget};
use crate::authorize::pkce::CodeChallenge;
use crate::authorize::prompt::{LoginOptions, check_prompt_none};
use crate::clients::client::{Client, ClientKind, ClientName};
use crate::clients::client_keys::ClientProof;
use crate::resource::audiences::Audiences;
use crate::resource::protected_resource::Resource;
use crate::web::form::Parameters;
use crate::web::redirect_uri::{RedirectPolicy, RedirectUri};

pub mod error;

pub mod state;

/// A number that distinguishes the pages that show requests. It is sealed in the page, and not secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestNumber([u8; 16]);

impl RequestNumber {
    fn new(random: &impl Random) -> Self {
        let mut bytes = [0; 16];
        random.fill(&mut bytes);
        Self(bytes)
    }

    /// Creates a number from its bytes.
    #[cfg(test)]
    pub(crate) const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

/// A decoded request, of which nothing is trusted.
#[derive(Clone, Debug)]
pub struct AuthorizationQuery {
    parameters: Parameters,
    client_id: ClientId,
}

impl AuthorizationQuery {
    /// Decodes the query of a request, without its question mark.
    ///
    /// # Errors
    ///
    /// Returns [`PageError::Query`] if the query is malformed or repeats `client_id`, and [`PageError::NoClient`] if
    /// `client_id` is missing or is not an identifier.
    pub fn parse(query: &str) -> Result<Self, PageError> {
        let parameters = Parameters::parse(query.as_bytes())?;
        let client_id = parameters.get("client_id")?.ok_or(PageError::NoClient)?;
        let client_id = ClientId::new(client_id).map_err(|_| PageError::NoClient)?;
        Ok(Self { parameters, client_id })
    }

    /// Returns the client to look up. If there is none, the error is [`PageError::UnknownClient`].
    #[must_use]
    pub const fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// Checks that the redirect URI is one of `client`.
    ///
    /// # Errors
    ///
    /// Returns [`PageError::UnknownClient`] if `client` is not the one of the request, [`PageError::ClientNotAllowed`]
    /// if `policy` does not allow it, and [`PageError::Query`], [`PageError::RedirectUri`] or
    /// [`PageError::RedirectUriMismatch`] if `redirect_uri` is repeated, is not acceptable, or is not one of the
    /// client.
    pub fn for_client(self, client: &Client, policy: &RedirectPolicy) -> Result<TrustedRedirect, PageError> {
        if client.id != self.client_id {
            return Err(PageError::UnknownClient);
        }
        let requested = self.parameters.get("redirect_uri")?;
        let requested = requested.map(|raw| RedirectUri::parse(raw, policy)).transpose()?;
        let redirect_uri = client.redirect_uri(requested.as_ref())?;
        // It may be the only one of a client that is not allowed, and not be in the request.
        if !policy.clients().admits(&client.id, redirect_uri.as_str()) {
            return Err(PageError::ClientNotAllowed);
        }
        Ok(TrustedRedirect {
            redirect_uri,
            client_name: client.name.clone(),
            client_kind: client.kind,
            client_proof: client.proof(),
            query: self,
        })
    }
}

/// A request with a known client and a redirect URI of that client. Nothing else of it is checked.
#[derive(Clone, Debug)]
pub struct TrustedRedirect {
    query: AuthorizationQuery,
    redirect_uri: RedirectUri,
    client_name: Option<ClientName>,
    client_kind: ClientKind,
    client_proof: ClientProof,
}

impl TrustedRedirect {
    /// Checks all other parameters.
    ///
    /// # Errors
    ///
    /// Returns the response with the [`AuthorizationError`] of the first check that failed. It is sent to the redirect
    /// URI.
    pub fn check(
        self,
        audiences: Audiences<'_>,
        random: &impl Random,
    ) -> Result<AuthorizationRequest, AuthorizationErrorResponse> {
        // The state comes first, because every error carries it.
        let (state, is_good) = State::of(&self.query.parameters);
        let response_target = ResponseTarget::new(self.redirect_uri, state);
        match is_good.and_then(|()| CheckedParameters::check(&self.query.parameters, audiences)) {
            Err(error) => Err(AuthorizationErrorResponse::new(response_target, error)),
            Ok(CheckedParameters { code_challenge, scopes, resource, login }) => Ok(AuthorizationRequest {
                number: RequestNumber::new(random),
                client_id: self.query.client_id,
                client_kind: self.client_kind,
                client_name: self.client_name,
                response_target,
                code_challenge,
                scopes,
                resource,
                login,
                client_proof: self.client_proof,
            }),
        }
    }
}

/// The parameters other than `client_id`, `redirect_uri` and `state`, checked.
struct CheckedParameters {
    code_challenge: CodeChallenge,
    scopes: ScopeSet,
    resource: Resource,
    login: LoginOptions,
}

impl CheckedParameters {
    fn check(parameters: &Parameters, audiences: Audiences<'_>) -> Result<Self, AuthorizationError> {
        use AuthorizationError as E;
        match parameters.get("response_type")? {
            Some("code") => {}
            Some(_) => return Err(E::ResponseType),
            None => return Err(E::NoResponseType),
        }
        if parameters.get("response_mode")?.is_some_and(|mode| mode != "query") {
            return Err(E::ResponseMode);
        }
        let code_challenge = parameters.get("code_challenge")?.ok_or(E::NoCodeChallenge)?;
        // A missing method means `plain` (RFC 7636 §4.3).
        if parameters.get("code_challenge_method")? != Some("S256") {
            return Err(E::CodeChallengeMethod);
        }
        let code_challenge = CodeChallenge::parse(code_challenge).map_err(|_| E::CodeChallenge)?;
        let requested = audiences.requested(parameters);
        let catalogue = requested.as_ref().map_or(audiences.own_scopes(), |(_, scopes)| scopes);
        let scopes = catalogue.requested(parameters.get("scope")?).map_err(|_| E::Scope)?;
        let (resource, _) = requested.map_err(|_| E::Target)?;
        let details = Self { code_challenge, scopes, resource, login: LoginOptions::read(parameters)? };
        // This check is last, because `consent_required` is the answer only to a request that is otherwise valid.
        check_prompt_none(parameters)??;
        Ok(details)
    }
}

/// A valid authorization request. Only the checks create one.
///
/// It can be sealed, and has everything that consent, login and the code need, so nothing is looked up again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    number: RequestNumber,
    client_id: ClientId,
    client_kind: ClientKind,
    client_name: Option<ClientName>,
    response_target: ResponseTarget,
    code_challenge: CodeChallenge,
    scopes: ScopeSet,
    resource: Resource,
    login: LoginOptions,
    client_proof: ClientProof,
}

impl AuthorizationRequest {
    /// Returns the number of the page that shows the request. All forms of one page lead to the same code.
    #[must_use]
    pub const fn number(&self) -> RequestNumber {
        self.number
    }

    /// Returns how the client wants the person to be authenticated.
    #[must_use]
    pub const fn login(&self) -> &LoginOptions {
        &self.login
    }

    #[must_use]
    pub const fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    #[must_use]
    pub const fn client_kind(&self) -> ClientKind {
        self.client_kind
    }

    /// Returns what the client has to prove itself with at the token endpoint.
    #[must_use]
    pub const fn client_proof(&self) -> ClientProof {
        self.client_proof
    }

    /// Returns the name that the client gave itself.
    #[must_use]
    pub const fn client_name(&self) -> Option<&ClientName> {
        self.client_name.as_ref()
    }

    #[must_use]
    pub const fn response_target(&self) -> &ResponseTarget {
        &self.response_target
    }

    #[must_use]
    pub const fn redirect_uri(&self) -> &RedirectUri {
        self.response_target.redirect_uri()
    }

    /// Returns the challenge that the client's `code_verifier` has to match.
    #[must_use]
    pub const fn code_challenge(&self) -> &CodeChallenge {
        &self.code_challenge
    }

    #[must_use]
    pub const fn scopes(&self) -> &ScopeSet {
        &self.scopes
    }

    #[must_use]
    pub const fn resource(&self) -> &Resource {
        &self.resource
    }

    /// Returns the same request with only those scopes whose names `keep` accepts.
    #[must_use]
    pub fn narrowed_to(&self, keep: impl Fn(&str) -> bool) -> Self {
        Self { scopes: self.scopes.filter(keep), ..self.clone() }
    }
}

#[cfg(test)]
mod tests;
