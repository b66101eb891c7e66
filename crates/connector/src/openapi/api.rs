//! [`Api`] and [`ApiRequest`]: a request to an API, with each parameter where its document wants it.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::openapi::answer::ApiResponse;
use crate::openapi::parameters::{Pairs, encoded, simple, without_absent};
use crate::openapi::path::filled;
use crate::outbound::client_settings::Method;
use crate::outbound::{HttpClient, HttpRequest};
use mcp_connector_protocol::ToolError;

/// An API at one address, with what lets requests in.
///
/// ```
/// use mcp_connector::openapi::Api;
/// use mcp_connector::{CallToolResult, Context, ToolError};
///
/// async fn list_pets(cx: Context) -> Result<CallToolResult, ToolError> {
///     let api = Api::new(cx.http(), "https://api.pets.example/v1").header("x-api-key", cx.secret("PETS_KEY")?);
///     api.get("/pets").query("limit", &20).send().await?.into_result()
/// }
/// ```
#[derive(Clone)]
pub struct Api {
    client: HttpClient,
    base: Cow<'static, str>,
    headers: Vec<(Cow<'static, str>, String)>,
    cookies: Vec<String>,
    query: Pairs,
}

impl Api {
    /// Creates an API at `base`, to which the paths of requests are appended. Its host is one that the connector declares.
    #[must_use]
    pub fn new(client: HttpClient, base: impl Into<Cow<'static, str>>) -> Self {
        Self { client, base: base.into(), headers: Vec::new(), cookies: Vec::new(), query: Pairs::default() }
    }

    /// Sends a token as `Authorization: Bearer` with each request (RFC 6750 §2.1).
    #[must_use]
    pub fn bearer(self, token: impl AsRef<str>) -> Self {
        self.header("authorization", format!("Bearer {}", token.as_ref()))
    }

    /// Sends a login, `user:password`, as `Authorization: Basic` with each request (RFC 7617 §2).
    #[must_use]
    pub fn basic(self, login: impl AsRef<str>) -> Self {
        self.header("authorization", format!("Basic {}", BASE64_STANDARD.encode(login.as_ref())))
    }

    /// Sends a header with each request.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl AsRef<str>) -> Self {
        self.headers.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// Sends a parameter of the query with each request.
    #[must_use]
    pub fn query(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.query.form(name, &value.as_ref().into());
        self
    }

    /// Sends a cookie with each request.
    #[must_use]
    pub fn cookie(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.cookies.push(format!("{name}={}", encoded(value.as_ref())));
        self
    }

    /// Begins a GET request. `path` is that of the document: `/pets/{id}`.
    pub fn get(self, path: &str) -> ApiRequest {
        ApiRequest::new(self, Method::Get, path)
    }

    /// Begins a POST request.
    pub fn post(self, path: &str) -> ApiRequest {
        ApiRequest::new(self, Method::Post, path)
    }

    /// Begins a PUT request.
    pub fn put(self, path: &str) -> ApiRequest {
        ApiRequest::new(self, Method::Put, path)
    }

    /// Begins a PATCH request.
    pub fn patch(self, path: &str) -> ApiRequest {
        ApiRequest::new(self, Method::Patch, path)
    }

    /// Begins a DELETE request.
    pub fn delete(self, path: &str) -> ApiRequest {
        ApiRequest::new(self, Method::Delete, path)
    }

    /// Begins a request with a method of an [`Operation`](crate::openapi::Operation).
    pub(super) fn request(self, method: Method, path: &str) -> ApiRequest {
        ApiRequest::new(self, method, path)
    }
}

/// A request to an API. An argument that is `None` is not sent.
#[must_use = "a request is sent by `send`"]
pub struct ApiRequest {
    api: Api,
    method: Method,
    path: String,
    segments: Vec<(String, String)>,
    body: Option<Body>,
    paging: String,
    /// The first argument that cannot be sent.
    error: Option<ToolError>,
}

struct Body {
    content_type: Cow<'static, str>,
    bytes: Vec<u8>,
}

/// How objects inside a form are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nested {
    Json,
    Deep,
}

impl ApiRequest {
    fn new(api: Api, method: Method, path: &str) -> Self {
        let path = path.to_owned();
        Self { api, method, path, segments: Vec::new(), body: None, paging: String::new(), error: None }
    }

    /// Puts a value in place of `{name}` in the path. It stays in its segment: `/` is encoded, and a value that would make a
    /// segment `.` or `..` is refused.
    pub fn path(self, name: &str, value: &(impl Serialize + ?Sized)) -> Self {
        self.with(value, |request, value| request.segments.push((name.to_owned(), simple(&value))))
    }

    /// Adds a parameter to the query (style `form`): a list is the parameter several times.
    pub fn query(self, name: &str, value: &(impl Serialize + ?Sized)) -> Self {
        self.with(value, |request, value| request.api.query.form(name, &value))
    }

    /// Adds a parameter to the query whose items are in one value, between them a comma, a space or `|`.
    pub fn query_joined(self, name: &str, separator: char, value: &(impl Serialize + ?Sized)) -> Self {
        self.with(value, |request, value| request.api.query.joined(name, separator, &value))
    }

    /// Adds a parameter to the query for each member of an object (style `deepObject`): `filter[state]=open`.
    pub fn query_deep(self, name: &str, value: &(impl Serialize + ?Sized)) -> Self {
        self.with(value, |request, value| request.api.query.deep(name, &value))
    }

    /// Adds a parameter to the query whose value is JSON.
    pub fn query_json(self, name: &str, value: &(impl Serialize + ?Sized)) -> Self {
        self.with(value, |request, value| request.api.query.json(name, &without_absent(value)))
    }

    /// Adds a header.
    pub fn header(self, name: &str, value: &(impl Serialize + ?Sized)) -> Self {
        self.with(value, |request, value| {
            if !value.is_null() {
                request.api.headers.push((name.to_owned().into(), simple(&value)));
            }
        })
    }

    /// Adds a cookie.
    pub fn cookie(self, name: &str, value: &(impl Serialize + ?Sized)) -> Self {
        self.with(value, |request, value| {
            if !value.is_null() {
                request.api.cookies.push(format!("{name}={}", encoded(&simple(&value))));
            }
        })
    }

    /// Sends a value as JSON. Members that are null are left out.
    pub fn json(self, value: &(impl Serialize + ?Sized)) -> Self {
        self.json_as("application/json", value)
    }

    /// Sends a value as JSON of another media type, such as `application/merge-patch+json`.
    pub fn json_as(self, content_type: &str, value: &(impl Serialize + ?Sized)) -> Self {
        self.with(value, |request, value| {
            if !value.is_null() {
                let bytes = without_absent(value).to_string().into_bytes();
                request.body = Some(Body { content_type: content_type.to_owned().into(), bytes });
            }
        })
    }

    /// Sets members of a JSON body to null, which clears them: a list of their names, after the body.
    pub fn clear(self, members: &(impl Serialize + ?Sized)) -> Self {
        self.with(members, |request, members| {
            let names: Vec<&str> = members.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            if names.is_empty() {
                return;
            }
            let (content_type, body) = match request.body.take() {
                Some(Body { content_type, bytes }) => {
                    (content_type, serde_json::from_slice(&bytes).unwrap_or_default())
                }
                None => ("application/json".into(), Value::Null),
            };
            let mut body = if let Value::Object(body) = body { body } else { Map::new() };
            body.extend(names.into_iter().map(|name| (name.to_owned(), Value::Null)));
            request.body = Some(Body { content_type, bytes: Value::Object(body).to_string().into_bytes() });
        })
    }

    /// Sends the members of an object as a form. A list is its member several times; an object in it is JSON.
    pub fn form(self, value: &(impl Serialize + ?Sized)) -> Self {
        self.with(value, |request, value| request.set_form(&value, Nested::Json))
    }

    /// Sends the members of an object as a form, what is nested as `card[number]` (style `deepObject`).
    pub fn form_deep(self, value: &(impl Serialize + ?Sized)) -> Self {
        self.with(value, |request, value| request.set_form(&value, Nested::Deep))
    }

    /// Says how a model goes on where the answer is not everything: "Go on with `page`."
    pub fn paged(mut self, paging: &str) -> Self {
        paging.clone_into(&mut self.paging);
        self
    }

    /// Sends the request.
    ///
    /// # Errors
    ///
    /// Fails if an argument cannot be sent, if there is no answer, and for a status that is not 2xx. The text says what the API
    /// says of it, and what to do.
    pub async fn send(self) -> Result<ApiResponse, ToolError> {
        let paging = self.paging.clone();
        let sent = self.api.query.clone();
        let response = self.request()?.send().await?.error_for_status().await?;
        ApiResponse::read(response, paging, &sent).await
    }

    fn request(self) -> Result<HttpRequest, ToolError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let values: Vec<_> = self.segments.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        let mut url = format!("{}{}", self.api.base, filled(&self.path, &values)?);
        if !self.api.query.is_empty() {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(self.api.query.as_str());
        }
        let mut request = self.api.client.request(self.method, &url);
        for (name, value) in &self.api.headers {
            request = request.header(name, value);
        }
        if !self.api.cookies.is_empty() {
            request = request.header("cookie", self.api.cookies.join("; "));
        }
        Ok(match self.body {
            Some(Body { content_type, bytes }) => request.body(&content_type, bytes),
            None => request,
        })
    }

    fn set_form(&mut self, value: &Value, nested: Nested) {
        let Some(members) = value.as_object() else { return };
        let mut pairs = Pairs::default();
        for (name, value) in members {
            match (nested, value) {
                (Nested::Deep, _) => pairs.deep(name, value),
                (Nested::Json, Value::Object(_)) => pairs.json(name, &without_absent(value.clone())),
                (Nested::Json, _) => pairs.form(name, value),
            }
        }
        let bytes = pairs.as_str().to_owned().into_bytes();
        self.body = Some(Body { content_type: "application/x-www-form-urlencoded".into(), bytes });
    }

    /// Adds a value, if it can be written.
    fn with(mut self, value: &(impl Serialize + ?Sized), add: impl FnOnce(&mut Self, Value)) -> Self {
        match serde_json::to_value(value) {
            Ok(value) => add(&mut self, value),
            Err(error) => {
                self.error.get_or_insert_with(|| error.into());
            }
        }
        self
    }
}
