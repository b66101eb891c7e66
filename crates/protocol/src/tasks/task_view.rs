//! A task as a client sees it: `CreateTaskResult` and the result of `tasks/get` ("Tasks", "Task Polling").

use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::deliveries::event_key::EventKey;
use crate::json_rpc::response::to_text;
use crate::tasks::message::{Question, TaskId};
use crate::types::result::{ServerResult, WireResult};

/// How long a client should wait between two polls, in milliseconds.
const POLL_INTERVAL: u32 = 1000;

/// The status of a task, with what a client learns of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskView {
    pub(crate) created_at: u64,
    pub(crate) updated_at: u64,
    pub(crate) ttl: u64,
    /// The last status message of the handler, or what it waits for.
    pub(crate) message: Option<String>,
    pub(crate) phase: Phase,
}

/// The status of a task, with its data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// The handler runs or is about to run.
    Working,
    /// It waits for the answers to these questions.
    InputRequired(Vec<Question>),
    /// It has this result, as JSON.
    Completed(String),
    /// It ended with a JSON-RPC error.
    Failed {
        /// The error, as JSON.
        error: String,
        /// Its message.
        message: String,
    },
    /// The client has cancelled it.
    Cancelled,
    /// It waits for an event. The protocol has no status for that: a client sees it working, with a message.
    Waiting(EventWait),
}

/// The event that a task waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventWait {
    /// Its key.
    pub key: EventKey,
    /// When the wait ends, in milliseconds since 1970.
    pub until: u64,
}

impl TaskView {
    /// Returns the view with the status message of a running handler.
    #[must_use]
    pub fn with_status_message(mut self, message: Option<String>) -> Self {
        if self.phase == Phase::Working {
            self.message = message;
        }
        self
    }

    /// Returns the task as JSON, for [`event`](crate::tasks::listen::event).
    #[must_use]
    pub fn whole(self, id: TaskId) -> String {
        to_text(&WireResult::bare(&GetTaskResult { id, task: self }))
    }

    /// Returns the members that every task has (`Task`).
    fn task<'a>(&'a self, id: &'a TaskId) -> Task<'a> {
        let status_message = match &self.phase {
            Phase::Failed { message, .. } => Some(message),
            Phase::Working | Phase::InputRequired(_) | Phase::Completed(_) | Phase::Cancelled | Phase::Waiting(_) => {
                self.message.as_ref()
            }
        };
        Task {
            task_id: id.as_str(),
            status: match self.phase {
                Phase::Working | Phase::Waiting(_) => "working",
                Phase::InputRequired(_) => "input_required",
                Phase::Completed(_) => "completed",
                Phase::Failed { .. } => "failed",
                Phase::Cancelled => "cancelled",
            },
            status_message: status_message.map(String::as_str),
            created_at: timestamp(self.created_at),
            last_updated_at: timestamp(self.updated_at),
            ttl_ms: self.ttl,
            poll_interval_ms: POLL_INTERVAL,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names of the schema")]
struct Task<'a> {
    task_id: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_message: Option<&'a str>,
    created_at: String,
    last_updated_at: String,
    ttl_ms: u64,
    poll_interval_ms: u32,
}

/// In place of the result of a call: there is a task now.
#[derive(Debug)]
pub(crate) struct CreateTaskResult {
    pub(crate) id: TaskId,
    pub(crate) task: TaskView,
}

impl Serialize for CreateTaskResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.task.task(&self.id).serialize(serializer)
    }
}

impl ServerResult for CreateTaskResult {
    const RESULT_TYPE: &'static str = "task";
}

/// The result of `tasks/get` (`DetailedTask`).
pub(crate) struct GetTaskResult {
    pub(crate) id: TaskId,
    pub(crate) task: TaskView,
}

impl Serialize for GetTaskResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct DetailedTask<'a> {
            #[serde(flatten)]
            task: Task<'a>,
            #[serde(skip_serializing_if = "Option::is_none")]
            input_requests: Option<ByKey<'a>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            result: Option<&'a RawValue>,
            #[serde(skip_serializing_if = "Option::is_none")]
            error: Option<&'a RawValue>,
        }
        let mut detailed =
            DetailedTask { task: self.task.task(&self.id), input_requests: None, result: None, error: None };
        match &self.task.phase {
            Phase::Working | Phase::Cancelled | Phase::Waiting(_) => {}
            Phase::InputRequired(questions) => detailed.input_requests = Some(ByKey(questions)),
            Phase::Completed(result) => detailed.result = Some(raw(result)),
            Phase::Failed { error, .. } => detailed.error = Some(raw(error)),
        }
        detailed.serialize(serializer)
    }
}

impl ServerResult for GetTaskResult {}

/// Questions by their keys.
struct ByKey<'a>(&'a [Question]);

impl Serialize for ByKey<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, question)| (key, raw(question))))
    }
}

/// Returns JSON that this server wrote, to be part of other JSON.
fn raw(json: &str) -> &RawValue {
    serde_json::from_str(json).unwrap_or(RawValue::NULL)
}

/// Formats milliseconds since 1970 as ISO 8601 in UTC.
fn timestamp(milliseconds: u64) -> String {
    // Later years would have five digits.
    let milliseconds = milliseconds.min(253_402_300_799_999);
    let (days, rest) = (milliseconds / 86_400_000, milliseconds % 86_400_000);
    // Years begin in March, so that the leap day is the last.
    let day = days + 719_468;
    let (era, day) = (day / 146_097, day % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = year + era * 400 + next;
    let (hours, minutes) = (rest / 3_600_000, rest / 60_000 % 60);
    let (seconds, thousandths) = (rest / 1000 % 60, rest % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{thousandths:03}Z")
}

#[cfg(test)]
mod tests {
    use super::timestamp;

    #[test]
    fn a_time_is_written_as_iso_8601_does() {
        for (milliseconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
            (1_795_237_451_007, "2026-11-21T05:04:11.007Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (u64::MAX, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(timestamp(milliseconds), text);
        }
    }
}
