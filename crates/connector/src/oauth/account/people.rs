//! `/account/people`: the owner sees everybody who has signed in, what each has connected, and ends one of it or all. The `Directory`
//! knows the people; what a person has connected is asked of their own object.

use mcp_connector_base::identifier::{GrantId, Subject};
use mcp_connector_oauth::crypto::opaque::ObjectName;
use mcp_connector_oauth::grants::commands::{EndForOwner, Grants as _, ListForOwner, OwnerAction};
use mcp_connector_oauth::login::account_session::Session;
use mcp_connector_oauth::web::form::{Parameters, with_query};

use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::http::route::{ACCOUNT_EXPORT_PATH, ACCOUNT_PATH, ACCOUNT_PEOPLE_PATH};
use crate::log::person;
use crate::log::request_log::LogPerson;
use crate::oauth::access::verified_tokens;
use crate::oauth::account::access_keys;
use crate::oauth::account::destination::{connector_of, destination};
use crate::oauth::account::session::{done, notice, owner_form, owner_page};
use crate::oauth::browser_forms::required;
use crate::oauth::context::OAuthContext;
use crate::oauth::identity::settings::Provider;
use crate::oauth::sign_in_error::SignInError;
use crate::oauth::upstream::token_cache;
use crate::objects::directory::commands::{KnownPerson, ListPeople};
use crate::pages;
use crate::pages::FormTarget;
use crate::pages::account::action::{ACTION_FIELD, FormAction as _, GRANT_FIELD, NAME_FIELD, OwnerFormAction};
use crate::pages::account::notice::Outcome;
use crate::pages::account::people::{AFTER_FIELD, ListedBy, PERSON_FIELD, PeoplePage, PersonEntry, SEARCH_FIELD};
use crate::pages::account::person::{Assertions, PersonApp, PersonPage};

/// Shows a page of the list, or the page about a person.
pub(crate) async fn show(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Result<Answer, SignInError> {
    let session = match owner_page(oauth, incoming).await? {
        Ok(of_the_owner) => of_the_owner,
        Err(instead) => return Ok(instead),
    };
    let query = Parameters::parse(incoming.query().as_bytes()).map_err(|_| SignInError::BrokenForm)?;
    let get = |name| query.get(name).map_err(|_| SignInError::BrokenForm);
    if let Some(id) = get(PERSON_FIELD)? {
        return about(oauth, incoming, &session, id).await;
    }
    let (search, after) = (get(SEARCH_FIELD)?.filter(|search| !search.trim().is_empty()), get(AFTER_FIELD)?);
    let asked = ListPeople { search: search.map(str::to_owned), after: after.map(str::to_owned) };
    let found = oauth.directory().people(asked).await?;
    let next = found.next.as_deref().map(|last| {
        let mut parameters = vec![(AFTER_FIELD, last)];
        parameters.extend(search.map(|search| (SEARCH_FIELD, search)));
        with_query(ACCOUNT_PEOPLE_PATH, &parameters)
    });
    let content = PeoplePage {
        people: found.people.iter().map(entry).collect(),
        search,
        path: ACCOUNT_PEOPLE_PATH,
        next,
        back: ACCOUNT_PATH,
        export: ACCOUNT_EXPORT_PATH,
        now: oauth.now,
    };
    Ok(Answer::page(200, pages::people(&content)))
}

/// Shows the page about a person.
async fn about(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
    session: &Session,
    id: &str,
) -> Result<Answer, SignInError> {
    let object = ObjectName::parse(id).ok_or(SignInError::BrokenForm)?;
    let known = oauth.directory().person(object).await?.ok_or(SignInError::BrokenForm)?;
    let overview = oauth.grants().ask(object, ListForOwner { policy: oauth.secrets.policy().clone() }).await?;
    let apps = overview.grants.iter().map(|grant| PersonApp {
        grant: grant.id.to_string(),
        name: grant.client_name.as_deref(),
        destination: destination(grant).1,
        connector: connector_of(oauth, &grant.resource),
        scopes: oauth.app.scopes_of(&grant.resource).described(&grant.scope).collect(),
        connected_at: grant.created_at,
        used_at: grant.used_at,
    });
    let sealed = session.form_token(oauth.secrets.keys(), &oauth.entropy).ok_or(SignInError::BrokenForm)?;
    let content = PersonPage {
        person: entry(&known),
        id,
        apps: apps.collect(),
        keys: access_keys::entries(oauth, &overview.keys),
        in_log: in_log(oauth, &known),
        list: listed_by(oauth),
        assertions: if oauth.configuration().trusted_issuers.is_empty() {
            Assertions::NotAccepted
        } else {
            let ends = &overview.assertion_ends;
            match (ends.person, ends.clients.iter().map(|(_, at)| *at).min()) {
                (Some(at), _) => Assertions::PersonEnded(at),
                (None, Some(at)) => Assertions::AppsEnded(at),
                (None, None) => Assertions::Admitted,
            }
        },
        back: ACCOUNT_PEOPLE_PATH,
        notice: notice(oauth, incoming, Some(session)),
        now: oauth.now,
    };
    let form = FormTarget { action: ACCOUNT_PEOPLE_PATH, sealed: &sealed };
    Ok(Answer::page(200, pages::person(&content, &form)))
}

/// Handles a form that ends something of a person.
pub(crate) async fn act(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Result<Answer, SignInError> {
    let (session, form) = match owner_form(oauth, incoming).await? {
        Ok(of_the_owner) => of_the_owner,
        Err(signed_out) => return Ok(signed_out),
    };
    let field = |name| required(&form, name);
    let id = field(PERSON_FIELD)?;
    let object = ObjectName::parse(id).ok_or(SignInError::BrokenForm)?;
    let asked = OwnerFormAction::of(field(ACTION_FIELD)?).ok_or(SignInError::BrokenForm)?;
    let action = match asked {
        OwnerFormAction::End | OwnerFormAction::EndKey => {
            let grant = GrantId::try_from(field(GRANT_FIELD)?.to_owned()).map_err(|_| SignInError::BrokenForm)?;
            OwnerAction::End { grant }
        }
        OwnerFormAction::EndPerson => OwnerAction::EndPerson,
        OwnerFormAction::AdmitAgain => OwnerAction::AdmitAgain,
        OwnerFormAction::EndClient => return Err(SignInError::BrokenForm),
    };
    let subject = match action {
        // What ends access works during an outage of the directory, too. Then nothing is revoked at other services, which is logged.
        OwnerAction::EndPerson => oauth.directory().person(object).await.ok().flatten(),
        OwnerAction::End { .. } | OwnerAction::AdmitAgain => None,
    };
    let subject = subject.and_then(|person| Subject::new(&person.subject).ok());
    let end = EndForOwner { subject: subject.clone(), action, policy: oauth.secrets.policy().clone() };
    let revoked = oauth.grants().ask(object, end).await?;
    verified_tokens::forget(&revoked.ended, oauth.now);
    if let Some(subject) = subject {
        token_cache::forget_all(&subject);
    }
    let name = form.get(NAME_FIELD).ok().flatten().map(str::to_owned);
    let ended = revoked.ended.len();
    let outcome = match asked {
        OwnerFormAction::End => Outcome::Disconnected { app: name, sign_ins: ended },
        OwnerFormAction::EndKey => Outcome::EndedKey { key: name },
        OwnerFormAction::EndPerson => Outcome::EndedPerson {
            person: name,
            ended,
            list: listed_by(oauth),
            has_issuers: !oauth.configuration().trusted_issuers.is_empty(),
        },
        OwnerFormAction::AdmitAgain => Outcome::AdmittedAgain { person: name },
        OwnerFormAction::EndClient => return Err(SignInError::BrokenForm),
    };
    Ok(done(oauth, &session, &with_query(ACCOUNT_PEOPLE_PATH, &[(PERSON_FIELD, id)]), &outcome))
}

fn listed_by(oauth: &OAuthContext<'_>) -> ListedBy {
    match &oauth.configuration().provider {
        Some(Provider::OpenId(..) | Provider::GitHub(..)) => ListedBy::AllowedUsers,
        Some(Provider::Access { .. }) => ListedBy::AccessPolicy,
        None => ListedBy::Passphrase,
    }
}

/// Returns the digits of a person in the log, with `LOG_PERSON=hash`.
fn in_log(oauth: &OAuthContext<'_>, known: &KnownPerson) -> Option<String> {
    if oauth.configuration().log_person != LogPerson::Hash {
        return None;
    }
    Subject::new(&known.subject).ok().map(|subject| person::hash(&subject, oauth.secrets.log_person()))
}

fn entry(known: &KnownPerson) -> PersonEntry<'_> {
    PersonEntry {
        name: known.name.as_deref(),
        email: known.email.as_deref(),
        subject: &known.subject,
        first_at: known.first_at,
        last_at: known.last_at,
        path: with_query(ACCOUNT_PEOPLE_PATH, &[(PERSON_FIELD, &known.person)]),
    }
}
