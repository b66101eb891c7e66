//! Which client a request comes from, and what it has proven itself with.

use mcp_connector_base::identifier::{ClientId, GrantId, Subject};
use mcp_connector_base::outage::Outage;
use mcp_connector_base::timestamp::Timestamp;

use crate::clients::client::{Client, ClientStatus, client_id_hash};
use crate::clients::client_assertion::{ClientAssertion, ClientAssertionError};
use crate::clients::client_authentication::{ClientAuthenticationError, PresentedClient};
use crate::clients::client_keys::ClientProof;
use crate::crypto::opaque::ObjectName;
use crate::external_issuer::signed_jwt::SignedJwt;
use crate::grants::assertions::commands::{AssertionRefused, CheckedAssertion, UseClientAssertion};
use crate::grants::commands::Grants;
use crate::login::roles::policy::CLIENT_SUBJECT;
use crate::token::error::{Limited, TokenError};
use crate::web::form::Parameters;
use crate::web::origin::Issuer;

/// Why a client, or its keys, cannot be known now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotDescribed {
    /// Its document, its keys or our storage are out of reach.
    Outage(Outage),
    /// Nothing was fetched: this network has caused too many fetches, or its host was asked too often.
    TooManyFetches,
}

impl From<Outage> for NotDescribed {
    fn from(outage: Outage) -> Self {
        Self::Outage(outage)
    }
}

impl From<NotDescribed> for TokenError {
    fn from(error: NotDescribed) -> Self {
        match error {
            NotDescribed::Outage(outage) => Self::Outage(outage),
            NotDescribed::TooManyFetches => Self::Limited(Limited::Fetches),
        }
    }
}

/// Where clients are looked up.
#[allow(async_fn_in_trait, reason = "a Worker has one thread; nobody needs these futures to be Send")]
pub trait Clients {
    /// Returns the client with this identifier, or `None` if there is none.
    ///
    /// The metadata document of a client need not be read here: a code or token of such a client names it, and says what the client
    /// has to prove itself with. Its identifier and kind are sufficient.
    ///
    /// # Errors
    ///
    /// Returns an [`Outage`] if it is unknown whether there is such a client.
    async fn find(&self, id: &ClientId) -> Result<Option<Client>, Outage>;

    /// Returns a client that was found, with all that its metadata document says. `None` if there is no such client any more.
    ///
    /// # Errors
    ///
    /// Returns [`NotDescribed`] if the document cannot be fetched now.
    async fn described(&self, client: Client) -> Result<Option<Client>, NotDescribed>;

    /// Verifies that a client has signed an assertion with one of its keys.
    ///
    /// # Errors
    ///
    /// Returns [`NotDescribed`] if the keys of the client cannot be fetched now. The inner error says why the assertion
    /// does not authenticate the client.
    async fn verify_assertion(
        &self,
        client: &Client,
        assertion: &SignedJwt<'_>,
    ) -> Result<Result<(), ClientAssertionError>, NotDescribed>;

    /// Returns whether the owner of this server has ended a client for everybody.
    ///
    /// # Errors
    ///
    /// Returns an [`Outage`] if that is unknown.
    async fn status(&self, id: &ClientId) -> Result<ClientStatus, Outage>;
}

/// A client that has authenticated, or that is public.
#[derive(Clone, Debug)]
pub(crate) struct AuthenticatedClient {
    pub(crate) client: Client,
    /// What it has proven itself with.
    pub(crate) proof: ClientProof,
    /// Its assertion, which is still to be used.
    assertion: Option<ClientAssertion>,
}

impl AuthenticatedClient {
    /// Looks up the client of a request, and authenticates it.
    pub(crate) async fn read(
        clients: &impl Clients,
        authorization: Option<&str>,
        form: &Parameters,
        (issuer, now): (&Issuer, Timestamp),
    ) -> Result<Self, TokenError> {
        let presented = PresentedClient::parse(authorization, form)?;
        let client = clients.find(presented.id()).await?.ok_or(presented.unknown())?;
        let Some(text) = presented.assertion() else {
            presented.authenticate(&client)?;
            return Ok(Self { client, proof: ClientProof::SecretOrNone, assertion: None });
        };
        let refused = |error: ClientAssertionError| TokenError::Client(error.into());
        let jwt = SignedJwt::parse_assertion(text).map_err(|invalid| refused(invalid.into()))?;
        // Claims that are wrong in any case need neither keys nor a signature.
        let assertion = ClientAssertion::check(&jwt, &client.id, issuer, now).map_err(refused)?;
        let client = clients.described(client).await?.ok_or(presented.unknown())?;
        clients.verify_assertion(&client, &jwt).await?.map_err(refused)?;
        Ok(Self { client, proof: ClientProof::PrivateKeyJwt, assertion: Some(assertion) })
    }

    /// Returns a client that has proven nothing.
    pub(crate) const fn public(client: Client) -> Self {
        Self { client, proof: ClientProof::SecretOrNone, assertion: None }
    }

    /// Uses the assertion of the client, if it has sent one. `request` is the number of the token request.
    ///
    /// This is a write. So it comes after the checks that need no storage: anybody can publish keys and sign with them, but not make a
    /// code or a token of this server.
    pub(crate) async fn use_assertion(&self, grants: &impl Grants, request: GrantId) -> Result<(), TokenError> {
        let Some(ClientAssertion { id, expires }) = self.assertion.clone() else { return Ok(()) };
        let object = ObjectName::of(&client_subject(&self.client.id)?);
        let used = grants.ask(object, UseClientAssertion(CheckedAssertion { id, request, expires })).await?;
        used.map_err(|refused| match refused {
            // A client with a thousand assertions in five minutes is asked to wait.
            AssertionRefused::TooMany => TokenError::Limited(Limited::Assertions),
            AssertionRefused::Used
            | AssertionRefused::Ended
            | AssertionRefused::NotAdmitted
            | AssertionRefused::Group => {
                TokenError::Client(ClientAuthenticationError::Assertion(ClientAssertionError::Used))
            }
        })
    }
}

/// Returns the subject of a client that acts for itself. No person has such a subject (RFC 9068 §5).
pub(crate) fn client_subject(id: &ClientId) -> Result<Subject, TokenError> {
    Subject::new(&format!("{CLIENT_SUBJECT}{id}"))
        .or_else(|_| Subject::new(&format!("{CLIENT_SUBJECT}{}", client_id_hash(id))))
        .map_err(|_| TokenError::UnauthorizedClient)
}
