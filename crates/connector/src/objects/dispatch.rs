//! The objects' side of commands: each is read as its own type and handled by a function that returns the type of its answer.

use worker::{Request, Response, ResponseBuilder, console_error};

use mcp_connector_base::codec::encode;
use mcp_connector_base::command::{Command, ReceivedCommand};

use crate::config::bindings::Binding;
use crate::platform::instance;

/// Answers a message to the object behind a binding: a table of commands and the function that handles each. An unknown command is
/// answered with 400.
macro_rules! dispatch {
    ($binding:expr, $message:expr, { $($command:ty => $handler:expr),+ $(,)? }) => {
        match ::mcp_connector_base::command::ReceivedCommand::parse(&$message) {
            Ok(received) => match received.name() {
                $(<$command as ::mcp_connector_base::command::Command>::NAME => {
                    $crate::objects::dispatch::answer::<$command>($binding, received, $handler).await
                })+
                _ => $crate::objects::dispatch::unreadable(),
            },
            Err(_) => $crate::objects::dispatch::unreadable(),
        }
    };
}

pub(crate) use dispatch;

/// Returns the message of a request to an object.
pub(crate) async fn message(mut request: Request) -> worker::Result<Vec<u8>> {
    instance::ready();
    request.bytes().await
}

/// Returns the command in a message, if it is of this type.
pub(crate) fn command<C: Command>(message: &[u8]) -> Option<C> {
    ReceivedCommand::parse(message).ok()?.read().ok()
}

/// Answers one command. A failure is a 500 without a text, which the caller takes for an outage; the log says why.
pub(crate) async fn answer<C: Command>(
    binding: Binding,
    received: ReceivedCommand<'_>,
    handler: impl AsyncFnOnce(C) -> worker::Result<C::Answer>,
) -> worker::Result<Response> {
    let Ok(command) = received.read() else { return unreadable() };
    let encoded = handler(command).await.and_then(|answer| encode(&answer).map_err(|error| error.to_string().into()));
    match encoded {
        Ok(answer) => Ok(ResponseBuilder::new().fixed(answer)),
        Err(error) => failed::<C>(binding, &error),
    }
}

/// Answers a command that has failed. Such an error has a fixed text or that of the runtime, which names statements and tables but no
/// value.
pub(crate) fn failed<C: Command>(binding: Binding, error: &worker::Error) -> worker::Result<Response> {
    console_error!("{binding}: {} failed: {error}", C::NAME);
    Response::error("", 500)
}

/// Answers what another version of the program has sent.
pub(crate) fn unreadable() -> worker::Result<Response> {
    Response::error("", 400)
}
