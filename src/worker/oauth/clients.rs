//! Where clients are found: in the configuration, in their own identifiers, or in a document at their URL.

use std::cell::RefCell;

use crate::caller::{ClientId, ScopeSet};
use crate::mcp::Unavailable;
use crate::oauth::Timestamp;
use crate::oauth::client::{Client, ClientKind};
use crate::oauth::client_directory::Found;
use crate::oauth::client_id::{REGISTRATION_LIFE, RegisteredClient, Standing};
use crate::oauth::outage::Outage;
use crate::oauth::token::Clients;
use crate::worker::hints;

use super::{Desk, client_documents};

/// How long a mark lives.
#[expect(clippy::cast_possible_truncation, reason = "ninety days")]
const LIFE: u32 = REGISTRATION_LIFE as u32;

/// The clients, as far as the token and the revocation endpoint have to know them.
pub(super) struct KnownClients<'a> {
    desk: &'a Desk<'a>,
    /// The mark to write if a token is issued.
    renewal: RefCell<Option<String>>,
    /// The client that was asked for and is one.
    found: RefCell<Option<ClientId>>,
}

impl<'a> KnownClients<'a> {
    pub(super) const fn new(desk: &'a Desk<'a>) -> Self {
        Self { desk, renewal: RefCell::new(None), found: RefCell::new(None) }
    }

    /// The client that was asked for, for the log.
    pub(super) fn found(&self) -> Option<ClientId> {
        self.found.take()
    }

    /// Notes that a client is still in use, if it has been around for long. If that fails, its next token does it.
    pub(super) async fn prolong(&self) {
        let Some(key) = self.renewal.take() else { return };
        let _ = hints::write(self.desk.env, &key, &self.desk.now.to_string(), LIFE).await;
    }
}

impl Clients for KnownClients<'_> {
    async fn find(&self, id: &ClientId) -> Result<Option<Client>, Outage> {
        let client = match self.desk.directory().find(id) {
            Found::PreRegistered(client) => Some(client),
            Found::Registered(registered) => match standing(self.desk, &registered).await? {
                Standing::Expired => None,
                Standing::Fresh => Some(registered.client),
                Standing::RenewalDue => {
                    self.renewal.replace(Some(registered.mark_key()));
                    Some(registered.client)
                }
            },
            // Its document is not needed here: it has no secret, and its code or token says to whom it was given.
            Found::Document(url) => Some(Client {
                id: url.id().clone(),
                kind: ClientKind::MetadataDocument,
                name: None,
                redirect_uris: Vec::new(),
                secrets: Vec::new(),
                own_scopes: ScopeSet::empty(),
            }),
            Found::Nothing => None,
        };
        self.found.replace(client.as_ref().map(|client| client.id.clone()));
        Ok(client)
    }
}

/// A client with everything that is known of it, its redirect URIs above all.
pub(super) async fn described(desk: &Desk<'_>, id: &ClientId) -> Result<Option<Client>, Outage> {
    match desk.directory().find(id) {
        Found::PreRegistered(client) => Ok(Some(client)),
        Found::Registered(registered) => {
            let standing = standing(desk, &registered).await?;
            Ok((standing != Standing::Expired).then_some(registered.client))
        }
        Found::Document(url) => client_documents::client(&url, &desk.configuration().redirect_policy, desk.now).await,
        Found::Nothing => Ok(None),
    }
}

/// Only clients of a certain age need a look at their mark.
async fn standing(desk: &Desk<'_>, registered: &RegisteredClient) -> Result<Standing, Outage> {
    if !registered.needs_mark(desk.now) {
        return Ok(Standing::Fresh);
    }
    let mark = hints::read(desk.env, &registered.mark_key()).await.map_err(|Unavailable| Outage::Storage)?;
    let mark = mark.and_then(|text| text.parse().ok()).map(Timestamp::from_seconds);
    Ok(registered.standing(mark, desk.now))
}
