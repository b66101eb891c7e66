//! The bearer check at the resource server, and the refusals that follow from it.

use mcp_connector_base::caller::Caller;
use mcp_connector_base::identifier::Subject;
use mcp_connector_base::outage::Outage;
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_oauth::login::roles::policy::CLIENT_SUBJECT;
use mcp_connector_oauth::resource::bearer::{BearerError, BearerToken};
use mcp_connector_oauth::resource::challenge::Challenge;
use mcp_connector_oauth::resource::credential::is_access_key;
use mcp_connector_oauth::resource::protected_resource::Resource;
use mcp_connector_protocol::{Need, Unavailable};

use crate::app::state::App;
use crate::config::settings::Feature;
use crate::http::answer::{Answer, closed_text};
use crate::http::incoming::Incoming;
use crate::http::route::McpEndpoint;
use crate::http::site::Site;
use crate::mcp::credentials::Credentials;
use crate::mcp::internal_caller;
use crate::mcp::internal_caller::InvalidInternalCaller;
use crate::mcp::reply::closed_call;
use crate::mcp::reply::too_many;

/// Who has sent a request.
pub(crate) enum Authentication {
    /// The request has no token.
    Anonymous,
    /// A token or access key that is valid for the endpoint.
    Caller(Caller, Credential),
}

/// What a caller has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    /// An access token. Its client can ask the person for more scopes.
    AccessToken,
    /// An access key, whose scopes never change.
    AccessKey,
    /// None: another Worker of the account calls, which decides about the scopes.
    ServiceBinding,
}

impl Credential {
    fn of(bearer: &BearerToken) -> Self {
        if is_access_key(bearer.as_str()) { Self::AccessKey } else { Self::AccessToken }
    }
}

impl Authentication {
    /// Returns the subject of the token.
    pub(crate) fn subject(&self) -> Option<&Subject> {
        self.caller().map(|caller| &caller.subject)
    }

    /// Returns the caller of the token.
    pub(crate) fn caller(&self) -> Option<&Caller> {
        match self {
            Self::Anonymous => None,
            Self::Caller(caller, _) => Some(caller),
        }
    }

    /// Returns the caller of the token, and forgets what they have shown.
    pub(crate) fn into_caller(self) -> Option<Caller> {
        match self {
            Self::Anonymous => None,
            Self::Caller(caller, _) => Some(caller),
        }
    }
}

/// Why a token has no caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotVerified {
    /// It is not valid, not for this resource, or no longer.
    Invalid,
    /// Whether it is valid cannot be found out, because something does not answer.
    Unavailable(Outage),
    /// Whether it is valid is not found out: its network has sent too many requests.
    TooMany,
}

impl From<Unavailable> for NotVerified {
    fn from(Unavailable: Unavailable) -> Self {
        Self::Unavailable(Outage::Storage)
    }
}

/// Verifies tokens.
pub(crate) trait VerifyToken {
    async fn verify(&self, token: &BearerToken, resource: &Resource) -> Result<Caller, NotVerified>;

    /// Asks the object of the grant whether the grant is still valid, because the answer of [`VerifyToken::verify`] may
    /// be a minute old.
    /// Returns the caller with the scopes of this moment.
    async fn confirm(&self, caller: &Caller) -> Result<Caller, NotVerified>;
}

/// The guard of one endpoint.
pub(crate) struct ResourceGuard<'a> {
    pub(crate) site: &'a Site,
    pub(crate) endpoint: McpEndpoint,
    pub(crate) app: &'a App,
}

impl ResourceGuard<'_> {
    /// Reads and verifies the token, whatever the request asks for. A client with a bad token is told so on every
    /// method, or it would never renew the token. The private endpoint refuses a request without one.
    pub(crate) async fn identify(
        &self,
        incoming: &Incoming,
        tokens: &impl VerifyToken,
    ) -> Result<Authentication, Refusal> {
        let credentials = Credentials::of(incoming, &self.app.configuration);
        if let Some(caller) = internal_caller::of(incoming, credentials.has_any()).map_err(Refusal::InternalCaller)? {
            return Ok(Authentication::Caller(caller, Credential::ServiceBinding));
        }
        if credentials.has_any() {
            self.knows_people()?;
        }
        let bearer = credentials.read().map_err(|error| self.bad_header(error))?;
        match bearer {
            Some(bearer) => {
                let verified = tokens.verify(&bearer, self.site.resource(self.endpoint)).await;
                let credential = Credential::of(&bearer);
                let caller = verified.map_err(|error| self.not_verified(error))?;
                self.check_groups(&caller)?;
                Ok(Authentication::Caller(caller, credential))
            }
            None if self.endpoint == McpEndpoint::Private => Err(self.ask_to_sign_in()),
            None => Ok(Authentication::Anonymous),
        }
    }

    /// Checks whether the caller has the scopes that a request needs. A refusal names all scopes that the next token
    /// should have: those that are needed, and those of a first sign-in or of the caller. Many clients ask for exactly
    /// what a refusal names, and would give up the rest.
    pub(crate) fn admit(&self, authentication: &Authentication, need: Need) -> Result<(), Refusal> {
        match (authentication, need) {
            (_, Need::Nothing) => Ok(()),
            (Authentication::Anonymous, Need::Scopes(scopes)) => {
                Err(self.refuse(Challenge::sign_in, self.app.first_scopes(self.endpoint).union(&scopes)))
            }
            (Authentication::Caller(caller, _), Need::Scopes(scopes)) if caller.missing(&scopes).is_empty() => Ok(()),
            (Authentication::Caller(caller, _), Need::Scopes(scopes)) if self.is_withheld(caller, &scopes) => {
                Err(self.refuse(|metadata, _| Challenge::not_allowed_by_roles(metadata), ScopeSet::empty()))
            }
            (Authentication::Caller(_, Credential::AccessKey), Need::Scopes(_)) => {
                Err(self.refuse(|metadata, _| Challenge::insufficient_scope_of_key(metadata), ScopeSet::empty()))
            }
            (
                Authentication::Caller(caller, Credential::AccessToken | Credential::ServiceBinding),
                Need::Scopes(scopes),
            ) => Err(self.refuse(Challenge::insufficient_scope, caller.scopes.union(&scopes))),
        }
    }

    /// Returns the refusal of a request that needs a sign-in, whatever its scopes.
    pub(crate) fn ask_to_sign_in(&self) -> Refusal {
        self.refuse(Challenge::sign_in, self.app.first_scopes(self.endpoint))
    }

    /// Checks with the object of the grant whether the caller's grant is still valid, for tools that ask for it.
    /// Returns the caller with the scopes that their roles allow at this moment.
    pub(crate) async fn confirm(
        &self,
        authentication: Authentication,
        tokens: &impl VerifyToken,
    ) -> Result<Authentication, Refusal> {
        match authentication {
            Authentication::Anonymous => Ok(Authentication::Anonymous),
            Authentication::Caller(caller, credential) => {
                let confirmed = tokens.confirm(&caller).await.map_err(|error| self.not_verified(error))?;
                self.check_groups(&confirmed)?;
                Ok(Authentication::Caller(confirmed, credential))
            }
        }
    }

    /// Refuses a caller of another server's token who has none of the groups that this endpoint requires. Of a grant of this server the
    /// object that keeps it has checked that, and a client that acts for itself has no groups.
    fn check_groups(&self, caller: &Caller) -> Result<(), Refusal> {
        let groups = &self.app.configuration.policy.rules.groups;
        let is_own = caller.grant.is_some() && self.app.configuration.signs_in_here();
        let is_checked = is_own || caller.subject.as_str().starts_with(CLIENT_SUBJECT);
        if is_checked || groups.admits(self.site.resource(self.endpoint), caller.profile.as_deref()) {
            return Ok(());
        }
        Err(self.refuse(|metadata, _| Challenge::not_in_group(metadata), ScopeSet::empty()))
    }

    /// Returns whether the roles of a caller withhold one of the scopes that they lack.
    fn is_withheld(&self, caller: &Caller, scopes: &ScopeSet) -> bool {
        let withheld = self.app.configuration.roles.withheld(&caller.subject, caller.profile.as_deref());
        !withheld.intersection(&caller.missing(scopes)).is_empty()
    }

    fn not_verified(&self, error: NotVerified) -> Refusal {
        match error {
            NotVerified::Invalid => self.refuse(Challenge::invalid_token, self.app.first_scopes(self.endpoint)),
            NotVerified::Unavailable(outage) => Refusal::Outage(outage),
            NotVerified::TooMany => Refusal::TooMany,
        }
    }

    fn bad_header(&self, error: BearerError) -> Refusal {
        self.refuse(
            |metadata, scope| Challenge::bad_header(metadata, scope, error),
            self.app.first_scopes(self.endpoint),
        )
    }

    /// Checks whether tokens can be verified. They cannot while a setting that decides who is who cannot be read. Then
    /// nobody is sent to sign in either, where they would only be told the same.
    fn knows_people(&self) -> Result<(), Refusal> {
        match self.app.configuration.closed(Feature::AccessTokens) {
            None => Ok(()),
            Some(problem) => Err(Refusal::Closed(closed_text(problem))),
        }
    }

    fn refuse(
        &self,
        challenge: impl FnOnce(mcp_connector_oauth::resource::challenge::MetadataUrl, ScopeSet) -> Challenge,
        scopes: ScopeSet,
    ) -> Refusal {
        if let Err(closed) = self.knows_people() {
            return closed;
        }
        match self.site.metadata_url(self.endpoint) {
            Some(metadata) => Refusal::Challenge(challenge(metadata, scopes)),
            None => Refusal::NoAddress,
        }
    }
}

/// Why a request is refused.
pub(crate) enum Refusal {
    /// The client has to sign in, or to ask for more scopes.
    Challenge(Challenge),
    /// Another Worker of the account sends an invalid `X-Internal-Caller`.
    InternalCaller(InvalidInternalCaller),
    /// The host that was asked has a name that cannot be in a header.
    NoAddress,
    /// Whether the token is valid cannot be found out for the moment.
    Outage(Outage),
    /// The network of the request has sent too many.
    TooMany,
    /// It cannot be found out until the owner has corrected a setting, which the text names.
    Closed(String),
}

impl Refusal {
    /// Adds the scopes that the refused request needs. Many clients sign in for exactly the scopes that a refusal
    /// names.
    pub(crate) fn naming(self, need: Need) -> Self {
        match (self, need) {
            (Self::Challenge(challenge), Need::Scopes(scopes)) => Self::Challenge(challenge.and_for(&scopes)),
            (refusal, _) => refusal,
        }
    }

    /// Returns the refusal as an HTTP answer.
    pub(crate) fn into_answer(self) -> Answer {
        match self {
            Self::Challenge(challenge) => Answer::json(challenge.status(), &challenge.body())
                .header("www-authenticate", challenge.header_value())
                .header("cache-control", "no-store"),
            Self::Outage(outage) => Answer::outage(outage),
            Self::TooMany => too_many(),
            Self::Closed(text) => closed_call(&text),
            Self::InternalCaller(error) => Answer::error(400, "invalid_request", &error.to_string()),
            Self::NoAddress => Answer::no_host(),
        }
    }
}
