//! The sign-in to the account page. It is a cookie ([`Session`]), and nothing is stored.

use worker::console_error;

use mcp_connector_oauth::crypto::opaque::ObjectName;
use mcp_connector_oauth::crypto::seal::Sealed;
use mcp_connector_oauth::grants::commands::{Grants as _, ListGrants, StoreIdentity};
use mcp_connector_oauth::login::account_session::{Session, SignInKind};
use mcp_connector_oauth::login::person::Person;
use mcp_connector_oauth::web::form::{Parameters, with_query};
use mcp_connector_protocol::Unavailable;

use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::http::route::ACCOUNT_PATH;
use crate::oauth::answers::see_other;
use crate::oauth::browser_forms::{read_form, required};
use crate::oauth::context::OAuthContext;
use crate::oauth::identity::stored::stored;
use crate::oauth::sign_in_error::SignInError;
use crate::oauth::upstream::signed_in as upstream_signed_in;
use crate::objects::directory::commands::SignedInPerson;
use crate::objects::directory::stub::DirectoryStub;
use crate::objects::grants::stub::GrantsStub;
use crate::pages::SEALED_FIELD;
use crate::pages::account::notice::{NOTICE_FIELD, Notice, Outcome};

/// How long a page says what was done, in seconds. It may be loaded again.
const NOTICE_LIFETIME: u64 = 5 * 60;

/// Whether a request may see and do what only the owner may.
enum OwnerAccess {
    /// It comes from the owner.
    Granted(Session),
    /// It comes from another person, who is signed in.
    NotOwner,
    NotSignedIn,
    /// It comes from the owner, who has signed out everywhere since this sign-in.
    SignedOut,
}

async fn owner_access(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Result<OwnerAccess, SignInError> {
    let Some(session) = session(oauth, incoming) else { return Ok(OwnerAccess::NotSignedIn) };
    if !oauth.configuration().is_owner(session.subject()) {
        return Ok(OwnerAccess::NotOwner);
    }
    let object = ObjectName::of(session.subject());
    let policy = oauth.secrets.policy().clone();
    let list = ListGrants { signed_in_at: session.signed_in_at(), policy };
    let grants = oauth.grants().ask(object, list).await?;
    Ok(if grants.is_some() { OwnerAccess::Granted(session) } else { OwnerAccess::SignedOut })
}

/// Returns the session of the owner who asks for a page of theirs, or the answer to anybody else, whom it leads to the account page.
///
/// # Errors
///
/// Fails if the object of the owner does not answer.
pub(crate) async fn owner_page(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
) -> Result<Result<Session, Answer>, SignInError> {
    Ok(match owner_access(oauth, incoming).await? {
        OwnerAccess::Granted(session) => Ok(session),
        OwnerAccess::NotOwner | OwnerAccess::NotSignedIn => Err(to_page(None)),
        OwnerAccess::SignedOut => Err(signed_out(oauth, Notice::SignedOut)),
    })
}

/// Returns the session of the owner and a form of theirs, or the answer to somebody who is not signed in any more.
///
/// # Errors
///
/// Fails if somebody else is signed in, or if the form is not one of this session.
pub(crate) async fn owner_form(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
) -> Result<Result<(Session, Parameters), Answer>, SignInError> {
    let form = read_form(oauth, incoming).await?;
    let session = match owner_access(oauth, incoming).await? {
        OwnerAccess::Granted(session) => session,
        OwnerAccess::NotOwner => return Err(SignInError::NotTheOwner),
        OwnerAccess::NotSignedIn => return Ok(Err(signed_out(oauth, Notice::Expired))),
        OwnerAccess::SignedOut => return Ok(Err(signed_out(oauth, Notice::SignedOut))),
    };
    check_own(oauth, &session, &form)?;
    Ok(Ok((session, form)))
}

/// Returns the session of a person and a form of theirs, or the answer to somebody who is not signed in any more.
///
/// # Errors
///
/// Fails if the form is not one of this session.
pub(crate) async fn own_form(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
) -> Result<Result<(Session, Parameters), Answer>, SignInError> {
    let form = read_form(oauth, incoming).await?;
    let Some(session) = session(oauth, incoming) else { return Ok(Err(signed_out(oauth, Notice::Expired))) };
    check_own(oauth, &session, &form)?;
    Ok(Ok((session, form)))
}

/// Checks that a page of this session has sent a form.
///
/// # Errors
///
/// Fails if another session's has, or none.
fn check_own(oauth: &OAuthContext<'_>, session: &Session, form: &Parameters) -> Result<(), SignInError> {
    let sealed = required(form, SEALED_FIELD)?;
    if session.is_own_form(sealed, oauth.secrets.keys(), oauth.now) { Ok(()) } else { Err(SignInError::StaleForm) }
}

/// Returns the sign-in of a request, if it is valid.
pub(crate) fn session(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Option<Session> {
    let (cookies, secrets) = (incoming.header("cookie"), &oauth.secrets);
    Session::read(oauth.site.asked.scheme(), cookies.as_deref(), secrets.policy(), secrets.keys(), oauth.now)
}

/// Answers a person who has just signed in: redirects to `path`, a page of theirs.
pub(crate) fn signed_in(
    oauth: &OAuthContext<'_>,
    person: &Person,
    kind: SignInKind,
    path: String,
) -> Result<Answer, SignInError> {
    let (env, entry) = (oauth.env.clone(), SignedInPerson::from(person));
    let (object, identity) = (ObjectName::of(&person.subject), stored(oauth, person));
    // Nobody waits for it: the answer does not depend on it.
    oauth.context.wait_until(async move {
        if let Err(Unavailable) = (DirectoryStub { env: &env }).enter_sign_in(entry).await {
            console_error!("directory: a sign-in could not be recorded");
        }
        if let Some(identity) = identity
            && let Err(outage) = (GrantsStub { env: &env }).ask(object, StoreIdentity(identity)).await
        {
            console_error!("grants: what the identity provider says of a person was not stored: {outage}");
        }
    });
    upstream_signed_in::connect(oauth, person);
    let keys = oauth.secrets.keys();
    let Some(cookie) = Session::begin(person, kind, oauth.site.asked.scheme(), keys, &oauth.entropy, oauth.now) else {
        console_error!("sign-in: a name is too long for a cookie");
        return Err(SignInError::BrokenForm);
    };
    Ok(see_other(path).header("set-cookie", cookie))
}

/// Answers a person whose sign-in ends.
pub(crate) fn signed_out(oauth: &OAuthContext<'_>, notice: Notice) -> Answer {
    to_page(Some(notice)).header("set-cookie", Session::end(oauth.site.asked.scheme()))
}

/// Redirects to the account page.
pub(crate) fn to_page(notice: Option<Notice>) -> Answer {
    see_other(match notice.and_then(|notice| notice.name()) {
        None => ACCOUNT_PATH.to_owned(),
        Some(name) => with_query(ACCOUNT_PATH, &[(NOTICE_FIELD, name)]),
    })
}

/// Redirects to `path`, a page of the session, which says what was done.
pub(crate) fn done(oauth: &OAuthContext<'_>, session: &Session, path: &str, outcome: &Outcome) -> Answer {
    let keys = oauth.secrets.keys().seal();
    let sealed = Sealed::seal(outcome, session.binding(), oauth.now.plus(NOTICE_LIFETIME), keys, &oauth.entropy);
    see_other(match sealed {
        Ok(sealed) => with_query(path, &[(NOTICE_FIELD, sealed.as_str())]),
        // The name was too long. What was done is done.
        Err(_) => path.to_owned(),
    })
}

/// Returns what a page is to say about what was just done. Without a session it names nothing. Any link may have the name of a notice,
/// so a page says only what can be true of who is signed in.
pub(crate) fn notice(oauth: &OAuthContext<'_>, incoming: &Incoming, session: Option<&Session>) -> Option<Notice> {
    let query = Parameters::parse(incoming.query().as_bytes()).ok()?;
    let text = query.get(NOTICE_FIELD).ok().flatten()?;
    let outcome = |session: &Session| {
        let keys = oauth.secrets.keys().seal();
        Sealed::<Outcome>::from_text(text).open(session.binding(), oauth.now, keys).ok()
    };
    let named = Notice::of(text).filter(|notice| notice.is_for_a_session() == session.is_some());
    named.or_else(|| session.and_then(outcome).map(Notice::Done))
}
