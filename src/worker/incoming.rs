//! A request as it arrived: its URL in parts, its headers, and its body within a limit.

use thiserror::Error;
use worker::js_sys::Uint8Array;
use worker::wasm_bindgen_futures::JsFuture;
use worker::web_sys;

use crate::mcp::RequestHeaders;

use super::js;

/// A request.
pub(crate) struct Incoming {
    request: web_sys::Request,
    headers: web_sys::Headers,
    url: String,
    /// Where the path begins in `url`.
    path_at: usize,
}

/// A body that was not read.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum BodyError {
    #[error("The body is larger than this server reads.")]
    TooLarge,
    #[error("The body ended before it was complete.")]
    Broken,
}

impl Incoming {
    pub(crate) fn new(request: web_sys::Request) -> Self {
        let url = request.url();
        let path_at = path_start(&url);
        Self { headers: request.headers(), request, url, path_at }
    }

    /// Aborted when the client is gone.
    pub(crate) fn signal(&self) -> web_sys::AbortSignal {
        self.request.signal()
    }

    pub(crate) fn method(&self) -> String {
        self.request.method()
    }

    /// Scheme and authority that were asked, as the runtime wrote them.
    pub(crate) fn asked_origin(&self) -> &str {
        self.url.get(..self.path_at).unwrap_or_default()
    }

    /// The path, percent-encoded as it was sent.
    pub(crate) fn path(&self) -> &str {
        let rest = self.url.get(self.path_at..).unwrap_or_default();
        rest.find(['?', '#']).and_then(|end| rest.get(..end)).unwrap_or(rest)
    }

    /// The query as it was sent, without its question mark.
    pub(crate) fn query(&self) -> &str {
        let before_fragment = self.url.split('#').next().unwrap_or_default();
        before_fragment.split_once('?').map_or("", |(_, query)| query)
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).ok().flatten()
    }

    /// The whole body, if it is not larger than `limit` bytes.
    pub(crate) async fn body(&self, limit: u32) -> Result<Vec<u8>, BodyError> {
        match self.header("content-length").and_then(|length| length.parse::<u64>().ok()) {
            Some(length) if length > u64::from(limit) => Err(BodyError::TooLarge),
            // The runtime holds a client to the length that it announced.
            Some(_) => self.whole_body().await,
            None => self.counted_body(limit).await,
        }
    }

    async fn whole_body(&self) -> Result<Vec<u8>, BodyError> {
        let promise = self.request.array_buffer().map_err(|_| BodyError::Broken)?;
        let buffer = JsFuture::from(promise).await.map_err(|_| BodyError::Broken)?;
        Ok(Uint8Array::new(&buffer).to_vec())
    }

    /// A body of unknown length, read until it is too long.
    async fn counted_body(&self, limit: u32) -> Result<Vec<u8>, BodyError> {
        let Some(stream) = self.request.body() else { return Ok(Vec::new()) };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        js::bytes_of(&stream, limit).await.map_err(|_| BodyError::Broken)?.ok_or(BodyError::TooLarge)
    }
}

impl RequestHeaders for Incoming {
    fn get(&self, name: &str) -> Option<String> {
        self.header(name)
    }
}

/// Where the path begins in an absolute URL.
fn path_start(url: &str) -> usize {
    let authority = url.find("://").map_or(0, |at| at.saturating_add(3));
    let rest = url.get(authority..).unwrap_or_default();
    rest.find(['/', '?', '#']).map_or(url.len(), |at| authority.saturating_add(at))
}

#[cfg(test)]
mod tests {
    use super::path_start;

    #[test]
    fn a_url_is_cut_where_its_path_begins() {
        for (url, origin) in [
            ("http://127.0.0.1:8787/mcp?x", "http://127.0.0.1:8787"),
            ("https://mcp.example.com/", "https://mcp.example.com"),
            ("https://mcp.example.com", "https://mcp.example.com"),
            ("https://[::1]:1/a://b", "https://[::1]:1"),
        ] {
            assert_eq!(&url[..path_start(url)], origin, "{url}");
        }
    }
}
