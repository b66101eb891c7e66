//! What a client said it can do for a server ("Capabilities", "Client Capabilities"): in each request from 2026-07-28 on, and
//! before that once, at `initialize`.

use serde_json::{Value, json};

use mcp_connector_base::json::Object;

/// Something that a client can do for a server, if it says so ("Client Capabilities").
///
/// # Examples
///
/// ```
/// use mcp_connector::{ClientCapability, Context, ToolError};
///
/// async fn greet(cx: Context) -> Result<String, ToolError> {
///     if cx.can(ClientCapability::Roots) {
///         let roots = cx.list_roots("roots").await?;
///         return Ok(format!("Hello! You work in {} folders.", roots.len()));
///     }
///     Ok("Hello!".to_owned())
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientCapability {
    /// Asks the person to fill in a form.
    Elicitation,
    /// Asks the person to visit a URL.
    UrlElicitation,
    /// Asks its model.
    Sampling,
    /// Lets its model use tools of the server's request while it answers.
    SamplingTools,
    /// Names the folders that it works in.
    Roots,
    /// Waits for the outcome of a task (`io.modelcontextprotocol/tasks`).
    Tasks,
    /// Shows the view of a tool (`io.modelcontextprotocol/ui`).
    Apps,
}

impl ClientCapability {
    const ALL: [Self; 7] = [
        Self::Elicitation,
        Self::UrlElicitation,
        Self::Sampling,
        Self::SamplingTools,
        Self::Roots,
        Self::Tasks,
        Self::Apps,
    ];

    const fn bit(self) -> u8 {
        match self {
            Self::Elicitation => 1,
            Self::UrlElicitation => 2,
            Self::Sampling => 4,
            Self::Roots => 8,
            Self::Tasks => 16,
            Self::Apps => 32,
            Self::SamplingTools => 64,
        }
    }

    fn is_declared_in(self, declared: &Object) -> bool {
        let member = |name: &str| declared.get(name).and_then(Value::as_object);
        let extension =
            |name: &str| member("extensions").and_then(|extensions| extensions.get(name)).is_some_and(Value::is_object);
        match self {
            // Where no mode is named it means forms: the only mode before URLs were added.
            Self::Elicitation => member("elicitation").is_some_and(|modes| {
                is_object(modes, "form") || !["form", "url"].iter().any(|mode| modes.contains_key(*mode))
            }),
            Self::UrlElicitation => member("elicitation").is_some_and(|modes| is_object(modes, "url")),
            Self::Sampling => member("sampling").is_some(),
            Self::SamplingTools => member("sampling").is_some_and(|sampling| is_object(sampling, "tools")),
            Self::Roots => member("roots").is_some(),
            Self::Tasks => extension("io.modelcontextprotocol/tasks"),
            Self::Apps => extension("io.modelcontextprotocol/ui"),
        }
    }

    /// Returns the name that a person reads.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Elicitation => "elicitation",
            Self::UrlElicitation => "elicitation.url",
            Self::Sampling => "sampling",
            Self::SamplingTools => "sampling.tools",
            Self::Roots => "roots",
            Self::Tasks => "io.modelcontextprotocol/tasks",
            Self::Apps => "io.modelcontextprotocol/ui",
        }
    }

    /// Returns the capabilities of a client that has this one and no other.
    pub(crate) fn required(self) -> Value {
        match self {
            Self::Elicitation | Self::Sampling | Self::Roots => json!({ self.name(): {} }),
            Self::UrlElicitation => json!({ "elicitation": { "url": {} } }),
            Self::SamplingTools => json!({ "sampling": { "tools": {} } }),
            Self::Tasks | Self::Apps => json!({ "extensions": { self.name(): {} } }),
        }
    }
}

fn is_object(members: &Object, name: &str) -> bool {
    members.get(name).is_some_and(Value::is_object)
}

/// The capabilities of a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClientCapabilities(u8);

impl ClientCapabilities {
    /// Reads what the client declares. Unknown capabilities are left out.
    pub(crate) fn declared(declared: &Object) -> Self {
        let bits = ClientCapability::ALL.into_iter().filter(|capability| capability.is_declared_in(declared));
        Self(bits.fold(0, |bits, capability| bits | capability.bit()))
    }

    pub(crate) const fn has(self, capability: ClientCapability) -> bool {
        self.0 & capability.bit() != 0
    }

    /// Returns the others.
    pub(crate) const fn without(self, capability: ClientCapability) -> Self {
        Self(self.0 & !capability.bit())
    }

    /// Encodes them as a byte, which [`Self::from_byte`] reads.
    pub(crate) const fn to_byte(self) -> u8 {
        self.0
    }

    pub(crate) const fn from_byte(byte: u8) -> Self {
        Self(byte)
    }

    /// Whether the client can be asked anything.
    pub(crate) const fn can_be_asked(self) -> bool {
        self.0 & 0x0F != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(declared: &Value) -> Vec<ClientCapability> {
        let capabilities = ClientCapabilities::declared(declared.as_object().unwrap());
        assert_eq!(ClientCapabilities::from_byte(capabilities.to_byte()), capabilities);
        ClientCapability::ALL.into_iter().filter(|capability| capabilities.has(*capability)).collect()
    }

    #[test]
    fn elicitation_without_a_mode_means_forms() {
        for declared in [json!({}), json!({"schemaValidation": true}), json!({"applyDefaults": {}})] {
            assert_eq!(has(&json!({ "elicitation": declared })), [ClientCapability::Elicitation], "{declared}");
        }
        assert_eq!(has(&json!({"elicitation": {"form": true}})), []);
        assert_eq!(has(&json!({"elicitation": {"url": {}}})), [ClientCapability::UrlElicitation]);
        let both = [ClientCapability::Elicitation, ClientCapability::UrlElicitation];
        assert_eq!(has(&json!({"elicitation": {"form": {}, "url": {}}})), both);
    }

    #[test]
    fn what_is_no_object_is_not_declared() {
        for declared in [json!({}), json!({"sampling": true}), json!({"roots": null}), json!({"elicitation": []})] {
            assert_eq!(has(&declared), [], "{declared}");
        }
    }

    #[test]
    fn a_client_with_what_is_required_has_it() {
        for capability in ClientCapability::ALL {
            // Whose model may use tools has one.
            let also = (capability == ClientCapability::SamplingTools).then_some(ClientCapability::Sampling);
            let expected: Vec<_> = also.into_iter().chain([capability]).collect();
            assert_eq!(has(&capability.required()), expected);
        }
    }

    #[test]
    fn tools_in_sampling_are_declared_by_themselves() {
        assert_eq!(has(&json!({"sampling": {}})), [ClientCapability::Sampling]);
        assert_eq!(has(&json!({"sampling": {"tools": true, "context": {}}})), [ClientCapability::Sampling]);
    }
}
