//! `TRUSTED_ISSUERS`: the identity providers whose assertions about people the token endpoint accepts
//! ([`id_jag`](crate::external_issuer::id_jag)), and what each of them may give.
//!
//! The setting is a JSON list:
//!
//! ```json
//! [{"issuer": "https://acme.okta.com", "clients": ["claude"], "scopes": "profile notes:read", "email_domains": ["acme.com"]}]
//! ```
//!
//! An issuer is trusted about its own people only: a subject is made of the issuer and of its claim together, so that no issuer can
//! name a person of another one, of the sign-in, or of the passphrase.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use mcp_connector_base::identifier::{ClientId, InvalidIdentifier, Subject};
use mcp_connector_base::scope::{InvalidScope, ScopeSet};

use crate::external_issuer::token::subject_of;
use crate::web::discovery::{ExternalIssuer, InvalidExternalIssuer};

/// The claim that names the person, if the setting does not say otherwise.
const USUAL_CLAIM: &str = "sub";
/// Maximum number of issuers. The list is part of each question to the objects that store grants.
const MAX_ISSUERS: usize = 16;
/// Maximum number of clients of an issuer, and of its domains.
const MAX_ENTRIES: usize = 32;
/// Maximum length of a claim's name, of a tenant, and of a domain, in bytes.
const MAX_NAME: usize = 256;
/// Maximum length of the claim that names the person, in bytes.
const MAX_PERSON: usize = 1024;

/// The issuers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedIssuers(Vec<TrustedIssuer>);

/// An issuer, or one tenant of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedIssuer {
    issuer: ExternalIssuer,
    /// The tenant, for an issuer that has several under one name.
    tenant: Option<String>,
    /// The claim that names the person.
    subject_claim: String,
    /// The clients that may present its assertions, and authenticate.
    clients: Vec<ClientId>,
    /// The clients that may present its assertions without authentication.
    public_clients: Vec<ClientId>,
    /// The scopes that it may give. `None` for all of the connector.
    scopes: Option<ScopeSet>,
    /// The domains of whose e-mail addresses it is the authority, in lower case.
    email_domains: Vec<String>,
}

/// How an issuer admits a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAdmission {
    /// After it has authenticated.
    Authenticated,
    /// Although it cannot authenticate.
    Public,
}

/// Why a text does not name trusted issuers. It never repeats the text.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidTrustedIssuers {
    #[error("must be a JSON list of objects with issuer and clients: line {line}, column {column}")]
    Json { line: usize, column: usize },
    #[error("must name at most {MAX_ISSUERS} issuers")]
    TooMany,
    /// One issuer is invalid. `number` counts from one.
    #[error("is wrong at issuer number {number}: {error}")]
    Issuer { number: usize, error: TrustedIssuerError },
}

/// What is wrong with an issuer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TrustedIssuerError {
    #[error(transparent)]
    Issuer(#[from] InvalidExternalIssuer),
    #[error("the issuer is there twice, with the same tenant")]
    Repeated,
    #[error("clients or public_clients must name at least one client and at most {MAX_ENTRIES}, each once")]
    Clients,
    #[error("a client: {0}")]
    ClientId(#[from] InvalidIdentifier),
    #[error("scopes: {0}")]
    Scopes(#[from] InvalidScope),
    #[error("the connector has no scope {0}")]
    UnknownScope(String),
    #[error("subject_claim and tenant must have 1 to {MAX_NAME} visible characters")]
    Name,
    #[error("email_domains must list domains such as example.com, at most {MAX_ENTRIES}")]
    Domains,
    /// The client is not in the configuration, or cannot authenticate.
    #[error("clients names a client that OAUTH_CLIENTS does not have, or has without client_secret, jwks and jwks_uri")]
    CannotAuthenticate,
}

/// An item of the list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    issuer: String,
    tenant: Option<String>,
    subject_claim: Option<String>,
    #[serde(default)]
    clients: Vec<String>,
    #[serde(default)]
    public_clients: Vec<String>,
    scopes: Option<String>,
    #[serde(default)]
    email_domains: Vec<String>,
}

impl TrustedIssuers {
    /// Parses the setting. An empty text names no issuers.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidTrustedIssuers::Json`] if the text is not a JSON list of issuers,
    /// [`InvalidTrustedIssuers::TooMany`] if it has more than 16, and [`InvalidTrustedIssuers::Issuer`] for the first
    /// that is invalid or has the issuer and the tenant of an earlier one.
    pub fn parse(json: &str) -> Result<Self, InvalidTrustedIssuers> {
        if json.trim().is_empty() {
            return Ok(Self::default());
        }
        let entries: Vec<Entry> = serde_json::from_slice(json.as_bytes())
            .map_err(|error| InvalidTrustedIssuers::Json { line: error.line(), column: error.column() })?;
        if entries.len() > MAX_ISSUERS {
            return Err(InvalidTrustedIssuers::TooMany);
        }
        let mut issuers: Vec<TrustedIssuer> = Vec::with_capacity(entries.len());
        for (number, entry) in (1..).zip(entries) {
            let at = |error| InvalidTrustedIssuers::Issuer { number, error };
            let issuer = entry.issuer().map_err(at)?;
            if issuers.iter().any(|other| other.issuer == issuer.issuer && other.tenant == issuer.tenant) {
                return Err(at(TrustedIssuerError::Repeated));
            }
            issuers.push(issuer);
        }
        Ok(Self(issuers))
    }

    /// Checks the issuers against the scopes of the connector. A misspelled one would be missing and nobody would see why.
    /// `can_authenticate` says whether a client that an issuer names can.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidTrustedIssuers::Issuer`] for the first that names a scope that the connector does not have, or
    /// a client that cannot authenticate.
    pub fn check(
        &self,
        known: &ScopeSet,
        can_authenticate: impl Fn(&ClientId) -> bool,
    ) -> Result<(), InvalidTrustedIssuers> {
        for (number, issuer) in (1..).zip(&self.0) {
            let at = |error| InvalidTrustedIssuers::Issuer { number, error };
            let unknown = issuer.scopes.as_ref().map(|scopes| scopes.difference(known));
            if let Some(scope) = unknown.as_ref().and_then(|unknown| unknown.iter().next()) {
                return Err(at(TrustedIssuerError::UnknownScope(scope.to_owned())));
            }
            if !issuer.clients.iter().all(&can_authenticate) {
                return Err(at(TrustedIssuerError::CannotAuthenticate));
            }
        }
        Ok(())
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &TrustedIssuer> {
        self.0.iter()
    }

    /// Returns whether one of the issuers has this identifier, in whatever tenant.
    pub(crate) fn has(&self, issuer: &str) -> bool {
        self.0.iter().any(|trusted| trusted.issuer.as_str() == issuer)
    }

    /// Returns the issuer of this identifier and tenant.
    #[must_use]
    pub fn find(&self, issuer: &str, tenant: Option<&str>) -> Option<&TrustedIssuer> {
        self.0.iter().find(|trusted| trusted.issuer.as_str() == issuer && trusted.tenant.as_deref() == tenant)
    }
}

impl TrustedIssuer {
    #[must_use]
    pub const fn issuer(&self) -> &ExternalIssuer {
        &self.issuer
    }

    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }

    /// Returns how a client is admitted, if it is.
    #[must_use]
    pub fn client(&self, client: &ClientId) -> Option<ClientAdmission> {
        if self.clients.contains(client) {
            Some(ClientAdmission::Authenticated)
        } else {
            self.public_clients.contains(client).then_some(ClientAdmission::Public)
        }
    }

    /// Returns all clients that may present its assertions.
    pub fn clients(&self) -> impl Iterator<Item = &ClientId> {
        self.clients.iter().chain(&self.public_clients)
    }

    /// Returns those of `scopes` that the issuer may give.
    #[must_use]
    pub fn limited(&self, scopes: &ScopeSet) -> ScopeSet {
        self.scopes.as_ref().map_or_else(|| scopes.clone(), |limit| scopes.intersection(limit))
    }

    /// Returns the name of the claim that names the person.
    #[must_use]
    pub fn subject_claim(&self) -> &str {
        &self.subject_claim
    }

    /// Returns whether the issuer is the authority for an address.
    #[must_use]
    pub fn vouches_for(&self, email: &str) -> bool {
        email
            .rsplit_once('@')
            .is_some_and(|(_, host)| self.email_domains.iter().any(|domain| domain.eq_ignore_ascii_case(host)))
    }

    /// Returns the subject of the person whom `person`, the value of the claim, names.
    ///
    /// With `sub` and no tenant it is the subject that the same provider's people have who sign in here themselves: the draft requires
    /// that the two are the same account. Every other form has a prefix that no issuer can have.
    pub(crate) fn subject(&self, person: &str) -> Option<Subject> {
        if person.is_empty() || person.len() > MAX_PERSON {
            return None;
        }
        if self.tenant.is_none() && self.subject_claim == USUAL_CLAIM {
            return subject_of(&self.issuer, person).ok();
        }
        // The value is last, and the others have no zero bytes, so that no two people have the same text.
        let digest = Sha256::new()
            .chain_update(b"id-jag\0")
            .chain_update(self.issuer.as_str())
            .chain_update(b"\0")
            .chain_update(self.tenant().unwrap_or_default())
            .chain_update(b"\0")
            .chain_update(&self.subject_claim)
            .chain_update(b"\0")
            .chain_update(person)
            .finalize();
        Subject::new(&URL_SAFE_NO_PAD.encode(digest)).ok()
    }
}

impl Entry {
    fn issuer(self) -> Result<TrustedIssuer, TrustedIssuerError> {
        let is_name =
            |text: &str| !text.is_empty() && text.len() <= MAX_NAME && text.bytes().all(|byte| byte.is_ascii_graphic());
        let subject_claim = self.subject_claim.unwrap_or_else(|| USUAL_CLAIM.to_owned());
        if !is_name(&subject_claim) || self.tenant.as_deref().is_some_and(|tenant| !is_name(tenant)) {
            return Err(TrustedIssuerError::Name);
        }
        let ids = |texts: &[String]| texts.iter().map(|text| ClientId::new(text)).collect::<Result<Vec<_>, _>>();
        let (clients, public_clients) = (ids(&self.clients)?, ids(&self.public_clients)?);
        let all: Vec<&ClientId> = clients.iter().chain(&public_clients).collect();
        let is_repeated = all.iter().enumerate().any(|(at, id)| all.iter().take(at).any(|earlier| earlier == id));
        if all.is_empty() || all.len() > MAX_ENTRIES || is_repeated {
            return Err(TrustedIssuerError::Clients);
        }
        let is_domain = |text: &String| is_name(text) && text.contains('.') && !text.contains('@');
        if self.email_domains.len() > MAX_ENTRIES || !self.email_domains.iter().all(is_domain) {
            return Err(TrustedIssuerError::Domains);
        }
        Ok(TrustedIssuer {
            issuer: ExternalIssuer::parse(&self.issuer)?,
            tenant: self.tenant,
            subject_claim,
            clients,
            public_clients,
            scopes: self.scopes.as_deref().map(ScopeSet::parse).transpose()?,
            email_domains: self.email_domains,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parse(list: &Value) -> Result<TrustedIssuers, InvalidTrustedIssuers> {
        TrustedIssuers::parse(&list.to_string())
    }

    fn one(entry: &Value) -> TrustedIssuer {
        parse(&json!([entry])).unwrap().0.remove(0)
    }

    fn acme(changes: &Value) -> Value {
        let mut entry = json!({"issuer": "https://acme.example", "clients": ["claude"]});
        for (member, value) in changes.as_object().unwrap() {
            entry[member] = value.clone();
        }
        entry
    }

    #[test]
    fn trusted_issuers_come_from_the_configuration() {
        let issuers = parse(&json!([
            acme(&json!({"scopes": "notes:read", "public_clients": ["https://claude.ai/c"], "email_domains": ["acme.example"]})),
            acme(&json!({"tenant": "eu"})),
        ]))
        .unwrap();
        let found = issuers.find("https://acme.example", None).unwrap();
        let id = |text| ClientId::new(text).unwrap();
        assert_eq!(found.client(&id("claude")), Some(ClientAdmission::Authenticated));
        assert_eq!(found.client(&id("https://claude.ai/c")), Some(ClientAdmission::Public));
        assert_eq!(found.client(&id("other")), None);
        assert_eq!(found.limited(&ScopeSet::parse("notes:read notes:write").unwrap()).as_str(), "notes:read");
        assert!(found.vouches_for("jane@ACME.example"));
        for address in ["jane@evil.example", "jane@sub.acme.example", "acme.example", "jane@acme.example.evil.example"]
        {
            assert!(!found.vouches_for(address), "{address}");
        }
        assert_eq!(issuers.find("https://acme.example", Some("eu")).unwrap().tenant(), Some("eu"));
        assert_eq!(issuers.find("https://acme.example", Some("us")), None);
        assert_eq!(issuers.find("https://acme.example/", None), None, "byte for byte");
        assert!(issuers.has("https://acme.example") && !issuers.has("https://other.example"));
        for text in ["", " ", "[]"] {
            assert!(TrustedIssuers::parse(text).unwrap().is_empty());
        }
    }

    #[test]
    fn trusted_issuers_that_cannot_be_read_are_refused_with_their_position() {
        use TrustedIssuerError as E;
        for (name, entry, error) in [
            ("plain http", acme(&json!({"issuer": "http://acme.example"})), E::Issuer(InvalidExternalIssuer)),
            ("no clients", acme(&json!({"clients": []})), E::Clients),
            ("a client twice", acme(&json!({"public_clients": ["claude"]})), E::Clients),
            (
                "too many clients",
                acme(&json!({"clients": (0..33).map(|n| n.to_string()).collect::<Vec<_>>()})),
                E::Clients,
            ),
            ("an empty claim", acme(&json!({"subject_claim": ""})), E::Name),
            ("a tenant with a zero", acme(&json!({"tenant": "a\0b"})), E::Name),
            ("an address for a domain", acme(&json!({"email_domains": ["a@acme.example"]})), E::Domains),
            ("everything", acme(&json!({"email_domains": ["*"]})), E::Domains),
            ("scopes", acme(&json!({"scopes": "\"x\""})), E::Scopes(InvalidScope::Malformed)),
            ("twice", acme(&json!({"issuer": "https://first.example"})), E::Repeated),
        ] {
            let refused = parse(&json!([acme(&json!({"issuer": "https://first.example"})), entry])).unwrap_err();
            assert_eq!(refused, InvalidTrustedIssuers::Issuer { number: 2, error }, "{name}");
        }
        for text in ["{}", "[{}]", "x", r#"[{"issuer":"https://a.example","client":["x"]}]"#] {
            assert!(matches!(TrustedIssuers::parse(text), Err(InvalidTrustedIssuers::Json { .. })), "{text}");
        }
        let many: Vec<Value> = (0..17).map(|n| acme(&json!({"issuer": format!("https://{n}.example")}))).collect();
        assert_eq!(parse(&json!(many)), Err(InvalidTrustedIssuers::TooMany));
    }

    #[test]
    fn trusted_issuers_are_checked_against_the_connector() {
        let known = ScopeSet::parse("notes:read").unwrap();
        let check = |entry: &Value| parse(&json!([entry])).unwrap().check(&known, |client| client.as_str() == "claude");
        assert_eq!(check(&acme(&json!({"scopes": "notes:read", "public_clients": ["x"]}))), Ok(()));
        for (entry, error) in [
            (acme(&json!({"scopes": "notes:raed"})), TrustedIssuerError::UnknownScope("notes:raed".to_owned())),
            (acme(&json!({"clients": ["clade"]})), TrustedIssuerError::CannotAuthenticate),
        ] {
            assert_eq!(check(&entry), Err(InvalidTrustedIssuers::Issuer { number: 1, error }));
        }
    }

    #[test]
    fn no_issuer_can_name_the_person_of_another_one() {
        let issuer = |changes: &Value| one(&acme(changes));
        let plain = issuer(&json!({}));
        let of_openid = |text: &str, sub: &str| subject_of(&ExternalIssuer::parse(text).unwrap(), sub).unwrap();
        let jane = plain.subject("jane").unwrap();
        assert_eq!(jane, of_openid("https://acme.example", "jane"), "the same account as by sign-in");
        let others = [
            issuer(&json!({"issuer": "https://acme.example/"})).subject("jane"),
            issuer(&json!({"issuer": "https://other.example"})).subject("jane"),
            issuer(&json!({"tenant": "eu"})).subject("jane"),
            issuer(&json!({"tenant": "us"})).subject("jane"),
            issuer(&json!({"subject_claim": "email"})).subject("jane"),
            issuer(&json!({"subject_claim": "oid"})).subject("jane"),
            issuer(&json!({"tenant": "e", "subject_claim": "usub"})).subject("jane"),
            issuer(&json!({"issuer": "https://a.example", "subject_claim": "x"})).subject("\0jane"),
            Some(of_openid("https://other.example", "https://acme.example\0jane")),
            Some(Subject::new("owner").unwrap()),
            Some(Subject::new("client:claude").unwrap()),
        ];
        let mut all: Vec<String> = others.into_iter().map(|subject| subject.unwrap().to_string()).collect();
        all.push(jane.to_string());
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count, "all are different people");
        for person in ["owner", "client:claude", jane.as_str()] {
            assert_ne!(plain.subject(person).unwrap().as_str(), person, "a claim is never a subject by itself");
        }
        assert_eq!(plain.subject(""), None);
        assert_eq!(plain.subject(&"x".repeat(1025)), None);
    }
}
