//! The secrets of an isolate: the keys that are derived from the master key, and who may sign in.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use worker::Env;

use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::crypto::keys::mac::MacKey;
use mcp_connector_oauth::crypto::keys::ring::KeyRing;
use mcp_connector_oauth::crypto::keys::signing::SigningKeys;
use mcp_connector_oauth::login::admission::AdmissionPolicy;
use mcp_connector_oauth::login::roles::policy::RolePolicy;
use mcp_connector_protocol::Unavailable;

use crate::config::configuration::Configuration;
use crate::config::settings::Feature;
use crate::objects::keyring::stub as keyring;

/// The secrets of an isolate, which are loaded when they are first needed.
pub(crate) struct LazySecrets {
    configuration: Rc<Configuration>,
    loaded: OnceCell<Rc<Secrets>>,
}

impl LazySecrets {
    /// Loads nothing yet.
    pub(crate) const fn new(configuration: Rc<Configuration>) -> Self {
        Self { configuration, loaded: OnceCell::new() }
    }

    /// Returns the secrets. The first request that needs them may have to ask the `Keyring` for the master key.
    ///
    /// # Errors
    ///
    /// Unavailable where the master key is out of reach, or is set and cannot be read: another key is never used instead.
    pub(crate) async fn get(&self, env: &Env) -> Result<Rc<Secrets>, Unavailable> {
        if self.configuration.closed(Feature::Keys).is_some() {
            return Err(Unavailable);
        }
        if let Some(secrets) = self.loaded.get() {
            return Ok(Rc::clone(secrets));
        }
        let secrets = Rc::new(Secrets::load(&self.configuration, env).await?);
        // Another request may have been faster; the keys are the same.
        Ok(Rc::clone(self.loaded.get_or_init(|| secrets)))
    }
}

/// Keys and credentials.
pub(crate) struct Secrets {
    keys: KeyRing,
    policy: AdmissionPolicy,
    roles: RolePolicy,
    signing: RefCell<Option<Rc<SigningKeys>>>,
    log_person: OnceCell<MacKey>,
}

impl Secrets {
    /// Derives the keys from the secret `MASTER_KEY`, or else from the master key of the `Keyring`.
    async fn load(configuration: &Configuration, env: &Env) -> Result<Self, Unavailable> {
        let keys = match &configuration.master_keys {
            Some(master) => KeyRing::new(&master.current, &master.previous),
            None => KeyRing::new(&keyring::master_key(env).await?, &[]),
        };
        let policy = match (&configuration.provider, &configuration.passphrase) {
            (Some(provider), _) => provider.policy(keys.passphrase()),
            (None, Ok(passphrase)) => {
                AdmissionPolicy::Passphrase { versions: passphrase.credential_versions(keys.passphrase()) }
            }
            (None, Err(_)) => AdmissionPolicy::NOBODY,
        };
        let policy = policy.with(&configuration.trusted_issuers).restricted_by(&configuration.policy.rules);
        let roles = configuration.roles.clone();
        Ok(Self { keys, policy, roles, signing: RefCell::new(None), log_person: OnceCell::new() })
    }

    /// Returns the keys.
    pub(crate) const fn keys(&self) -> &KeyRing {
        &self.keys
    }

    /// Returns who may sign in, by the current settings.
    pub(crate) const fn policy(&self) -> &AdmissionPolicy {
        &self.policy
    }

    /// Returns the key that hashes people for the log.
    pub(crate) fn log_person(&self) -> &MacKey {
        self.log_person.get_or_init(|| self.keys.log_person())
    }

    /// Returns which people may have which scopes, by the current settings.
    pub(crate) const fn roles(&self) -> &RolePolicy {
        &self.roles
    }

    /// Returns the current signing keys, which are derived once for each period.
    pub(crate) fn signing(&self, now: Timestamp) -> Rc<SigningKeys> {
        let current = self.signing.borrow().as_ref().filter(|keys| keys.covers(now)).map(Rc::clone);
        current.unwrap_or_else(|| {
            let keys = Rc::new(self.keys.signing(now));
            self.signing.replace(Some(Rc::clone(&keys)));
            keys
        })
    }
}
