//! The last step: the redirect to the client with a code, or with an error.

use mcp_connector_oauth::authorize::authorization_request::error::AuthorizationError;
use mcp_connector_oauth::authorize::authorization_response::ResponseTarget;
use mcp_connector_oauth::authorize::consent::ConsentedRequest;
use mcp_connector_oauth::clients::client::ClientStatus;
use mcp_connector_oauth::clients::client_hash::ClientHash;
use mcp_connector_oauth::grants::codes::issue_code::{IssueCodeError, issue_code, issue_code_of_owner};
use mcp_connector_oauth::grants::sign_in::commands::SignInProof;
use mcp_connector_oauth::login::person::Person;
use mcp_connector_oauth::login::remembered::browser_cookie::BrowserCookie;

use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::oauth::answers::see_other;
use crate::oauth::clients::lookup;
use crate::oauth::context::OAuthContext;
use crate::oauth::identity::allowed_scopes;
use crate::oauth::identity::remembered_browsers;
use crate::oauth::identity::stored::stored;
use crate::oauth::sign_in_error::SignInError;
use crate::oauth::upstream::signed_in;

/// Redirects to the client with a code for a person whom an identity provider has named. This checks at the latest whether the
/// owner has ended the client, and gives no code while that cannot be checked.
pub(crate) async fn for_person(
    oauth: &OAuthContext<'_>,
    consented: &ConsentedRequest,
    person: &Person,
) -> Result<Answer, SignInError> {
    allowed_scopes::check(oauth, consented, person)?;
    enter_consent(oauth, consented, person).await?;
    let code =
        issue_code(consented, person, stored(oauth, person), &oauth.grants(), oauth.secrets.keys(), oauth.now).await;
    let answer = redirect(oauth, consented, &code.map_err(refused)?);
    signed_in::connect(oauth, person);
    Ok(answer)
}

/// Redirects to the client with a code for the owner, who has proved who they are with the passphrase or a passkey. The answer has the
/// cookie of the browser if it is remembered. `None` if the passkey is refused.
pub(crate) async fn for_owner(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
    consented: &ConsentedRequest,
    (person, proof): (&Person, SignInProof),
) -> Result<Option<Answer>, SignInError> {
    allowed_scopes::check(oauth, consented, person)?;
    enter_consent(oauth, consented, person).await?;
    let issued = issue(oauth, incoming, consented, (person, proof)).await?;
    Ok(issued.map(|(code, cookie)| {
        let answer = redirect(oauth, consented, &code);
        remembered_browsers::with_cookie(oauth, incoming, answer, cookie)
    }))
}

/// Redirects to the client with a code for the owner, whose browser is remembered by `cookie`. `None` if the browser is not
/// remembered for this client. `answered` makes the page of an error that comes later: the browser needs its next cookie in any case.
///
/// The cookie is judged first. One that has ended, or that somebody has copied, enters nobody and no client in the directory.
pub(crate) async fn for_remembered_owner(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
    consented: &ConsentedRequest,
    (owner, cookie): (&Person, BrowserCookie),
    answered: impl FnOnce(SignInError) -> Answer,
) -> Result<Option<Answer>, SignInError> {
    allowed_scopes::check(oauth, consented, owner)?;
    let Some((code, next)) = issue(oauth, incoming, consented, (owner, SignInProof::Remembered(cookie))).await? else {
        return Ok(None);
    };
    // Nobody has the code yet, and nobody gets it if the client was ended.
    let answer = match enter_consent(oauth, consented, owner).await {
        Ok(()) => redirect(oauth, consented, &code),
        Err(error) => answered(error),
    };
    Ok(Some(remembered_browsers::with_cookie(oauth, incoming, answer, next)))
}

/// Stores the code of a sign-in of the owner. `None` if the proof does not hold.
async fn issue(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
    consented: &ConsentedRequest,
    proof: (&Person, SignInProof),
) -> Result<Option<(String, Option<BrowserCookie>)>, SignInError> {
    let (keys, versions) = (oauth.secrets.keys(), oauth.secrets.policy().versions());
    match issue_code_of_owner(consented, proof, versions, &oauth.grants(), keys, oauth.now).await {
        Ok(issued) => Ok(Some(issued)),
        Err(error @ (IssueCodeError::NotRemembered | IssueCodeError::CookieCopied | IssueCodeError::Passkey(_))) => {
            incoming.request_log().reason(error.to_string());
            Ok(None)
        }
        Err(error) => Err(refused(error)),
    }
}

/// Notes in the directory who allows the client, unless the owner has ended it.
async fn enter_consent(
    oauth: &OAuthContext<'_>,
    consented: &ConsentedRequest,
    person: &Person,
) -> Result<(), SignInError> {
    let request = consented.request();
    match oauth.directory().enter_consent(person.into(), ClientHash::of(request.client_id())).await? {
        ClientStatus::Active => Ok(()),
        ClientStatus::Ended => Err(ended(oauth, request.response_target())),
    }
}

fn redirect(oauth: &OAuthContext<'_>, consented: &ConsentedRequest, code: &str) -> Answer {
    let request = consented.request();
    // Only now, because the number of codes that may wait limits what one person can cause to be written.
    lookup::note_use(oauth, lookup::allowed(oauth, request));
    see_other(request.response_target().code_location(code, &oauth.site.issuer))
}

fn refused(error: IssueCodeError) -> SignInError {
    match error {
        IssueCodeError::TooMany => SignInError::TooMany,
        IssueCodeError::Finished => SignInError::Finished,
        IssueCodeError::NotRemembered | IssueCodeError::CookieCopied | IssueCodeError::Passkey(_) => {
            SignInError::BrokenForm
        }
        IssueCodeError::Outage(outage) => SignInError::Outage(outage),
    }
}

/// Returns the error that tells the person, with a link that tells the client.
pub(crate) fn ended(oauth: &OAuthContext<'_>, back: &ResponseTarget) -> SignInError {
    SignInError::ClientEnded { back: back.error_location(AuthorizationError::ClientEnded, &oauth.site.issuer) }
}

/// Redirects to the client of a person who has said no.
pub(crate) fn denied(oauth: &OAuthContext<'_>, back: &ResponseTarget) -> Answer {
    see_other(back.error_location(AuthorizationError::Denied, &oauth.site.issuer))
}
