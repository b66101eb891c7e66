//! The headers of a request in which its credential may be.

use mcp_connector_oauth::resource::bearer::{BearerError, BearerToken};
use mcp_connector_oauth::resource::credential::CredentialPlaces;

use crate::config::configuration::Configuration;
use crate::http::incoming::Incoming;

/// What a request has sent where a credential may be.
pub(crate) struct Credentials<'a> {
    authorization: Option<String>,
    key_header: Option<String>,
    query: &'a str,
}

impl<'a> Credentials<'a> {
    pub(crate) fn of(incoming: &'a Incoming, configuration: &Configuration) -> Self {
        Self {
            authorization: incoming.header("authorization"),
            key_header: incoming.header(configuration.key_header.as_str()),
            query: incoming.query(),
        }
    }

    /// Returns whether there is one, in whatever form.
    pub(crate) fn has_any(&self) -> bool {
        self.places().has_any()
    }

    /// Returns the one token or access key.
    pub(crate) fn read(&self) -> Result<Option<BearerToken>, BearerError> {
        self.places().read()
    }

    fn places(&self) -> CredentialPlaces<'_> {
        CredentialPlaces {
            authorization: self.authorization.as_deref(),
            key_header: self.key_header.as_deref(),
            query: self.query,
        }
    }
}
