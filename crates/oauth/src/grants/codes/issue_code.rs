//! The last step at the authorization endpoint (RFC 6749 §4.1.2): a person who has signed in gets a code for the request that
//! they allowed. Nothing is stored before this step.

use thiserror::Error;

use mcp_connector_base::outage::Outage;
use mcp_connector_base::timestamp::Timestamp;

use crate::authorize::consent::ConsentedRequest;
use crate::crypto::credential_version::CredentialVersion;
use crate::crypto::keys::ring::KeyRing;
use crate::crypto::opaque::ObjectName;
use crate::grants::authorization::Authorization;
use crate::grants::codes::authorization_code::AuthorizationCode;
use crate::grants::codes::pending_code::PendingCode;
use crate::grants::codes::redemption::StoreCodeError;
use crate::grants::commands::{Grants, StoreCode};
use crate::grants::identity::stored_identity::StoredIdentity;
use crate::grants::sign_in::commands::{SignInProof, SignInRefused, StoreSignIn};
use crate::login::passkeys::ceremony::PasskeyError;
use crate::login::person::Person;
use crate::login::remembered::allowed_redirect::RedirectDigest;
use crate::login::remembered::browser_cookie::BrowserCookie;

/// Why no code is issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IssueCodeError {
    /// The person has too many codes that are not redeemed yet.
    #[error("too many sign-ins at once, try again in a minute")]
    TooMany,
    /// The code of the page was already redeemed.
    #[error("the sign-in was finished before")]
    Finished,
    /// The browser is not remembered for this redirect URI, so the person has to prove who they are.
    #[error("the browser is not remembered for this redirect URI")]
    NotRemembered,
    /// The passkey is not accepted.
    #[error(transparent)]
    Passkey(PasskeyError),
    /// The cookie of the remembered browser was used before, so there are two copies of it.
    #[error("the cookie of a remembered browser was copied")]
    CookieCopied,
    /// The object that stores the grants does not answer.
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl From<StoreCodeError> for IssueCodeError {
    fn from(error: StoreCodeError) -> Self {
        match error {
            StoreCodeError::TooMany => Self::TooMany,
            StoreCodeError::Redeemed => Self::Finished,
        }
    }
}

/// Issues the code for what `person` allowed. It is the same code however often the form is sent. `identity` is what the identity
/// provider has said about them.
///
/// It goes into the redirect
/// ([`ResponseTarget::code_location`](crate::authorize::authorization_response::ResponseTarget::code_location)) and nowhere else.
///
/// # Errors
///
/// Returns [`IssueCodeError::TooMany`] if the person has too many codes that wait, [`IssueCodeError::Finished`] if the
/// code of the page was redeemed before, and [`IssueCodeError::Outage`] if the object of the person does not answer.
pub async fn issue_code(
    consented: &ConsentedRequest,
    person: &Person,
    identity: Option<StoredIdentity>,
    grants: &impl Grants,
    keys: &KeyRing,
    now: Timestamp,
) -> Result<String, IssueCodeError> {
    let (code, pending) = new_code(consented, person, keys, now);
    match grants.ask(code.object(), StoreCode { code: pending, identity }).await? {
        Ok(()) => Ok(code.expose(keys.routing())),
        Err(refused) => Err(refused.into()),
    }
}

/// Issues the code for what the owner allowed, who proves who they are by `proof`. Returns the cookie of the browser, too, if it is
/// remembered.
///
/// `versions` are the current version of the passphrase and those under previous master keys.
///
/// # Errors
///
/// As [`issue_code`], and [`IssueCodeError::NotRemembered`] and [`IssueCodeError::CookieCopied`] for a proof that does not hold.
pub async fn issue_code_of_owner(
    consented: &ConsentedRequest,
    (person, proof): (&Person, SignInProof),
    versions: &[CredentialVersion],
    grants: &impl Grants,
    keys: &KeyRing,
    now: Timestamp,
) -> Result<(String, Option<BrowserCookie>), IssueCodeError> {
    let (code, pending) = new_code(consented, person, keys, now);
    let redirect = RedirectDigest::of(consented.request().redirect_uri());
    let sign_in = StoreSignIn { code: pending, redirect, proof, versions: versions.to_vec() };
    match grants.ask(code.object(), sign_in).await? {
        Ok(cookie) => Ok((code.expose(keys.routing()), cookie)),
        Err(SignInRefused::Code(refused)) => Err(refused.into()),
        Err(SignInRefused::NotRemembered) => Err(IssueCodeError::NotRemembered),
        Err(SignInRefused::Passkey(refused)) => Err(IssueCodeError::Passkey(refused)),
        Err(SignInRefused::CookieCopied) => Err(IssueCodeError::CookieCopied),
    }
}

fn new_code(
    consented: &ConsentedRequest,
    person: &Person,
    keys: &KeyRing,
    now: Timestamp,
) -> (AuthorizationCode, PendingCode) {
    let request = consented.request();
    let authorization = Authorization {
        subject: person.subject.clone(),
        display_name: person.truncated_name(),
        client_id: request.client_id().clone(),
        client_name: request.client_name().map(ToString::to_string),
        redirect_uri: request.redirect_uri().as_str().to_owned(),
        resource: request.resource().clone(),
        scope: request.scopes().clone(),
        admission: person.admission.clone(),
        client_proof: request.client_proof(),
    };
    let code = AuthorizationCode::of(request.number(), ObjectName::of(&person.subject), keys.routing());
    let pending = PendingCode::new(&code, *request.code_challenge(), authorization, now);
    (code, pending)
}
