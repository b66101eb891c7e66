//! Questions that are sent in place of a result, and answers that come with the next try ("Multi Round-Trip Requests",
//! 2026-07-28).
//!
//! The answers of earlier rounds are in `requestState`: sealed, valid for a limited time, and bound to the caller, the method
//! and the arguments. Nothing is stored. A state can be used several times: a handler whose work must not happen twice records
//! it in its own storage.

use std::cell::{Ref, RefCell};

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::author::tools::tool_error::ToolError;
use crate::client_requests::question::Question;
use crate::host::request_state::{OpenStateError, RequestStateSeal};
use crate::json_rpc::response::to_bytes;
use crate::json_rpc::rpc_error::RpcError;
use crate::types::result::ServerResult;
use mcp_connector_base::caller::Caller;
use mcp_connector_base::json::Object;

/// Maximum number of answers in one request.
const MAX_ANSWERS: usize = 64;

/// The questions and answers of one request.
pub(crate) struct MultiRoundTrip {
    /// The sealed state that the client sent.
    state: Option<String>,
    /// The answers by the keys of their questions.
    answers: RefCell<Object>,
    open: RefCell<Vec<(String, Question)>>,
    /// The request for which a state is valid.
    request: Vec<u8>,
}

/// The parameters of a request for a tool or a prompt, to which a state is bound.
#[derive(Serialize)]
pub(crate) struct NamedRequestParams<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) arguments: Option<&'a Value>,
    pub(crate) name: Option<&'a str>,
}

/// The members that a retry adds to its request, as they were sent.
pub(crate) struct InputResponseRequestParams {
    input_responses: Option<Value>,
    request_state: Option<Value>,
}

impl InputResponseRequestParams {
    pub(crate) fn take(params: &mut Object) -> Self {
        Self { input_responses: params.remove("inputResponses"), request_state: params.remove("requestState") }
    }

    /// Returns the questions and answers of a request of `method`. A state is valid only for the same method with the same
    /// `params`.
    ///
    /// # Errors
    ///
    /// Fails if the members have a wrong form.
    pub(crate) fn multi_round_trip(
        &mut self,
        method: &str,
        params: &impl Serialize,
    ) -> Result<MultiRoundTrip, RpcError> {
        #[derive(Serialize)]
        struct Request<'a, P> {
            method: &'a str,
            params: P,
        }
        let answers = answers_in(self.input_responses.take())?.unwrap_or_default();
        let state = match self.request_state.take() {
            None => None,
            Some(Value::String(state)) => Some(state),
            Some(_) => return Err(RpcError::invalid_params("`requestState` must be a string.")),
        };
        let request = to_bytes(&Request { method, params }, 256);
        Ok(MultiRoundTrip { state, answers: RefCell::new(answers), open: RefCell::default(), request })
    }
}

impl MultiRoundTrip {
    /// Returns the questions and answers of a task, which stores its answers itself.
    pub(crate) fn answered(answers: Object) -> Self {
        Self { state: None, answers: RefCell::new(answers), open: RefCell::default(), request: Vec::new() }
    }

    /// Returns all answers so far.
    pub(crate) fn answers(&self) -> Ref<'_, Object> {
        self.answers.borrow()
    }

    /// Takes the questions that have no answer.
    pub(crate) fn take_open(&self) -> Vec<(String, Question)> {
        self.open.take()
    }

    /// Opens the answers of earlier rounds. The answers of this round take precedence.
    pub(crate) async fn restore(&self, host: &impl RequestStateSeal, caller: Option<&Caller>) -> Result<(), RpcError> {
        let Some(state) = &self.state else { return Ok(()) };
        let plain = host.open(state, &self.binding(caller)).await.map_err(|error| match error {
            OpenStateError::Unavailable(error) => RpcError::internal(format!("Not done: {error}.")),
            OpenStateError::Forged => RpcError::invalid_params(
                "`requestState` is not what this server gave for this request. Send the request without it.",
            ),
            OpenStateError::Expired => {
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

    /// Returns the answer to `question`, or records the question and returns the error that leaves the handler.
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

    /// Returns what is sent in place of a result.
    pub(crate) async fn close(
        &self,
        host: &impl RequestStateSeal,
        caller: Option<&Caller>,
    ) -> Result<InputRequiredResult, RpcError> {
        let answers = to_bytes(&*self.answers.borrow(), 256);
        let state = host.seal(&answers, &self.binding(caller)).await;
        let state = state.map_err(|error| RpcError::internal(format!("Not done: {error}.")))?;
        Ok(InputRequiredResult { input_requests: self.take_open(), request_state: state })
    }

    fn binding(&self, caller: Option<&Caller>) -> Vec<u8> {
        let who = caller.map_or(String::new(), |caller| format!("{}\0{}", caller.subject, caller.client_id));
        [who.as_bytes(), b"\0", &self.request].concat()
    }
}

/// Returns the answers of a request, if it has any: results by the keys of their questions.
pub(crate) fn answers_in(input_responses: Option<Value>) -> Result<Option<Object>, RpcError> {
    match input_responses {
        None => Ok(None),
        Some(Value::Object(answers)) if answers.len() > MAX_ANSWERS => {
            Err(RpcError::invalid_params(format!("`inputResponses` may hold at most {MAX_ANSWERS} answers.")))
        }
        Some(Value::Object(answers)) if answers.values().all(Value::is_object) => Ok(Some(answers)),
        Some(_) => Err(RpcError::invalid_params("`inputResponses` must be an object of results, each an object.")),
    }
}

/// The questions in place of a result: the client answers them and sends its request again.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InputRequiredResult {
    #[serde(serialize_with = "by_key")]
    input_requests: Vec<(String, Question)>,
    request_state: String,
}

impl ServerResult for InputRequiredResult {
    const RESULT_TYPE: &'static str = "input_required";
}

fn by_key<S: Serializer>(questions: &[(String, Question)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(questions.iter().map(|(key, question)| (key, question)))
}
