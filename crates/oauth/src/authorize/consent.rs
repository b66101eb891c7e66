//! The consent of a person, before a client gets a code (MCP "Confused Deputy Problem", "Localhost Redirect
//! URI Risks").
//!
//! This module decides what the page has to say; the Worker renders it. The types enforce the order of the steps: only a
//! [`ConsentedRequest`] goes on to login, and only a form that allows it creates one.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use mcp_connector_base::scope::Scope;

use crate::authorize::authorization_request::AuthorizationRequest;
use crate::authorize::authorization_response::ResponseTarget;
use crate::clients::client::{ClientKind, ClientName};
use crate::clients::metadata_document::client_id_url::ClientIdUrl;
use crate::clients::metadata_document::known_clients::{borrowed_name, known_recipient};
use crate::crypto::seal::Sealable;
use crate::resource::scope_catalogue::ScopeCatalogue;
use crate::web::form::{FormError, Parameters};
use crate::web::redirect_uri::RedirectKind;
use crate::web::web_url::WebUrl;

/// The form field of the decision.
pub const DECISION_FIELD: &str = "decision";
/// The value of [`DECISION_FIELD`] that allows the request.
pub const ALLOW: &str = "allow";
/// The value of [`DECISION_FIELD`] that denies the request.
pub const DENY: &str = "deny";
/// The form field of each ticked scope.
pub const SCOPE_FIELD: &str = "scope";

/// Maximum length of a sealed request, in bytes: as long as a query can be, and what was looked up for it.
pub(crate) const MAX_SEALED_REQUEST: usize = 24 * 1024;

/// Where the name of a client comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameSource {
    /// From the client alone, which may use the name of another.
    SelfAsserted,
    /// From this server: only the well-known client of this name receives codes at the redirect URI.
    Recipient(&'static str),
    /// From the metadata document of this host.
    Host(String),
    /// From the configuration of this server.
    Owner,
}

impl NameSource {
    /// Returns where the name of a client comes from that has registered itself and receives its codes here.
    #[must_use]
    pub fn of_registered(redirect_uri: &str) -> Self {
        known_recipient(redirect_uri).map_or(Self::SelfAsserted, Self::Recipient)
    }
}

/// A risk that the page warns of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentWarning {
    /// The client named itself, so it may use the name of another.
    UnverifiedName,
    /// The client has named itself after this well-known client, whose codes go elsewhere.
    BorrowedName(&'static str),
    /// The code goes to a program on the person's own machine. Nothing proves that it is the program of that name.
    Loopback,
    /// The code goes to whichever application has claimed the scheme.
    PrivateUse,
    /// The host that receives the code is not the one that published the client's metadata document.
    OtherHost,
}

/// The content of the consent page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentPage<'a> {
    /// Who receives the code: a host, or the scheme of an application. The page begins with it.
    pub destination: String,
    pub destination_kind: RedirectKind,
    /// The whole redirect URI. On a shared host, the host alone does not identify the recipient.
    pub redirect_uri: &'a str,
    /// The name of the client. [`Self::name_source`] tells whether it gave itself that name.
    pub client_name: Option<&'a str>,
    pub name_source: NameSource,
    /// The resource that the client wants to use.
    pub resource: &'a str,
    /// The requested scopes, with their descriptions. Each can be unticked.
    pub scopes: Vec<Scope>,
    /// The warnings, most important first.
    pub warnings: Vec<ConsentWarning>,
}

impl<'a> ConsentPage<'a> {
    /// Creates the content for a request.
    #[must_use]
    pub fn new(request: &'a AuthorizationRequest, catalogue: &ScopeCatalogue) -> Self {
        let redirect_uri = request.redirect_uri();
        let destination = redirect_uri.destination();
        let name_source = match request.client_kind() {
            ClientKind::Registered => NameSource::of_registered(redirect_uri.as_str()),
            ClientKind::PreRegistered => NameSource::Owner,
            ClientKind::MetadataDocument => publisher(request).map_or(NameSource::SelfAsserted, NameSource::Host),
        };
        let mut warnings = Vec::new();
        match redirect_uri.kind() {
            RedirectKind::Loopback => warnings.push(ConsentWarning::Loopback),
            RedirectKind::PrivateUse => warnings.push(ConsentWarning::PrivateUse),
            // An https URI on loopback is a program on the person's own machine, too.
            RedirectKind::Https if WebUrl::parse(redirect_uri.as_str()).is_ok_and(|url| url.host.is_loopback()) => {
                warnings.push(ConsentWarning::Loopback);
            }
            RedirectKind::Https => {
                if matches!(&name_source, NameSource::Host(host) if *host != destination) {
                    warnings.push(ConsentWarning::OtherHost);
                }
            }
        }
        let own_name = request.client_name().map(ClientName::as_str);
        let client_name = if let NameSource::Recipient(name) = name_source { Some(name) } else { own_name };
        if name_source == NameSource::SelfAsserted {
            // A program on the person's own machine may well be the client of that name.
            let is_remote = warnings.is_empty();
            let borrowed = own_name.and_then(borrowed_name).filter(|_| is_remote);
            warnings.push(borrowed.map_or(ConsentWarning::UnverifiedName, ConsentWarning::BorrowedName));
        }
        Self {
            destination,
            destination_kind: redirect_uri.kind(),
            redirect_uri: redirect_uri.as_str(),
            client_name,
            name_source,
            resource: request.resource().as_str(),
            scopes: catalogue.described(request.scopes()).collect(),
            warnings,
        }
    }
}

/// Returns the host of a client identifier that is a URL. The URL was checked when the client was looked up.
fn publisher(request: &AuthorizationRequest) -> Option<String> {
    if !ClientIdUrl::is_url_form(request.client_id()) {
        return None;
    }
    WebUrl::parse(request.client_id().as_str()).ok().map(|url| url.host.to_string())
}

impl Sealable for AuthorizationRequest {
    const PURPOSE: &'static str = "authorization request before consent";
    const MAX_SEALED_LENGTH: usize = MAX_SEALED_REQUEST;
}

/// A request that a person has allowed, perhaps with fewer scopes. Who the person is, is not known yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentedRequest {
    request: AuthorizationRequest,
}

impl ConsentedRequest {
    /// Returns the request, with the scopes that were allowed.
    #[must_use]
    pub const fn request(&self) -> &AuthorizationRequest {
        &self.request
    }
}

impl Sealable for ConsentedRequest {
    const PURPOSE: &'static str = "authorization request after consent";
    const MAX_SEALED_LENGTH: usize = MAX_SEALED_REQUEST;
}

/// Why a form contains no decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidDecision {
    #[error(transparent)]
    Form(#[from] FormError),
    /// The field is missing, or has another value.
    #[error("the form says neither yes nor no")]
    Undecided,
    /// The form allows none of the requested scopes. A token without scopes is useless, so the person is asked again.
    #[error("nothing was ticked")]
    NothingTicked,
}

/// The decision of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    Allow(Box<ConsentedRequest>),
    /// The request is denied. The client gets
    /// [`AuthorizationError::Denied`](crate::authorize::authorization_request::error::AuthorizationError::Denied).
    Deny(ResponseTarget),
}

impl Decision {
    /// Reads the form of the consent page for `request`. The form cannot allow a scope that was not requested.
    ///
    /// # Errors
    ///
    /// A field is repeated, the form contains no decision, or it allows the request and none of its scopes.
    pub fn read(form: &Parameters, request: &AuthorizationRequest) -> Result<Self, InvalidDecision> {
        match form.get(DECISION_FIELD)? {
            Some(ALLOW) => Self::allow(form, request),
            Some(DENY) => Ok(Self::Deny(request.response_target().clone())),
            _ => Err(InvalidDecision::Undecided),
        }
    }

    /// Reads the form of a person who allows `request`.
    ///
    /// # Errors
    ///
    /// The form allows none of the requested scopes.
    pub fn allow(form: &Parameters, request: &AuthorizationRequest) -> Result<Self, InvalidDecision> {
        let narrowed = request.narrowed_to(|name| form.all(SCOPE_FIELD).any(|ticked| ticked == name));
        if narrowed.scopes().is_empty() && !request.scopes().is_empty() {
            return Err(InvalidDecision::NothingTicked);
        }
        Ok(Self::Allow(Box::new(ConsentedRequest { request: narrowed })))
    }
}

#[cfg(test)]
mod tests {
    use mcp_connector_base::identifier::ClientId;
    use mcp_connector_base::scope::ScopeSet;

    use super::*;
    use crate::authorize::authorization_request::AuthorizationQuery;
    use crate::authorize::authorization_request::error::AuthorizationError;
    use crate::clients::client::Client;
    use crate::crypto::seal::{SealError, Sealed};
    use crate::resource::audiences::Audiences;
    use crate::resource::protected_resource::ResourceServer;
    use crate::testing::test_keys::{TestRandom, ring};
    use crate::web::form::with_query;
    use crate::web::origin::{Issuer, Origin};
    use crate::web::redirect_uri::{RedirectPolicy, RedirectUri};
    use mcp_connector_base::timestamp::Timestamp;

    const PROFILE: Scope = Scope::new("profile", "See who you are");
    const READ: Scope = Scope::new("notes:read", "Read your notes");
    const WRITE: Scope = Scope::new("notes:write", "Change your notes");

    fn catalogue() -> ScopeCatalogue {
        ScopeCatalogue::new([PROFILE, READ, WRITE], &ScopeSet::parse("profile notes:read").unwrap())
    }

    fn request(id: &str, kind: ClientKind, redirect_uri: &str) -> AuthorizationRequest {
        named_request("App", id, kind, redirect_uri)
    }

    fn named_request(name: &str, id: &str, kind: ClientKind, redirect_uri: &str) -> AuthorizationRequest {
        let policy = RedirectPolicy::default();
        let client = Client {
            id: ClientId::new(id).unwrap(),
            kind,
            name: ClientName::clean(name),
            redirect_uris: vec![RedirectUri::parse(redirect_uri, &policy).unwrap()],
            secrets: Vec::new(),
            keys: None,
            own_scopes: ScopeSet::empty(),
        };
        let query = with_query(
            "?",
            &[
                ("client_id", id),
                ("redirect_uri", redirect_uri),
                ("response_type", "code"),
                ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
                ("code_challenge_method", "S256"),
                ("scope", "profile notes:read"),
            ],
        );
        let resources = ResourceServer::new(&Origin::of("https://mcp.example.com").unwrap());
        let query = AuthorizationQuery::parse(&query[1..]).unwrap();
        query
            .for_client(&client, &policy)
            .unwrap()
            .check(Audiences::new(&resources, &catalogue()), &TestRandom::from(1))
            .unwrap()
    }

    fn decide(form: &str) -> Result<Decision, InvalidDecision> {
        let request = request("c", ClientKind::Registered, "https://app.example/cb");
        Decision::read(&Parameters::parse(form.as_bytes()).unwrap(), &request)
    }

    fn allowed(form: &str) -> ScopeSet {
        match decide(form).unwrap() {
            Decision::Allow(consented) => consented.request().scopes().clone(),
            Decision::Deny(_) => panic!("denied"),
        }
    }

    #[test]
    fn the_consent_page_says_where_the_code_goes_and_what_is_unverified() {
        use RedirectKind::{Https, Loopback, PrivateUse};
        let document = "https://app.example/client.json";
        let cursor = "cursor://anysphere.cursor-mcp/oauth/callback";
        let host = |host: &str| NameSource::Host(host.to_owned());
        for (id, kind, redirect_uri, destination, destination_kind, name_source, warnings) in [
            (
                "c",
                ClientKind::Registered,
                "https://app.example/cb",
                "app.example",
                Https,
                NameSource::SelfAsserted,
                &[ConsentWarning::UnverifiedName][..],
            ),
            (
                "c",
                ClientKind::Registered,
                "http://localhost:5/cb",
                "localhost:5",
                Loopback,
                NameSource::SelfAsserted,
                &[ConsentWarning::Loopback, ConsentWarning::UnverifiedName],
            ),
            (
                "c",
                ClientKind::Registered,
                "https://localhost:5/cb",
                "localhost:5",
                Https,
                NameSource::SelfAsserted,
                &[ConsentWarning::Loopback, ConsentWarning::UnverifiedName],
            ),
            (
                "c",
                ClientKind::Registered,
                cursor,
                "cursor",
                PrivateUse,
                NameSource::SelfAsserted,
                &[ConsentWarning::PrivateUse, ConsentWarning::UnverifiedName],
            ),
            (
                document,
                ClientKind::MetadataDocument,
                "https://app.example/cb",
                "app.example",
                Https,
                host("app.example"),
                &[],
            ),
            (
                document,
                ClientKind::MetadataDocument,
                "https://evil.example/cb",
                "evil.example",
                Https,
                host("app.example"),
                &[ConsentWarning::OtherHost],
            ),
            (
                document,
                ClientKind::MetadataDocument,
                "http://127.0.0.1/cb",
                "127.0.0.1",
                Loopback,
                host("app.example"),
                &[ConsentWarning::Loopback],
            ),
            ("c", ClientKind::PreRegistered, "https://app.example/cb", "app.example", Https, NameSource::Owner, &[]),
        ] {
            let request = request(id, kind, redirect_uri);
            let page = ConsentPage::new(&request, &catalogue());
            assert_eq!(page.destination, destination, "{id} {redirect_uri}");
            assert_eq!(page.destination_kind, destination_kind, "{id} {redirect_uri}");
            assert_eq!(page.redirect_uri, redirect_uri, "the whole of it");
            assert_eq!(page.name_source, name_source, "{id} {redirect_uri}");
            assert_eq!(page.warnings, warnings, "{id} {redirect_uri}");
            assert_eq!(page.scopes, [PROFILE, READ]);
            assert_eq!(page.client_name, Some("App"));
            assert_eq!(page.resource, "https://mcp.example.com/mcp");
        }
    }

    #[test]
    fn a_known_client_is_known_by_where_its_codes_go_and_not_by_its_name() {
        for (own_name, redirect_uri, name, name_source, warnings) in [
            ("App", "https://claude.ai/api/mcp/auth_callback", "Claude", NameSource::Recipient("Claude"), &[][..]),
            (
                "Claude",
                "https://evil.example/cb",
                "Claude",
                NameSource::SelfAsserted,
                &[ConsentWarning::BorrowedName("Claude")],
            ),
            (
                "Claude Code (notes)",
                "http://localhost:5/cb",
                "Claude Code (notes)",
                NameSource::SelfAsserted,
                &[ConsentWarning::Loopback, ConsentWarning::UnverifiedName],
            ),
        ] {
            let request = named_request(own_name, "c", ClientKind::Registered, redirect_uri);
            let page = ConsentPage::new(&request, &catalogue());
            assert_eq!((page.client_name, page.name_source), (Some(name), name_source), "{redirect_uri}");
            assert_eq!(page.warnings, warnings, "{redirect_uri}");
        }
    }

    #[test]
    fn consent_can_narrow_the_requested_scopes_and_never_widen_them() {
        for (form, scopes) in [
            ("decision=allow&scope=profile&scope=notes:read", "notes:read profile"),
            ("decision=allow&scope=profile", "profile"),
            ("decision=allow&scope=notes%3Aread", "notes:read"),
            ("decision=allow&scope=profile&scope=notes:write", "profile"),
            ("decision=allow&scope=profile&scope=profile", "profile"),
        ] {
            assert_eq!(allowed(form).as_str(), scopes, "{form}");
        }
    }

    #[test]
    fn consent_to_no_scope_at_all_is_not_a_decision() {
        for form in [
            "decision=allow",
            "decision=allow&scope=",
            "decision=allow&scope=notes:write&scope=admin",
            "decision=allow&scope=profile notes:read",
        ] {
            assert_eq!(decide(form), Err(InvalidDecision::NothingTicked), "{form}");
        }
        let nothing = request("c", ClientKind::Registered, "https://app.example/cb").narrowed_to(|_| false);
        let form = Parameters::parse(b"decision=allow").unwrap();
        assert!(matches!(Decision::read(&form, &nothing), Ok(Decision::Allow(_))), "where nothing was asked for");
    }

    #[test]
    fn a_consent_form_without_a_clear_decision_is_refused() {
        for form in ["", "decision=", "decision=yes", "decision=Allow", "scope=profile", "decision=allowdeny"] {
            assert_eq!(decide(form), Err(InvalidDecision::Undecided), "{form}");
        }
        assert_eq!(
            decide("decision=allow&decision=deny"),
            Err(InvalidDecision::Form(FormError::Repeated(DECISION_FIELD)))
        );
    }

    #[test]
    fn a_denied_consent_is_sent_to_the_client_as_access_denied() {
        let issuer = Issuer::parse("https://mcp.example.com").unwrap();
        let Decision::Deny(back) = decide("decision=deny&scope=profile").unwrap() else { panic!("allowed") };
        let location = back.error_location(AuthorizationError::Denied, &issuer);
        assert!(location.starts_with("https://app.example/cb?error=access_denied&"), "{location}");
        assert!(location.ends_with("&iss=https%3A%2F%2Fmcp.example.com"), "{location}");
    }

    #[test]
    fn a_sealed_request_without_a_login_is_not_read_as_one_with_it() {
        let request = request("c", ClientKind::Registered, "https://app.example/cb");
        assert_ne!(AuthorizationRequest::PURPOSE, ConsentedRequest::PURPOSE);
        let (now, keys) = (Timestamp::from_seconds(1), ring(1));
        let sealed = Sealed::seal(&request, b"", now.plus(1), keys.seal(), &TestRandom::from(7)).unwrap();
        let passed_off = Sealed::<ConsentedRequest>::from_text(sealed.as_str());
        assert_eq!(passed_off.open(b"", now, keys.seal()), Err(SealError::Forged));
    }
}
