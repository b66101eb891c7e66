//! Requests to other servers: direct, without redirects, with limits of size and time.

use worker::js_sys::{Promise, global};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::JsFuture;
use worker::web_sys::{AbortSignal, Headers, RequestInit, RequestRedirect, Response, WorkerGlobalScope};

use mcp_connector_base::outage::Outage;

use crate::platform::js;

/// How long an answer and its body may take, in seconds.
pub(crate) const TIME_LIMIT: u32 = 5;

/// The `User-Agent` of these requests.
const AGENT: &str = concat!("mcp-connector/", env!("CARGO_PKG_VERSION"));

/// Returns whether a `User-Agent` is that of this program, in any version.
pub(crate) fn is_of_our_kind(user_agent: &str) -> bool {
    user_agent.split('/').next() == AGENT.split('/').next()
}

/// A request to another server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OutboundRequest<'a> {
    /// The URL.
    pub(crate) url: &'a str,
    /// The header `Authorization`.
    pub(crate) authorization: Option<&'a str>,
    /// The header `Cookie`.
    pub(crate) cookie: Option<&'a str>,
    /// A form to post. Without one, the request is a GET.
    pub(crate) form: Option<&'a str>,
}

impl<'a> OutboundRequest<'a> {
    /// Makes a plain GET.
    pub(crate) const fn get(url: &'a str) -> Self {
        Self { url, authorization: None, cookie: None, form: None }
    }

    /// Sends the request and returns the answer, whatever its status.
    pub(crate) async fn send(self) -> Result<Response, Outage> {
        let promise = self.fetch().map_err(remote)?;
        JsFuture::from(promise).await.and_then(JsCast::dyn_into).map_err(remote)
    }

    /// Sends the request and returns the body of an answer with status 200.
    pub(crate) async fn document(self, limit: usize) -> Result<Document, Outage> {
        let response = self.send().await?;
        if response.status() != 200 {
            return Err(Outage::Remote);
        }
        let max_age = response.headers().get("cache-control").ok().flatten().as_deref().and_then(max_age);
        let body = body(&response, limit).await?.ok_or(Outage::Remote)?;
        Ok(Document { body, max_age })
    }

    fn fetch(self) -> Result<Promise, JsValue> {
        let headers = Headers::new()?;
        headers.set("accept", "application/json")?;
        headers.set("user-agent", AGENT)?;
        if let Some(authorization) = self.authorization {
            headers.set("authorization", authorization)?;
        }
        if let Some(cookie) = self.cookie {
            headers.set("cookie", cookie)?;
        }
        let init = RequestInit::new();
        if let Some(form) = self.form {
            headers.set("content-type", "application/x-www-form-urlencoded")?;
            init.set_method("POST");
            init.set_body(&form.into());
        }
        init.set_headers(&headers);
        init.set_redirect(RequestRedirect::Manual);
        init.set_signal(Some(&AbortSignal::timeout_with_u32(TIME_LIMIT * 1000)));
        let global: WorkerGlobalScope = global().unchecked_into();
        Ok(global.fetch_with_str_and_init(self.url, &init))
    }
}

/// A document that was fetched.
pub(crate) struct Document {
    pub(crate) body: Vec<u8>,
    /// For how many seconds it may be cached, if its host says so.
    pub(crate) max_age: Option<u64>,
}

/// Returns the body of an answer, or none if it is longer than `limit`.
pub(crate) async fn body(response: &Response, limit: usize) -> Result<Option<Vec<u8>>, Outage> {
    match response.body() {
        Some(stream) => js::bytes_of(&stream, limit).await.map_err(remote),
        None => Ok(Some(Vec::new())),
    }
}

fn remote(_: JsValue) -> Outage {
    Outage::Remote
}

fn max_age(cache_control: &str) -> Option<u64> {
    let mut directives = cache_control.split(',').filter_map(|directive| directive.trim().split_once('='));
    directives.find_map(|(name, value)| name.eq_ignore_ascii_case("max-age").then(|| value.parse().ok()).flatten())
}
