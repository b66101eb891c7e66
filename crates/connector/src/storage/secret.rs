//! [`Secret`]: a secret of the Worker.

use std::fmt;

use worker::{Env, console_error};

use crate::platform::js;
use crate::storage::binding_error::BindingError;

/// A secret of the Worker, returned by [`Context::secret`](crate::Context::secret).
///
/// It is neither printed by `{}` nor by `{:?}`. What needs its text takes it `as_ref()`, as
/// [`HttpRequest::bearer`](crate::HttpRequest::bearer) and [`HttpRequest::header`](crate::HttpRequest::header) do.
///
/// ```
/// use mcp_connector::{Context, ToolError};
///
/// async fn search(words: String, cx: Context) -> Result<String, ToolError> {
///     let key = cx.secret("SEARCH_KEY")?;
///     Ok(cx.http().get("https://search.example/").query(&[("q", words)]).bearer(key).text().await?)
/// }
/// ```
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Returns the secret `name`.
    pub(crate) fn named(env: &Env, name: &str) -> Result<Self, BindingError> {
        let text = js::get(env, name).ok().and_then(|value| value.as_string());
        text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).map(Self).ok_or_else(|| {
            console_error!(
                "The secret {name} is not set. Set it with `npx wrangler secret put {name}`, for local use in .dev.vars."
            );
            BindingError::NoSecret(name.to_owned())
        })
    }
}

impl AsRef<str> for Secret {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        assert_eq!(format!("{:?}", Some(Secret("s3cret".to_owned()))), "Some(Secret(…))");
    }
}
