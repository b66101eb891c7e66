//! Finds the kind of client that an identifier names.
//!
//! The three kinds cannot be confused: identifiers in the configuration are not URLs and do not have the prefix of registered
//! ones, and only a URL leads to a metadata document.

use mcp_connector_base::identifier::ClientId;

use crate::clients::client::Client;
use crate::clients::client_id::{RegisteredClient, registered_client};
use crate::clients::metadata_document::client_id_url::ClientIdUrl;
use crate::clients::pre_registered::PreRegisteredClients;
use crate::crypto::keys::mac::MacKey;
use crate::web::origin::Origin;
use crate::web::redirect_uri::RedirectPolicy;

/// What is needed to resolve an identifier without a request.
#[derive(Clone, Copy)]
pub struct ClientResolver<'a> {
    /// The clients of the configuration.
    pub pre_registered: &'a PreRegisteredClients,
    /// The redirect URIs that are allowed.
    pub policy: &'a RedirectPolicy,
    /// The key of the identifiers of registered clients.
    pub key: &'a MacKey,
    /// The origin of this server, from which no document is fetched.
    pub own: &'a Origin,
}

/// The client that an identifier names.
#[derive(Clone, Debug)]
pub enum ResolvedClient {
    /// A client of the configuration.
    PreRegistered(Client),
    /// A dynamically registered client. After ninety days its use has to be looked up ([`RegisteredClient::is_young`]).
    Registered(RegisteredClient),
    /// A client with a metadata document, which has to be cached or fetched. The token endpoint does not need the document: the
    /// client has no secret, and its code or token names it.
    MetadataDocument(ClientIdUrl),
    Unknown,
}

impl ClientResolver<'_> {
    /// Returns the client that an identifier names.
    #[must_use]
    pub fn resolve(&self, id: &ClientId) -> ResolvedClient {
        if let Some(client) = self.pre_registered.find(id) {
            return ResolvedClient::PreRegistered(client.clone());
        }
        if ClientIdUrl::is_url_form(id) {
            return ClientIdUrl::parse(id, self.own).map_or(ResolvedClient::Unknown, ResolvedClient::MetadataDocument);
        }
        registered_client(id, self.policy, self.key).map_or(ResolvedClient::Unknown, ResolvedClient::Registered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::registration::ClientMetadata;
    use crate::resource::scope_catalogue::ScopeCatalogue;
    use crate::testing::test_keys::{TestRandom, ring};
    use mcp_connector_base::timestamp::Timestamp;

    #[test]
    fn the_form_of_a_client_id_decides_the_kind_of_client() {
        let policy = RedirectPolicy::default();
        let pre_registered =
            PreRegisteredClients::parse(r#"[{"client_id": "cli", "redirect_uris": ["http://127.0.0.1/cb"]}]"#, &policy)
                .unwrap();
        let ring = ring(1);
        let own = Origin::of("https://mcp.example.com").unwrap();
        let directory =
            ClientResolver { pre_registered: &pre_registered, policy: &policy, key: ring.client_id(), own: &own };
        let find = |id: &str| directory.resolve(&ClientId::new(id).unwrap());

        let registration = ClientMetadata::parse(br#"{"redirect_uris": ["https://a.example/cb"]}"#, &policy).unwrap();
        let now = Timestamp::from_seconds(1_800_000_000);
        let issued = crate::clients::client_id::register(
            registration,
            now,
            &TestRandom::from(1),
            ring.client_id(),
            &ScopeCatalogue::default(),
        )
        .unwrap();

        assert!(matches!(find("cli"), ResolvedClient::PreRegistered(_)));
        assert!(matches!(find(issued.client_id().as_str()), ResolvedClient::Registered(_)));
        assert!(matches!(find("https://app.example/client.json"), ResolvedClient::MetadataDocument(_)));
        for id in ["other", "c1_AAAA", "http://app.example/c", "https://10.0.0.1/c", "https://mcp.example.com/c"] {
            assert!(matches!(find(id), ResolvedClient::Unknown), "{id}");
        }
    }
}
