//! [`Operation`]: an operation of an API as data, for tools that find and call operations by name.

use serde_json::Value;

use crate::openapi::api::{Api, ApiRequest};
use crate::outbound::Method;

/// An operation of an API, as its document describes it.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// Its name, unique in the API.
    pub name: &'static str,
    /// The method. [`Method::Get`] reads, and the others write.
    pub method: Method,
    /// The path, with `{name}` for parameters.
    pub path: &'static str,
    /// What it does.
    pub description: &'static str,
    /// The subject to which it belongs, or nothing.
    pub tag: &'static str,
    /// The JSON Schema of its arguments.
    pub arguments: &'static str,
    /// Where each argument goes.
    pub parameters: &'static [Parameter],
    /// How one goes on where an answer is not everything, or nothing.
    pub paging: &'static str,
}

/// Where an argument goes.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    argument: &'static str,
    name: &'static str,
    target: Target,
}

#[derive(Clone, Copy, Debug)]
enum Target {
    Path,
    Query,
    QueryJoined(char),
    QueryDeep,
    QueryJson,
    Header,
    Cookie,
    Json,
    Form,
    FormDeep,
    Clear,
}

impl Parameter {
    const fn new(name: &'static str, target: Target) -> Self {
        Self { argument: name, name, target }
    }

    /// A part of the path; see [`ApiRequest::path`].
    #[must_use]
    pub const fn path(name: &'static str) -> Self {
        Self::new(name, Target::Path)
    }

    /// A parameter of the query; see [`ApiRequest::query`].
    #[must_use]
    pub const fn query(name: &'static str) -> Self {
        Self::new(name, Target::Query)
    }

    /// A parameter of the query with all items in one value; see [`ApiRequest::query_joined`].
    #[must_use]
    pub const fn query_joined(name: &'static str, separator: char) -> Self {
        Self::new(name, Target::QueryJoined(separator))
    }

    /// An object in the query; see [`ApiRequest::query_deep`].
    #[must_use]
    pub const fn query_deep(name: &'static str) -> Self {
        Self::new(name, Target::QueryDeep)
    }

    /// JSON in the query; see [`ApiRequest::query_json`].
    #[must_use]
    pub const fn query_json(name: &'static str) -> Self {
        Self::new(name, Target::QueryJson)
    }

    /// A header.
    #[must_use]
    pub const fn header(name: &'static str) -> Self {
        Self::new(name, Target::Header)
    }

    /// A cookie.
    #[must_use]
    pub const fn cookie(name: &'static str) -> Self {
        Self::new(name, Target::Cookie)
    }

    /// The body, as JSON of this media type: the argument `body`.
    #[must_use]
    pub const fn json(content_type: &'static str) -> Self {
        Self { argument: "body", name: content_type, target: Target::Json }
    }

    /// The body, as a form: the argument `body`; see [`ApiRequest::form`].
    #[must_use]
    pub const fn form() -> Self {
        Self::new("body", Target::Form)
    }

    /// The body, as a form with nested members: the argument `body`; see [`ApiRequest::form_deep`].
    #[must_use]
    pub const fn form_deep() -> Self {
        Self::new("body", Target::FormDeep)
    }

    /// Members of the body to set to null: the argument `clear`; see [`ApiRequest::clear`].
    #[must_use]
    pub const fn clear() -> Self {
        Self::new("clear", Target::Clear)
    }

    /// Takes its value from the argument of this name, which clients take where they would refuse the name of the parameter.
    #[must_use]
    pub const fn from_argument(self, argument: &'static str) -> Self {
        Self { argument, ..self }
    }
}

impl Operation {
    /// Whether it only reads.
    pub(super) fn reads(&self) -> bool {
        self.method == Method::Get
    }

    /// Returns the request with arguments that have passed the schema.
    pub(super) fn request(&self, api: Api, arguments: &Value) -> ApiRequest {
        let request = api.request(self.method, self.path).paged(self.paging);
        self.parameters.iter().fold(request, |request, parameter| {
            let Some(value) = arguments.get(parameter.argument) else { return request };
            let name = parameter.name;
            match parameter.target {
                Target::Path => request.path(name, value),
                Target::Query => request.query(name, value),
                Target::QueryJoined(separator) => request.query_joined(name, separator, value),
                Target::QueryDeep => request.query_deep(name, value),
                Target::QueryJson => request.query_json(name, value),
                Target::Header => request.header(name, value),
                Target::Cookie => request.cookie(name, value),
                Target::Json => request.json_as(name, value),
                Target::Form => request.form(value),
                Target::FormDeep => request.form_deep(value),
                Target::Clear => request.clear(value),
            }
        })
    }
}
