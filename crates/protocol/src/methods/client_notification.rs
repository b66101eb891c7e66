//! What a client notifies a server of.

use crate::json_rpc::request_id::RequestId;
use mcp_connector_base::json::Object;

/// A notification. All but one of them are ignored.
pub(crate) enum ClientNotification {
    /// `notifications/cancelled`: the client does not want the answer to this request any more. `None` if the notification is
    /// malformed: it cancels nothing.
    Cancelled(Option<RequestId>),
    /// Another notification of the protocol, by its name.
    Ignored(&'static str),
    /// A name that the protocol does not have.
    Unknown,
}

/// `notifications/cancelled`
const CANCELLED: &str = "notifications/cancelled";

/// The notifications that have no effect here.
const IGNORED: [&str; 4] = [
    "notifications/initialized",
    "notifications/progress",
    "notifications/roots/list_changed",
    "notifications/tasks/status",
];

impl ClientNotification {
    pub(crate) fn parse(method: &str, mut params: Object) -> Self {
        if method == CANCELLED {
            return Self::Cancelled(params.remove("requestId").and_then(RequestId::from_json));
        }
        IGNORED.into_iter().find(|known| *known == method).map_or(Self::Unknown, Self::Ignored)
    }

    /// Returns its name, or `None` for one that the protocol does not have.
    pub(crate) const fn known_method(&self) -> Option<&'static str> {
        match self {
            Self::Cancelled(_) => Some(CANCELLED),
            Self::Ignored(name) => Some(name),
            Self::Unknown => None,
        }
    }

    /// Returns the request that it cancels.
    pub(crate) fn cancels(&self) -> Option<&RequestId> {
        match self {
            Self::Cancelled(id) => id.as_ref(),
            Self::Ignored(_) | Self::Unknown => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_cancellation_names_a_request_by_text_or_number() {
        let cancelled = |params: &Value| {
            let notification =
                ClientNotification::parse("notifications/cancelled", params.as_object().unwrap().clone());
            notification.cancels().cloned()
        };
        let (number, text) =
            (cancelled(&json!({"requestId": 1})).unwrap(), cancelled(&json!({"requestId": "1"})).unwrap());
        assert_eq!((&number, &text), (&RequestId::Integer(1), &RequestId::Text("1".to_owned())));
        assert_ne!(number.key(), text.key(), "1 is not \"1\"");
        for malformed in [json!({}), json!({"requestId": null}), json!({"requestId": 1.5}), json!({"requestId": [1]})] {
            assert_eq!(cancelled(&malformed), None, "{malformed}");
        }
        let params = json!({"requestId": 1}).as_object().unwrap().clone();
        assert_eq!(ClientNotification::parse("notifications/progress", params).cancels(), None);
    }
}
