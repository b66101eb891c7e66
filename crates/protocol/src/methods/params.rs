//! Reading single members of the parameters of a request.

use serde_json::Value;

use crate::author::resources::uri_template::Uri;
use mcp_connector_base::json::Object;

/// Takes a member that is a string; `None` where it is missing or something else.
pub(crate) fn take_text(params: &mut Object, name: &str) -> Option<String> {
    match params.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// Reads the member `uri`; `None` where it is missing or no URI.
pub(crate) fn uri(params: &Object) -> Option<Uri> {
    Uri::parse(params.get("uri")?.as_str()?).ok()
}
