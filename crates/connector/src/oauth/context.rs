//! The context of one request to an endpoint of the authorization server.

use std::rc::Rc;

use worker::{Context, Env};

use mcp_connector_base::outage::Outage;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::clients::resolver::ClientResolver;
use mcp_connector_oauth::crypto::credential_version::CredentialVersion;
use mcp_connector_protocol::Unavailable;

use crate::app::state::App;
use crate::config::configuration::Configuration;
use crate::config::settings::Feature;
use crate::http::site::Site;
use crate::oauth::secrets::Secrets;
use crate::oauth::sign_in_error::SignInError;
use crate::objects::directory::stub::DirectoryStub;
use crate::objects::grants::stub::GrantsStub;
use crate::platform::clock;
use crate::platform::clock::Entropy;

/// The request's surroundings.
pub(crate) struct OAuthContext<'a> {
    pub(crate) app: &'a App,
    pub(crate) site: &'a Site,
    pub(crate) env: &'a Env,
    /// Runs work that goes on after the answer.
    pub(crate) context: &'a Context,
    pub(crate) secrets: Rc<Secrets>,
    pub(crate) entropy: Entropy,
    pub(crate) now: Timestamp,
}

impl<'a> OAuthContext<'a> {
    /// Loads what the endpoints need.
    ///
    /// # Errors
    ///
    /// Fails if the secrets are out of reach, and while a setting that decides who somebody is cannot be read. Then nobody is signed
    /// in, at any endpoint.
    pub(crate) async fn open(
        app: &'a App,
        site: &'a Site,
        (env, context): (&'a Env, &'a Context),
    ) -> Result<Self, Outage> {
        if app.configuration.closed(Feature::AccessTokens).is_some() {
            return Err(Outage::Storage);
        }
        let unavailable = |Unavailable| Outage::Storage;
        let secrets = app.secrets(env).await.map_err(unavailable)?;
        let entropy = Entropy::new().map_err(unavailable)?;
        Ok(Self { app, site, env, context, secrets, entropy, now: clock::now() })
    }

    /// Loads what a page needs that depends on `feature`.
    ///
    /// # Errors
    ///
    /// Also fails while `feature` is closed, and while the passphrase keeps everybody from signing in. The person, who may be the owner,
    /// reads what to correct.
    pub(crate) async fn for_page(
        app: &'a App,
        site: &'a Site,
        feature: Feature,
        runtime: (&'a Env, &'a Context),
    ) -> Result<Self, SignInError> {
        if let Some(closed) = app.configuration.closed(feature) {
            return Err(closed.into());
        }
        if let Some(weak) = app.configuration.weak_passphrase() {
            return Err(SignInError::NotSetUp(weak));
        }
        Ok(Self::open(app, site, runtime).await?)
    }

    pub(crate) fn configuration(&self) -> &'a Configuration {
        &self.app.configuration
    }

    /// Returns the current version of the passphrase, if there is one.
    pub(crate) fn passphrase_version(&self) -> Option<CredentialVersion> {
        self.secrets.policy().versions().first().copied()
    }

    /// Returns the objects that keep grants.
    pub(crate) const fn grants(&self) -> GrantsStub<'a> {
        GrantsStub { env: self.env }
    }

    /// Returns the object that knows who uses which client, and which clients were ended.
    pub(crate) const fn directory(&self) -> DirectoryStub<'a> {
        DirectoryStub { env: self.env }
    }

    /// Returns where clients are found by their identifiers.
    pub(crate) fn client_resolver(&self) -> ClientResolver<'_> {
        ClientResolver {
            pre_registered: &self.configuration().clients,
            policy: &self.configuration().redirect_policy,
            key: self.secrets.keys().client_id(),
            own: self.site.issuer.origin(),
        }
    }
}
