//! [`HttpClient`]: what `cx.http()` returns.

use std::rc::Rc;

use mcp_connector_base::http_token::is_token;
use mcp_connector_protocol::{Hosts, Registry};

use crate::outbound::client_settings::{ClientSettings, Method};
use crate::outbound::credential::{Credential, FixedToken};
use crate::outbound::http_request::HttpRequest;
use crate::outbound::outbound_request::AGENT;

/// A client for the APIs that a connector calls, returned by [`Context::http`](crate::Context::http).
///
/// - Requests go to the hosts that the connector declares with [`Connector::hosts`](crate::Connector::hosts), by https. Loopback
///   hosts, for development, are also reached by http.
/// - A request has 10 seconds for its answer and the body; [`HttpRequest::timeout_seconds`] sets another limit. A body has at
///   most 4 MiB ([`HttpRequest::max_bytes`]).
/// - A GET is sent again, at most twice, if there is no connection, or if the answer is 429, 502, 503 or 504 and does not ask to
///   wait longer than the time that is left. Requests that write are never repeated.
/// - A GET follows redirects within its origin, at most five. Nothing is sent to another host.
/// - The `User-Agent` is the name and version of the connector.
///
/// A failure is an [`HttpError`](crate::HttpError). By `?` it becomes a [`ToolError`](crate::ToolError) that tells the
/// model what happened and what to do next. It holds no credential and no part of the URL but the host.
///
/// ```
/// use mcp_connector::{Context, ToolError};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Page {
///     title: String,
/// }
///
/// async fn page(id: String, cx: Context) -> Result<String, ToolError> {
///     let key = cx.secret("WIKI_KEY")?;
///     let page: Page = cx.http().get("https://wiki.example/api/pages").path(&id).bearer(key).json().await?;
///     Ok(page.title)
/// }
/// ```
#[derive(Clone)]
pub struct HttpClient(Rc<ClientSettings>);

impl HttpClient {
    /// Creates a client for `hosts`. `agent` is its `User-Agent`.
    pub(crate) fn new(hosts: Hosts, agent: String) -> Self {
        Self(Rc::new(ClientSettings { hosts, agent, credential: None }))
    }

    /// Returns the client of a connector for `hosts`.
    pub(crate) fn of_connector<H: 'static>(registry: &Registry<H>, hosts: Hosts) -> Self {
        Self::new(hosts, agent(&registry.info().name, &registry.info().version))
    }

    /// Returns a client that sends a token with each request (RFC 6750 §2.1). It follows no redirects.
    #[must_use]
    pub(crate) fn with_credential(&self, credential: Rc<dyn Credential>) -> Self {
        let (hosts, agent) = (self.0.hosts.clone(), self.0.agent.clone());
        Self(Rc::new(ClientSettings { hosts, agent, credential: Some(credential) }))
    }

    /// Returns a client that sends `token` with each request.
    #[must_use]
    pub(crate) fn with_bearer(&self, token: &str) -> Self {
        self.with_credential(Rc::new(FixedToken(token.to_owned())))
    }

    /// Begins a GET request.
    pub fn get(&self, url: impl AsRef<str>) -> HttpRequest {
        self.request(Method::Get, url.as_ref())
    }

    /// Begins a POST request.
    pub fn post(&self, url: impl AsRef<str>) -> HttpRequest {
        self.request(Method::Post, url.as_ref())
    }

    /// Begins a PUT request.
    pub fn put(&self, url: impl AsRef<str>) -> HttpRequest {
        self.request(Method::Put, url.as_ref())
    }

    /// Begins a PATCH request.
    pub fn patch(&self, url: impl AsRef<str>) -> HttpRequest {
        self.request(Method::Patch, url.as_ref())
    }

    /// Begins a DELETE request.
    pub fn delete(&self, url: impl AsRef<str>) -> HttpRequest {
        self.request(Method::Delete, url.as_ref())
    }

    /// Begins a request with any of the methods.
    pub(crate) fn request(&self, method: Method, url: &str) -> HttpRequest {
        HttpRequest::new(Rc::clone(&self.0), method, url)
    }
}

/// Returns the `User-Agent` of a connector (RFC 9110 §10.1.5): a product is a token. A name or version that is none is left out.
fn agent(name: &str, version: &str) -> String {
    if is_token(name) && is_token(version) { format!("{name}/{version} {AGENT}") } else { AGENT.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_agent_names_the_connector() {
        assert_eq!(agent("notes", "1.2.0"), format!("notes/1.2.0 {AGENT}"));
        for (name, version) in [("my notes", "1"), ("notes", ""), ("notes\r\nx: y", "1"), ("nötes", "1")] {
            assert_eq!(agent(name, version), AGENT, "{name} {version}");
        }
    }
}
