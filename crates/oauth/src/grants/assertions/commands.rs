//! The commands about assertions: of a client about itself (`private_key_jwt`), and of a trusted issuer about a person (ID-JAG).

use serde::{Deserialize, Serialize};
use thiserror::Error;

use mcp_connector_base::commands;
use mcp_connector_base::identifier::GrantId;
use mcp_connector_base::profile::Profile;
use mcp_connector_base::random::Random;
use mcp_connector_base::timestamp::Timestamp;

use crate::external_issuer::assertion_id::AssertionId;
use crate::grants::authorization::Authorization;
use crate::grants::commands::{GrantsCommand, carried_out};
use crate::grants::grant_store::GrantStore;
use crate::grants::identity::stored_identity::StoredIdentity;
use crate::grants::rows::GrantRows;
use crate::login::admission::AdmissionPolicy;

/// An assertion whose signature and claims were checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedAssertion {
    pub id: AssertionId,
    /// The number of the token request. The same request may be carried out twice, if its answer was lost inside this server.
    pub request: GrantId,
    /// The time from which it is no longer accepted.
    pub expires: Timestamp,
}

/// Uses the assertion of a client, at the object of the client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UseClientAssertion(pub CheckedAssertion);

/// Uses the assertion of a trusted issuer, and opens or renews the grant that it gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedeemAssertion {
    pub assertion: CheckedAssertion,
    pub authorization: Authorization,
    /// What the issuer says about the person.
    pub identity: StoredIdentity,
    /// Who may sign in, according to the current settings.
    pub policy: AdmissionPolicy,
}

/// The grant of an assertion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssertedGrant {
    pub grant: GrantId,
    /// What is known of the person.
    pub profile: Option<Profile>,
    /// Whether the use was recorded in the directory, which happens once a day.
    pub use_is_recorded: bool,
}

/// Why an assertion is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum AssertionRefused {
    #[error("used")]
    Used,
    /// There are too many that have not expired.
    #[error("too_many")]
    TooMany,
    /// The owner of this server has ended the person, or the client.
    #[error("ended")]
    Ended,
    /// The settings no longer admit it.
    #[error("not_admitted")]
    NotAdmitted,
    /// The person has no group that the endpoint needs.
    #[error("group")]
    Group,
}

commands! {
    UseClientAssertion => Result<(), AssertionRefused>;
    RedeemAssertion => Result<AssertedGrant, AssertionRefused>;
}

carried_out! {
    UseClientAssertion: |command, store, now, _| store.use_assertion(&command.0, now);
    RedeemAssertion: |command, store, now, random| store.redeem_assertion(command, now, random);
}
