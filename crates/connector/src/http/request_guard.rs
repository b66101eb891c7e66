//! The rules for `Origin`, `Host` and addresses, which stop DNS rebinding and no hosted client ("Security Warning").
//! Only browsers send an `Origin`. A client that sends none is not a browser, so no page can use it.

use thiserror::Error;

use mcp_connector_oauth::web::origin::{Issuer, Origin};
use mcp_connector_oauth::web::web_url::WebScheme;

use crate::config::configuration::Configuration;
use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::http::navigation::is_navigation;
use crate::http::site::Site;
use crate::pages::wrong_address::https_only;

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
    // The comparison is exact, because a browser has one spelling for each origin.
    let is_own = origin == site.asked.as_str() || origin == site.issuer.as_str();
    // Pages on this machine, such as the Inspector, may call a server on this machine.
    let is_local = || {
        let local = |origin: &str| Origin::of(origin).is_ok_and(|of| of.is_loopback() && of.as_str() == origin);
        site.asked.is_loopback() && local(origin)
    };
    if is_own || configuration.allowed_origins.contains(origin) || is_local() {
        return Ok(());
    }
    Err(Forbidden::Origin)
}

/// Checks the address of a client, which only Cloudflare can set (`CF-Connecting-IP`). If there is a list, a client
/// without an address is not on it.
pub(crate) fn check_address(address: Option<&str>, configuration: &Configuration) -> Result<(), Forbidden> {
    match &configuration.allowed_addresses {
        Some(allowed) if !address.is_some_and(|address| allowed.contains(address)) => Err(Forbidden::Address),
        Some(_) | None => Ok(()),
    }
}

/// Checks the host of a request. An attacker's page can give this machine's address another name. Such a name comes
/// over http, because there is no certificate for it.
pub(crate) fn check_host(site: &Site, configuration: &Configuration) -> Result<(), Forbidden> {
    let is_secure = site.asked.scheme() == WebScheme::Https || site.asked.is_loopback();
    let is_public =
        configuration.public_url.as_ref().is_some_and(|url| url.origin().authority() == site.asked.authority());
    if is_secure || is_public { Ok(()) } else { Err(Forbidden::Host) }
}

/// Returns the answer to a request for an address of people, if its host is refused. Somebody who has opened it in a browser reads why.
pub(crate) fn refused_host(site: &Site, configuration: &Configuration, incoming: &Incoming) -> Option<Answer> {
    let forbidden = check_host(site, configuration).err()?;
    if !is_navigation(incoming) {
        return Some(Answer::error(403, "access_denied", &forbidden.to_string()));
    }
    let page = https_only(configuration.public_url.as_ref().map(Issuer::as_str));
    Some(Answer::page(403, page).header("vary", "accept, sec-fetch-mode"))
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
    fn requests_of_a_page_are_admitted_if_its_origin_is_ours_local_or_allowed() {
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
    fn a_host_that_dns_rebinding_points_at_this_machine_is_refused() {
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
