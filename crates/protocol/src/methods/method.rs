//! A method of the protocol, as the type of its parameters describes it.

use crate::author::registry::Registry;
use crate::author::visibility::visible::Visible;
use crate::client_requests::multi_round_trip::MultiRoundTrip;
use crate::host::bundle::Host;
use crate::json_rpc::rpc_error::RpcError;
use crate::methods::admission::Admission;
use crate::methods::need::Need;
use crate::methods::operation::Operation;
use crate::transport::headers::McpName;
use crate::types::version::ProtocolVersion;
use mcp_connector_base::json::Object;

/// A method of the protocol. The type that implements it holds the parameters of one request.
///
/// A request goes through it in this order, and each step happens once:
///
/// 1. [`parse`](Self::parse) reads the parameters and looks up what they name. It never fails: whether the caller may send the
///    request is decided before its mistakes are reported.
/// 2. [`need`](Self::need) and [`checks_revocation`](Self::checks_revocation) say what the caller must have.
/// 3. [`admit`](Self::admit) reports what is wrong with the parameters, or gives the operation.
/// 4. The operation is carried out.
///
/// To add a method, write a file with its type and add a row to the table in
/// [`client_request`](crate::methods::client_request).
pub(crate) trait Method<H: Host>: Sized {
    /// The name on the wire, which is also the name in the log.
    const NAME: &'static str;

    /// Reads the parameters and looks up what they name, among what the caller sees.
    fn parse(params: Object, visible: Visible<'_, H>) -> Self;

    /// Returns whether `registry` serves the method to clients of `version`.
    fn is_served(registry: &Registry<H>, version: ProtocolVersion) -> bool;

    /// Returns what the caller must have.
    fn need(&self, _registry: &Registry<H>) -> Need {
        Need::Nothing
    }

    /// Returns whether the sign-in of the caller is looked up, so that a revocation holds at once.
    fn checks_revocation(&self) -> bool {
        false
    }

    /// Returns what the header `Mcp-Name` must repeat, if the method has that header.
    fn mcp_name(&self) -> Option<McpName<'_>> {
        None
    }

    /// Returns the name of the tool or the prompt, if the connector has it, for the log.
    fn feature(&self) -> Option<&str> {
        None
    }

    /// Returns whether carrying it out twice may do something twice.
    fn may_change_something(&self) -> bool {
        false
    }

    /// Takes the answers that a retry brings, or `None` if the method has no questions.
    ///
    /// # Errors
    ///
    /// Fails if they have a wrong form.
    fn multi_round_trip(&mut self) -> Result<Option<MultiRoundTrip>, RpcError> {
        Ok(None)
    }

    /// Checks the parameters and gives the operation.
    ///
    /// # Errors
    ///
    /// Fails with what is wrong with them.
    fn admit(self, admission: &Admission<'_, H>) -> Result<Operation<H>, RpcError>;
}
