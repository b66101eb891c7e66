//! The metadata of the protected resource (RFC 9728 §2) and of the authorization server (RFC 8414 §2). Members that do not apply
//! are omitted, because `null` breaks clients.

use serde::Serialize;

use mcp_connector_base::scope::ScopeSet;

use crate::resource::protected_resource::Resource;
use crate::web::origin::Issuer;

/// The paths of the authorization server's endpoints. They cannot be configured: clients of the first protocol revision do not
/// find the metadata, and try these paths at the origin.
pub mod path {
    /// The authorization endpoint (RFC 6749 §3.1).
    pub const AUTHORIZE: &str = "/authorize";
    /// The token endpoint (RFC 6749 §3.2).
    pub const TOKEN: &str = "/token";
    /// Dynamic client registration (RFC 7591 §3).
    pub const REGISTER: &str = "/register";
    /// Token revocation (RFC 7009 §2).
    pub const REVOKE: &str = "/revoke";
    /// The public keys (RFC 7517 §5).
    pub const JWKS: &str = "/.well-known/jwks.json";
    /// The metadata of the authorization server (RFC 8414 §3).
    pub const AUTHORIZATION_SERVER: &str = "/.well-known/oauth-authorization-server";
    /// The same document for clients that know OpenID Connect Discovery only.
    pub const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";
}

/// The authentication methods of the token and revocation endpoints.
const AUTHENTICATION_METHODS: &[&str] = &["none", "client_secret_basic", "client_secret_post", "private_key_jwt"];
/// The algorithms with which a client may sign for `private_key_jwt`.
pub(crate) const SIGNING_ALGORITHMS: &[&str] = &["RS256", "PS256", "ES256", "EdDSA"];

/// The grant type of a token request with an assertion (RFC 7523 §2.1).
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The profile of such assertions (draft-ietf-oauth-identity-assertion-authz-grant §7.2).
const ID_JAG_PROFILE: &str = "urn:ietf:params:oauth:grant-profile:id-jag";

/// Protected Resource Metadata (RFC 9728 §2).
#[derive(Clone, Debug, Serialize)]
pub struct ProtectedResourceMetadata {
    resource: Resource,
    authorization_servers: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes_supported: Vec<String>,
    bearer_methods_supported: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_name: Option<String>,
}

impl ProtectedResourceMetadata {
    /// Creates the metadata. `authorization_server` is spelled as it spells itself, whether it is this server or an external one.
    /// `sign_in_scopes` are those of a first sign-in, because clients ask for all scopes that are listed here.
    #[must_use]
    pub fn new(resource: &Resource, authorization_server: &str, sign_in_scopes: &ScopeSet, name: Option<&str>) -> Self {
        Self {
            resource: resource.clone(),
            authorization_servers: vec![authorization_server.to_owned()],
            scopes_supported: names(sign_in_scopes),
            bearer_methods_supported: &["header"],
            resource_name: name.map(str::to_owned),
        }
    }
}

/// The optional features of a deployment.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a member of the document that is there or not")]
pub struct Capabilities {
    /// All scopes that may be requested.
    pub scopes: ScopeSet,
    pub registration: bool,
    pub client_id_metadata_documents: bool,
    /// `client_credentials`, for clients from the configuration.
    pub client_credentials: bool,
    /// Assertions of identity providers about people. Which providers is nobody's business (draft §8.4).
    pub identity_assertions: bool,
    /// Whether to announce that every authorization response has `iss` (RFC 9207 §3). It has in any case; some clients failed on
    /// the announcement.
    pub announce_iss: bool,
}

/// Authorization Server Metadata (RFC 8414 §2).
#[derive(Clone, Debug, Serialize)]
pub struct AuthorizationServerMetadata {
    issuer: Issuer,
    authorization_endpoint: String,
    token_endpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_endpoint: Option<String>,
    revocation_endpoint: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes_supported: Vec<String>,
    response_types_supported: &'static [&'static str],
    response_modes_supported: &'static [&'static str],
    grant_types_supported: Vec<&'static str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    authorization_grant_profiles_supported: &'static [&'static str],
    token_endpoint_auth_methods_supported: &'static [&'static str],
    token_endpoint_auth_signing_alg_values_supported: &'static [&'static str],
    revocation_endpoint_auth_methods_supported: &'static [&'static str],
    revocation_endpoint_auth_signing_alg_values_supported: &'static [&'static str],
    code_challenge_methods_supported: &'static [&'static str],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    authorization_response_iss_parameter_supported: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    client_id_metadata_document_supported: bool,
}

/// The same metadata under its OpenID name (OpenID Connect Discovery). This server issues no ID tokens, and nobody else verifies
/// its access tokens. But the schema of clients that read this document, such as the TypeScript SDK, requires these members, except for
/// the last.
#[derive(Clone, Debug, Serialize)]
pub struct OpenIdProviderMetadata {
    #[serde(flatten)]
    authorization_server: AuthorizationServerMetadata,
    jwks_uri: String,
    subject_types_supported: &'static [&'static str],
    id_token_signing_alg_values_supported: &'static [&'static str],
    /// Where it is missing, a client may send its request as a `request_uri` (OpenID Connect Discovery §3).
    request_uri_parameter_supported: bool,
}

impl OpenIdProviderMetadata {
    /// Creates the metadata of this issuer.
    #[must_use]
    pub fn new(issuer: &Issuer, capabilities: &Capabilities) -> Self {
        Self {
            authorization_server: AuthorizationServerMetadata::new(issuer, capabilities),
            jwks_uri: issuer.at(path::JWKS),
            subject_types_supported: &["public"],
            id_token_signing_alg_values_supported: &[],
            request_uri_parameter_supported: false,
        }
    }
}

/// The document at `jwks_uri` (RFC 7517 §5). It has no public keys, because access tokens are signed with a secret.
#[derive(Clone, Debug, Default, Serialize)]
pub struct JsonWebKeySet {
    keys: [(); 0],
}

/// The form of the authorization server's metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetadataForm {
    /// RFC 8414.
    OAuth,
    /// OpenID Connect Discovery 1.0.
    OpenId,
}

impl AuthorizationServerMetadata {
    /// Creates the metadata of this issuer.
    #[must_use]
    pub fn new(issuer: &Issuer, capabilities: &Capabilities) -> Self {
        let mut grant_types = vec!["authorization_code", "refresh_token"];
        if capabilities.client_credentials {
            grant_types.push("client_credentials");
        }
        if capabilities.identity_assertions {
            grant_types.push(JWT_BEARER);
        }
        Self {
            issuer: issuer.clone(),
            authorization_endpoint: issuer.at(path::AUTHORIZE),
            token_endpoint: issuer.at(path::TOKEN),
            registration_endpoint: capabilities.registration.then(|| issuer.at(path::REGISTER)),
            revocation_endpoint: issuer.at(path::REVOKE),
            scopes_supported: names(&capabilities.scopes),
            response_types_supported: &["code"],
            response_modes_supported: &["query"],
            grant_types_supported: grant_types,
            authorization_grant_profiles_supported: if capabilities.identity_assertions {
                &[ID_JAG_PROFILE]
            } else {
                &[]
            },
            token_endpoint_auth_methods_supported: AUTHENTICATION_METHODS,
            token_endpoint_auth_signing_alg_values_supported: SIGNING_ALGORITHMS,
            revocation_endpoint_auth_methods_supported: AUTHENTICATION_METHODS,
            revocation_endpoint_auth_signing_alg_values_supported: SIGNING_ALGORITHMS,
            code_challenge_methods_supported: &["S256"],
            authorization_response_iss_parameter_supported: capabilities.announce_iss,
            client_id_metadata_document_supported: capabilities.client_id_metadata_documents,
        }
    }
}

fn names(scopes: &ScopeSet) -> Vec<String> {
    scopes.iter().map(str::to_owned).collect()
}

/// Returns the form of the metadata that is served at a path, if any. The issuer has no path, but clients that derive the path
/// from the URL of the resource ask below it, and some put the well-known part last.
#[must_use]
pub fn authorization_server_metadata(path: &str) -> Option<MetadataForm> {
    let below = |well_known: &str| {
        path == well_known
            || path.strip_prefix(well_known).is_some_and(is_resource_path)
            || path.strip_suffix(well_known).is_some_and(is_resource_path)
    };
    if below(path::AUTHORIZATION_SERVER) {
        Some(MetadataForm::OAuth)
    } else {
        below(path::OPENID_CONFIGURATION).then_some(MetadataForm::OpenId)
    }
}

fn is_resource_path(path: &str) -> bool {
    use crate::resource::protected_resource::{MCP_PATH, PRIVATE_MCP_PATH, SSE_PATH};
    matches!(path, "/" | MCP_PATH | PRIVATE_MCP_PATH | SSE_PATH)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::resource::protected_resource::ResourceServer;
    use crate::web::origin::Origin;

    fn issuer() -> Issuer {
        Issuer::parse("https://mcp.example.com").unwrap()
    }

    fn everything() -> Capabilities {
        Capabilities {
            scopes: ScopeSet::parse("profile notes:read notes:write").unwrap(),
            registration: true,
            client_id_metadata_documents: true,
            client_credentials: true,
            identity_assertions: true,
            announce_iss: true,
        }
    }

    fn nulls(value: &Value) -> usize {
        match value {
            Value::Null => 1,
            Value::Array(items) => items.iter().map(nulls).sum(),
            Value::Object(members) => members.values().map(nulls).sum(),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
        }
    }

    #[test]
    fn a_resource_names_itself_its_server_and_the_scopes_of_a_first_sign_in() {
        let server = ResourceServer::new(issuer().origin());
        let scopes = ScopeSet::parse("profile notes:read").unwrap();
        let metadata = ProtectedResourceMetadata::new(server.mcp(), issuer().as_str(), &scopes, Some("Notes"));
        assert_eq!(
            serde_json::to_value(metadata).unwrap(),
            json!({
                "resource": "https://mcp.example.com/mcp",
                "authorization_servers": ["https://mcp.example.com"],
                "scopes_supported": ["notes:read", "profile"],
                "bearer_methods_supported": ["header"],
                "resource_name": "Notes",
            })
        );
    }

    #[test]
    fn an_external_authorization_server_is_written_as_in_its_own_metadata() {
        let server = ResourceServer::new(&Origin::of("https://mcp.example.com").unwrap());
        let metadata =
            ProtectedResourceMetadata::new(server.mcp(), "https://tenant.example/", &ScopeSet::empty(), None);
        assert_eq!(
            serde_json::to_value(metadata).unwrap(),
            json!({
                "resource": "https://mcp.example.com/mcp",
                "authorization_servers": ["https://tenant.example/"],
                "bearer_methods_supported": ["header"],
            })
        );
    }

    #[test]
    fn authorization_server_metadata_has_the_members_that_clients_need() {
        let metadata = serde_json::to_value(AuthorizationServerMetadata::new(&issuer(), &everything())).unwrap();
        assert_eq!(
            metadata,
            json!({
                "issuer": "https://mcp.example.com",
                "authorization_endpoint": "https://mcp.example.com/authorize",
                "token_endpoint": "https://mcp.example.com/token",
                "registration_endpoint": "https://mcp.example.com/register",
                "revocation_endpoint": "https://mcp.example.com/revoke",
                "scopes_supported": ["notes:read", "notes:write", "profile"],
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": [
                    "authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer",
                ],
                "authorization_grant_profiles_supported": ["urn:ietf:params:oauth:grant-profile:id-jag"],
                "token_endpoint_auth_methods_supported":
                    ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"],
                "token_endpoint_auth_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA"],
                "revocation_endpoint_auth_methods_supported":
                    ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"],
                "revocation_endpoint_auth_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA"],
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": true,
                "client_id_metadata_document_supported": true,
            })
        );
    }

    #[test]
    fn the_openid_provider_metadata_adds_only_what_clients_require_and_what_has_another_default() {
        let mut metadata = serde_json::to_value(OpenIdProviderMetadata::new(&issuer(), &everything())).unwrap();
        let members = metadata.as_object_mut().unwrap();
        let more = ["jwks_uri", "subject_types_supported", "id_token_signing_alg_values_supported"]
            .map(|name| members.remove(name).unwrap());
        assert_eq!(more, [json!("https://mcp.example.com/.well-known/jwks.json"), json!(["public"]), json!([])]);
        assert_eq!(members.remove("request_uri_parameter_supported"), Some(json!(false)), "its default is true");
        assert_eq!(
            metadata,
            serde_json::to_value(AuthorizationServerMetadata::new(&issuer(), &everything())).unwrap(),
            "all else is the same"
        );
        assert_eq!(serde_json::to_value(JsonWebKeySet::default()).unwrap(), json!({ "keys": [] }));
    }

    #[test]
    fn metadata_omits_endpoints_that_do_not_exist() {
        let bare = Capabilities {
            scopes: ScopeSet::empty(),
            registration: false,
            client_id_metadata_documents: false,
            client_credentials: false,
            identity_assertions: false,
            announce_iss: false,
        };
        let metadata = serde_json::to_value(AuthorizationServerMetadata::new(&issuer(), &bare)).unwrap();
        for member in [
            "registration_endpoint",
            "scopes_supported",
            "authorization_grant_profiles_supported",
            "authorization_response_iss_parameter_supported",
            "client_id_metadata_document_supported",
        ] {
            assert!(metadata.get(member).is_none(), "{member}");
        }
        assert_eq!(nulls(&metadata), 0);
        assert_eq!(metadata["grant_types_supported"], json!(["authorization_code", "refresh_token"]));
    }

    #[test]
    fn the_metadata_is_served_at_every_path_that_clients_try() {
        for (path, form) in [
            ("/.well-known/oauth-authorization-server", MetadataForm::OAuth),
            ("/.well-known/oauth-authorization-server/mcp", MetadataForm::OAuth),
            ("/.well-known/oauth-authorization-server/private/mcp", MetadataForm::OAuth),
            ("/.well-known/openid-configuration", MetadataForm::OpenId),
            ("/.well-known/openid-configuration/mcp", MetadataForm::OpenId),
            ("/mcp/.well-known/openid-configuration", MetadataForm::OpenId),
            ("/mcp/.well-known/oauth-authorization-server", MetadataForm::OAuth),
            ("/.well-known/oauth-authorization-server/", MetadataForm::OAuth),
        ] {
            assert_eq!(authorization_server_metadata(path), Some(form), "{path}");
        }
        for path in ["/", "/mcp", "/.well-known/oauth-authorization-serverx", "/x/.well-known/openid-configuration"] {
            assert_eq!(authorization_server_metadata(path), None, "{path}");
        }
    }
}
