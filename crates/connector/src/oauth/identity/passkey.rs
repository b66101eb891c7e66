//! Passkeys of the owner, beside the passphrase: what a page offers, and the check of what an authenticator answers. Where people
//! sign in with a provider, the provider has the passkeys.

use serde::{Deserialize, Serialize};

use mcp_connector_base::random::Random as _;
use mcp_connector_oauth::crypto::credential_version::CredentialVersion;
use mcp_connector_oauth::crypto::opaque::ObjectName;
use mcp_connector_oauth::crypto::seal::{Sealable, Sealed};
use mcp_connector_oauth::grants::commands::Grants as _;
use mcp_connector_oauth::grants::sign_in::passkey_commands::{FindPasskeyKey, UsePasskey};
use mcp_connector_oauth::login::passkeys::assertion::{PasskeyUse, UnverifiedAssertion};
use mcp_connector_oauth::login::passkeys::ceremony::{Challenge, PasskeyError, Purpose, RelyingParty};
use mcp_connector_oauth::web::cookie::HostCookie;
use mcp_connector_oauth::web::form::Parameters;

use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::oauth::access::signatures;
use crate::oauth::context::OAuthContext;
use crate::oauth::identity::passphrase;
use crate::oauth::sign_in_error::SignInError;
use crate::pages::components::passkey::{BY_PASSKEY, PASSKEY_FIELD, PasskeyOffer, PasskeyRequest, WAY_FIELD};

/// How long a browser is known to have used a passkey, in seconds: a year.
const KNOWN: u32 = 365 * 24 * 3600;
const COOKIE: HostCookie = HostCookie::new("mcp-passkey");

/// The content of the cookie of a browser in which a passkey of the owner was used or added. It opens nothing: in such a browser
/// the pages offer a passkey first. It is bound to the version of the passphrase, because another passphrase removes all passkeys.
#[derive(Serialize, Deserialize)]
struct PasskeyUser;

impl Sealable for PasskeyUser {
    const PURPOSE: &'static str = "browser that has used a passkey";
}

/// Returns where passkeys of this site may be used. `None` where there are none: with a provider, and at an IP address.
pub(crate) fn party(oauth: &OAuthContext<'_>) -> Option<RelyingParty> {
    let has_passphrase = oauth.configuration().provider.is_none() && oauth.passphrase_version().is_some();
    has_passphrase.then(|| RelyingParty::of(&oauth.site.asked)).flatten()
}

/// Returns how the page with the `sealed` form offers a passkey: at once, in a browser that has used one; otherwise by a button that
/// leads to a page with the offer.
pub(crate) fn offer(oauth: &OAuthContext<'_>, incoming: &Incoming, purpose: Purpose, sealed: &str) -> PasskeyOffer {
    match party(oauth) {
        None => PasskeyOffer::None,
        Some(_) if is_known(oauth, incoming) => request(oauth, purpose, sealed),
        Some(_) => PasskeyOffer::Link,
    }
}

/// Returns the offer itself.
pub(crate) fn request(oauth: &OAuthContext<'_>, purpose: Purpose, sealed: &str) -> PasskeyOffer {
    party(oauth).map_or(PasskeyOffer::None, |party| {
        let challenge = Challenge::of(purpose, sealed).to_text();
        PasskeyOffer::Here(PasskeyRequest { challenge, relying_party: party.id().to_owned() })
    })
}

/// Returns the response of an authenticator in a form, if it has one.
pub(crate) fn response(form: &Parameters) -> Option<&str> {
    form.get(PASSKEY_FIELD).ok().flatten().filter(|response| !response.is_empty())
}

/// Returns whether a form asks for the page with the offer of a passkey.
pub(crate) fn is_asked_for(form: &Parameters) -> bool {
    form.get(WAY_FIELD) == Ok(Some(BY_PASSKEY))
}

/// Checks the response of an authenticator to the `sealed` form, which the caller has opened. Returns the use of the passkey, which
/// counts once it is stored, or `None` if the response is refused.
///
/// A response that was made up costs no request to an object.
pub(crate) async fn verify(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
    purpose: Purpose,
    sealed: &str,
    response: &str,
) -> Result<Option<PasskeyUse>, SignInError> {
    match check(oauth, purpose, sealed, response).await? {
        Ok(used) => Ok(Some(used)),
        Err(refused) => {
            incoming.request_log().reason(refused.to_string());
            Ok(None)
        }
    }
}

/// Checks the response of an authenticator and notes its use, for anything but a code. Returns whether it is accepted.
pub(crate) async fn accept(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
    purpose: Purpose,
    sealed: &str,
    response: &str,
) -> Result<bool, SignInError> {
    let Some(used) = verify(oauth, incoming, purpose, sealed, response).await? else { return Ok(false) };
    let command = UsePasskey { used, versions: versions(oauth) };
    let noted = oauth.grants().ask(ObjectName::of(&passphrase::owner(oauth)?.subject), command).await?;
    if let Err(refused) = &noted {
        incoming.request_log().reason(refused.to_string());
    }
    Ok(noted.is_ok())
}

async fn check(
    oauth: &OAuthContext<'_>,
    purpose: Purpose,
    sealed: &str,
    response: &str,
) -> Result<Result<PasskeyUse, PasskeyError>, SignInError> {
    let Some(party) = party(oauth) else { return Err(SignInError::BrokenForm) };
    let (owner, keys) = (passphrase::owner(oauth)?, oauth.secrets.keys());
    let challenge = Challenge::of(purpose, sealed);
    let assertion = match UnverifiedAssertion::check(response, challenge, &party, &owner.subject, keys.routing()) {
        Ok(assertion) => assertion,
        Err(refused) => return Ok(Err(refused)),
    };
    let find = FindPasskeyKey { credential: assertion.credential().clone(), versions: versions(oauth) };
    let Some(key) = oauth.grants().ask(ObjectName::of(&owner.subject), find).await? else {
        return Ok(Err(PasskeyError::Unknown));
    };
    let is_genuine = match key.platform_signature(assertion.signature()) {
        // A key that cannot be imported verifies nothing.
        Some(signature) => {
            signatures::verify(key.algorithm(), &key.material(), assertion.message(), &signature).await.unwrap_or(false)
        }
        None => false,
    };
    Ok(if is_genuine { Ok(assertion.verified(attempt(oauth))) } else { Err(PasskeyError::BadSignature) })
}

/// Returns a number that no other request has.
pub(crate) fn attempt(oauth: &OAuthContext<'_>) -> [u8; 16] {
    let mut attempt = [0; 16];
    oauth.entropy.fill(&mut attempt);
    attempt
}

/// Returns the versions of the passphrase under which passkeys are valid.
pub(crate) fn versions(oauth: &OAuthContext<'_>) -> Vec<CredentialVersion> {
    oauth.secrets.policy().versions().to_vec()
}

/// Returns whether a passkey was used in this browser.
pub(crate) fn is_known(oauth: &OAuthContext<'_>, incoming: &Incoming) -> bool {
    let (scheme, cookies) = (oauth.site.asked.scheme(), incoming.header("cookie"));
    let Some(text) = COOKIE.read(scheme, cookies.as_deref()) else { return false };
    let (sealed, keys) = (Sealed::<PasskeyUser>::from_text(text), oauth.secrets.keys().seal());
    let versions = oauth.secrets.policy().versions();
    versions.iter().any(|version| sealed.open(version.to_string().as_bytes(), oauth.now, keys).is_ok())
}

/// Adds the cookie by which the browser is known to have used a passkey.
pub(crate) fn set_hint_cookie(oauth: &OAuthContext<'_>, answer: Answer) -> Answer {
    let Some(version) = oauth.passphrase_version() else { return answer };
    let (until, keys) = (oauth.now.plus(KNOWN.into()), oauth.secrets.keys().seal());
    let sealed = Sealed::seal(&PasskeyUser, version.to_string().as_bytes(), until, keys, &oauth.entropy);
    match sealed.ok().and_then(|sealed| COOKIE.set(oauth.site.asked.scheme(), sealed.as_str(), KNOWN)) {
        Some(cookie) => answer.header("set-cookie", cookie),
        None => answer,
    }
}

/// Removes the cookie of [`set_hint_cookie`]: the owner has no passkey any more.
pub(crate) fn clear_hint_cookie(oauth: &OAuthContext<'_>, answer: Answer) -> Answer {
    answer.header("set-cookie", COOKIE.clear(oauth.site.asked.scheme()))
}
