//! The forms of the account page. Ending a grant does what the revocation endpoint does (RFC 7009), for the person instead of the
//! client.

use mcp_connector_base::identifier::GrantId;
use mcp_connector_oauth::crypto::opaque::ObjectName;
use mcp_connector_oauth::grants::commands::{AccountAction, EndGrants, Grants as _};
use mcp_connector_oauth::login::account_session::Session;
use mcp_connector_oauth::web::form::Parameters;

use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::http::route::ACCOUNT_PATH;
use crate::oauth::access::verified_tokens;
use crate::oauth::account::protected_action::ProtectedAction;
use crate::oauth::account::session::{done, own_form, signed_out, to_page};
use crate::oauth::account::{access_keys, browsers, passkeys, protected_action};
use crate::oauth::browser_forms::required;
use crate::oauth::context::OAuthContext;
use crate::oauth::identity::remembered_browsers;
use crate::oauth::sign_in_error::SignInError;
use crate::oauth::upstream::{account as upstreams, token_cache};
use crate::pages::account::access_keys::KEY_FIELD;
use crate::pages::account::action::{
    ACTION_FIELD, AccountFormAction, FormAction as _, GRANT_FIELD, GRANTS_FIELD, NAME_FIELD, OTHERS_FIELD,
};
use crate::pages::account::notice::{Notice, Outcome};

/// Handles one of the page's forms. The page that follows tells what was done, and can be loaded again without doing it
/// twice.
pub(crate) async fn act(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Result<Answer, SignInError> {
    let (session, form) = match own_form(oauth, incoming).await? {
        Ok(own) => own,
        Err(signed_out) => return Ok(signed_out),
    };
    let field = |name| required(&form, name);
    let grant = |text: &str| GrantId::try_from(text.to_owned()).map_err(|_| SignInError::BrokenForm);
    let asked = AccountFormAction::of(field(ACTION_FIELD)?).ok_or(SignInError::BrokenForm)?;
    let action = match asked {
        AccountFormAction::End => AccountAction::End { grant: grant(field(GRANT_FIELD)?)? },
        AccountFormAction::EndApp => {
            // A form holds no more than a person can have.
            let grants = field(GRANTS_FIELD)?.split(' ').map(grant).collect::<Result<_, _>>()?;
            AccountAction::EndSeveral { grants }
        }
        AccountFormAction::EndKey => AccountAction::End { grant: grant(field(KEY_FIELD)?)? },
        AccountFormAction::EndAll => AccountAction::EndAll,
        AccountFormAction::NewKey => {
            return match access_keys::read(oauth, &form)? {
                Ok(wanted) => {
                    let action = ProtectedAction::CreateAccessKey(wanted);
                    protected_action::begin(oauth, incoming, &session, action).await
                }
                Err(notice) => Ok(to_page(Some(notice))),
            };
        }
        AccountFormAction::NewPasskey => {
            let action = ProtectedAction::AddPasskey(passkeys::read(&form)?);
            return protected_action::begin(oauth, incoming, &session, action).await;
        }
        AccountFormAction::RemovePasskey | AccountFormAction::ForgetBrowser => {
            return end_sign_in(oauth, &session, asked, &form).await;
        }
        AccountFormAction::SignOut => {
            browsers::forget_this(oauth, incoming, &session).await?;
            let answer = signed_out(oauth, Notice::SignedOut);
            return Ok(remembered_browsers::with_cookie(oauth, incoming, answer, None));
        }
        AccountFormAction::DisconnectUpstream => {
            return Ok(match upstreams::disconnect(oauth, &session, &form).await? {
                Some(outcome) => done(oauth, &session, ACCOUNT_PATH, &outcome),
                None => signed_out(oauth, Notice::SignedOut),
            });
        }
        AccountFormAction::SignOutEverywhere => AccountAction::SignOut,
    };
    let object = ObjectName::of(session.subject());
    let (subject, signed_in_at) = (session.subject().clone(), session.signed_in_at());
    let end = EndGrants { subject, signed_in_at, action: action.clone() };
    let Some(revoked) = oauth.grants().ask(object, end).await? else {
        return Ok(signed_out(oauth, Notice::SignedOut));
    };
    verified_tokens::forget(&revoked.ended, oauth.now);
    if action == AccountAction::SignOut {
        token_cache::forget_all(session.subject());
    }
    let (app, sign_ins) = (form.get(NAME_FIELD).ok().flatten().map(str::to_owned), revoked.ended.len());
    let outcome = match action {
        AccountAction::End { .. } if asked == AccountFormAction::EndKey => Outcome::EndedKey { key: app },
        AccountAction::End { .. } if form.get(OTHERS_FIELD).ok().flatten().is_some() => Outcome::EndedSignIn { app },
        AccountAction::End { .. } | AccountAction::EndSeveral { .. } => Outcome::Disconnected { app, sign_ins },
        AccountAction::EndAll => Outcome::DisconnectedAll { sign_ins },
        AccountAction::SignOut => return Ok(signed_out(oauth, Notice::SignedOutEverywhere)),
    };
    Ok(done(oauth, &session, ACCOUNT_PATH, &outcome))
}

/// Removes a passkey or forgets a browser.
async fn end_sign_in(
    oauth: &OAuthContext<'_>,
    session: &Session,
    asked: AccountFormAction,
    form: &Parameters,
) -> Result<Answer, SignInError> {
    let name = form.get(NAME_FIELD).ok().flatten().unwrap_or_default().to_owned();
    let (changed, outcome) = if asked == AccountFormAction::RemovePasskey {
        (passkeys::remove(oauth, session, form).await?, Outcome::RemovedPasskey { passkey: name })
    } else {
        (browsers::forget(oauth, session, form).await?, Outcome::ForgotBrowser { browser: name })
    };
    Ok(match changed {
        Some(()) => done(oauth, session, ACCOUNT_PATH, &outcome),
        None => signed_out(oauth, Notice::SignedOut),
    })
}
