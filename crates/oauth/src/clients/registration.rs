//! Dynamic client registration (RFC 7591): the client metadata of a request, and the response.
//!
//! Members that decide who gets a code are read strictly, all others leniently. Members that this server does not use
//! (`application_type`, `software_id`, `logo_uri` …) are ignored, as RFC 7591 §2 allows, because clients send all of them.
//! `scope` is answered and not stored: a client may ask for less or more when a person is there to allow it.
//!
//! How a registration becomes an identifier is in [`client_id`](crate::clients::client_id).

use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

use mcp_connector_base::identifier::ClientId;
use mcp_connector_base::json;
use mcp_connector_base::json::Object;
use mcp_connector_base::json::fault::JsonError;
use mcp_connector_base::json::limit::MemoryLimit;
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_base::timestamp::Timestamp;

use crate::clients::client::{AuthenticationMethod, ClientName};
use crate::web::redirect_uri::{InvalidRedirectUri, RedirectPolicy, RedirectUri};

/// Maximum length of a request, in bytes. Real ones are below 1 KB.
pub const MAX_REGISTRATION: usize = 16 * 1024;
/// Maximum number of redirect URIs of one client. VS Code registers six, the most of all known clients.
const MAX_REDIRECT_URIS: usize = 16;

/// Why a registration is refused (RFC 7591 §3.2.2). The status is always 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ClientRegistrationError {
    /// More than [`MAX_REGISTRATION`].
    #[error("the registration is too long")]
    TooLong,
    /// The body is not a JSON object, repeats a member, or needs too much memory.
    #[error("the registration must be a JSON object: {0}")]
    Json(JsonError),
    /// A member has another type than RFC 7591 §2 defines.
    #[error("{0} has the wrong type")]
    Type(&'static str),
    #[error("redirect_uris must list at least one URI")]
    NoRedirectUri,
    #[error("redirect_uris lists too many URIs")]
    TooManyRedirectUris,
    /// None of the redirect URIs is acceptable.
    #[error(transparent)]
    RedirectUri(#[from] InvalidRedirectUri),
    #[error("only clients that use authorization_code and response_type code can register")]
    Flow,
    /// The authentication method is not supported.
    #[error("token_endpoint_auth_method must be none, client_secret_basic or client_secret_post")]
    AuthenticationMethod,
    /// The metadata is too long for an identifier.
    #[error("name and redirect URIs are too long together")]
    TooMuch,
}

impl ClientRegistrationError {
    /// Returns the value of `error`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoRedirectUri | Self::TooManyRedirectUris | Self::RedirectUri(_) => "invalid_redirect_uri",
            Self::TooLong | Self::Json(_) | Self::Type(_) | Self::Flow | Self::AuthenticationMethod | Self::TooMuch => {
                "invalid_client_metadata"
            }
        }
    }
}

/// The client metadata of a registration (RFC 7591 §2), as far as this server uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientMetadata {
    pub(crate) name: Option<ClientName>,
    pub(crate) redirect_uris: Vec<RedirectUri>,
    pub(crate) method: AuthenticationMethod,
    /// What the response repeats and the identifier does not contain.
    pub(crate) unstored: UnstoredMetadata,
}

/// Metadata that is answered and not stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct UnstoredMetadata {
    /// `scope`, if it is a string.
    pub(crate) scope: Option<String>,
    pub(crate) refused: Vec<RefusedRedirectUri>,
}

/// A redirect URI that was not registered. Its index identifies it, because its text is untrusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RefusedRedirectUri {
    /// The index in the list of the request.
    index: usize,
    error_description: String,
}

impl ClientMetadata {
    /// Parses the body of a registration request. Acceptable redirect URIs are registered, and the response lists the others.
    ///
    /// # Errors
    ///
    /// A member that decides who gets a code is malformed, or no redirect URI is acceptable.
    pub fn parse(body: &[u8], policy: &RedirectPolicy) -> Result<Self, ClientRegistrationError> {
        if body.len() > MAX_REGISTRATION {
            return Err(ClientRegistrationError::TooLong);
        }
        let metadata =
            json::read_object(body, MemoryLimit::of_text(MAX_REGISTRATION)).map_err(ClientRegistrationError::Json)?;
        let uses = |member: &'static str, wanted: &str| {
            let listed = texts(&metadata, member)?;
            Ok::<_, ClientRegistrationError>(listed.is_none_or(|listed| listed.contains(&wanted)))
        };
        if !uses("grant_types", "authorization_code")? || !uses("response_types", "code")? {
            return Err(ClientRegistrationError::Flow);
        }
        let method = match text(&metadata, "token_endpoint_auth_method")? {
            Some(name) => AuthenticationMethod::parse(name).ok_or(ClientRegistrationError::AuthenticationMethod)?,
            // The default of RFC 7591 §2. Clients that omit the member use the secret that they get.
            None => AuthenticationMethod::ClientSecretBasic,
        };
        let (redirect_uris, refused) = redirect_uris(&metadata, policy)?;
        let scope = metadata.get("scope").and_then(Value::as_str).map(str::to_owned);
        Ok(Self {
            name: text(&metadata, "client_name")?.and_then(ClientName::clean),
            redirect_uris,
            method,
            unstored: UnstoredMetadata { scope, refused },
        })
    }
}

fn redirect_uris(
    metadata: &Object,
    policy: &RedirectPolicy,
) -> Result<(Vec<RedirectUri>, Vec<RefusedRedirectUri>), ClientRegistrationError> {
    let listed = texts(metadata, "redirect_uris")?.unwrap_or_default();
    if listed.is_empty() {
        return Err(ClientRegistrationError::NoRedirectUri);
    }
    if listed.len() > MAX_REDIRECT_URIS {
        return Err(ClientRegistrationError::TooManyRedirectUris);
    }
    let mut uris: Vec<RedirectUri> = Vec::with_capacity(listed.len());
    let mut refused = Vec::new();
    let mut first_error = None;
    for (index, raw) in listed.into_iter().enumerate() {
        match RedirectUri::parse(raw, policy) {
            Ok(uri) if uris.contains(&uri) => {}
            Ok(uri) => uris.push(uri),
            Err(error) => {
                first_error.get_or_insert(error);
                refused.push(RefusedRedirectUri { index, error_description: error.to_string() });
            }
        }
    }
    match first_error {
        Some(error) if uris.is_empty() => Err(error.into()),
        _ => Ok((uris, refused)),
    }
}

/// Returns a member that is a string.
pub(crate) fn text<'a>(metadata: &'a Object, member: &'static str) -> Result<Option<&'a str>, ClientRegistrationError> {
    match metadata.get(member) {
        None => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or(ClientRegistrationError::Type(member)),
    }
}

/// Returns a member that is a list of strings. An empty list counts as absent.
pub(crate) fn texts<'a>(
    metadata: &'a Object,
    member: &'static str,
) -> Result<Option<Vec<&'a str>>, ClientRegistrationError> {
    let items = match metadata.get(member) {
        None => return Ok(None),
        Some(value) => value.as_array().ok_or(ClientRegistrationError::Type(member))?,
    };
    let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
    let texts = texts.ok_or(ClientRegistrationError::Type(member))?;
    Ok((!texts.is_empty()).then_some(texts))
}

/// The client information response (RFC 7591 §3.2.1), sent with status 201 and `Cache-Control: no-store`. It has no `null`
/// members, which break clients.
#[derive(Clone, Serialize)]
pub struct ClientInformationResponse {
    pub(crate) client_id: ClientId,
    pub(crate) client_id_issued_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) client_name: Option<ClientName>,
    pub(crate) redirect_uris: Vec<RedirectUri>,
    /// The redirect URIs that were not registered. This member is not in RFC 7591.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) refused_redirect_uris: Vec<RefusedRedirectUri>,
    /// The scopes of an authorization request with the `scope` of the registration.
    #[serde(skip_serializing_if = "ScopeSet::is_empty")]
    pub(crate) scope: ScopeSet,
    pub(crate) grant_types: &'static [&'static str],
    pub(crate) response_types: &'static [&'static str],
    pub(crate) token_endpoint_auth_method: &'static str,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(crate) secret: Option<IssuedSecret>,
}

/// A client secret, which is sent once.
#[derive(Clone, Serialize)]
pub(crate) struct IssuedSecret {
    pub(crate) client_secret: String,
    /// Zero: the secret does not expire.
    pub(crate) client_secret_expires_at: u64,
}

impl ClientInformationResponse {
    #[must_use]
    pub const fn client_id(&self) -> &ClientId {
        &self.client_id
    }
}

#[cfg(test)]
mod tests;
