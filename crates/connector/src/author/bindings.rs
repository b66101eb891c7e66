//! What handlers use of the Worker: its bindings and secrets, and other servers. Each context has the same methods for it.

use crate::author::{Context, EventContext};
use crate::outbound::HttpClient;
use crate::storage::{BindingError, D1, Kv, R2, Secret};

macro_rules! with_bindings {
    ($($context:ty),*) => {$(
        impl $context {
            /// Returns a client for the hosts that the connector declares with [`Connector::hosts`](crate::Connector::hosts).
            #[must_use]
            pub fn http(&self) -> HttpClient {
                let registry = self.host().registry();
                HttpClient::of_connector(registry, registry.hosts().clone())
            }

            /// Returns the D1 database that is bound as `binding`.
            ///
            /// # Errors
            ///
            /// Fails if `wrangler.toml` does not bind it. The lines to add are in the log.
            pub fn d1(&self, binding: &str) -> Result<D1, BindingError> {
                D1::bound(self.env(), binding)
            }

            /// Returns the KV namespace that is bound as `binding`.
            ///
            /// # Errors
            ///
            /// Fails if `wrangler.toml` does not bind it. The lines to add are in the log.
            pub fn kv(&self, binding: &str) -> Result<Kv, BindingError> {
                Kv::bound(self.env(), binding)
            }

            /// Returns the R2 bucket that is bound as `binding`.
            ///
            /// # Errors
            ///
            /// Fails if `wrangler.toml` does not bind it. The lines to add are in the log.
            pub fn r2(&self, binding: &str) -> Result<R2, BindingError> {
                R2::bound(self.env(), binding)
            }

            /// Returns the secret `name`: of `npx wrangler secret put`, or of `.dev.vars` on your machine.
            ///
            /// # Errors
            ///
            /// Fails if it is not set. The error and the log say which command sets it.
            pub fn secret(&self, name: &str) -> Result<Secret, BindingError> {
                Secret::named(self.env(), name)
            }
        }
    )*};
}

with_bindings!(Context, EventContext);
