//! The methods of the protocol. Routing, access checks and the log all use this type, so they cannot disagree.

/// Declares the methods, each with its name on the wire.
macro_rules! methods {
    ($($(#[$documentation:meta])* $method:ident = $name:literal,)*) => {
        /// A method that a client may send, in any revision or extension, whether it is served here or not.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub(crate) enum Method {
            $($(#[$documentation])* $method,)*
            /// A name that the protocol does not have. It is untrusted text.
            Unknown(Box<str>),
        }

        impl Method {
            #[cfg(test)]
            pub(crate) const NAMES: &'static [&'static str] = &[$($name,)*];

            pub(crate) fn named(name: &str) -> Self {
                match name {
                    $($name => Self::$method,)*
                    unknown => Self::Unknown(unknown.into()),
                }
            }

            /// As it is sent.
            pub(crate) fn as_str(&self) -> &str {
                match self {
                    $(Self::$method => $name,)*
                    Self::Unknown(name) => name,
                }
            }

            /// Returns the name in the protocol, or `None` for a name that the protocol does not have.
            pub(crate) const fn name(&self) -> Option<&'static str> {
                match self {
                    $(Self::$method => Some($name),)*
                    Self::Unknown(_) => None,
                }
            }
        }
    };
}

methods! {
    CallTool = "tools/call",
    ListTools = "tools/list",
    Initialize = "initialize",
    Discover = "server/discover",
    Ping = "ping",
    ReadResource = "resources/read",
    ListResources = "resources/list",
    ListResourceTemplates = "resources/templates/list",
    /// From the extension for skills.
    ReadDirectory = "resources/directory/read",
    Subscribe = "resources/subscribe",
    Unsubscribe = "resources/unsubscribe",
    GetPrompt = "prompts/get",
    ListPrompts = "prompts/list",
    Complete = "completion/complete",
    SetLevel = "logging/setLevel",
    Listen = "subscriptions/listen",
    /// From the extension for skills.
    ListSkills = "skills/list",
    /// From the extension for skills.
    GetSkill = "skills/get",
    GetTask = "tasks/get",
    UpdateTask = "tasks/update",
    CancelTask = "tasks/cancel",
    /// 2025-11-25; not served.
    GetTaskResult = "tasks/result",
    /// 2025-11-25; not served.
    ListTasks = "tasks/list",
    Initialized = "notifications/initialized",
    Cancelled = "notifications/cancelled",
    Progress = "notifications/progress",
    RootsListChanged = "notifications/roots/list_changed",
    TaskStatus = "notifications/tasks/status",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_has_one_name() {
        for name in Method::NAMES {
            let method = Method::named(name);
            assert_eq!((method.name(), method.as_str()), (Some(*name), *name));
        }
        let unknown = Method::named("tools/Call");
        assert_eq!((unknown.name(), unknown.as_str()), (None, "tools/Call"));
    }
}
