//! Who may ask at all: the `Origin` and `Host` rules that stop DNS rebinding and never stop a hosted client ("Security
//! Warning"). Only browsers send an `Origin`; what sends none is no browser and cannot be tricked into it.

use thiserror::Error;

use mcp_connector_oauth::web::origin::Origin;
use mcp_connector_oauth::web::web_url::WebScheme;

use crate::config::configuration::Configuration;
use crate::http::site::Site;

/// Why a request is not answered, with status 403.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum Forbidden {
    #[error("This web page may not call this server. The owner can add its origin to ALLOWED_ORIGINS.")]
    Origin,
    #[error("This server does not take calls from this address. The owner can add it to ALLOWED_ADDRESSES.")]
    Address,
    #[error("This server is reached by https only, or by the name of this machine.")]
    Host,
}

/// Checks a request to an MCP endpoint.
pub(crate) fn check(site: &Site, origin: Option<&str>, configuration: &Configuration) -> Result<(), Forbidden> {
    check_host(site, configuration)?;
    let Some(origin) = origin else { return Ok(()) };
    // Byte by byte: a browser has one spelling for each origin.
    let is_own = origin == site.asked.as_str() || origin == site.issuer.as_str();
    // Tools that run on this machine, such as the Inspector, at a server on this machine.
    let is_local = || {
        let local = |origin: &str| Origin::of(origin).is_ok_and(|of| of.is_loopback() && of.as_str() == origin);
        site.asked.is_loopback() && local(origin)
    };
    if is_own || configuration.allowed_origins.contains(origin) || is_local() {
        return Ok(());
    }
    Err(Forbidden::Origin)
}

/// Whether `address` may call at all: the one that Cloudflare has seen, in `CF-Connecting-IP`, which nobody but Cloudflare can
/// set. Where there is a list, who has no address is not on it.
pub(crate) fn check_address(address: Option<&str>, configuration: &Configuration) -> Result<(), Forbidden> {
    match &configuration.allowed_addresses {
        Some(allowed) if !address.is_some_and(|address| allowed.contains(address)) => Err(Forbidden::Address),
        Some(_) | None => Ok(()),
    }
}

/// A page of an attacker can give this machine's address a name of its own. Such a name comes over http: nobody has a
/// certificate for it.
pub(crate) fn check_host(site: &Site, configuration: &Configuration) -> Result<(), Forbidden> {
    let is_secure = site.asked.scheme() == WebScheme::Https || site.asked.is_loopback();
    let is_public =
        configuration.public_url.as_ref().is_some_and(|url| url.origin().authority() == site.asked.authority());
    if is_secure || is_public { Ok(()) } else { Err(Forbidden::Host) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(asked: &str, origin: Option<&str>) -> Result<(), Forbidden> {
        let configuration = Configuration::read(|name| match name {
            "ALLOWED_ORIGINS" => Some("https://claude.ai vscode-webview://1a2b".to_owned()),
            "PUBLIC_URL" => Some("https://mcp.example.com".to_owned()),
            _ => None,
        });
        check(&Site::of(asked, &configuration).unwrap(), origin, &configuration)
    }

    #[test]
    fn a_page_is_let_in_where_it_is_ours_local_or_allowed() {
        let local = "http://127.0.0.1:8787";
        let hosted = "https://me.workers.dev";
        for (asked, origin, allowed) in [
            (local, None, true),
            (hosted, None, true),
            (hosted, Some("https://me.workers.dev"), true),
            (hosted, Some("https://mcp.example.com"), true),
            (hosted, Some("https://claude.ai"), true),
            (hosted, Some("https://evil.example"), false),
            (hosted, Some("http://localhost:6274"), false),
            (hosted, Some("null"), false),
            (hosted, Some(""), false),
            (hosted, Some("https://claude.ai.evil.example"), false),
            (hosted, Some("https://claude.ai/"), false),
            (hosted, Some("https://claude.ai:443"), false),
            (hosted, Some("vscode-webview://1a2b"), true),
            (hosted, Some("vscode-webview://1A2B"), false),
            (local, Some("http://localhost:6274/"), false),
            (hosted, Some("https://claude.ai, https://evil.example"), false),
            (local, Some("http://localhost:6274"), true),
            (local, Some("http://[::1]:1"), true),
            (local, Some("https://evil.example"), false),
        ] {
            assert_eq!(checked(asked, origin).is_ok(), allowed, "{asked} from {origin:?}");
        }
    }

    #[test]
    fn a_name_that_an_attacker_gave_this_machine_is_refused() {
        for (asked, allowed) in [
            ("http://evil.example:8787", false),
            ("http://192.168.1.7:8787", false),
            ("http://localhost:8787", true),
            ("http://[::1]:8787", true),
            ("https://evil.example", true),
            ("http://mcp.example.com", true),
        ] {
            assert_eq!(checked(asked, None).is_ok(), allowed, "{asked}");
        }
    }
}
