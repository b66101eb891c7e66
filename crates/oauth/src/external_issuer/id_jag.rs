//! The Identity Assertion JWT Authorization Grant, "ID-JAG" (draft-ietf-oauth-identity-assertion-authz-grant §3 and §4.4, which the
//! extension "Enterprise-Managed Authorization" of MCP applies): an identity provider says in a signed JWT that a client may act for
//! one of its people here.
//!
//! This module checks everything but the signature, and whether the assertion was used before.

use thiserror::Error;

use mcp_connector_base::identifier::{ClientId, Subject};
use mcp_connector_base::profile::{EmailSource, Profile};
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_base::timestamp::Timestamp;

use crate::external_issuer::assertion_id::AssertionId;
use crate::external_issuer::identity_claims::IdentityClaims;
use crate::external_issuer::signed_jwt::{JwtError, SignedJwt};
use crate::external_issuer::trusted_issuers::{TrustedIssuer, TrustedIssuers};
use crate::resource::protected_resource::Resource;
use crate::web::json_object::{Object, Unexpected};
use crate::web::origin::Issuer;

/// The `typ` of an assertion.
const MEDIA_TYPE: &str = "oauth-id-jag+jwt";
/// The longest life of an assertion, in seconds.
const MAX_LIFETIME: u64 = 3600;
/// Maximum number of resources of an assertion.
const MAX_RESOURCES: usize = 16;

/// What an assertion says, if it is genuine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdJag {
    pub id: AssertionId,
    pub subject: Subject,
    /// What the provider says about the person.
    pub profile: Profile,
    /// The resources that the client may use.
    pub resources: Vec<Resource>,
    /// The scopes that the client may have. `None` if the assertion does not say.
    pub scope: Option<ScopeSet>,
    /// The time from which it is no longer accepted.
    pub expires: Timestamp,
}

/// Why an assertion gives no access. The client gets `invalid_grant` with this text; none of it tells more than the assertion does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IdJagError {
    #[error(transparent)]
    Jwt(#[from] JwtError),
    #[error("its typ must be {MEDIA_TYPE}")]
    Type,
    #[error("its issuer is not trusted here")]
    UntrustedIssuer,
    /// The issuer has several tenants, and the assertion is of none or of another.
    #[error("its tenant is not trusted here")]
    UntrustedTenant,
    #[error("aud must be the issuer identifier of this server, and nothing else")]
    Audience,
    #[error("client_id must be the client that sends it")]
    OtherClient,
    #[error("it does not name a person by the claim that this server needs")]
    NoPerson,
    #[error("it does not name a resource")]
    NoResource,
    /// It is bound to a key (draft §8.6.1), and this server does not check such a proof.
    #[error("it needs a proof of possession, which this server does not support")]
    ProofOfPossession,
    /// RFC 9396 says nothing of what to grant if the details are not understood.
    #[error("it has authorization_details, which this server does not support")]
    AuthorizationDetails,
    #[error("it is signed with a key that its issuer has not published")]
    UnknownKey,
    #[error("its signature is wrong")]
    Signature,
    #[error("it was used before")]
    Used,
    /// The owner of this server has ended the person, or the client of the person or of everybody.
    #[error("the owner of this server has ended this access")]
    Ended,
    /// The settings admit the client or the person no longer.
    #[error("this access is not admitted")]
    NotAdmitted,
    /// The person has no group that the endpoint needs.
    #[error("the person has none of the groups that this endpoint requires")]
    Group,
}

impl IdJag {
    /// Returns the issuer that an assertion names, if it is trusted. Nothing is proven yet.
    ///
    /// # Errors
    ///
    /// Returns [`IdJagError::Type`] if it is a JWT of another type, [`IdJagError::UntrustedIssuer`] or
    /// [`IdJagError::UntrustedTenant`] if its issuer or the tenant is not trusted, and [`IdJagError::Jwt`] if one of
    /// these claims is missing or malformed.
    pub fn issuer<'t>(jwt: &SignedJwt<'_>, trusted: &'t TrustedIssuers) -> Result<&'t TrustedIssuer, IdJagError> {
        if jwt.media_type() != Some(MEDIA_TYPE) {
            return Err(IdJagError::Type);
        }
        let claims = jwt.claims();
        let issuer = claims.required("iss")?;
        if !trusted.has(issuer) {
            return Err(IdJagError::UntrustedIssuer);
        }
        // A subject is unique within a tenant (draft §6.3). So the people of an unknown tenant are not those of the issuer.
        trusted.find(issuer, claims.text("tenant")?).ok_or(IdJagError::UntrustedTenant)
    }

    /// Checks the claims of an assertion of `trusted`, which `client` has sent to the server `issuer`.
    ///
    /// # Errors
    ///
    /// Returns [`IdJagError::Audience`] or [`IdJagError::OtherClient`] if the assertion is for another server or
    /// client, [`IdJagError::NoPerson`] or [`IdJagError::NoResource`] if it names none,
    /// [`IdJagError::ProofOfPossession`] or [`IdJagError::AuthorizationDetails`] if it needs what this server does not
    /// support, and [`IdJagError::Jwt`] if a claim is missing or malformed, or if it is not valid now or is valid for
    /// too long.
    pub fn check(
        jwt: &SignedJwt<'_>,
        trusted: &TrustedIssuer,
        (client, issuer): (&ClientId, &Issuer),
        kept: &IdentityClaims,
        now: Timestamp,
    ) -> Result<Self, IdJagError> {
        let claims = jwt.claims();
        match claims.texts("aud")?.as_deref() {
            Some([audience]) if *audience == issuer.as_str() => {}
            Some(_) | None => return Err(IdJagError::Audience),
        }
        if claims.required("client_id")? != client.as_str() {
            return Err(IdJagError::OtherClient);
        }
        if claims.get("cnf").is_some() {
            return Err(IdJagError::ProofOfPossession);
        }
        if claims.get("authorization_details").is_some() {
            return Err(IdJagError::AuthorizationDetails);
        }
        // `sub` is required even where another claim names the person.
        if claims.required("sub")?.is_empty() {
            return Err(IdJagError::NoPerson);
        }
        let person = claims.text(trusted.subject_claim())?.ok_or(IdJagError::NoPerson)?;
        let subject = trusted.subject(person).ok_or(IdJagError::NoPerson)?;
        claims.get("iat").ok_or(IdJagError::Jwt(JwtError::Malformed))?;
        let expires = jwt.check_times(MAX_LIFETIME, now)?;
        let scope = claims.texts("scope")?.map(|scopes| ScopeSet::parse(&scopes.join(" "))).transpose();
        Ok(Self {
            id: AssertionId::of(trusted.issuer().as_str(), claims.required("jti")?)?,
            subject,
            profile: profile(claims, trusted, kept),
            resources: resources(claims)?,
            scope: scope.map_err(|_| IdJagError::Jwt(JwtError::Malformed))?,
            expires,
        })
    }
}

/// Returns the resources that an assertion names. The draft allows none; MCP requires one.
fn resources(claims: &Object) -> Result<Vec<Resource>, IdJagError> {
    let named = claims.texts("resource")?.unwrap_or_default();
    if named.is_empty() || named.len() > MAX_RESOURCES {
        return Err(IdJagError::NoResource);
    }
    // Those that are not URLs are not resources of this server.
    Ok(named.into_iter().filter_map(|text| Resource::parse(text).ok()).collect())
}

/// Returns what the assertion says about the person. An address counts if it is in a domain of which the issuer is the authority.
fn profile(claims: &Object, trusted: &TrustedIssuer, kept: &IdentityClaims) -> Profile {
    let email = claims.text("email").ok().flatten().filter(|email| trusted.vouches_for(email));
    kept.profile(claims.members(), email.map(|email| (email, EmailSource::Provider)))
}

impl From<Unexpected> for IdJagError {
    fn from(unexpected: Unexpected) -> Self {
        Self::Jwt(unexpected.into())
    }
}

#[cfg(test)]
mod tests;
