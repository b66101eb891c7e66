//! Questions that go back with the result, and answers that come with the next try ("Multi Round-Trip Requests",
//! 2026-07-28).
//!
//! What was answered in earlier rounds travels in `requestState`: sealed, good for a while only, and bound to who called what
//! with which arguments. Nothing is stored. A state is not used up: a handler whose work must not happen twice keeps that
//! in its own storage.

use std::cell::{Ref, RefCell};

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::author::tool_error::ToolError;
use crate::client_requests::question::Question;
use crate::json_rpc::response::to_bytes;
use crate::json_rpc::rpc_error::RpcError;
use crate::transport::host::{Host, NotOpened};
use crate::types::result::ResultFields;
use mcp_connector_base::caller::Caller;
use mcp_connector_base::json::Object;

/// Most answers that one request may bring.
const MAX_ANSWERS: usize = 64;

/// The questions and answers of one request.
pub(crate) struct MultiRoundTrip {
    /// What the client sent back, still sealed.
    state: Option<String>,
    /// Answers, by the key of their question.
    answers: RefCell<Object>,
    open: RefCell<Vec<(String, Question)>>,
    /// The request that a state is good for.
    request: Vec<u8>,
}

impl MultiRoundTrip {
    /// Takes what a retry brings out of its parameters. Fails where that has a wrong form.
    pub(crate) fn of(method: &str, params: &mut Object) -> Result<Self, RpcError> {
        let answers = answers_in(params)?.unwrap_or_default();
        let state = match params.remove("requestState") {
            None => None,
            Some(Value::String(state)) => Some(state),
            Some(_) => return Err(RpcError::invalid_params("`requestState` must be a string.")),
        };
        let salient = ["name", "uri", "arguments"];
        let salient = salient.into_iter().filter_map(|name| Some((name.to_owned(), params.get(name)?.clone())));
        let request = json!({ "method": method, "params": salient.collect::<Object>() });
        Ok(Self { state, answers: RefCell::new(answers), open: RefCell::default(), request: to_bytes(&request, 256) })
    }

    /// Those of a task: it keeps the answers itself.
    pub(crate) fn answered(answers: Object) -> Self {
        Self { state: None, answers: RefCell::new(answers), open: RefCell::default(), request: Vec::new() }
    }

    /// All answers so far.
    pub(crate) fn answers(&self) -> Ref<'_, Object> {
        self.answers.borrow()
    }

    /// What was asked and has no answer.
    pub(crate) fn take_open(&self) -> Vec<(String, Question)> {
        self.open.take()
    }

    /// Opens what earlier rounds have sealed. The answers of this round come before them.
    pub(crate) async fn restore<H: Host>(&self, host: &H, caller: Option<&Caller>) -> Result<(), RpcError> {
        let Some(state) = &self.state else { return Ok(()) };
        let plain = host.open(state, &self.binding(caller)).await.map_err(|error| match error {
            NotOpened::Unavailable(error) => RpcError::internal(format!("Not done: {error}.")),
            NotOpened::Forged => RpcError::invalid_params(
                "`requestState` is not what this server gave for this request. Send the request without it.",
            ),
            NotOpened::Expired => {
                RpcError::invalid_params("`requestState` has expired. Send the request without it to start over.")
            }
        })?;
        if let Ok(Value::Object(earlier)) = serde_json::from_slice(&plain) {
            let mut answers = self.answers.borrow_mut();
            for (key, answer) in earlier {
                answers.entry(key).or_insert(answer);
            }
        }
        Ok(())
    }

    /// The answer to `question`; or it is put on the list, and the error leaves the handler.
    pub(crate) fn answer(&self, key: &str, question: Question) -> Result<Object, ToolError> {
        if let Some(Value::Object(answer)) = self.answers.borrow().get(key) {
            return Ok(answer.clone());
        }
        let mut open = self.open.borrow_mut();
        if !open.iter().any(|(known, _)| known == key) {
            open.push((key.to_owned(), question));
        }
        Err(ToolError::input_required())
    }

    /// What goes back in place of a result.
    pub(crate) async fn close<H: Host>(&self, host: &H, caller: Option<&Caller>) -> Result<InputRequired, RpcError> {
        let answers = to_bytes(&*self.answers.borrow(), 256);
        let state = host.seal(&answers, &self.binding(caller)).await;
        let state = state.map_err(|error| RpcError::internal(format!("Not done: {error}.")))?;
        Ok(InputRequired { questions: self.take_open(), state })
    }

    fn binding(&self, caller: Option<&Caller>) -> Vec<u8> {
        let who = caller.map_or(String::new(), |caller| format!("{}\0{}", caller.subject, caller.client_id));
        [who.as_bytes(), b"\0", &self.request].concat()
    }
}

/// The answers that a request brings, if it brings any: results by the keys of their questions.
pub(crate) fn answers_in(params: &mut Object) -> Result<Option<Object>, RpcError> {
    match params.remove("inputResponses") {
        None => Ok(None),
        Some(Value::Object(answers)) if answers.len() > MAX_ANSWERS => {
            Err(RpcError::invalid_params(format!("`inputResponses` may hold at most {MAX_ANSWERS} answers.")))
        }
        Some(Value::Object(answers)) if answers.values().all(Value::is_object) => Ok(Some(answers)),
        Some(_) => Err(RpcError::invalid_params("`inputResponses` must be an object of results, each an object.")),
    }
}

/// `InputRequiredResult`: the client answers the questions and sends its request again.
pub(crate) struct InputRequired {
    questions: Vec<(String, Question)>,
    state: String,
}

impl ResultFields for InputRequired {
    const RESULT_TYPE: &'static str = "input_required";

    fn fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("inputRequests", &InputRequests(&self.questions))?;
        map.serialize_entry("requestState", &self.state)
    }
}

/// Questions by their keys.
pub(crate) struct InputRequests<'a>(pub(crate) &'a [(String, Question)]);

impl Serialize for InputRequests<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, question) in self.0 {
            map.serialize_entry(key, question)?;
        }
        map.end()
    }
}
