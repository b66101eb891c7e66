//! `ALLOWED_CLIENT_HOSTS` and `LOCAL_CLIENTS`: which clients people may connect, by the hosts of their metadata documents and of their
//! redirect URIs. The rule holds when a client registers, when it asks, when it gets a token, and for every grant that exists.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use mcp_connector_base::identifier::ClientId;

use crate::web::web_url::{InvalidUrl, WebScheme, WebUrl, has_authority};

/// Maximum number of hosts. The list is part of each question to the objects that store grants.
const MAX_HOSTS: usize = 64;

/// The hosts of clients: each in lower case, and with its port unless that is the port of `https`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientHosts(Vec<String>);

/// A text that does not list hosts. The error never repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "must list 1 to {MAX_HOSTS} hosts such as claude.ai in lower case, without https:// and without a path, separated by spaces"
)]
pub struct InvalidClientHosts;

/// Whether programs on the person's own computer may be clients: their redirect URIs are on loopback or have a private-use scheme (RFC
/// 8252 §7), so that no host vouches for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LocalClients {
    Allowed,
    Refused,
}

/// Which clients may be connected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowedClients {
    /// `None` for every host.
    hosts: Option<ClientHosts>,
    local: LocalClients,
}

impl ClientHosts {
    /// Parses a list, separated by spaces or commas.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidClientHosts`] if the list is empty or has more than 64 entries, or if an entry is not a host in
    /// lower case, perhaps with a port.
    pub fn parse(text: &str) -> Result<Self, InvalidClientHosts> {
        let entries = text.split([' ', ',', '\n', '\t', '\r']).filter(|entry| !entry.is_empty());
        let hosts: Option<Vec<String>> = entries.map(|entry| is_host(entry).then(|| entry.to_owned())).collect();
        let hosts = hosts.filter(|hosts| (1..=MAX_HOSTS).contains(&hosts.len()));
        hosts.map(Self).ok_or(InvalidClientHosts)
    }

    fn has(&self, host: &str) -> bool {
        self.0.iter().any(|allowed| allowed == host)
    }
}

/// Returns whether a text is a host, and perhaps a port, as the parser of URLs writes it.
fn is_host(text: &str) -> bool {
    let url = ["https://", text].concat();
    WebUrl::parse(&url).is_ok_and(|parsed| parsed.origin().authority() == text)
}

impl AllowedClients {
    /// Allows every client.
    pub const ALL: Self = Self { hosts: None, local: LocalClients::Allowed };

    /// Allows the clients of some hosts, or of all. Where there is a list of hosts, programs on the person's computer are refused unless
    /// `local` says otherwise: nobody vouches for them.
    #[must_use]
    pub fn new(hosts: Option<ClientHosts>, local: Option<LocalClients>) -> Self {
        let usual = if hosts.is_some() { LocalClients::Refused } else { LocalClients::Allowed };
        Self { hosts, local: local.unwrap_or(usual) }
    }

    /// Returns whether a code may be sent to a redirect URI that was accepted once.
    #[must_use]
    pub fn admits_redirect(&self, redirect_uri: &str) -> bool {
        if *self == Self::ALL {
            return true;
        }
        match WebUrl::parse(redirect_uri) {
            // On loopback, a certificate vouches for nobody.
            Ok(url) if url.origin().is_loopback() && self.local == LocalClients::Allowed => true,
            Ok(url) if url.origin().is_loopback() && self.hosts.is_none() => false,
            Ok(url) if url.scheme == WebScheme::Https => self.has_host(url.origin().authority()),
            // `http` is for loopback only, and what is no URL of the web has a private-use scheme.
            Ok(_) | Err(InvalidUrl::Scheme) => self.local == LocalClients::Allowed,
            Err(_) => false,
        }
    }

    /// Returns whether a client may be connected whose identifier is the URL of its metadata document. Every other identifier says
    /// nothing about where a client comes from.
    #[must_use]
    pub fn admits_id(&self, client_id: &ClientId) -> bool {
        self.hosts.is_none()
            || !has_authority(client_id.as_str())
            || WebUrl::parse(client_id.as_str()).is_ok_and(|url| self.has_host(url.origin().authority()))
    }

    /// Returns whether a client may have what was allowed to it.
    #[must_use]
    pub fn admits(&self, client_id: &ClientId, redirect_uri: &str) -> bool {
        self.admits_id(client_id) && self.admits_redirect(redirect_uri)
    }

    fn has_host(&self, host: &str) -> bool {
        self.hosts.as_ref().is_none_or(|hosts| hosts.has(host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowing(hosts: &str, local: Option<LocalClients>) -> AllowedClients {
        AllowedClients::new(Some(ClientHosts::parse(hosts).unwrap()), local)
    }

    #[test]
    fn only_a_redirect_uri_at_exactly_an_allowed_host_is_allowed() {
        let allowed = allowing("claude.ai app.example:8443", None);
        for (redirect_uri, is_allowed) in [
            ("https://claude.ai/api/mcp/auth_callback", true),
            ("https://claude.ai:443/cb", true),
            ("https://CLAUDE.ai/cb", true),
            ("https://app.example:8443/cb", true),
            ("https://app.example/cb", false),
            ("https://claude.ai:8443/cb", false),
            ("https://claude.ai./cb", false),
            ("https://claude.ai.evil.example/cb", false),
            ("https://evil.claude.ai/cb", false),
            ("https://evilclaude.ai/cb", false),
            ("https://evil.example/claude.ai", false),
            ("https://evil.example/?https://claude.ai/cb", false),
            ("https://claude.ai@evil.example/cb", false),
            ("https://evil.example\\@claude.ai/cb", false),
            ("https://claud\u{435}.ai/cb", false),
            ("http://claude.ai/cb", false),
            ("http://localhost:1234/cb", false),
            ("http://127.0.0.1/cb", false),
            ("claude://claude.ai/mcp-auth-callback/sdk", false),
            ("", false),
        ] {
            assert_eq!(allowed.admits_redirect(redirect_uri), is_allowed, "{redirect_uri}");
        }
    }

    #[test]
    fn programs_on_the_computer_of_the_person_are_a_choice_of_their_own() {
        let local = ["http://localhost:1234/cb", "http://127.0.0.1/cb", "http://[::1]:9/cb", "cursor://a/cb"];
        for (allowed, is_allowed) in [
            (AllowedClients::ALL, true),
            (AllowedClients::new(None, Some(LocalClients::Refused)), false),
            (allowing("claude.ai", None), false),
            (allowing("claude.ai", Some(LocalClients::Allowed)), true),
            (allowing("claude.ai localhost 127.0.0.1", None), false),
        ] {
            for redirect_uri in local {
                assert_eq!(allowed.admits_redirect(redirect_uri), is_allowed, "{allowed:?} {redirect_uri}");
            }
        }
        let no_programs = AllowedClients::new(None, Some(LocalClients::Refused));
        assert!(no_programs.admits_redirect("https://any.example/cb"));
        // A program may have a certificate for loopback, and is a program all the same.
        for redirect_uri in ["https://localhost:1234/cb", "https://127.0.0.1/cb", "https://[::1]/cb"] {
            assert!(!no_programs.admits_redirect(redirect_uri), "{redirect_uri}");
            assert!(!allowing("claude.ai", None).admits_redirect(redirect_uri), "{redirect_uri}");
            assert!(allowing("claude.ai", Some(LocalClients::Allowed)).admits_redirect(redirect_uri), "{redirect_uri}");
        }
        assert!(allowing("localhost:1234", None).admits_redirect("https://localhost:1234/cb"), "the list names it");
    }

    #[test]
    fn a_metadata_document_has_to_be_at_an_allowed_host_and_so_has_the_redirect_uri() {
        let allowed = allowing("claude.ai", Some(LocalClients::Allowed));
        for (client, redirect_uri, is_allowed) in [
            ("https://claude.ai/oauth/client", "https://claude.ai/cb", true),
            ("https://claude.ai/oauth/client", "http://localhost/cb", true),
            ("https://claude.ai/oauth/client", "https://evil.example/cb", false),
            ("https://evil.example/client", "http://localhost/cb", false),
            ("https://claude.ai.evil.example/client", "https://claude.ai/cb", false),
            ("c1_registered", "https://claude.ai/cb", true),
            ("c1_registered", "https://evil.example/cb", false),
            ("cli", "https://claude.ai/cb", true),
        ] {
            let client = ClientId::new(client).unwrap();
            assert_eq!(allowed.admits(&client, redirect_uri), is_allowed, "{client} {redirect_uri}");
        }
    }

    #[test]
    fn a_list_that_is_not_one_of_hosts_is_refused() {
        let many = (0..=MAX_HOSTS).map(|n| format!("a{n}.example")).collect::<Vec<_>>().join(" ");
        for text in [
            "",
            ",",
            "https://claude.ai",
            "claude.ai/",
            "claude.ai/cb",
            "Claude.ai",
            "claude.ai:443",
            "*.claude.ai",
            "user@claude.ai",
            "claude.ai?x",
            "claude.ai#x",
            "m\u{fc}nchen.example",
            "claude.ai \u{1}",
            &many,
        ] {
            assert_eq!(ClientHosts::parse(text), Err(InvalidClientHosts), "{text}");
        }
        assert!(ClientHosts::parse("claude.ai, xn--mnchen-3ya.example\napp.example:8443").is_ok());
    }
}
