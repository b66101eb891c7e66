//! Who is calling in a request of another Worker of the account. Such requests come by the entry point `Internal`, which only a
//! Service Binding reaches.

use serde::Deserialize;
use thiserror::Error;

use mcp_connector_base::caller::Caller;
use mcp_connector_base::identifier::{ClientId, Subject};
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_oauth::login::roles::policy::CLIENT_SUBJECT;

use crate::http::incoming::Incoming;

/// The header in which the other Worker says on whose behalf it calls. In a request from outside it means nothing.
const HEADER: &str = "x-internal-caller";

/// What the header holds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InternalCaller {
    /// The name of the other Worker.
    client: String,
    /// The person for whom it calls. Without one, it calls for itself.
    subject: Option<Subject>,
    /// The scopes of this call, separated by spaces.
    #[serde(default)]
    scope: ScopeSet,
}

/// The header cannot be read.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum InvalidInternalCaller {
    #[error(
        "X-Internal-Caller must be JSON with client, the name of the calling Worker, and perhaps subject and scope: \
         {{\"client\": \"nightly\", \"scope\": \"notes:read\"}}"
    )]
    Form,
    #[error("A request has X-Internal-Caller or a token, not both.")]
    TwoCallers,
}

/// Returns the caller that another Worker names. None if it names none, and for every request from outside.
pub(crate) fn of(incoming: &Incoming, has_token: bool) -> Result<Option<Caller>, InvalidInternalCaller> {
    if !incoming.is_internal() {
        return Ok(None);
    }
    match incoming.header(HEADER) {
        None => Ok(None),
        Some(_) if has_token => Err(InvalidInternalCaller::TwoCallers),
        Some(header) => parse(&header).map(Some),
    }
}

/// Reads the header. Client and subject have prefixes of their own, so that neither is that of an app or a person.
fn parse(header: &str) -> Result<Caller, InvalidInternalCaller> {
    let InternalCaller { client, subject, scope } =
        serde_json::from_str(header).map_err(|_| InvalidInternalCaller::Form)?;
    let client_id = match client.as_str() {
        "" => Err(InvalidInternalCaller::Form),
        name => ClientId::new(&format!("worker:{name}")).map_err(|_| InvalidInternalCaller::Form),
    }?;
    let subject = match subject {
        Some(subject) => subject,
        None => Subject::new(&format!("{CLIENT_SUBJECT}{client_id}")).map_err(|_| InvalidInternalCaller::Form)?,
    };
    Ok(Caller::new(subject, client_id, scope))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(header: &str) -> Option<(String, String, String)> {
        let caller = parse(header).ok()?;
        Some((caller.subject.to_string(), caller.client_id.to_string(), caller.scopes.to_string()))
    }

    #[test]
    fn another_worker_calls_for_a_person_or_for_itself() {
        let of =
            |subject: &str, client: &str, scope: &str| Some((subject.to_owned(), client.to_owned(), scope.to_owned()));
        assert_eq!(
            named(r#"{"client": "nightly", "subject": "owner", "scope": "notes:read notes:write"}"#),
            of("owner", "worker:nightly", "notes:read notes:write")
        );
        assert_eq!(named(r#"{"client": "nightly"}"#), of("client:worker:nightly", "worker:nightly", ""));
    }

    #[test]
    fn a_header_of_another_form_is_no_caller() {
        for header in [
            "",
            "nightly",
            "{}",
            r#"{"client": ""}"#,
            r#"{"client": "a\nb"}"#,
            r#"{"client": "nightly", "subject": ""}"#,
            r#"{"client": "nightly", "scope": "a\"b"}"#,
            r#"{"client": "nightly", "scopes": ["notes:read"]}"#,
        ] {
            assert_eq!(parse(header), Err(InvalidInternalCaller::Form), "{header}");
        }
    }
}
