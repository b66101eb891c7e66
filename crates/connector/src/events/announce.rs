//! Announcements of changes from anywhere in the Worker.

use worker::{Env, console_error};

use mcp_connector_base::identifier::Subject;
use mcp_connector_protocol::{Change, Concerns};

use crate::app::state::app;
use crate::objects::subscriptions::stub as subscriptions;

/// Announces a change that concerns everybody, from code that no call runs: of a list, or of a resource that is the same for all. If the
/// resource needs scopes, those hear of it whose token has them.
///
/// In a handler of [`Connector::webhook`](crate::Connector::webhook), [`cron`](crate::Connector::cron) or
/// [`queue`](crate::Connector::queue), [`EventContext::announce`](crate::EventContext#method.announce) does the same. What the connector
/// does not declare with [`announces`](crate::Connector::announces) is not sent.
///
/// ```
/// use mcp_connector::{Change, announce, worker};
///
/// async fn published(env: &worker::Env) {
///     announce(env, Change::resource("news://latest")).await;
/// }
/// ```
pub async fn announce(env: &Env, change: Change) {
    match app(env) {
        Ok(app) => subscriptions::publish_to_all(env, &app.endpoint.registry, &change).await,
        Err(error) => console_error!("not announced: {error}"),
    }
}

/// Announces a change to one person, from code that no call runs: of a resource of their own, or of their list of resources.
///
/// ```
/// use mcp_connector::{Change, Subject, announce_to, worker};
///
/// async fn delivered(env: &worker::Env, person: &Subject) {
///     announce_to(env, person, Change::resource("order://7")).await;
/// }
/// ```
pub async fn announce_to(env: &Env, person: &Subject, change: Change) {
    match app(env) {
        Ok(app) => {
            subscriptions::publish(env, &app.endpoint.registry, &change, Concerns::Person(person.clone())).await;
        }
        Err(error) => console_error!("not announced: {error}"),
    }
}
