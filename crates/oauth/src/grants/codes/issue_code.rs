//! The last step at the authorization endpoint (RFC 6749 §4.1.2): a person who has signed in gets a code for the request that
//! they allowed. Nothing is stored before this step.

use thiserror::Error;

use mcp_connector_base::outage::Outage;
use mcp_connector_base::timestamp::Timestamp;

use crate::authorize::consent::ConsentedRequest;
use crate::crypto::keys::ring::KeyRing;
use crate::crypto::opaque::ObjectName;
use crate::grants::authorization::Authorization;
use crate::grants::codes::authorization_code::AuthorizationCode;
use crate::grants::codes::pending_code::PendingCode;
use crate::grants::codes::redemption::StoreCodeError;
use crate::grants::commands::{Grants, StoreCode};
use crate::login::person::Person;

/// Why no code is issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IssueCodeError {
    /// The person has too many codes that are not redeemed yet.
    #[error("too many sign-ins at once, try again in a minute")]
    TooMany,
    /// The code of the page was already redeemed.
    #[error("the sign-in was finished before")]
    Finished,
    /// The object that stores the grants does not answer.
    #[error(transparent)]
    Outage(#[from] Outage),
}

/// Issues the code for what `person` allowed. It is the same code however often the form is sent.
///
/// It goes into the redirect
/// ([`ResponseTarget::code_location`](crate::authorize::authorization_response::ResponseTarget::code_location)) and nowhere else.
pub async fn issue_code(
    consented: &ConsentedRequest,
    person: &Person,
    grants: &impl Grants,
    keys: &KeyRing,
    now: Timestamp,
) -> Result<String, IssueCodeError> {
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
    };
    let code = AuthorizationCode::of(request.number(), ObjectName::of(&person.subject), keys.routing());
    let pending = PendingCode::new(&code, *request.code_challenge(), authorization, now);
    match grants.ask(code.object(), StoreCode(pending)).await? {
        Ok(()) => Ok(code.expose(keys.routing())),
        Err(StoreCodeError::TooMany) => Err(IssueCodeError::TooMany),
        Err(StoreCodeError::Redeemed) => Err(IssueCodeError::Finished),
    }
}
