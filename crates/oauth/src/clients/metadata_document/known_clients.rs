//! Built-in copies of the metadata documents of well-known clients. Some hosts answer data centres with a challenge page. A copy
//! is used only if there is nothing newer (see [`cache`](crate::clients::metadata_document::cache)).
//!
//! Each copy has what the published document said when it was last read, in 2026: the name, the redirect URIs, and that the
//! client needs no secret. To add one, read the published document; do not guess.
//!
//! The same list tells whose a redirect URI is: a code that goes to `https://claude.ai/api/mcp/auth_callback` reaches Claude,
//! whatever the client that asked for it calls itself.

use crate::clients::client::{Client, ClientName};
use crate::clients::metadata_document::client_id_url::ClientIdUrl;
use crate::clients::metadata_document::document::public_client;
use crate::web::redirect_uri::{RedirectPolicy, RedirectUri};

struct KnownClient {
    url: &'static str,
    name: &'static str,
    redirect_uris: &'static [&'static str],
}

const KNOWN: &[KnownClient] = &[
    // claude.ai, Claude Desktop, mobile, Cowork: read in August.
    KnownClient {
        url: "https://claude.ai/oauth/mcp-oauth-client-metadata",
        name: "Claude",
        redirect_uris: &["https://claude.ai/api/mcp/auth_callback"],
    },
    // Read in September.
    KnownClient {
        url: "https://claude.ai/oauth/claude-code-client-metadata",
        name: "Claude Code",
        redirect_uris: &["http://localhost/callback", "http://127.0.0.1/callback"],
    },
    // Read in September. It prefers `private_key_jwt` and lists `none`.
    KnownClient {
        url: "https://chatgpt.com/oauth/client.json",
        name: "ChatGPT",
        redirect_uris: &["https://chatgpt.com/connector_platform_oauth_redirect"],
    },
    // Read in September.
    KnownClient {
        url: "https://chatgpt.com/oauth/codex/client.json",
        name: "Codex",
        redirect_uris: &["http://127.0.0.1/callback", "http://localhost/callback"],
    },
    // Read in September.
    KnownClient {
        url: "https://vscode.dev/oauth/client-metadata.json",
        name: "Visual Studio Code",
        redirect_uris: &["http://127.0.0.1:33418/", "https://vscode.dev/redirect"],
    },
    // Read in its repository.
    KnownClient {
        url: "https://goose-docs.ai/oauth/client-metadata.json",
        name: "goose",
        redirect_uris: &["http://localhost/oauth_callback"],
    },
    // Read in September.
    KnownClient {
        url: "https://zed.dev/oauth/client-metadata.json",
        name: "Zed",
        redirect_uris: &["http://127.0.0.1/callback"],
    },
    // Read in its repository in September.
    KnownClient {
        url: "https://opencode.ai/oauth/opencode/client.json",
        name: "opencode",
        redirect_uris: &["http://127.0.0.1/callback", "http://localhost/callback"],
    },
];

/// Where well-known clients receive their codes when they register themselves. A place that ends in `/` is one for each connection.
/// Both are documented by their vendors, or were read in their source, in September 2026. A place that passes the code on to where
/// its `state` says, as vscode.dev does, proves nothing about who gets it, and is not one of them.
const RECIPIENTS: &[(&str, &str)] = &[
    ("https://claude.ai/api/mcp/auth_callback", "Claude"),
    ("https://claude.com/api/mcp/auth_callback", "Claude"),
    ("https://chatgpt.com/connector_platform_oauth_redirect", "ChatGPT"),
    ("https://chatgpt.com/connector/oauth/", "ChatGPT"),
];

/// Returns the name of the well-known client that receives the codes at this redirect URI, if there is one. Its host is proven by
/// its certificate; a program on the person's own machine proves nothing.
#[must_use]
pub fn known_recipient(redirect_uri: &str) -> Option<&'static str> {
    let of_recipient = RECIPIENTS.iter().find(|(place, _)| match redirect_uri.strip_prefix(place) {
        Some("") => true,
        // The rest is one identifier, so that it cannot lead out of the folder.
        Some(rest) => {
            place.ends_with('/') && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        }
        None => false,
    });
    of_recipient.map(|(_, name)| *name)
}

/// Returns the name of the well-known client that a client takes for its own, if it does. Case, spaces and what follows the name
/// make no difference: `claude code` and `Claude (notes)` take the name of Claude.
#[must_use]
pub fn borrowed_name(client_name: &str) -> Option<&'static str> {
    let plain =
        |name: &str| -> String { name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect() };
    let name = plain(client_name);
    let mut known = KNOWN.iter().filter(|known| name.starts_with(&plain(known.name)));
    known.next().map(|known| known.name)
}

/// Returns the client of the built-in copy for `url`.
#[must_use]
pub fn known_client(url: &ClientIdUrl, policy: &RedirectPolicy) -> Option<Client> {
    let known = KNOWN.iter().find(|known| known.url == url.as_str())?;
    let redirect_uris: Vec<RedirectUri> =
        known.redirect_uris.iter().filter_map(|raw| RedirectUri::parse_of_any_client(raw, policy).ok()).collect();
    Some(public_client(url, ClientName::clean(known.name)?, redirect_uris))
}

#[cfg(test)]
mod tests {
    use mcp_connector_base::identifier::ClientId;

    use super::*;
    use crate::web::origin::Origin;

    #[test]
    fn every_built_in_copy_passes_the_checks_of_a_fetched_document() {
        let own = Origin::of("https://mcp.example.org").unwrap();
        for known in KNOWN {
            let url = ClientIdUrl::parse(&ClientId::new(known.url).unwrap(), &own).unwrap();
            let client = known_client(&url, &RedirectPolicy::default()).unwrap();
            assert_eq!(client.id.as_str(), known.url);
            assert_eq!(client.name.unwrap().as_str(), known.name, "{}", known.url);
            assert_eq!(client.redirect_uris.len(), known.redirect_uris.len(), "{}", known.url);
        }
    }

    #[test]
    fn a_redirect_uri_of_a_known_client_is_known_exactly() {
        for (redirect_uri, name) in [
            ("https://claude.ai/api/mcp/auth_callback", Some("Claude")),
            ("https://chatgpt.com/connector/oauth/aB3_-", Some("ChatGPT")),
            ("https://vscode.dev/redirect", None),
            ("https://chatgpt.com/connector/oauth/", Some("ChatGPT")),
            ("https://chatgpt.com/connector/oauth/../../x", None),
            ("https://chatgpt.com/connector/oauth/a?to=x", None),
            ("https://claude.ai/api/mcp/auth_callback/", None),
            ("https://claude.ai/api/mcp/auth_callback?x=1", None),
            ("https://claude.ai.evil.example/api/mcp/auth_callback", None),
            ("https://evil.example/https://claude.ai/api/mcp/auth_callback", None),
            ("http://127.0.0.1/callback", None),
        ] {
            assert_eq!(known_recipient(redirect_uri), name, "{redirect_uri}");
        }
        for known in KNOWN {
            let proves = |uri: &&&str| uri.starts_with("https:") && !uri.starts_with("https://vscode.dev/");
            for uri in known.redirect_uris.iter().filter(proves) {
                assert_eq!(known_recipient(uri), Some(known.name), "of a document that is known: {uri}");
            }
        }
    }

    #[test]
    fn a_borrowed_name_is_found_however_it_is_written() {
        for (name, known) in [
            ("Claude", Some("Claude")),
            ("CLAUDE  (official)", Some("Claude")),
            ("c-l-a-u-d-e", Some("Claude")),
            ("claude code", Some("Claude")),
            ("ChatGPT connector", Some("ChatGPT")),
            ("My own app", None),
            ("An app for Claude", None),
            ("", None),
        ] {
            assert_eq!(borrowed_name(name), known, "{name}");
        }
    }

    #[test]
    fn only_the_exact_client_id_url_has_a_built_in_copy() {
        let own = Origin::of("https://mcp.example.org").unwrap();
        for near in [
            "https://claude.ai/oauth/mcp-oauth-client-metadata/",
            "https://claude.ai/oauth/mcp-oauth-client-metadata?x",
            "https://claude.ai:443/oauth/mcp-oauth-client-metadata",
            "https://claude.ai.evil.example/oauth/mcp-oauth-client-metadata",
            "https://claude.ai/oauth/other",
        ] {
            let url = ClientIdUrl::parse(&ClientId::new(near).unwrap(), &own).unwrap();
            assert!(known_client(&url, &RedirectPolicy::default()).is_none(), "{near}");
        }
    }
}
