//! Errors for the requests of a POST whose instance has died: a panic in a handler ends the whole instance. They are noted before
//! the requests run, and the next instance sends them.

use serde::{Deserialize, Serialize};

use crate::host::bundle::Host;
use crate::host::request_observer::Outcome;
use crate::json_rpc::request_id::RequestId;
use crate::json_rpc::response::{ErrorResponse, to_bytes};
use crate::json_rpc::rpc_error::{ErrorCode, RpcError};
use crate::streams::sse_event::sse_event;
use crate::transport::posted::{Body, Posted};
use crate::transport::reply::Reply;

/// The requests of one POST, with what their errors say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interrupted {
    ids: Vec<RequestId>,
    form: Form,
    effect: Effect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Form {
    Single,
    Batch,
}

/// Whether carrying it out may have changed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Effect {
    Nothing,
    Possible,
}

/// Which request caused the instance to die.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This request: sent again, it would end the same way.
    Own,
    /// Another request, or unknown.
    Other,
}

impl<H: Host> Posted<H> {
    /// Returns the note for the next instance, or `None` if the body holds no request.
    #[must_use]
    pub fn if_interrupted(&self) -> Option<Interrupted> {
        let ids: Vec<RequestId> = self.requests().map(|request| request.id.clone()).collect();
        let may_change = self.requests().any(|request| request.call.may_change_something());
        let effect = if may_change { Effect::Possible } else { Effect::Nothing };
        let form = match self.body() {
            Body::Single(_) => Form::Single,
            Body::Batch(_) => Form::Batch,
        };
        (!ids.is_empty()).then_some(Interrupted { ids, form, effect })
    }
}

impl Interrupted {
    /// How such requests end, for the log.
    pub const OUTCOME: Outcome = Outcome::Error(ErrorCode::Internal.number());

    /// Returns the answer to a request whose answer has not begun. The status is 503 if the client may send it again, and otherwise
    /// that of an error in a handler. `reference` is the id of the request in the log.
    #[must_use]
    pub fn reply(&self, fault: Fault, reference: &str) -> Reply {
        let status = match (fault, self.effect) {
            (Fault::Other, Effect::Nothing) => 503,
            (Fault::Own, _) | (Fault::Other, Effect::Possible) => 200,
        };
        Reply::Json { status, session: None, body: self.body(fault, reference) }
    }

    /// Returns the errors as the last event of a stream.
    #[must_use]
    pub fn last_event(&self, fault: Fault, reference: &str) -> Vec<u8> {
        sse_event(&self.body(fault, reference))
    }

    /// Returns the errors as a message.
    #[must_use]
    pub fn body(&self, fault: Fault, reference: &str) -> Vec<u8> {
        let what = match (fault, self.effect) {
            (Fault::Own, Effect::Nothing) => "The server failed while it carried this out.",
            (Fault::Own, Effect::Possible) => {
                "The server failed while it carried this out. It may have taken effect: check before you try again."
            }
            (Fault::Other, Effect::Nothing) => "The server was interrupted. Nothing was changed: try again.",
            (Fault::Other, Effect::Possible) => {
                "The server was interrupted while it carried this out. It may have taken effect: check before you try again."
            }
        };
        let error = RpcError::new(ErrorCode::Internal, format!("{what} (request {reference})"));
        let mut responses = self.ids.iter().map(|id| to_bytes(&ErrorResponse::new(Some(id), &error), 256));
        match self.form {
            Form::Single => responses.next().unwrap_or_default(),
            Form::Batch => [&b"["[..], &responses.collect::<Vec<_>>().join(&b','), &b"]"[..]].concat(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use serde_json::{Value, json};

    use super::*;
    use crate::author::connector::Connector;
    use crate::author::registry::Registry;
    use crate::author::tools::tool::Tool;
    use crate::testing::test_host::TestHost;

    fn registry() -> Rc<Registry<TestHost>> {
        let tool = |name| Tool::new(name, "A tool.", async |_cx: crate::call::context::Context<TestHost>| Ok("done"));
        let (registry, rejected) =
            Registry::new(Connector::new("t", "1").tool(tool("look").read_only()).tool(tool("write").additive()));
        assert!(rejected.is_empty(), "{rejected:?}");
        Rc::new(registry)
    }

    fn interrupted(body: &Value) -> Option<Interrupted> {
        Posted::read(body.to_string().as_bytes(), 1 << 20, &registry(), None).ok().unwrap().if_interrupted()
    }

    fn request(id: impl Into<Value>, method: &str, name: &str) -> Value {
        json!({"jsonrpc": "2.0", "id": id.into(), "method": method, "params": {"name": name}})
    }

    fn said(interrupted: &Interrupted, fault: Fault) -> (u16, Value) {
        match interrupted.reply(fault, "r1") {
            Reply::Json { status, body, session: None } => (status, serde_json::from_slice(&body).unwrap()),
            Reply::Accepted | Reply::Json { .. } | Reply::Events(_) | Reply::Listen(_) => panic!("JSON"),
        }
    }

    #[test]
    fn a_request_is_told_whether_to_try_again_and_whether_it_may_have_taken_effect() {
        let failed = "The server failed while it carried this out.";
        let interrupted_ = "The server was interrupted";
        for (method, name, fault, status, begins, may_have) in [
            ("tools/call", "look", Fault::Own, 200, failed, false),
            ("tools/call", "write", Fault::Own, 200, failed, true),
            ("tools/call", "look", Fault::Other, 503, interrupted_, false),
            ("tools/call", "write", Fault::Other, 200, interrupted_, true),
            ("tools/list", "", Fault::Other, 503, interrupted_, false),
            ("prompts/get", "p", Fault::Own, 200, failed, false),
        ] {
            let row = format!("{method} {name} {fault:?}");
            let (said_status, body) = said(&interrupted(&request(7, method, name)).unwrap(), fault);
            assert_eq!(said_status, status, "{row}");
            assert_eq!((&body["id"], &body["error"]["code"]), (&json!(7), &json!(-32603)), "{row}");
            let message = body["error"]["message"].as_str().unwrap();
            assert!(message.starts_with(begins) && message.ends_with("(request r1)"), "{row}: {message}");
            assert_eq!(message.contains("may have taken effect"), may_have, "{row}: {message}");
        }
    }

    #[test]
    fn each_request_of_a_batch_gets_its_error() {
        let batch = json!([
            request("a", "tools/call", "look"),
            {"jsonrpc": "2.0", "method": "notifications/initialized"},
            request(2, "tools/call", "write"),
        ]);
        let (status, body) = said(&interrupted(&batch).unwrap(), Fault::Other);
        assert_eq!(status, 200, "one of them may have taken effect");
        let ids: Vec<&Value> = body.as_array().unwrap().iter().map(|response| &response["id"]).collect();
        assert_eq!(ids, [&json!("a"), &json!(2)]);
    }

    #[test]
    fn what_expects_no_answer_gets_none() {
        assert_eq!(interrupted(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})), None);
    }

    #[test]
    fn it_travels_as_text() {
        let interrupted = interrupted(&request("x", "tools/call", "write")).unwrap();
        let text = serde_json::to_string(&interrupted).unwrap();
        assert_eq!(serde_json::from_str::<Interrupted>(&text).unwrap(), interrupted);
    }
}
