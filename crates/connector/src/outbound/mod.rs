//! Requests to other servers, with limits of time and size: those of handlers, to declared hosts only and with errors that help the
//! model, and those of this server itself.

mod api_message;
mod attempts;
pub(crate) mod client_settings;
pub(crate) mod credential;
pub(crate) mod http_client;
mod http_error;
mod http_request;
mod http_response;
pub(crate) mod outbound_request;

pub use client_settings::Method;
pub use http_client::HttpClient;
pub use http_error::HttpError;
pub use http_request::HttpRequest;
pub use http_response::HttpResponse;
