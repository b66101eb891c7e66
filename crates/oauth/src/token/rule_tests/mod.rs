//! The rules of the token and revocation endpoints, on a server whose grant store is in memory.

mod client_assertions;
mod client_credentials;
mod identity_assertions;
mod revocation;
mod tokens;

use std::cell::{Cell, RefCell};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::authorize::authorization_request::AuthorizationQuery;
use crate::authorize::consent::Decision;
use crate::authorize::pkce::CodeVerifier;
use crate::clients::client::{Client, ClientKind, ClientName, ClientSecretHash, ClientStatus};
use crate::clients::client_assertion::{ClientAssertion, ClientAssertionError};
use crate::clients::client_authentication::ClientAuthenticationError;
use crate::clients::client_keys::{ClientKeySource, ClientKeys, ClientProof};
use crate::crypto::credential_version::CredentialVersion;
use crate::crypto::keys::ring::KeyRing;
use crate::crypto::keys::signing::SigningKeys;
use crate::crypto::opaque::ObjectName;
use crate::external_issuer::id_jag::IdJagError;
use crate::external_issuer::identity_claims::{ClaimsVersion, IdentityClaims};
use crate::external_issuer::keys::{Algorithm, ExternalKey, ExternalKeys, KeyMaterial};
use crate::external_issuer::signed_jwt::{SignatureError, SignatureVerifier, SignedJwt};
use crate::external_issuer::trusted_issuers::{TrustedIssuer, TrustedIssuers};
use crate::grants::authorization::Authorization;
use crate::grants::codes::authorization_code::AuthorizationCode;
use crate::grants::codes::issue_code::{IssueCodeError, issue_code};
use crate::grants::codes::pending_code::PendingCode;
use crate::grants::commands::{Grants, GrantsCommand};
use crate::grants::grant_store::GrantStore;
use crate::grants::identity::stored_identity::StoredIdentity;
use crate::grants::limits::Limits;
use crate::login::admission::{Admission, AdmissionPolicy};
use crate::login::person::Person;
use crate::login::roles::policy::{RolePolicy, Roles};
use crate::resource::access_token::{ExpectedClaims, VerifiedToken, verify};
use crate::resource::audiences::Audiences;
use crate::resource::bearer::BearerToken;
use crate::resource::connectors::Connectors;
use crate::resource::protected_resource::ResourceServer;
use crate::resource::scope_catalogue::ScopeCatalogue;
use crate::testing::test_keys::{TestRandom, ring};
use crate::testing::test_rows::TestRows;
use crate::testing::test_support::done;
use crate::token::assertion_issuers::AssertionIssuers;
use crate::token::client_authentication::{Clients, NotDescribed};
use crate::token::endpoint::TokenEndpoint;
use crate::token::error::{TokenError, TokenErrorResponse};
use crate::token::revocation::RevocationEndpoint;
use crate::web::form::Parameters;
use crate::web::origin::Issuer;
use crate::web::redirect_uri::{RedirectPolicy, RedirectUri};
use mcp_connector_base::identifier::{ClientId, GrantId, Subject};
use mcp_connector_base::outage::Outage;
use mcp_connector_base::profile::Profile;
use mcp_connector_base::random::Random as _;
use mcp_connector_base::scope::{Scope, ScopeSet};
use mcp_connector_base::timestamp::Timestamp;

const START: Timestamp = Timestamp::from_seconds(1_800_000_000);
const VERSION: CredentialVersion = CredentialVersion::from_bytes([1; 8]);
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const REDIRECT: &str = "https://app.example/cb?x=1";
const FORM: &str = "application/x-www-form-urlencoded";

/// A server with a public client `app`, a confidential one `web`, and `robot`, which acts for itself.
struct Server {
    issuer: Issuer,
    resources: ResourceServer,
    /// The other connectors whose sign-in it keeps.
    connectors: Connectors,
    keys: KeyRing,
    signing: SigningKeys,
    store: RefCell<GrantStore<TestRows>>,
    random: TestRandom,
    now: Cell<Timestamp>,
    policy: RefCell<AdmissionPolicy>,
    roles: RefCell<RolePolicy>,
    storage_is_down: Cell<bool>,
    directory_is_down: Cell<bool>,
    /// A client that the owner has ended.
    ended: RefCell<Option<ClientId>>,
    asked: Cell<usize>,
    /// The objects that were asked. All are one store, because each test has one person or one client.
    objects: RefCell<Vec<ObjectName>>,
    /// What the client of a new code has to prove itself with.
    code_proof: Cell<ClientProof>,
    trusted: RefCell<&'static TrustedIssuers>,
    claims: IdentityClaims,
    /// The keys of the issuers and of the client `signer` are out of reach.
    keys_are_down: Cell<bool>,
    /// The documents of clients are not fetched for the network of the requests.
    fetches_are_limited: Cell<bool>,
}

impl Clients for Server {
    async fn find(&self, id: &ClientId) -> Result<Option<Client>, Outage> {
        if self.storage_is_down.get() {
            return Err(Outage::Storage);
        }
        let (kind, secrets, own_scopes) = match id.as_str() {
            "app" | "other" => (ClientKind::Registered, vec![], ScopeSet::empty()),
            "web" => (ClientKind::PreRegistered, vec![ClientSecretHash::of("s3cret")], ScopeSet::empty()),
            "robot" => (
                ClientKind::PreRegistered,
                vec![ClientSecretHash::of("s3cret")],
                ScopeSet::parse("notes:read notes:write").unwrap(),
            ),
            "signer" => (ClientKind::PreRegistered, vec![], ScopeSet::parse("notes:read").unwrap()),
            url if url.starts_with("https://") => (ClientKind::MetadataDocument, vec![], ScopeSet::empty()),
            _ => return Ok(None),
        };
        let keys = (id.as_str() == "signer").then(|| client_keys(ClientProof::PrivateKeyJwt));
        Ok(Some(Client { id: id.clone(), kind, name: None, redirect_uris: Vec::new(), secrets, keys, own_scopes }))
    }

    async fn described(&self, client: Client) -> Result<Option<Client>, NotDescribed> {
        if self.fetches_are_limited.get() && client.kind == ClientKind::MetadataDocument {
            return Err(NotDescribed::TooManyFetches);
        }
        if self.keys_are_down.get() && client.kind == ClientKind::MetadataDocument {
            return Err(Outage::Remote.into());
        }
        let keys = match client.id.as_str() {
            "https://signer.example/c" => Some(client_keys(ClientProof::PrivateKeyJwt)),
            "https://either.example/c" => Some(client_keys(ClientProof::SecretOrNone)),
            "https://gone.example/c" => return Ok(None),
            _ => client.keys.clone(),
        };
        Ok(Some(Client { keys, ..client }))
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
        Ok(match assertion.verify(&signing_keys(CLIENT_KEY, "client"), self).await {
            Ok(()) => Ok(()),
            Err(SignatureError::UnknownKey) => Err(ClientAssertionError::UnknownKey),
            Err(SignatureError::BadSignature) => Err(ClientAssertionError::Signature),
            Err(SignatureError::Outage(outage)) => return Err(outage.into()),
            Err(SignatureError::TooManyFetches) => return Err(NotDescribed::TooManyFetches),
        })
    }

    async fn status(&self, id: &ClientId) -> Result<ClientStatus, Outage> {
        if self.storage_is_down.get() || self.directory_is_down.get() {
            return Err(Outage::Storage);
        }
        let is_ended = self.ended.borrow().as_ref() == Some(id);
        Ok(if is_ended { ClientStatus::Ended } else { ClientStatus::Active })
    }
}

impl AssertionIssuers for Server {
    fn trusted(&self) -> &TrustedIssuers {
        *self.trusted.borrow()
    }

    fn claims(&self) -> &IdentityClaims {
        &self.claims
    }

    async fn verify(&self, issuer: &TrustedIssuer, assertion: &SignedJwt<'_>) -> Result<(), SignatureError> {
        // Each issuer has a key of its own, under the same name.
        let key = if issuer.issuer().as_str() == ACME { ACME_KEY } else { OTHER_KEY };
        assertion.verify(&signing_keys(key, "1"), self).await
    }
}

impl SignatureVerifier for Server {
    async fn verify(&self, _: Algorithm, key: &ExternalKey, message: &[u8], signature: &[u8]) -> Result<bool, Outage> {
        if self.keys_are_down.get() {
            return Err(Outage::Remote);
        }
        let KeyMaterial::Ed25519 { x } = key.material() else { return Ok(false) };
        let key: [u8; 32] = URL_SAFE_NO_PAD.decode(x).unwrap().try_into().unwrap();
        let key = ed25519_dalek::VerifyingKey::from_bytes(&key).unwrap();
        Ok(ed25519_dalek::Signature::from_slice(signature).is_ok_and(|s| key.verify_strict(message, &s).is_ok()))
    }
}

impl Grants for Server {
    async fn ask<C: GrantsCommand>(&self, object: ObjectName, command: C) -> Result<C::Answer, Outage> {
        self.objects.borrow_mut().push(object);
        self.asked.set(self.asked.get() + 1);
        if self.storage_is_down.get() {
            return Err(Outage::Storage);
        }
        Ok(command.carry_out(&mut self.store.borrow_mut(), self.now.get(), &self.random).unwrap())
    }
}

/// The private keys of a client and of two issuers.
const CLIENT_KEY: u8 = 3;
const ACME_KEY: u8 = 4;
const OTHER_KEY: u8 = 5;
const ACME: &str = "https://acme.example";
const OTHER: &str = "https://other.example";

fn client_keys(proof: ClientProof) -> ClientKeys {
    let source = ClientKeySource::Jwks(signing_keys(CLIENT_KEY, "client"));
    ClientKeys { source, algorithm: Some(Algorithm::EdDsa), proof }
}

fn signing_keys(key: u8, id: &str) -> ExternalKeys {
    let x = URL_SAFE_NO_PAD.encode(ed25519_dalek::SigningKey::from_bytes(&[key; 32]).verifying_key().as_bytes());
    let set = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": id, "x": x}]});
    ExternalKeys::parse(set.to_string().as_bytes()).unwrap()
}

/// Signs claims with a key.
fn signed(key: u8, header: &Value, claims: &Value) -> String {
    use ed25519_dalek::Signer as _;
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(header), encode(claims));
    let signature = ed25519_dalek::SigningKey::from_bytes(&[key; 32]).sign(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

/// Returns an object with some members replaced.
fn changed(mut object: Value, changes: &Value) -> Value {
    for (member, value) in changes.as_object().unwrap() {
        object[member] = value.clone();
    }
    object
}

fn catalogue() -> ScopeCatalogue {
    ScopeCatalogue::new(
        [
            Scope::new("profile", "See who you are"),
            Scope::new("notes:read", "Read"),
            Scope::new("notes:write", "Write"),
        ],
        &ScopeSet::parse("profile").unwrap(),
    )
}

fn object_name() -> ObjectName {
    ObjectName::of(&Subject::new("owner").unwrap())
}

/// A successful response.
#[derive(Debug)]
struct Tokens {
    body: Value,
    grant: Option<GrantId>,
}

impl Tokens {
    fn text(&self, name: &str) -> String {
        self.body[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.body)).to_owned()
    }
}

impl Server {
    fn new() -> Self {
        let issuer = Issuer::parse("https://host.example").unwrap();
        let keys = ring(1);
        Self {
            resources: ResourceServer::new(issuer.origin()),
            connectors: Connectors::default(),
            issuer,
            signing: keys.signing(START),
            keys,
            store: RefCell::new(GrantStore::new(TestRows::default(), Limits::default())),
            random: TestRandom::from(1),
            now: Cell::new(START),
            policy: RefCell::new(AdmissionPolicy::Passphrase { versions: vec![VERSION] }),
            roles: RefCell::default(),
            storage_is_down: Cell::new(false),
            directory_is_down: Cell::new(false),
            ended: RefCell::new(None),
            asked: Cell::new(0),
            objects: RefCell::default(),
            code_proof: Cell::default(),
            trusted: RefCell::new(Box::leak(Box::default())),
            claims: IdentityClaims::default(),
            keys_are_down: Cell::new(false),
            fetches_are_limited: Cell::new(false),
        }
    }

    /// Changes the name under which the server gets its requests.
    fn is_asked_as(&mut self, name: &str) {
        self.issuer = Issuer::parse(name).unwrap();
        self.resources = ResourceServer::new(self.issuer.origin());
    }

    /// Issues a code, as the authorization endpoint does.
    fn code_for(&self, client: &str) -> String {
        self.code_with(client, "notes:read profile")
    }

    fn code_with(&self, client: &str, scope: &str) -> String {
        let code = AuthorizationCode::mint(object_name(), &self.random);
        let agreed = Authorization {
            subject: Subject::new("owner").unwrap(),
            display_name: Some("Owner".into()),
            client_id: ClientId::new(client).unwrap(),
            client_name: None,
            redirect_uri: REDIRECT.into(),
            resource: self.resources.mcp().clone(),
            scope: ScopeSet::parse(scope).unwrap(),
            admission: Admission::Version(VERSION),
            client_proof: self.code_proof.get(),
        };
        let challenge = CodeVerifier::parse(VERIFIER).unwrap().challenge();
        let pending = PendingCode::new(&code, challenge, agreed, self.now.get());
        assert!(self.store.borrow_mut().store_code(&pending, None, self.now.get()).unwrap().is_ok());
        code.expose(self.keys.routing())
    }

    fn next_grant(&self) -> GrantId {
        let mut id = [0; 8];
        self.random.fill(&mut id);
        GrantId::from_bytes(id)
    }

    fn post(&self, body: &str) -> Result<Tokens, TokenError> {
        self.post_with(None, Some(FORM), body)
    }

    fn post_with(
        &self,
        authorization: Option<&str>,
        content_type: Option<&str>,
        body: &str,
    ) -> Result<Tokens, TokenError> {
        let (policy, scopes) = (self.policy.borrow(), catalogue());
        let endpoint = TokenEndpoint {
            issuer: &self.issuer,
            audiences: Audiences::new(&self.resources, &scopes).and(&self.connectors),
            clients: self,
            issuers: self,
            grants: self,
            keys: &self.keys,
            signing: &self.signing,
            policy: &policy,
            roles: &self.roles.borrow(),
            from: None,
            access_token_lifetime: 3600,
            grant: self.next_grant(),
            random: &self.random,
            now: self.now.get(),
        };
        let issued = done(endpoint.answer(authorization, content_type, body.as_bytes()))?;
        Ok(Tokens { body: serde_json::to_value(&issued.response).unwrap(), grant: issued.grant })
    }

    fn redeem(&self, code: &str) -> Result<Tokens, TokenError> {
        self.post(&format!("grant_type=authorization_code&client_id=app&code={code}&code_verifier={VERIFIER}"))
    }

    fn signed_in(&self) -> Tokens {
        self.redeem(&self.code_for("app")).unwrap()
    }

    fn refresh(&self, token: &str, more: &str) -> Result<Tokens, TokenError> {
        self.post(&format!("grant_type=refresh_token&client_id=app&refresh_token={token}{more}"))
    }

    fn revoke(&self, authorization: Option<&str>, body: &str) -> Result<Vec<GrantId>, TokenError> {
        let endpoint = RevocationEndpoint {
            issuer: &self.issuer,
            clients: self,
            grants: self,
            keys: &self.keys,
            signing: &self.signing,
            request: self.next_grant(),
            now: self.now.get(),
        };
        done(endpoint.answer(authorization, Some(FORM), body.as_bytes()))
    }

    fn caller(&self, token: &str) -> VerifiedToken {
        let bearer = BearerToken::from_authorization([format!("Bearer {token}").as_str()]).unwrap().unwrap();
        let policy = self.policy.borrow();
        let expected = ExpectedClaims {
            issuer: &self.issuer,
            resource: self.resources.mcp(),
            credential_versions: policy.versions(),
        };
        verify(&bearer, &self.signing, &expected, self.now.get()).unwrap()
    }
}

fn basic(id: &str, secret: &str) -> String {
    use base64::Engine as _;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}")))
}
