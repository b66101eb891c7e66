//! The tools that call an operation by its name: one for those that read, one for those that write.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::openapi::api::Api;
use crate::openapi::find_operations::similar;
use crate::openapi::operation::Operation;
use mcp_connector_protocol::{CallToolResult, ToolError};
use mcp_connector_schema::Schema;

/// The arguments of a tool that calls operations.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct CallOperation {
    /// The name of the operation.
    #[schemars(length(min = 1, max = 64))]
    operation: String,
    /// The arguments of the operation, as its schema describes them.
    arguments: Option<Map<String, Value>>,
}

/// Calls an operation that reads.
///
/// # Errors
///
/// Fails if there is no such operation, if it writes, if the arguments do not fit its schema, and as
/// [`ApiRequest::send`](crate::openapi::ApiRequest::send) does.
pub async fn read(operations: &[Operation], call: CallOperation, api: Api) -> Result<CallToolResult, ToolError> {
    let operation = named(operations, &call.operation)?;
    if !operation.reads() {
        return Err(ToolError::new(format!(
            "{} changes something. Call it with the tool that writes.",
            operation.name
        )));
    }
    run(operation, call, api).await
}

/// Calls an operation that writes.
///
/// # Errors
///
/// Fails as [`read`] does, and if the operation reads: such a call needs no permission to write.
pub async fn write(operations: &[Operation], call: CallOperation, api: Api) -> Result<CallToolResult, ToolError> {
    let operation = named(operations, &call.operation)?;
    if operation.reads() {
        return Err(ToolError::new(format!("{} only reads. Call it with the tool that reads.", operation.name)));
    }
    run(operation, call, api).await
}

async fn run(operation: &Operation, call: CallOperation, api: Api) -> Result<CallToolResult, ToolError> {
    let arguments = Value::Object(call.arguments.unwrap_or_default());
    checked(operation, &arguments)?;
    operation.request(api, &arguments).send().await?.into_result()
}

fn named<'a>(operations: &'a [Operation], name: &str) -> Result<&'a Operation, ToolError> {
    operations.iter().find(|operation| operation.name == name).ok_or_else(|| {
        let names = similar(operations, name);
        let hint = if names.is_empty() { String::new() } else { format!(" Similar ones are {}.", names.join(", ")) };
        ToolError::new(format!("There is no operation of this name.{hint} Find it first."))
    })
}

/// Checks arguments against the schema of the operation. The error has the schema: the model may have guessed.
fn checked(operation: &Operation, arguments: &Value) -> Result<(), ToolError> {
    let document = serde_json::from_str(operation.arguments)?;
    Schema::compile(&document)?.validate(arguments).map_err(|violations| {
        ToolError::new(format!(
            "The arguments do not fit {}.\n{violations}\nIts schema is {}",
            operation.name, operation.arguments
        ))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::outbound::Method;

    const OPERATION: Operation = Operation {
        name: "list_pets",
        method: Method::Get,
        path: "/pets",
        description: "List the pets.",
        tag: "pets",
        arguments: r#"{"type":"object","properties":{"limit":{"type":"integer","maximum":100}},"additionalProperties":false}"#,
        parameters: &[],
        paging: "",
    };

    #[test]
    fn arguments_are_checked_and_the_model_reads_the_schema() {
        assert!(checked(&OPERATION, &json!({"limit": 3})).is_ok());
        let error = format!("{:?}", checked(&OPERATION, &json!({"limit": 300, "page": 2})).unwrap_err());
        assert!(error.contains("`limit` must be at most 100") && error.contains("maximum"), "{error}");
    }

    #[test]
    fn a_name_that_is_not_there_leads_to_those_that_are() {
        let error = format!("{:?}", named(&[OPERATION], "pets_list").unwrap_err());
        assert!(error.contains("Similar ones are list_pets"), "{error}");
    }
}
