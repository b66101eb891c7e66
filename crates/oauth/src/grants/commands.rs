//! The commands to the Durable Object that stores the grants of one subject, and how it executes each.

use serde::{Deserialize, Serialize};

use mcp_connector_base::command::Command;
use mcp_connector_base::commands;
use mcp_connector_base::identifier::{ClientId, GrantId, Subject};
use mcp_connector_base::outage::Outage;
use mcp_connector_base::random::Random;
use mcp_connector_base::timestamp::Timestamp;

use crate::clients::client_hash::ClientHash;
use crate::clients::client_keys::ClientProof;
use crate::crypto::opaque::{ObjectName, Secret};
use crate::grants::access_keys::commands::{StoreAccessKey, UseAccessKey, UsedKey};
use crate::grants::account_overview::AccountOverview;
use crate::grants::checked::CheckedGrants;
use crate::grants::codes::pending_code::PendingCode;
use crate::grants::codes::redemption::{RedeemError, Redeemed, Redemption, StoreCodeError};
use crate::grants::grant_store::GrantStore;
use crate::grants::history::record::AccessRecord;
use crate::grants::identity::stored_identity::StoredIdentity;
use crate::grants::refresh::refresh_token::{Generation, RefreshToken};
use crate::grants::refresh::request::{RefreshRequest, Refreshed};
use crate::grants::revoked::Revoked;
use crate::grants::rows::GrantRows;
use crate::login::admission::AdmissionPolicy;

/// The Durable Objects that store grants, one for each subject.
#[allow(async_fn_in_trait, reason = "a Worker has one thread; nobody needs these futures to be Send")]
pub trait Grants {
    /// Sends a command to `object`, which executes it in one transaction.
    ///
    /// # Errors
    ///
    /// Fails if the object does not answer in time.
    async fn ask<C: GrantsCommand>(&self, object: ObjectName, command: C) -> Result<C::Answer, Outage>;
}

/// A command to the object of one subject. It may be sent again if its answer was lost.
pub trait GrantsCommand: Command {
    /// Executes the command. The object that stores the rows calls this within one transaction.
    ///
    /// # Errors
    ///
    /// Returns the error of the rows if one cannot be read or stored. The transaction then has to be undone. What the
    /// command refuses is part of its answer.
    fn carry_out<R: GrantRows>(
        self,
        store: &mut GrantStore<R>,
        now: Timestamp,
        random: &impl Random,
    ) -> Result<Self::Answer, R::Error>;
}

/// Stores an authorization code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreCode {
    pub code: PendingCode,
    /// What the identity provider has just said about the person.
    pub identity: Option<StoredIdentity>,
}

/// Stores what the identity provider has just said about a person who has signed in to their account page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreIdentity(pub StoredIdentity);

/// Ends the grant of a refresh token for its client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokeToken {
    /// The grant that the token names.
    pub grant: GrantId,
    /// The generation that the token names.
    pub generation: Generation,
    /// The proof that the token holds.
    pub proof: Secret,
    pub client_id: ClientId,
    /// What the client has proven itself with.
    pub client_proof: ClientProof,
}

impl RevokeToken {
    /// Asks for the end of the grant of `token`, for a client.
    #[must_use]
    pub fn new(token: &RefreshToken, client_id: ClientId, client_proof: ClientProof) -> Self {
        let (grant, generation, proof) = (token.grant(), token.generation(), token.proof().clone());
        Self { grant, generation, proof, client_id, client_proof }
    }
}

/// Ends the grant of an access token, whose signature has been checked, for its client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokeForClient {
    pub grant: GrantId,
    pub client_id: ClientId,
    /// What the client has proven itself with.
    pub client_proof: ClientProof,
}

/// Returns which of some grants and access keys are valid, and what is known of their person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckGrants {
    pub grants: Vec<GrantId>,
    /// Who may sign in, according to the current settings.
    pub policy: AdmissionPolicy,
}

/// Ends all grants of a client that the owner of this server has ended for everybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndClientGrants {
    pub client: ClientHash,
}

/// Lists the live grants and the valid access keys for the person who gave them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListGrants {
    /// When the person signed in.
    pub signed_in_at: Timestamp,
    /// Who may sign in, according to the current settings.
    pub policy: AdmissionPolicy,
}

/// Lists the live grants and the valid access keys for the owner of this server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListForOwner {
    /// Who may sign in, according to the current settings.
    pub policy: AdmissionPolicy,
}

/// Lists everything that had access for a person, also what has ended, for the owner of this server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListAccess {
    /// Who may sign in, according to the current settings.
    pub policy: AdmissionPolicy,
}

/// Does what the owner of this server wants with the access of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndForOwner {
    /// The person, if the directory knows them: their upstream tokens can then be revoked.
    pub subject: Option<Subject>,
    pub action: OwnerAction,
    /// Who may sign in, according to the current settings.
    pub policy: AdmissionPolicy,
}

/// Ends grants or access keys for the person who gave them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndGrants {
    pub subject: Subject,
    /// When the person signed in.
    pub signed_in_at: Timestamp,
    pub action: AccountAction,
}

/// What a person ends at their account page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountAction {
    /// One grant, or one access key.
    End { grant: GrantId },
    /// All grants and access keys.
    EndAll,
    /// All grants and access keys, and every sign-in of this person in any browser.
    SignOut,
    /// Several grants: those of one app.
    EndSeveral { grants: Vec<GrantId> },
}

/// What the owner of this server does at the page about a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OwnerAction {
    /// Ends one grant, or one access key.
    End { grant: GrantId },
    /// Ends all grants and access keys, the connections of upstream accounts, and every sign-in of the person in any browser.
    EndPerson,
    /// Takes back what the owner has ended, so that assertions of trusted issuers admit the person again.
    AdmitAgain,
}

commands! {
    StoreCode => Result<(), StoreCodeError>;
    StoreIdentity => ();
    Redemption => Result<Redeemed, RedeemError>;
    RefreshRequest => Refreshed;
    RevokeToken => Revoked;
    RevokeForClient => Revoked;
    CheckGrants => CheckedGrants;
    EndClientGrants => Revoked;
    // `None` if the person has signed out everywhere since this sign-in.
    ListGrants => Option<AccountOverview>;
    EndGrants => Option<Revoked>;
    ListForOwner => AccountOverview;
    EndForOwner => Revoked;
    ListAccess => Vec<AccessRecord>;
}

/// Implements [`GrantsCommand`] for types, each by one call of the store.
macro_rules! carried_out {
    ($($type:ty: |$command:ident, $store:ident, $now:ident, $random:pat_param| $call:expr;)+) => {
        $(impl GrantsCommand for $type {
            fn carry_out<R: GrantRows>(
                self,
                $store: &mut GrantStore<R>,
                $now: Timestamp,
                $random: &impl Random,
            ) -> Result<Self::Answer, R::Error> {
                let $command = self;
                $call
            }
        })+
    };
}
pub(crate) use carried_out;

carried_out! {
    StoreCode: |command, store, now, _| store.store_code(&command.code, command.identity, now);
    StoreIdentity: |command, store, _now, _| store.store_identity(command.0);
    Redemption: |command, store, now, random| store.redeem(&command, now, random);
    RefreshRequest: |command, store, now, _| store.refresh(&command, now);
    RevokeToken: |command, store, now, _| {
        let (token, client) = ((command.generation, &command.proof), (&command.client_id, command.client_proof));
        store.revoke_token(command.grant, token, client, now)
    };
    RevokeForClient: |command, store, now, _| {
        store.revoke_for_client(command.grant, (&command.client_id, command.client_proof), now)
    };
    CheckGrants: |command, store, now, _| store.check_grants(command.grants, &command.policy, now);
    EndClientGrants: |command, store, now, _| store.end_client(&command.client, now);
    ListGrants: |command, store, now, _| {
        if store.has_signed_out_since(command.signed_in_at)? {
            return Ok(None);
        }
        store.overview(&command.policy, now).map(Some)
    };
    ListForOwner: |command, store, now, _| store.overview(&command.policy, now);
    ListAccess: |command, store, now, _| store.access_records(&command.policy, now);
    EndForOwner: |command, store, now, _| store.end_for_owner(&command.action, &command.policy, now);
    EndGrants: |command, store, now, _| {
        if store.has_signed_out_since(command.signed_in_at)? {
            return Ok(None);
        }
        match command.action {
            AccountAction::End { grant } => store.revoke(grant, now),
            AccountAction::EndAll => store.revoke_all(now),
            AccountAction::SignOut => store.sign_out(now),
            AccountAction::EndSeveral { grants } => store.revoke_several(&grants, now),
        }
        .map(Some)
    };
    StoreAccessKey: |command, store, now, _| {
        if store.has_signed_out_since(command.signed_in_at)? {
            return Ok(None);
        }
        store.store_key(&command.key, &command.policy, now).map(Some)
    };
    UseAccessKey: |command, store, now, _| {
        let Some(key) = store.use_key(command.id, &command.digest, &command.policy, now)? else { return Ok(None) };
        let profile = store.profile(None, &command.policy)?;
        Ok(Some(UsedKey { key, profile }))
    };
}
