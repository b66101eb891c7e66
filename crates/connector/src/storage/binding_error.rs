//! [`BindingError`]: why a binding of the author is not there, or did not do what it was asked.

use thiserror::Error;
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::{Env, console_error, js_sys};

use mcp_connector_base::json::mismatch::without_input;

use crate::config::bindings::{r2_lines, resource_name};
use crate::platform::js;

/// Why [`D1`](crate::D1), [`Kv`](crate::Kv), [`R2`](crate::R2) or a [`Secret`](crate::Secret) failed.
///
/// By `?` it becomes a [`ToolError`](crate::ToolError).
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum BindingError {
    /// `wrangler.toml` does not bind it. The lines to add are in the log.
    #[error("wrangler.toml does not bind the {0}. Whoever runs the connector has to add it; the log has the lines.")]
    NotBound(String),
    /// The secret is not set.
    #[error("The secret {0} is not set. Whoever runs the connector sets it with `npx wrangler secret put {0}`.")]
    NoSecret(String),
    /// What was given cannot be stored or bound.
    #[error("{0}")]
    Value(String),
    /// What is stored is not what the code reads.
    #[error("What {binding} holds is not what the connector reads: {expected}.")]
    Unexpected {
        /// The name of the binding.
        binding: String,
        /// What was wrong, without what is stored.
        expected: String,
    },
    /// The binding answered with an error.
    #[error("{binding} failed: {message}")]
    Failed {
        /// The name of the binding.
        binding: String,
        /// Its message.
        message: String,
    },
}

/// What an author binds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Resource {
    D1Database,
    KvNamespace,
    R2Bucket,
}

impl Resource {
    const fn in_words(self) -> &'static str {
        match self {
            Self::D1Database => "D1 database",
            Self::KvNamespace => "KV namespace",
            Self::R2Bucket => "R2 bucket",
        }
    }

    /// The method by which a binding of this kind is told from another.
    const fn method(self) -> &'static str {
        match self {
            Self::D1Database => "prepare",
            Self::KvNamespace => "getWithMetadata",
            Self::R2Bucket => "createMultipartUpload",
        }
    }

    /// Returns the lines that bind it in `wrangler.toml`. `wrangler deploy` creates what they name.
    fn lines(self, name: &str) -> String {
        match self {
            Self::D1Database => {
                let database = resource_name(name);
                format!("[[d1_databases]]\nbinding = \"{name}\"\ndatabase_name = \"{database}\"\n")
            }
            Self::KvNamespace => format!("[[kv_namespaces]]\nbinding = \"{name}\"\n"),
            Self::R2Bucket => r2_lines(name),
        }
    }

    /// Returns the binding of this kind and name.
    pub(crate) fn of(self, env: &Env, name: &str) -> Result<Binding, BindingError> {
        let object = js::get(env, name).ok().filter(JsValue::is_object);
        let is_kind = |object: &JsValue| js::get(object, self.method()).is_ok_and(|method| method.is_function());
        if let Some(object) = object.filter(is_kind) {
            return Ok(Binding { object, name: name.to_owned() });
        }
        let what = format!("{} {name}", self.in_words());
        console_error!("wrangler.toml does not bind the {what}. Add these lines:\n\n{}", self.lines(name));
        Err(BindingError::NotBound(what))
    }
}

/// A binding of the author.
pub(crate) struct Binding {
    object: JsValue,
    name: String,
}

impl Binding {
    pub(crate) const fn object(&self) -> &JsValue {
        &self.object
    }

    /// Returns the error for what the runtime has thrown.
    pub(crate) fn failed(&self, error: &JsValue) -> BindingError {
        let message = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
        let message = message.or_else(|| error.as_string()).filter(|message| !message.trim().is_empty());
        let message = message.unwrap_or_else(|| "it gave no reason".to_owned());
        BindingError::Failed { binding: self.name.clone(), message: message.chars().take(300).collect() }
    }

    /// Returns the error for JSON that does not fit.
    pub(crate) fn unexpected(&self, error: &serde_json::Error) -> BindingError {
        BindingError::Unexpected { binding: self.name.clone(), expected: without_input(error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_a_binding_are_those_that_wrangler_takes() {
        for (resource, lines) in [
            (Resource::D1Database, "[[d1_databases]]\nbinding = \"WIKI_DB\"\ndatabase_name = \"wiki-db\"\n"),
            (Resource::KvNamespace, "[[kv_namespaces]]\nbinding = \"WIKI_DB\"\n"),
            (Resource::R2Bucket, "[[r2_buckets]]\nbinding = \"WIKI_DB\"\nbucket_name = \"wiki-db\"\n"),
        ] {
            assert_eq!(resource.lines("WIKI_DB"), lines);
        }
    }
}
