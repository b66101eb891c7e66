//! Asking the person: a form to fill in, or a page to visit ("Elicitation").

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

use crate::author::tools::tool_error::ToolError;
use crate::call::context::Context;
use crate::client_requests::elicitation_form::Form;
use crate::client_requests::question::Question;
use crate::host::bundle::Host;
use crate::types::client_capabilities::ClientCapability;
use mcp_connector_base::json::Object;
use mcp_connector_schema::Schema;

/// What the person did with a question (`ElicitResult`).
///
/// # Examples
///
/// ```
/// use mcp_connector::{Context, ElicitResult, ToolError};
///
/// async fn pay(cx: Context) -> Result<&'static str, ToolError> {
///     let page = "https://pay.example.com/checkout";
///     Ok(match cx.elicit_url("payment", "Pay on this page.", page).await? {
///         ElicitResult::Accepted(()) => "The person is on the way to the page.",
///         ElicitResult::Declined | ElicitResult::Cancelled => "The person does not want to pay.",
///     })
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ElicitResult<T> {
    /// The person filled in the form, or agreed to visit the page.
    Accepted(T),
    /// The person declined.
    Declined,
    /// The person closed the question without an answer.
    Cancelled,
}

impl<T> ElicitResult<T> {
    /// Returns the answer.
    ///
    /// # Errors
    ///
    /// Fails if the person declined or gave no answer, with a text that says so to the model.
    pub fn accepted(self) -> Result<T, ToolError> {
        match self {
            Self::Accepted(answer) => Ok(answer),
            Self::Declined => Err(ToolError::new("The person was asked and declined. Nothing was done.")),
            Self::Cancelled => Err(ToolError::new("The person was asked and gave no answer. Nothing was done.")),
        }
    }

    fn try_map<U>(self, convert: impl FnOnce(T) -> Result<U, ToolError>) -> Result<ElicitResult<U>, ToolError> {
        Ok(match self {
            Self::Accepted(answer) => ElicitResult::Accepted(convert(answer)?),
            Self::Declined => ElicitResult::Declined,
            Self::Cancelled => ElicitResult::Cancelled,
        })
    }
}

/// What the person did with the question to visit a page.
pub(crate) struct Visit {
    pub(crate) result: ElicitResult<()>,
    /// The id of the question, until 2025-11-25.
    pub(crate) elicitation_id: Option<String>,
}

impl<H: Host> Context<H> {
    /// Asks the person to fill in a form with the fields of `T`, and returns the answer ("Elicitation").
    ///
    /// `T` is a struct of strings, numbers, booleans and enums without data. `key` names the question: each question of a
    /// handler has its own. A form must not ask for a password or a key; use [`elicit_url`](Self::elicit_url) for that.
    ///
    /// Until 2025-11-25 the handler waits for the answer. From 2026-07-28 on, and in a task, the handler is left and runs again
    /// from its beginning when the answer is there. So code before a question may run several times; what changes something
    /// belongs after the last one.
    ///
    /// # Errors
    ///
    /// Leaves the handler where the client cannot ask, where the person declines or gives no answer, and, with clients of
    /// 2026-07-28, until the answer is there.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::{Context, ToolError};
    /// use schemars::JsonSchema;
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize, JsonSchema)]
    /// struct Confirmation {
    ///     /// Empty the basket
    ///     sure: bool,
    /// }
    ///
    /// async fn empty_basket(cx: Context) -> Result<&'static str, ToolError> {
    ///     let Confirmation { sure } = cx.elicit("confirm", "Empty the basket for good?").await?;
    ///     Ok(if sure { "The basket is empty." } else { "Nothing was changed." })
    /// }
    /// ```
    pub async fn elicit<T: DeserializeOwned + JsonSchema>(
        &self,
        key: &str,
        message: impl Into<String>,
    ) -> Result<T, ToolError> {
        let content = self.elicit_form(key, message, &Form::of::<T>()?).await?.accepted()?;
        // Serde is stricter than a schema in places. Its message names no value.
        serde_json::from_value(Value::Object(content))
            .map_err(|_| self.unfit("The answer to the form does not fit it."))
    }

    /// Asks the person to fill in `form`, and returns an answer that fits it. Unlike [`elicit`](Self::elicit), it lets the
    /// handler go on if the person declines.
    ///
    /// # Errors
    ///
    /// As [`elicit`](Self::elicit), except that declining is a result.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::{Context, ElicitResult, Form, ToolError};
    /// use serde_json::json;
    ///
    /// async fn order(cx: Context) -> Result<String, ToolError> {
    ///     let form = Form::schema(json!({
    ///         "type": "object",
    ///         "properties": {"size": {"type": "string", "enum": ["small", "large"]}},
    ///         "required": ["size"],
    ///     }))?;
    ///     Ok(match cx.elicit_form("size", "Which size?", &form).await? {
    ///         ElicitResult::Accepted(answer) => format!("Ordered: {}.", answer["size"]),
    ///         ElicitResult::Declined | ElicitResult::Cancelled => "Ordered nothing.".to_owned(),
    ///     })
    /// }
    /// ```
    pub async fn elicit_form(
        &self,
        key: &str,
        message: impl Into<String>,
        form: &Form,
    ) -> Result<ElicitResult<Object>, ToolError> {
        let version = self.protocol_version();
        let schema = form
            .known_to(version)
            .ok_or_else(|| ToolError::new("The client's version of the protocol has no such form."))?;
        let params = json!({ "message": message.into(), "requestedSchema": schema });
        let question = Question { method: "elicitation/create", params, needs: ClientCapability::Elicitation };
        self.elicit_result(self.ask(key, question).await?)?.try_map(|content| {
            let schema = Schema::compile(form.as_schema()).map_err(|error| ToolError::new(error.to_string()))?;
            form.read(content.unwrap_or_default(), &schema)
                .map_err(|violations| self.unfit(&format!("The answer to the form does not fit it.\n{violations}")))
        })
    }

    /// Asks the person to visit `url`, for what must not pass through the client: a password, a payment, a sign-in elsewhere
    /// ("URL Mode").
    ///
    /// `url` must be `https:` and must not let in whoever opens it: the page finds out by itself whether that is the person
    /// of this call. Accepted means that the person agreed to go, not that they are done.
    ///
    /// # Errors
    ///
    /// Fails if `url` is no URL of the web. Leaves the handler where the client cannot ask for a visit, and, with clients of
    /// 2026-07-28, until the answer is there.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::{Context, ToolError};
    ///
    /// async fn connect(cx: Context) -> Result<&'static str, ToolError> {
    ///     cx.elicit_url("sign-in", "Sign in to the shop.", "https://shop.example.com/connect").await?.accepted()?;
    ///     Ok("Call again when you are signed in.")
    /// }
    /// ```
    pub async fn elicit_url(
        &self,
        key: &str,
        message: impl Into<String>,
        url: &str,
    ) -> Result<ElicitResult<()>, ToolError> {
        Ok(self.elicit_visit(key, message, url).await?.result)
    }

    /// Like [`elicit_url`](Self::elicit_url), with the id by which the client learns that the person is done.
    pub(crate) async fn elicit_visit(
        &self,
        key: &str,
        message: impl Into<String>,
        url: &str,
    ) -> Result<Visit, ToolError> {
        let (message, version) = (message.into(), self.protocol_version());
        let is_web_url = Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
        if !is_web_url {
            return Err(ToolError::new(
                "The tool asks for a visit of something that is no https URL: its author can correct that.",
            ));
        }
        let elicitation_id =
            if version.is_modern() { None } else { Some(format!("{:032x}", self.host().random_bits()?)) };
        let mut params = json!({ "mode": "url", "message": message, "url": url });
        if let (Some(id), Some(params)) = (&elicitation_id, params.as_object_mut()) {
            params.insert("elicitationId".to_owned(), id.as_str().into());
        }
        let question = Question { method: "elicitation/create", params, needs: ClientCapability::UrlElicitation };
        let result = self.elicit_result(self.ask(key, question).await?)?.try_map(|_| Ok(()))?;
        Ok(Visit { result, elicitation_id })
    }

    fn elicit_result(&self, mut result: Object) -> Result<ElicitResult<Option<Object>>, ToolError> {
        let content = result.remove("content");
        match (result.get("action").and_then(Value::as_str), content) {
            (Some("accept"), None | Some(Value::Null)) => Ok(ElicitResult::Accepted(None)),
            (Some("accept"), Some(Value::Object(content))) => Ok(ElicitResult::Accepted(Some(content))),
            (Some("decline"), _) => Ok(ElicitResult::Declined),
            (Some("cancel"), _) => Ok(ElicitResult::Cancelled),
            _ => {
                Err(self
                    .unfit("The answer to an elicitation needs `action`: accept (with `content`), decline or cancel."))
            }
        }
    }
}
