//! Functions of the author that suggest values while a person types an argument ("Completion").

use std::future::Future;

use serde_json::Value;

use crate::author::config_error::ErrorKind;
use crate::author::handler::{HandlerContext, HandlerFuture};
use crate::author::tools::tool_error::ToolError;
use crate::call::context::Context;
use crate::tool_schema::string_arguments::property;

/// An argument that a person is typing ("Completion").
///
/// The functions given to [`Prompt::complete`](crate::author::prompts::prompt::Prompt::complete) and
/// [`ResourceTemplate::complete`](crate::author::resources::resource_template::ResourceTemplate::complete) take one.
///
/// # Examples
///
/// ```
/// use mcp_connector::{Context, Partial, ToolError};
///
/// async fn cities(partial: Partial, _cx: Context) -> Result<Vec<String>, ToolError> {
///     let cities = match partial.argument("country") {
///         Some("Germany") => ["Berlin", "Köln"],
///         _ => ["Paris", "Perth"],
///     };
///     Ok(partial.matching(cities))
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Partial {
    /// The text typed so far, at most 1024 bytes; empty at first.
    pub value: String,
    /// The arguments that are filled in already.
    pub(crate) arguments: Vec<(String, String)>,
}

impl Partial {
    /// Maximum number of values in one answer ("Completion", `values`). Further values are only counted.
    pub const MAX_VALUES: usize = 100;

    /// Returns the value of another argument, if the person has filled it in and the client sends it.
    #[must_use]
    pub fn argument(&self, name: &str) -> Option<&str> {
        self.arguments.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns those of `candidates` that begin with the typed text. Upper and lower case count as the same.
    pub fn matching<C: Into<String>>(&self, candidates: impl IntoIterator<Item = C>) -> Vec<String> {
        let typed = self.value.to_lowercase();
        let candidates = candidates.into_iter().map(C::into);
        candidates.filter(|candidate: &String| candidate.to_lowercase().starts_with(&typed)).collect()
    }
}

/// The functions that suggest values, each for one argument.
pub(crate) struct Completers<H>(Vec<(String, Completer<H>)>);

/// Suggests values for one argument.
pub(crate) type Completer<H> = Box<dyn Fn(Partial, Context<H>) -> HandlerFuture<Vec<String>>>;

impl<H> Completers<H> {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn add<F, Cx, Fut>(&mut self, argument: impl Into<String>, suggest: F)
    where
        F: Fn(Partial, Cx) -> Fut + 'static,
        Cx: HandlerContext<H>,
        Fut: Future<Output = Result<Vec<String>, ToolError>> + 'static,
    {
        self.0.push((argument.into(), Box::new(move |partial, cx| Box::pin(suggest(partial, Cx::of(cx))))));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the function for `argument`.
    pub(crate) fn get(&self, argument: &str) -> Option<&Completer<H>> {
        self.0.iter().find(|(name, _)| name == argument).map(|(_, completer)| completer)
    }

    /// Returns an error if one is for an argument that `schema` does not have.
    pub(crate) fn check(&self, schema: &Value) -> Result<(), ErrorKind> {
        match self.0.iter().find(|(name, _)| property(schema, name).is_none()) {
            Some((name, _)) => Err(ErrorKind::CompletesNothing(name.clone())),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matching(typed: &str, candidates: &[&str]) -> Vec<String> {
        Partial { value: typed.to_owned(), ..Partial::default() }.matching(candidates.iter().copied())
    }

    #[test]
    fn suggestions_begin_with_the_typed_text_in_either_case() {
        assert_eq!(matching("PAR", &["paris", "Park", "rome"]), ["paris", "Park"]);
        assert_eq!(matching("", &["a"]), ["a"]);
        assert_eq!(matching("zü", &["Zürich", "z", "z€", "ZÜRICH"]), ["Zürich", "ZÜRICH"]);
        assert_eq!(matching("Σ", &["σίγμα", "alpha"]), ["σίγμα"]);
    }
}
