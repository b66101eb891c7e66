//! Asking the person: a form, or a page to visit ("Elicitation").
//!
//! A form must never ask for a password, a key or anything of that kind; that is what the page is for. It must not carry
//! anything that lets its visitor in, and must find out by itself that its visitor is the person of this call.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::author::tool_result::ToolError;
use crate::call::context::Context;
use crate::client_requests::elicitation_form::Form;
use crate::client_requests::question::Question;
use crate::json_rpc::object::object;
use crate::transport::host::Host;
use crate::types::client_capabilities::ClientCapability;
use mcp_connector_base::json::Object;
use mcp_connector_schema::Schema;

/// What the person did with a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ElicitResult<T> {
    /// Filled in the form, or agreed to visit the page.
    Accepted(T),
    /// Said no.
    Declined,
    /// Closed it without an answer.
    Cancelled,
}

impl<T> ElicitResult<T> {
    /// What was filled in; otherwise the error that says so to the model.
    pub fn accepted(self) -> Result<T, ToolError> {
        match self {
            Self::Accepted(answer) => Ok(answer),
            Self::Declined => Err(ToolError::new("The person was asked and declined. Nothing was done.")),
            Self::Cancelled => Err(ToolError::new("The person was asked and gave no answer. Nothing was done.")),
        }
    }

    fn map<U>(self, fit: impl FnOnce(T) -> Result<U, ToolError>) -> Result<ElicitResult<U>, ToolError> {
        Ok(match self {
            Self::Accepted(answer) => ElicitResult::Accepted(fit(answer)?),
            Self::Declined => ElicitResult::Declined,
            Self::Cancelled => ElicitResult::Cancelled,
        })
    }
}

impl<H: Host> Context<H> {
    /// Asks the person to fill in a form with the fields of `T`, and gives the answer. Leaves the handler by `?` where the
    /// client cannot ask, where the person declines, and, with clients of 2026-07-28, until the answer is there: the handler
    /// then runs again from its beginning. `key` names the question; each question of a handler has its own.
    pub async fn elicit<T: DeserializeOwned + JsonSchema>(
        &self,
        key: &str,
        message: impl Into<String>,
    ) -> Result<T, ToolError> {
        let content = self.elicit_form(key, message, &Form::of::<T>()?).await?.accepted()?;
        // Serde is stricter than a schema in places; what it says names no value.
        serde_json::from_value(Value::Object(content))
            .map_err(|_| self.unfit("The answer to the form does not fit it."))
    }

    /// Asks the person to fill in `form`. What comes back fits it.
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
        self.outcome(self.ask(key, question).await?)?.map(|content| {
            let fits = Schema::compile(form.as_schema()).map_err(|error| ToolError::new(error.to_string()))?;
            form.read(content.unwrap_or_default(), &fits)
                .map_err(|violations| self.unfit(&format!("The answer to the form does not fit it.\n{violations}")))
        })
    }

    /// Asks the person to visit `url`, for what must not pass through the client: a password, a payment, a sign-in
    /// elsewhere. Accepted means that they agreed to go, not that they are done. `url` must be https, and must not let in
    /// whoever opens it.
    pub async fn elicit_url(
        &self,
        key: &str,
        message: impl Into<String>,
        url: &str,
    ) -> Result<ElicitResult<()>, ToolError> {
        let mut params = vec![("mode", "url".into()), ("message", message.into().into()), ("url", url.into())];
        if !self.protocol_version().is_modern() {
            params.push(("elicitationId", format!("{:032x}", self.host().random_bits()?).into()));
        }
        let params = object(params).into();
        let question = Question { method: "elicitation/create", params, needs: ClientCapability::UrlElicitation };
        self.outcome(self.ask(key, question).await?)?.map(|_| Ok(()))
    }

    fn outcome(&self, mut result: Object) -> Result<ElicitResult<Option<Object>>, ToolError> {
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
