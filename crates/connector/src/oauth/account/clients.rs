//! `/account/clients`: the owner sees every client that a person has allowed, and can end it for everybody. Each page
//! costs one `list` of KV. The `Directory`, which is never late, knows who uses a client and whether it was ended.

use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::http::route::{ACCOUNT_CLIENTS_PATH, ACCOUNT_PATH};
use crate::oauth::account::session::done;
use crate::oauth::account::session::notice;
use crate::oauth::account::session::owner_form;
use crate::oauth::account::session::owner_page;
use crate::oauth::browser_forms::required;
use crate::oauth::clients::records;
use crate::oauth::clients::records::Page;
use crate::oauth::context::OAuthContext;
use crate::oauth::sign_in_error::SignInError;
use crate::objects::directory::commands::ClientUsers;
use crate::pages;
use crate::pages::FormTarget;
use crate::pages::account::action::{ACTION_FIELD, FormAction as _, NAME_FIELD, OwnerFormAction};
use crate::pages::account::clients::{AFTER_FIELD, AllClientsPage, CLIENT_FIELD, ListedClient};
use crate::pages::account::notice::Outcome;
use mcp_connector_oauth::clients::client::{ClientKind, ClientName};
use mcp_connector_oauth::clients::client_hash::ClientHash;
use mcp_connector_oauth::clients::client_summary::ClientSummary;
use mcp_connector_oauth::web::form::{Parameters, with_query};
use mcp_connector_oauth::web::redirect_uri::{RedirectKind, RedirectUri};

/// A client as its record or the configuration describes it.
struct Entry {
    client: ClientHash,
    name: Option<String>,
    host: String,
    kind: ClientKind,
    summary: Option<ClientSummary>,
}

/// Shows one page of the list.
pub(crate) async fn show(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Result<Answer, SignInError> {
    let session = match owner_page(oauth, incoming).await? {
        Ok(of_the_owner) => of_the_owner,
        Err(instead) => return Ok(instead),
    };
    let query = Parameters::parse(incoming.query().as_bytes()).map_err(|_| SignInError::BrokenForm)?;
    let after = query.get(AFTER_FIELD).map_err(|_| SignInError::BrokenForm)?;
    let notice = notice(oauth, incoming, Some(&session));
    let Page { clients, next } = records::page(oauth.env, after).await?;
    let mut entries = if after.is_none() { configured(oauth) } else { Vec::new() };
    entries.extend(clients.into_iter().filter_map(|(client, summary)| Some(recorded(client, summary?))));
    let users = oauth.directory().users(entries.iter().map(|entry| entry.client.clone()).collect()).await?;
    let sealed = session.form_token(oauth.secrets.keys(), &oauth.entropy).ok_or(SignInError::BrokenForm)?;
    let content = AllClientsPage {
        clients: entries.iter().zip(users).map(|(entry, users)| listed(entry, users)).collect(),
        next: next.map(|next| with_query(ACCOUNT_CLIENTS_PATH, &[(AFTER_FIELD, &next)])),
        back: ACCOUNT_PATH,
        notice,
        now: oauth.now,
    };
    let form = FormTarget { action: ACCOUNT_CLIENTS_PATH, sealed: &sealed };
    Ok(Answer::page(200, pages::all_clients(&content, &form)))
}

/// Handles the form that ends a client. The end is in effect before the answer is sent; the grants end in the background.
pub(crate) async fn act(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Result<Answer, SignInError> {
    let (session, form) = match owner_form(oauth, incoming).await? {
        Ok(of_the_owner) => of_the_owner,
        Err(signed_out) => return Ok(signed_out),
    };
    let field = |name| required(&form, name);
    if OwnerFormAction::of(field(ACTION_FIELD)?) != Some(OwnerFormAction::EndClient) {
        return Err(SignInError::BrokenForm);
    }
    let client = ClientHash::try_from(field(CLIENT_FIELD)?.to_owned()).map_err(|_| SignInError::BrokenForm)?;
    oauth.directory().end_client(client).await?;
    let client = form.get(NAME_FIELD).ok().flatten().map(str::to_owned);
    Ok(done(oauth, &session, ACCOUNT_CLIENTS_PATH, &Outcome::EndedClient { client }))
}

/// Returns the clients of the configuration, which have no record.
fn configured(oauth: &OAuthContext<'_>) -> Vec<Entry> {
    let clients = oauth.configuration().clients.iter().map(|client| {
        let host = client.redirect_uris.first().map_or_else(String::new, destination);
        let name = client.name.as_ref().map_or_else(|| client.id.to_string(), ToString::to_string);
        Entry {
            client: ClientHash::of(&client.id),
            name: Some(name),
            host,
            kind: ClientKind::PreRegistered,
            summary: None,
        }
    });
    clients.collect()
}

fn destination(uri: &RedirectUri) -> String {
    match uri.kind() {
        RedirectKind::PrivateUse => format!("{}:", uri.destination()),
        RedirectKind::Https | RedirectKind::Loopback => uri.destination(),
    }
}

/// Returns the entry of a client that has a record.
fn recorded(client: ClientHash, summary: ClientSummary) -> Entry {
    let (name, host, kind) = (summary.name.as_ref().map(ClientName::to_string), summary.host.clone(), summary.kind);
    Entry { client, name, host, kind, summary: Some(summary) }
}

fn listed(entry: &Entry, users: ClientUsers) -> ListedClient<'_> {
    let summary = entry.summary.as_ref();
    ListedClient {
        client: entry.client.to_string(),
        name: entry.name.as_deref(),
        host: &entry.host,
        kind: entry.kind,
        first_allowed_at: summary.map(|summary| summary.first_allowed_at).or(users.first_use),
        last_used_at: summary.map(|summary| summary.last_used_at).max(users.last_use),
        users: users.names,
        user_count: users.count,
        ended_at: users.ended_at,
    }
}
