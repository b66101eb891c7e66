//! Finds clients in the configuration, in their own identifiers, or in a document at their URL, and records those that a person
//! allows.

use std::cell::RefCell;

use mcp_connector_base::identifier::ClientId;
use mcp_connector_base::outage::Outage;
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_oauth::authorize::authorization_request::AuthorizationRequest;
use mcp_connector_oauth::clients::client::{Client, ClientKind, ClientName, ClientStatus};
use mcp_connector_oauth::clients::client_assertion::{ClientAssertion, ClientAssertionError};
use mcp_connector_oauth::clients::client_hash::ClientHash;
use mcp_connector_oauth::clients::client_id::RegisteredClient;
use mcp_connector_oauth::clients::client_keys::ClientKeySource;
use mcp_connector_oauth::clients::client_record::{ClientUse, KnownRedirects, is_in_use};
use mcp_connector_oauth::clients::resolver::ResolvedClient;
use mcp_connector_oauth::external_issuer::signed_jwt::{SignatureError, SignedJwt};
use mcp_connector_oauth::grants::authorization::Authorization;
use mcp_connector_oauth::token::client_authentication::{Clients, NotDescribed};
use mcp_connector_oauth::web::request_source::RequestSource;
use mcp_connector_protocol::Unavailable;

use crate::oauth::access::key_sets;
use crate::oauth::access::key_sets::{KeySource, RuntimeCrypto};
use crate::oauth::clients::documents;
use crate::oauth::clients::records;
use crate::oauth::context::OAuthContext;

/// Finds clients for the token and the revocation endpoint.
pub(crate) struct KnownClients<'a> {
    oauth: &'a OAuthContext<'a>,
    /// Where the request comes from.
    source: RequestSource,
    /// The client that was found.
    found: RefCell<Option<ClientId>>,
}

impl<'a> KnownClients<'a> {
    pub(crate) const fn new(oauth: &'a OAuthContext<'a>, source: RequestSource) -> Self {
        Self { oauth, source, found: RefCell::new(None) }
    }

    /// Returns the client that was found, for the log.
    pub(crate) fn found(&self) -> Option<ClientId> {
        self.found.take()
    }
}

impl Clients for KnownClients<'_> {
    async fn find(&self, id: &ClientId) -> Result<Option<Client>, Outage> {
        let client = match self.oauth.client_resolver().resolve(id) {
            ResolvedClient::PreRegistered(client) => Some(client),
            ResolvedClient::Registered(registered) => {
                is_registered(self.oauth, &registered).await?.then_some(registered.client)
            }
            // The document is not needed here: its code or token names the client, and says what it has to prove itself with.
            ResolvedClient::MetadataDocument(url) => Some(Client {
                id: url.id().clone(),
                kind: ClientKind::MetadataDocument,
                name: None,
                redirect_uris: Vec::new(),
                secrets: Vec::new(),
                keys: None,
                own_scopes: ScopeSet::empty(),
            }),
            ResolvedClient::Unknown => None,
        };
        self.found.replace(client.as_ref().map(|client| client.id.clone()));
        Ok(client)
    }

    async fn described(&self, client: Client) -> Result<Option<Client>, NotDescribed> {
        let ResolvedClient::MetadataDocument(url) = self.oauth.client_resolver().resolve(&client.id) else {
            return Ok(Some(client));
        };
        let configuration = self.oauth.configuration();
        let is_trusted = || configuration.trusted_issuers.iter().any(|issuer| issuer.client(&client.id).is_some());
        if !configuration.policy.rules.clients.admits_id(&client.id) && !is_trusted() {
            return Ok(None);
        }
        documents::client(self.oauth, &url, &self.source).await
    }

    async fn verify_assertion(
        &self,
        client: &Client,
        assertion: &SignedJwt<'_>,
    ) -> Result<Result<(), ClientAssertionError>, NotDescribed> {
        let Some(keys) = &client.keys else { return Ok(Err(ClientAssertionError::NoKeys)) };
        if let Err(refused) = ClientAssertion::check_algorithm(assertion, keys) {
            return Ok(Err(refused));
        }
        let verified = match &keys.source {
            ClientKeySource::Jwks(keys) => assertion.verify(keys, &RuntimeCrypto).await,
            ClientKeySource::JwksUri(uri) => {
                let Ok(url) = uri.to_fetch(self.oauth.site.issuer.origin()) else {
                    return Ok(Err(ClientAssertionError::NoKeys));
                };
                let source = match client.kind {
                    // The owner has named it. Fetches that strangers cause must not use up what it may be asked.
                    ClientKind::PreRegistered => KeySource::At(url.as_str()),
                    ClientKind::Registered | ClientKind::MetadataDocument => {
                        KeySource::Client { url: &url, source: &self.source, env: self.oauth.env }
                    }
                };
                key_sets::verify(source, assertion, self.oauth.now).await
            }
        };
        match verified {
            Ok(()) => Ok(Ok(())),
            Err(SignatureError::UnknownKey) => Ok(Err(ClientAssertionError::UnknownKey)),
            Err(SignatureError::BadSignature) => Ok(Err(ClientAssertionError::Signature)),
            Err(SignatureError::Outage(outage)) => Err(outage.into()),
            Err(SignatureError::TooManyFetches) => Err(NotDescribed::TooManyFetches),
        }
    }

    async fn status(&self, id: &ClientId) -> Result<ClientStatus, Outage> {
        let status = self.oauth.directory().check_client(ClientHash::of(id)).await;
        status.map_err(|Unavailable| Outage::Storage)
    }
}

/// What the authorization endpoint knows of an identifier.
pub(crate) enum Described {
    /// A client, with its redirect URIs.
    Client(Client),
    /// A client that the owner has ended, according to its record. If the record is late or has expired, the
    /// `Directory` says so when the person allows the client.
    Ended(Client),
    /// No client.
    Unknown,
}

/// Describes the client of an identifier. `source` is where the request comes from.
pub(crate) async fn described(
    oauth: &OAuthContext<'_>,
    id: &ClientId,
    source: &RequestSource,
) -> Result<Described, NotDescribed> {
    let client = match oauth.client_resolver().resolve(id) {
        ResolvedClient::PreRegistered(client) => return Ok(Described::Client(client)),
        ResolvedClient::Registered(registered) => is_registered(oauth, &registered).await?.then_some(registered.client),
        ResolvedClient::MetadataDocument(url) => documents::client(oauth, &url, source).await?,
        ResolvedClient::Unknown => None,
    };
    let Some(client) = client else { return Ok(Described::Unknown) };
    // An outage of KV keeps nobody from signing in.
    let stored = records::look(oauth.env, &ClientHash::of(id)).await.ok().flatten();
    let is_ended = stored.is_some_and(|stored| stored.ended_at().is_some());
    Ok(if is_ended { Described::Ended(client) } else { Described::Client(client) })
}

/// Returns whether a registration is in use, or young. If KV has no record of an old one or does not answer, the
/// `Directory` knows when it was last used, unless that was before there was a `Directory`.
async fn is_registered(oauth: &OAuthContext<'_>, registered: &RegisteredClient) -> Result<bool, Outage> {
    if registered.is_young(oauth.now) {
        return Ok(true);
    }
    let client = ClientHash::of(&registered.client.id);
    let stored = records::look(oauth.env, &client).await;
    if stored.as_ref().is_ok_and(|stored| stored.as_ref().is_some_and(|stored| stored.is_current(oauth.now))) {
        return Ok(true);
    }
    let last_use = oauth.directory().last_use(client).await.map_err(|Unavailable| Outage::Storage)?;
    is_in_use(stored, last_use, oauth.now).map_err(|Unavailable| Outage::Storage)
}

/// Notes in the client's record that a person has allowed it or that it was used, after the answer. Clients of the
/// configuration have no record.
pub(crate) fn note_use(oauth: &OAuthContext<'_>, used: ClientUse) {
    if !matches!(
        oauth.client_resolver().resolve(&used.id),
        ResolvedClient::Registered(_) | ResolvedClient::MetadataDocument(_)
    ) {
        return;
    }
    oauth.context.wait_until(records::note_use(oauth.env.clone(), used));
}

/// Returns what is to be noted of a client that a person has just allowed.
pub(crate) fn allowed(oauth: &OAuthContext<'_>, request: &AuthorizationRequest) -> ClientUse {
    let (id, name) = (request.client_id().clone(), request.client_name().cloned());
    let (all, registered_at) = match oauth.client_resolver().resolve(&id) {
        ResolvedClient::Registered(registered) => (Some(registered.client), Some(registered.registered_at)),
        ResolvedClient::MetadataDocument(url) => {
            (documents::known(&url, &oauth.configuration().redirect_policy, oauth.now), None)
        }
        ResolvedClient::PreRegistered(_) | ResolvedClient::Unknown => (None, None),
    };
    let redirect_uris = match all {
        Some(client) => KnownRedirects::All(client.redirect_uris),
        None => KnownRedirects::One(request.redirect_uri().as_str().to_owned()),
    };
    ClientUse { id, name, redirect_uris, registered_at, proof: request.client_proof() }
}

/// Returns what is to be noted of a client that a trusted issuer has admitted.
pub(crate) fn asserted(oauth: &OAuthContext<'_>, client: Client) -> ClientUse {
    let registered_at = match oauth.client_resolver().resolve(&client.id) {
        ResolvedClient::Registered(registered) => Some(registered.registered_at),
        ResolvedClient::PreRegistered(_) | ResolvedClient::MetadataDocument(_) | ResolvedClient::Unknown => None,
    };
    ClientUse {
        proof: client.proof(),
        id: client.id,
        name: client.name,
        redirect_uris: KnownRedirects::All(client.redirect_uris),
        registered_at,
    }
}

/// Returns what is to be noted of a client that has refreshed a grant.
pub(crate) fn refreshed(oauth: &OAuthContext<'_>, agreed: Authorization) -> ClientUse {
    let (all, registered_at) = match oauth.client_resolver().resolve(&agreed.client_id) {
        ResolvedClient::Registered(registered) => (Some(registered.client), Some(registered.registered_at)),
        ResolvedClient::PreRegistered(_) | ResolvedClient::MetadataDocument(_) | ResolvedClient::Unknown => {
            (None, None)
        }
    };
    ClientUse {
        proof: agreed.client_proof,
        name: agreed.client_name.as_deref().and_then(ClientName::clean),
        redirect_uris: all
            .map_or(KnownRedirects::One(agreed.redirect_uri), |client| KnownRedirects::All(client.redirect_uris)),
        registered_at,
        id: agreed.client_id,
    }
}
