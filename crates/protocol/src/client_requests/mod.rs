//! Requests to the client while a call runs: a form or a URL for the person, a question to the model, the folders
//! ("Elicitation", "Sampling", "Roots").
//!
//! A handler writes `cx.elicit(…).await?` in both eras. Until 2025-11-25 the question is a request on the stream of the call,
//! and the handler waits. From 2026-07-28 on it is part of an `InputRequiredResult` ("Multi Round-Trip Requests"): the `?`
//! leaves the handler, which runs again from its beginning when the client sends the answers. So code before a question may run
//! several times; what changes something belongs after the last one. The same holds in a task.

pub(crate) mod ask;
pub(crate) mod asking;
pub(crate) mod elicitation;
pub(crate) mod elicitation_form;
pub(crate) mod multi_round_trip;
pub(crate) mod question;
pub(crate) mod roots;
pub(crate) mod sampling;
pub(crate) mod sampling_tools;
#[cfg(test)]
pub(crate) mod tests;
