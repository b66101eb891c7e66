//! Passkeys at the account page: the page on which one is made, and what is done with the answer of the authenticator.

use maud::{Markup, html};
use serde::{Deserialize, Serialize};

use mcp_connector_oauth::crypto::opaque::ObjectName;
use mcp_connector_oauth::crypto::seal::{Sealable, Sealed};
use mcp_connector_oauth::grants::commands::{Grants as _, ListGrants};
use mcp_connector_oauth::grants::sign_in::passkey_commands::{AddPasskey, RemovePasskey};
use mcp_connector_oauth::login::account_session::Session;
use mcp_connector_oauth::login::passkeys::authenticator_data::CredentialId;
use mcp_connector_oauth::login::passkeys::ceremony::{Challenge, PasskeyError, Purpose, user_handle};
use mcp_connector_oauth::login::passkeys::passkey_name::PasskeyName;
use mcp_connector_oauth::login::passkeys::registered_passkeys::PasskeySummary;
use mcp_connector_oauth::login::passkeys::registration::NewPasskey;
use mcp_connector_oauth::web::form::Parameters;

use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::http::route::{ACCOUNT_PASSKEYS_PATH, ACCOUNT_PATH};
use crate::oauth::account::reauthentication::Reauthenticated;
use crate::oauth::account::session::{done, own_form, signed_out, to_page};
use crate::oauth::browser_forms::required;
use crate::oauth::context::OAuthContext;
use crate::oauth::identity::passkey;
use crate::oauth::sign_in_error::SignInError;
use crate::pages;
use crate::pages::FormTarget;
use crate::pages::account::new_passkey::NewPasskeyPage;
use crate::pages::account::notice::{Notice, Outcome};
use crate::pages::account::passkeys::{
    CREDENTIAL_FIELD, PASSKEY_NAME_FIELD, PasskeyEntry, PasskeyPlace, PasskeysSection,
};
use crate::pages::reauthentication::PENDING_FIELD;
use crate::pages::untrusted_text::isolated;

/// How long a person may take to make a passkey, in seconds.
const PENDING: u64 = 10 * 60;

/// A passkey whose person has proved who they are. It is sealed for the session; its challenge is the digest of the sealed text.
#[derive(Serialize, Deserialize)]
struct PendingPasskey {
    name: PasskeyName,
}

impl Sealable for PendingPasskey {
    const PURPOSE: &'static str = "passkey that is being made";
}

/// Returns what the section of the account page says, if there are passkeys on this site.
pub(crate) fn section<'a>(oauth: &'a OAuthContext<'_>, passkeys: &'a [PasskeySummary]) -> Option<PasskeysSection<'a>> {
    passkey::party(oauth)?;
    let entry = |passkey: &'a PasskeySummary| PasskeyEntry {
        credential: passkey.credential.to_text(),
        name: &passkey.name,
        host: &passkey.relying_party,
        place: if passkey.is_backed_up { PasskeyPlace::Synced } else { PasskeyPlace::OneDevice },
        added_at: passkey.created_at,
        used_at: passkey.used_at,
    };
    let host = oauth.site.asked.authority().split(':').next().unwrap_or_default();
    Some(PasskeysSection { passkeys: passkeys.iter().map(entry).collect(), host })
}

/// Reads the name of a new passkey.
pub(crate) fn read(form: &Parameters) -> Result<PasskeyName, SignInError> {
    let typed = form.get(PASSKEY_NAME_FIELD).map_err(|_| SignInError::BrokenForm)?;
    Ok(PasskeyName::clean(typed.unwrap_or_default()))
}

/// Says what is about to be done, for the page that asks for proof.
pub(crate) fn in_words(name: &PasskeyName) -> Markup {
    html! { p { "You are about to add the passkey " strong { (isolated(name.as_str())) } ". It signs you in like the passphrase." } }
}

/// Answers a person who has proved who they are with the page on which the passkey is made.
pub(crate) async fn create(
    oauth: &OAuthContext<'_>,
    session: &Session,
    name: PasskeyName,
    _: &Reauthenticated,
) -> Result<Answer, SignInError> {
    let party = passkey::party(oauth).ok_or(SignInError::BrokenForm)?;
    let keys = oauth.secrets.keys();
    let policy = oauth.secrets.policy().clone();
    let list = ListGrants { signed_in_at: session.signed_in_at(), policy };
    let Some(overview) = oauth.grants().ask(ObjectName::of(session.subject()), list).await? else {
        return Ok(signed_out(oauth, Notice::SignedOut));
    };
    let exclude: Vec<String> = overview.passkeys.iter().map(|passkey| passkey.credential.to_text()).collect();
    let pending = PendingPasskey { name };
    let until = oauth.now.plus(PENDING);
    let sealed = Sealed::seal(&pending, session.binding(), until, keys.seal(), &oauth.entropy)
        .map_err(|_| SignInError::BrokenForm)?;
    let form_token = session.form_token(keys, &oauth.entropy).ok_or(SignInError::BrokenForm)?;
    let content = NewPasskeyPage {
        name: pending.name.as_str(),
        connector: oauth.app.endpoint.registry.display_name(),
        challenge: &Challenge::of(Purpose::Register, sealed.as_str()).to_text(),
        relying_party: party.id(),
        user_handle: &user_handle(session.subject(), keys.routing()),
        exclude: &exclude,
        pending: sealed.as_str(),
        back: ACCOUNT_PATH,
    };
    let form = FormTarget { action: ACCOUNT_PASSKEYS_PATH, sealed: &form_token };
    Ok(Answer::page(200, pages::new_passkey(&content, &form)))
}

/// Handles the form of that page: adds the passkey that the authenticator has made.
pub(crate) async fn add(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Result<Answer, SignInError> {
    let (session, form) = match own_form(oauth, incoming).await? {
        Ok(own) => own,
        Err(signed_out) => return Ok(signed_out),
    };
    let field = |name| required(&form, name);
    let keys = oauth.secrets.keys();
    let party = passkey::party(oauth).ok_or(SignInError::BrokenForm)?;
    let sealed = field(PENDING_FIELD)?;
    let pending = Sealed::<PendingPasskey>::from_text(sealed).open(session.binding(), oauth.now, keys.seal());
    let Ok(pending) = pending else { return Err(SignInError::StaleForm) };
    let response = passkey::response(&form).ok_or(SignInError::BrokenForm)?;
    let added = match NewPasskey::check(response, Challenge::of(Purpose::Register, sealed), &party) {
        Err(refused) => Err(refused),
        Ok(made) => {
            let command = AddPasskey {
                signed_in_at: session.signed_in_at(),
                passkey: made,
                name: pending.name.clone().into(),
                attempt: passkey::attempt(oauth),
                versions: passkey::versions(oauth),
            };
            match oauth.grants().ask(ObjectName::of(session.subject()), command).await? {
                Some(added) => added,
                None => return Ok(signed_out(oauth, Notice::SignedOut)),
            }
        }
    };
    match added {
        Ok(()) => {
            let outcome = Outcome::AddedPasskey { passkey: pending.name.into() };
            Ok(passkey::set_hint_cookie(oauth, done(oauth, &session, ACCOUNT_PATH, &outcome)))
        }
        Err(refused) => {
            incoming.request_log().reason(refused.to_string());
            let too_many = matches!(refused, PasskeyError::TooMany);
            Ok(to_page(Some(if too_many { Notice::TooManyPasskeys } else { Notice::PasskeyNotAdded })))
        }
    }
}

/// Removes the passkey that a form of the account page names.
pub(crate) async fn remove(
    oauth: &OAuthContext<'_>,
    session: &Session,
    form: &Parameters,
) -> Result<Option<()>, SignInError> {
    let credential = form.get(CREDENTIAL_FIELD).ok().flatten().and_then(CredentialId::parse);
    let credential = credential.ok_or(SignInError::BrokenForm)?;
    let command = RemovePasskey { signed_in_at: session.signed_in_at(), credential };
    Ok(oauth.grants().ask(ObjectName::of(session.subject()), command).await?)
}
