//! The table of the methods: what a client may request, parsed.

use crate::author::registry::Registry;
use crate::author::visibility::visible::Visible;
use crate::client_requests::multi_round_trip::MultiRoundTrip;
use crate::host::bundle::Host;
use crate::json_rpc::rpc_error::{ErrorCode, RpcError};
use crate::methods::admission::Admission;
use crate::methods::complete::CompleteRequestParams;
use crate::methods::lifecycle::discover::DiscoverRequestParams;
use crate::methods::lifecycle::initialize::InitializeRequestParams;
use crate::methods::lifecycle::ping::PingRequestParams;
use crate::methods::listen::SubscriptionsListenRequestParams;
use crate::methods::method::Method;
use crate::methods::need::Need;
use crate::methods::operation::Operation;
use crate::methods::prompts::get_prompt::GetPromptRequestParams;
use crate::methods::prompts::list_prompts::ListPromptsRequestParams;
use crate::methods::resources::list_resource_templates::ListResourceTemplatesRequestParams;
use crate::methods::resources::list_resources::ListResourcesRequestParams;
use crate::methods::resources::read_resource::ReadResourceRequestParams;
use crate::methods::resources::subscribe::SubscribeRequestParams;
use crate::methods::resources::unsubscribe::UnsubscribeRequestParams;
use crate::methods::set_level::SetLevelRequestParams;
use crate::methods::skills::get_skill::GetSkillRequestParams;
use crate::methods::skills::list_skills::ListSkillsRequestParams;
use crate::methods::skills::read_directory::ReadDirectoryRequestParams;
use crate::methods::tasks::cancel_task::CancelTaskRequestParams;
use crate::methods::tasks::get_task::GetTaskRequestParams;
use crate::methods::tasks::update_task::UpdateTaskRequestParams;
use crate::methods::tools::call_tool::CallToolRequestParams;
use crate::methods::tools::list_tools::ListToolsRequestParams;
use crate::transport::headers::McpName;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// Declares the methods: each row is a variant and the type that implements [`Method`].
macro_rules! client_requests {
    ($($variant:ident($params:ty),)*) => {
        /// A request, parsed into the type of its method.
        pub(crate) enum ClientRequest<H> {
            $($variant($params),)*
            /// A method that no revision has, or that is not served here. The name is untrusted text.
            Unknown(Box<str>),
        }

        impl<H: Host> ClientRequest<H> {
            /// Reads the parameters of `method` and looks up what they name, among what the caller sees.
            pub(crate) fn parse(method: &str, params: Object, visible: Visible<'_, H>) -> Self {
                $(if method == <$params as Method<H>>::NAME {
                    return Self::$variant(<$params as Method<H>>::parse(params, visible));
                })*
                Self::Unknown(method.into())
            }

            /// Returns the name of the method as it was sent.
            pub(crate) fn method(&self) -> &str {
                match self {
                    Self::Unknown(name) => name,
                    known => known.known_method().unwrap_or_default(),
                }
            }

            /// Returns the name of the method, or `None` for one that is not served here.
            pub(crate) fn known_method(&self) -> Option<&'static str> {
                match self {
                    $(Self::$variant(_) => Some(<$params as Method<H>>::NAME),)*
                    Self::Unknown(_) => None,
                }
            }

            /// Returns what the caller must have.
            pub(crate) fn need(&self, registry: &Registry<H>) -> Need {
                match self {
                    $(Self::$variant(params) => <$params as Method<H>>::need(params, registry),)*
                    Self::Unknown(_) => Need::Nothing,
                }
            }

            /// Returns whether the sign-in of the caller is looked up, so that a revocation holds at once.
            pub(crate) fn checks_revocation(&self) -> bool {
                match self {
                    $(Self::$variant(params) => <$params as Method<H>>::checks_revocation(params),)*
                    Self::Unknown(_) => false,
                }
            }

            /// Returns what the header `Mcp-Name` must repeat, if the method has that header.
            pub(crate) fn mcp_name(&self) -> Option<McpName<'_>> {
                match self {
                    $(Self::$variant(params) => <$params as Method<H>>::mcp_name(params),)*
                    Self::Unknown(_) => None,
                }
            }

            /// Returns the name of the tool or the prompt, if the connector has it, for the log.
            pub(crate) fn feature(&self) -> Option<&str> {
                match self {
                    $(Self::$variant(params) => <$params as Method<H>>::feature(params),)*
                    Self::Unknown(_) => None,
                }
            }

            /// Returns whether carrying it out twice may do something twice.
            pub(crate) fn may_change_something(&self) -> bool {
                match self {
                    $(Self::$variant(params) => <$params as Method<H>>::may_change_something(params),)*
                    Self::Unknown(_) => false,
                }
            }

            /// Takes the answers that a retry brings, or `None` if the method has no questions.
            pub(crate) fn multi_round_trip(&mut self) -> Result<Option<MultiRoundTrip>, RpcError> {
                match self {
                    $(Self::$variant(params) => <$params as Method<H>>::multi_round_trip(params),)*
                    Self::Unknown(_) => Ok(None),
                }
            }

            fn is_served(&self, registry: &Registry<H>, version: ProtocolVersion) -> bool {
                match self {
                    $(Self::$variant(_) => <$params as Method<H>>::is_served(registry, version),)*
                    Self::Unknown(_) => false,
                }
            }

            /// Checks the parameters and gives the operation.
            ///
            /// # Errors
            ///
            /// Fails where the method is not served to this client, or with what is wrong with its parameters.
            pub(crate) fn admit(self, admission: &Admission<'_, H>) -> Result<Operation<H>, RpcError> {
                let unknown = || RpcError::new(ErrorCode::MethodNotFound, "This server has no such method.");
                if !self.is_served(admission.registry, admission.version) {
                    return Err(unknown());
                }
                match self {
                    $(Self::$variant(params) => <$params as Method<H>>::admit(params, admission),)*
                    Self::Unknown(_) => Err(unknown()),
                }
            }
        }

        #[cfg(test)]
        mod tests {
            use super::*;
            use crate::author::connector::Connector;
            use crate::testing::test_host::TestHost;

            #[test]
            fn a_method_is_found_by_its_exact_name() {
                type H = TestHost;
                let (registry, _) = Registry::<H>::new(Connector::new("n", "1"));
                let mut names: Vec<&str> = vec![$(<$params as Method<H>>::NAME,)*];
                for name in &names {
                    let request = ClientRequest::parse(name, Object::new(), registry.visible_to(None));
                    assert_eq!((request.known_method(), request.method()), (Some(*name), *name));
                }
                let unknown = ClientRequest::parse("tools/Call", Object::new(), registry.visible_to(None));
                assert_eq!((unknown.known_method(), unknown.method()), (None, "tools/Call"));
                let length = names.len();
                names.sort_unstable();
                names.dedup();
                assert_eq!(names.len(), length, "no name is there twice");
            }
        }
    };
}

client_requests! {
    CallTool(CallToolRequestParams<H>),
    ListTools(ListToolsRequestParams),
    Initialize(InitializeRequestParams),
    Discover(DiscoverRequestParams),
    Ping(PingRequestParams),
    ReadResource(ReadResourceRequestParams<H>),
    ListResources(ListResourcesRequestParams),
    ListResourceTemplates(ListResourceTemplatesRequestParams),
    Subscribe(SubscribeRequestParams<H>),
    Unsubscribe(UnsubscribeRequestParams<H>),
    GetPrompt(GetPromptRequestParams<H>),
    ListPrompts(ListPromptsRequestParams),
    Complete(CompleteRequestParams<H>),
    SetLevel(SetLevelRequestParams),
    Listen(SubscriptionsListenRequestParams<H>),
    GetTask(GetTaskRequestParams<H>),
    UpdateTask(UpdateTaskRequestParams<H>),
    CancelTask(CancelTaskRequestParams<H>),
    ListSkills(ListSkillsRequestParams),
    GetSkill(GetSkillRequestParams),
    ReadDirectory(ReadDirectoryRequestParams),
}
