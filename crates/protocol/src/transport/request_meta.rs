//! The `_meta` of a request or a notification (`RequestMetaObject`): what the client says about itself and wants to hear
//! meanwhile ("`_meta`", "Progress", "Logging").

use serde_json::Value;

use crate::json_rpc::request_id::RequestId;
use crate::json_rpc::rpc_error::RpcError;
use crate::transport::trace_context::TraceParent;
use crate::types::logging_level::LoggingLevel;
use mcp_connector_base::json::Object;

const PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CLIENT_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";

/// The `_meta` of a message, as it was sent. What is wrong with it is reported only when the request is admitted.
pub(crate) struct RequestMeta(Option<Value>);

/// What a client wants to hear while its request is carried out.
#[derive(Debug, Default)]
pub(crate) struct Notifications {
    /// Sent with each notification of progress. `None` if the client wants none.
    pub(crate) progress_token: Option<Value>,
    /// The lowest level of the log messages that the client wants. `None` if it wants none; only read from 2026-07-28 on.
    pub(crate) log_level: Option<LoggingLevel>,
}

impl RequestMeta {
    pub(crate) fn take(params: &mut Object) -> Self {
        Self(params.remove("_meta"))
    }

    fn member(&self, name: &str) -> Option<&Value> {
        self.0.as_ref()?.get(name)
    }

    /// Returns the version that the message says it speaks. It makes the message modern, whatever its headers say.
    pub(crate) fn protocol_version(&self) -> Option<&Value> {
        self.member(PROTOCOL_VERSION)
    }

    /// Returns the trace that the request belongs to, if its `traceparent` is well-formed.
    pub(crate) fn trace_parent(&self) -> Option<TraceParent> {
        TraceParent::parse(self.member(TraceParent::NAME)?.as_str()?)
    }

    /// Returns the version and the capabilities that each request carries from 2026-07-28 on.
    ///
    /// # Errors
    ///
    /// Fails where one of them is missing.
    pub(crate) fn envelope(&self) -> Result<(&str, &Object), RpcError> {
        let version = self.protocol_version().and_then(Value::as_str).ok_or_else(|| {
            RpcError::invalid_params(
                "`params._meta` must name the version: \"io.modelcontextprotocol/protocolVersion\", a string.",
            )
        })?;
        let capabilities = self.member(CLIENT_CAPABILITIES).and_then(Value::as_object).ok_or_else(|| {
            RpcError::invalid_params(
                "`params._meta` must name what the client can do: \"io.modelcontextprotocol/clientCapabilities\", an object.",
            )
        })?;
        Ok((version, capabilities))
    }

    /// Returns what the client wants to hear.
    ///
    /// # Errors
    ///
    /// Fails where a member has a form that the specification does not allow.
    pub(crate) fn notifications(&self) -> Result<Notifications, RpcError> {
        let Some(meta) = &self.0 else { return Ok(Notifications::default()) };
        let meta = meta.as_object().ok_or_else(|| RpcError::invalid_params("`_meta` must be an object."))?;
        let progress_token = match meta.get("progressToken") {
            None => None,
            Some(token @ Value::String(text)) if text.len() <= RequestId::MAX_LENGTH => Some(token.clone()),
            Some(token @ Value::Number(number)) if number.is_i64() => Some(token.clone()),
            Some(_) => return Err(RpcError::invalid_params("`_meta.progressToken` must be a string or an integer.")),
        };
        let log_level = match meta.get(LOG_LEVEL) {
            None => None,
            Some(level) => Some(level.as_str().and_then(LoggingLevel::parse).ok_or_else(|| {
                RpcError::invalid_params(
                    "`_meta[\"io.modelcontextprotocol/logLevel\"]` must be one of the eight levels.",
                )
            })?),
        };
        Ok(Notifications { progress_token, log_level })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn meta(meta: &Value) -> RequestMeta {
        RequestMeta::take(json!({ "_meta": meta }).as_object_mut().unwrap())
    }

    #[test]
    fn a_member_of_a_wrong_form_is_refused() {
        for wrong in [
            json!(1),
            json!({"progressToken": 1.5}),
            json!({"progressToken": {}}),
            json!({LOG_LEVEL: "loud"}),
            json!({LOG_LEVEL: 3}),
        ] {
            assert!(meta(&wrong).notifications().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_envelope_names_version_and_capabilities() {
        assert!(RequestMeta::take(&mut Object::new()).envelope().is_err());
        for (members, passes) in [
            (json!({}), false),
            (json!({PROTOCOL_VERSION: "2026-07-28"}), false),
            (json!({PROTOCOL_VERSION: 7, CLIENT_CAPABILITIES: {}}), false),
            (json!({PROTOCOL_VERSION: "2026-07-28", CLIENT_CAPABILITIES: null}), false),
            (json!({PROTOCOL_VERSION: "2026-07-28", CLIENT_CAPABILITIES: {}}), true),
        ] {
            assert_eq!(meta(&members).envelope().is_ok(), passes, "{members}");
        }
    }
}
