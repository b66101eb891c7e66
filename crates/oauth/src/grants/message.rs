//! What the endpoints and the ledger of a subject say to each other.

use serde::{Deserialize, Serialize};

use mcp_connector_base::identifier::{ClientId, GrantId};
use mcp_connector_base::outage::Outage;
use mcp_connector_base::timestamp::Timestamp;

use crate::clients::client_hash::ClientHash;
use crate::crypto::opaque::{ObjectName, Secret};
use crate::grants::codes::pending_code::PendingCode;
use crate::grants::codes::redemption::{CodeRefusal, RedeemRefusal, Redeemed, Redemption};
use crate::grants::refresh::refresh_token::{Generation, RefreshToken};
use crate::grants::refresh::request::{Refresh, Refreshed};
use crate::grants::revoked::Revoked;
use crate::grants::summary::GrantSummary;
use crate::login::admission::AdmissionPolicy;

/// A request to the ledger of one subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Call {
    /// Keep a code.
    StoreCode(PendingCode),
    /// Redeem one. The same request, with the same name for the grant, may be repeated after an outage.
    Redeem(Redemption),
    /// Use a refresh token. May be repeated after an outage.
    Refresh(Refresh),
    /// The client gives up the grant of a refresh token.
    RevokeToken {
        /// Which grant the token names,
        grant: GrantId,
        /// which generation,
        generation: Generation,
        /// and how it proves both.
        proof: Secret,
        /// Who asks.
        client_id: ClientId,
    },
    /// The client gives up the grant of an access token, whose signature has been checked.
    RevokeForClient {
        /// Which grant.
        grant: GrantId,
        /// Who asks.
        client_id: ClientId,
    },
    /// Which of these grants are still valid?
    Look {
        /// The grants.
        grants: Vec<GrantId>,
        /// Who may sign in, by the current settings.
        policy: AdmissionPolicy,
    },
    /// The owner of this server has ended a client for everybody.
    EndClient {
        /// Which.
        client: ClientHash,
    },
    /// The person who gave the grants looks at them, or ends some. Nothing of it happens if they have signed out everywhere
    /// since this sign-in.
    ForPerson {
        /// When they signed in.
        signed_in_at: Timestamp,
        /// What they want.
        wish: AccountAction,
    },
}

/// What a person wants who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountAction {
    /// To see the live grants.
    See {
        /// Who may sign in, by the current settings.
        policy: AdmissionPolicy,
    },
    /// To end one.
    End {
        /// Which grant.
        grant: GrantId,
    },
    /// To end all.
    EndAll,
    /// To end all, and with them every sign-in of this person in any browser.
    SignOut,
}

/// Its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// Whether it is stored, or why it is not.
    StoreCode(Result<(), CodeRefusal>),
    /// The grant, or why there is none.
    Redeem(Result<Redeemed, RedeemRefusal>),
    /// The new tokens, or why there are none.
    Refresh(Refreshed),
    /// What ended.
    Revoke(Revoked),
    /// The live grants.
    List(Vec<GrantSummary>),
    /// The valid ones of the grants that were asked for.
    Look(Vec<GrantId>),
    /// Nothing was done: the person has signed out everywhere since.
    SignedOut,
}

/// The answer to another question: two versions of this program are talking to each other.
const UNEXPECTED: Outage = Outage::Storage;

/// Where the ledgers are. The edge writes one function; the others say what they ask for and what they get.
#[allow(async_fn_in_trait, reason = "a Worker has one thread; nobody needs these futures to be Send")]
pub trait Grants {
    /// Sends one message to the ledger in `object`, which answers it in one transaction.
    async fn call(&self, object: ObjectName, call: Call) -> Result<Reply, Outage>;

    /// Keeps a code.
    async fn store_code(&self, object: ObjectName, code: PendingCode) -> Result<Result<(), CodeRefusal>, Outage> {
        let Reply::StoreCode(stored) = self.call(object, Call::StoreCode(code)).await? else {
            return Err(UNEXPECTED);
        };
        Ok(stored)
    }

    /// Redeems a code.
    async fn redeem(&self, object: ObjectName, request: Redemption) -> Result<Result<Redeemed, RedeemRefusal>, Outage> {
        let Reply::Redeem(answer) = self.call(object, Call::Redeem(request)).await? else {
            return Err(UNEXPECTED);
        };
        Ok(answer)
    }

    /// Uses a refresh token.
    async fn refresh(&self, object: ObjectName, request: Refresh) -> Result<Refreshed, Outage> {
        let Reply::Refresh(answer) = self.call(object, Call::Refresh(request)).await? else {
            return Err(UNEXPECTED);
        };
        Ok(answer)
    }

    /// Ends the grant of a refresh token for the client it was given to.
    async fn revoke_token(&self, token: &RefreshToken, client_id: ClientId) -> Result<Revoked, Outage> {
        let call = Call::RevokeToken {
            grant: token.grant(),
            generation: token.generation(),
            proof: token.proof().clone(),
            client_id,
        };
        self.revoke(token.object(), call).await
    }

    /// Ends what one of the revoking calls names.
    async fn revoke(&self, object: ObjectName, call: Call) -> Result<Revoked, Outage> {
        let Reply::Revoke(revoked) = self.call(object, call).await? else {
            return Err(UNEXPECTED);
        };
        Ok(revoked)
    }

    /// The live grants, for the person who gave them; none if that person has signed out everywhere since `signed_in_at`.
    async fn seen_by_person(
        &self,
        object: ObjectName,
        signed_in_at: Timestamp,
        policy: AdmissionPolicy,
    ) -> Result<Option<Vec<GrantSummary>>, Outage> {
        match self.call(object, Call::ForPerson { signed_in_at, wish: AccountAction::See { policy } }).await? {
            Reply::List(grants) => Ok(Some(grants)),
            Reply::SignedOut => Ok(None),
            Reply::StoreCode(_) | Reply::Redeem(_) | Reply::Refresh(_) | Reply::Revoke(_) | Reply::Look(_) => {
                Err(UNEXPECTED)
            }
        }
    }

    /// Asks which of some grants of one subject are still valid.
    async fn standing(
        &self,
        object: ObjectName,
        grants: Vec<GrantId>,
        policy: AdmissionPolicy,
    ) -> Result<Vec<GrantId>, Outage> {
        let Reply::Look(standing) = self.call(object, Call::Look { grants, policy }).await? else {
            return Err(UNEXPECTED);
        };
        Ok(standing)
    }

    /// Ends what the person wants to end; none as above.
    async fn ended_by_person(
        &self,
        object: ObjectName,
        signed_in_at: Timestamp,
        wish: AccountAction,
    ) -> Result<Option<Revoked>, Outage> {
        match self.call(object, Call::ForPerson { signed_in_at, wish }).await? {
            Reply::Revoke(revoked) => Ok(Some(revoked)),
            Reply::SignedOut => Ok(None),
            Reply::StoreCode(_) | Reply::Redeem(_) | Reply::Refresh(_) | Reply::List(_) | Reply::Look(_) => {
                Err(UNEXPECTED)
            }
        }
    }
}
