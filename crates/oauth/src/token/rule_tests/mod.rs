//! The rules of the token and revocation endpoints, on a server whose grant store is in memory.

mod client_credentials;
mod revocation;
mod tokens;

use std::cell::{Cell, RefCell};

use serde_json::Value;

use crate::authorize::authorization_request::AuthorizationQuery;
use crate::authorize::consent::Decision;
use crate::authorize::pkce::CodeVerifier;
use crate::clients::client::{Client, ClientKind, ClientName, ClientSecretHash, ClientStatus};
use crate::crypto::credential_version::CredentialVersion;
use crate::crypto::keys::ring::KeyRing;
use crate::crypto::keys::signing::SigningKeys;
use crate::crypto::opaque::ObjectName;
use crate::external_issuer::identity_claims::ClaimsVersion;
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
use crate::resource::bearer::BearerToken;
use crate::resource::protected_resource::ResourceServer;
use crate::resource::scope_catalogue::ScopeCatalogue;
use crate::testing::test_keys::{TestRandom, ring};
use crate::testing::test_rows::TestRows;
use crate::testing::test_support::done;
use crate::token::endpoint::{Clients, TokenEndpoint};
use crate::token::error::{TokenError, TokenErrorResponse};
use crate::token::revocation::RevocationEndpoint;
use crate::web::form::Parameters;
use crate::web::origin::Issuer;
use crate::web::redirect_uri::{RedirectPolicy, RedirectUri};
use mcp_connector_base::identifier::{ClientId, GrantId, Subject};
use mcp_connector_base::outage::Outage;
use mcp_connector_base::profile::Profile;
use mcp_connector_base::scope::{Scope, ScopeSet};
use mcp_connector_base::timestamp::{Random as _, Timestamp};

const START: Timestamp = Timestamp::from_seconds(1_800_000_000);
const VERSION: CredentialVersion = CredentialVersion::from_bytes([1; 8]);
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const REDIRECT: &str = "https://app.example/cb?x=1";
const FORM: &str = "application/x-www-form-urlencoded";

/// A server with a public client `app`, a confidential one `web`, and `robot`, which acts for itself.
struct Server {
    issuer: Issuer,
    resources: ResourceServer,
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
            _ => return Ok(None),
        };
        Ok(Some(Client { id: id.clone(), kind, name: None, redirect_uris: Vec::new(), secrets, own_scopes }))
    }

    async fn status(&self, id: &ClientId) -> Result<ClientStatus, Outage> {
        if self.storage_is_down.get() || self.directory_is_down.get() {
            return Err(Outage::Storage);
        }
        let is_ended = self.ended.borrow().as_ref() == Some(id);
        Ok(if is_ended { ClientStatus::Ended } else { ClientStatus::Active })
    }
}

impl Grants for Server {
    async fn ask<C: GrantsCommand>(&self, object: ObjectName, command: C) -> Result<C::Answer, Outage> {
        assert_eq!(object, object_name());
        self.asked.set(self.asked.get() + 1);
        if self.storage_is_down.get() {
            return Err(Outage::Storage);
        }
        Ok(command.carry_out(&mut self.store.borrow_mut(), self.now.get(), &self.random).unwrap())
    }
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
        }
    }

    /// Changes the name under which the server gets its requests.
    fn is_asked_as(&mut self, name: &str) {
        self.issuer = Issuer::parse(name).unwrap();
        self.resources = ResourceServer::new(self.issuer.origin());
    }

    /// Issues a code, as the authorization endpoint does.
    fn code_for(&self, client: &str) -> String {
        let code = AuthorizationCode::mint(object_name(), &self.random);
        let agreed = Authorization {
            subject: Subject::new("owner").unwrap(),
            display_name: Some("Owner".into()),
            client_id: ClientId::new(client).unwrap(),
            client_name: None,
            redirect_uri: REDIRECT.into(),
            resource: self.resources.mcp().clone(),
            scope: ScopeSet::parse("notes:read profile").unwrap(),
            admission: Admission::Version(VERSION),
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
        let policy = self.policy.borrow();
        let endpoint = TokenEndpoint {
            issuer: &self.issuer,
            resources: &self.resources,
            scopes: &catalogue(),
            clients: self,
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
