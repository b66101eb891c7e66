//! The `Directory`, as the rest of the Worker reaches it.

use std::time::Duration;

use worker::Env;

use mcp_connector_base::command::Command;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::clients::client::ClientStatus;
use mcp_connector_oauth::clients::client_hash::ClientHash;
use mcp_connector_oauth::crypto::opaque::ObjectName;
use mcp_connector_protocol::Unavailable;

use crate::config::bindings::Binding;
use crate::objects::directory::commands::{
    CheckClient, ClientUsers, CountPeople, EndClient, EnterConsent, EnterSignIn, EnterUse, GetLastUse, GetPerson,
    KnownPerson, ListPeople, ListPeopleAccess, ListUsers, PeopleAccess, PeoplePage, SignedInPerson,
};
use crate::objects::stub::ObjectStub;
use crate::platform::timer::within;

/// The one object.
const NAME: &str = "directory";
/// The longest time that an answer may take. A person waits for it, or an object whose own caller waits for
/// [`TIME_LIMIT`](crate::objects::stub::TIME_LIMIT).
const TIME_LIMIT: Duration = Duration::from_secs(3);

/// How long it may ask the objects of people before it answers with what had access for them.
const EXPORT_PATIENCE: Duration = Duration::from_secs(20);

/// The directory.
#[derive(Clone, Copy)]
pub(crate) struct DirectoryStub<'a> {
    pub(crate) env: &'a Env,
}

impl DirectoryStub<'_> {
    /// Enters that a person has signed in.
    pub(crate) async fn enter_sign_in(self, person: SignedInPerson) -> Result<(), Unavailable> {
        self.ask(EnterSignIn(person)).await
    }

    /// Enters that a person allows a client, unless the owner has ended it.
    pub(crate) async fn enter_consent(
        self,
        person: SignedInPerson,
        client: ClientHash,
    ) -> Result<ClientStatus, Unavailable> {
        self.ask(EnterConsent { person, client }).await
    }

    /// Enters that a person who signed in at `signed_in_at` has used a client, unless the owner has ended it.
    pub(crate) async fn enter_use(
        self,
        person: SignedInPerson,
        client: ClientHash,
        signed_in_at: Timestamp,
    ) -> Result<ClientStatus, Unavailable> {
        self.ask(EnterUse { person, client, signed_in_at }).await
    }

    /// Returns whether the owner has ended a client.
    pub(crate) async fn check_client(self, client: ClientHash) -> Result<ClientStatus, Unavailable> {
        self.ask(CheckClient(client)).await
    }

    /// Returns when a client was last used.
    pub(crate) async fn last_use(self, client: ClientHash) -> Result<Option<Timestamp>, Unavailable> {
        self.ask(GetLastUse(client)).await
    }

    /// Returns who uses these clients, in their order.
    pub(crate) async fn users(self, clients: Vec<ClientHash>) -> Result<Vec<ClientUsers>, Unavailable> {
        self.ask(ListUsers(clients)).await
    }

    /// Returns a page of the people who have signed in.
    pub(crate) async fn people(self, command: ListPeople) -> Result<PeoplePage, Unavailable> {
        self.ask(command).await
    }

    /// Returns a person by the name of their object.
    pub(crate) async fn person(self, object: ObjectName) -> Result<Option<KnownPerson>, Unavailable> {
        self.ask(GetPerson(object.to_string())).await
    }

    /// Returns what had access for some people. It asks twice: the object of one of them may have been moved.
    pub(crate) async fn people_access(self, command: ListPeopleAccess) -> Result<PeopleAccess, Unavailable> {
        let object = ObjectStub::new(self.env, Binding::Directory, NAME);
        if let Ok(Some(access)) = object.ask_patiently(&command, EXPORT_PATIENCE).await {
            return Ok(access);
        }
        object.ask_patiently(&command, EXPORT_PATIENCE).await?.ok_or(Unavailable)
    }

    /// Returns how many people have signed in, or `at_most` if there are more.
    pub(crate) async fn count_people(self, at_most: u64) -> Result<u64, Unavailable> {
        self.ask(CountPeople { at_most }).await
    }

    /// Ends a client for everybody and for good. Its grants end soon after.
    pub(crate) async fn end_client(self, client: ClientHash) -> Result<(), Unavailable> {
        self.ask(EndClient(client)).await
    }

    /// Sends a command, and sends it again if the answer was lost. Every command may be repeated.
    async fn ask<C: Command>(self, command: C) -> Result<C::Answer, Unavailable> {
        within(TIME_LIMIT, ObjectStub::new(self.env, Binding::Directory, NAME).ask_again(&command)).await
    }
}
