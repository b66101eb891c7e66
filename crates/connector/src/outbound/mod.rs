//! Requests of handlers to other servers: to declared hosts only, with limits of time and size, and with errors that help the
//! model.

mod api_message;
mod attempts;
pub(crate) mod client_settings;
pub(crate) mod credential;
pub(crate) mod http_client;
mod http_error;
mod http_request;
mod http_response;

pub use http_client::HttpClient;
pub use http_error::HttpError;
pub use http_request::HttpRequest;
pub use http_response::HttpResponse;
