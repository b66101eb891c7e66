//! A handler that waits for an event from outside, and work that it does once.

use std::future::Future;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::author::tools::tool_error::ToolError;
use crate::call::context::Context;
use crate::deliveries::event_key::EventKey;
use crate::host::bundle::Host;
use crate::tasks::journal::WaitOutcome;

/// How long a call without a task waits. Its time limit is a little longer by default.
const PATIENCE: Duration = Duration::from_mins(4);
/// How long one look waits.
const LOOK: Duration = Duration::from_secs(20);

impl<H: Host> Context<H> {
    /// Waits for an event that other code of the Worker delivers with
    /// [`deliver`](crate::author::events::event_context::EventContext::deliver): a webhook, a schedule, a queue, another tool. Returns
    /// `None` if it has not come after `limit`.
    ///
    /// A key names one event, such as `payment:42`. The event may come before the wait begins; it is kept for a day. A call hears what was
    /// delivered to its person, and what was delivered to everybody. It needs a sign-in.
    ///
    /// In a task, the handler is left by the `?` and runs again from its beginning when the event has come; nothing runs meanwhile, and the
    /// wait may last as long as the task is kept. What must not be repeated belongs into a [`step`](Self::step) or after the wait. A call
    /// that is no task waits for four minutes at most, and then ends with a text that tells the model to call again.
    ///
    /// # Errors
    ///
    /// Leaves the handler to wait; without a sign-in; if the key does not fit, if the event is not a `T`, and if storage does not answer.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use mcp_connector::{Context, ToolError};
    /// use schemars::JsonSchema;
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize, JsonSchema)]
    /// struct Order {
    ///     /// Number of the order
    ///     number: u32,
    /// }
    ///
    /// #[derive(Deserialize)]
    /// struct Payment {
    ///     amount: String,
    /// }
    ///
    /// async fn await_payment(order: Order, cx: Context) -> Result<String, ToolError> {
    ///     let key = format!("payment:{}", order.number);
    ///     let Some(payment) = cx.wait_for::<Payment>(&key, Duration::from_hours(12)).await? else {
    ///         return Ok("Nobody has paid within twelve hours.".to_owned());
    ///     };
    ///     Ok(format!("{} was paid.", payment.amount))
    /// }
    /// ```
    pub async fn wait_for<T: DeserializeOwned>(&self, key: &str, limit: Duration) -> Result<Option<T>, ToolError> {
        let key = EventKey::parse(key)?;
        let person = self.subject()?;
        self.continue_as_task()?;
        if let Some(run) = self.call_state().background_run() {
            let Some(outcome) = run.journal.event(&key) else {
                run.wait_for(key, limit);
                return Err(ToolError::waiting());
            };
            return match outcome {
                WaitOutcome::Event(event) => read(&event).map(Some),
                WaitOutcome::InVain => Ok(None),
            };
        }
        let mut left = limit.min(PATIENCE);
        loop {
            let look = left.min(LOOK);
            if let Some(event) = self.host().await_event(&key, person, look).await? {
                return read(&event).map(Some);
            }
            left = left.saturating_sub(look);
            if left.is_zero() {
                break;
            }
        }
        if limit <= PATIENCE {
            return Ok(None);
        }
        Err(ToolError::new(
            "What this call waits for has not happened yet. Call this tool again later to go on waiting.",
        ))
    }

    /// Does `work` once in a task: when the handler runs again, because it has waited, asked something or was interrupted, the step returns
    /// the same result without the work. A call that is no task does the work.
    ///
    /// `name` is unique in the handler. The result is stored as soon as the work is done; a crash in the moment before that repeats the
    /// work. A step that fails is not stored.
    ///
    /// # Errors
    ///
    /// Fails with the error of the work, and if its result cannot be stored: a task keeps 64 steps and events, of 256 KiB together.
    ///
    /// # Examples
    ///
    /// ```
    /// use mcp_connector::{Context, ToolError};
    ///
    /// async fn order(cx: Context) -> Result<String, ToolError> {
    ///     let number: u64 = cx.step("order", async { Ok(cx.http().post("https://shop.example/orders").json().await?) }).await?;
    ///     Ok(format!("Order {number} is placed."))
    /// }
    /// ```
    pub async fn step<T>(&self, name: &str, work: impl Future<Output = Result<T, ToolError>>) -> Result<T, ToolError>
    where
        T: Serialize + DeserializeOwned,
    {
        self.continue_as_task()?;
        let Some(run) = self.call_state().background_run() else { return work.await };
        if let Some(done) = run.journal.step(name) {
            return Ok(serde_json::from_str(&done)?);
        }
        let result = work.await?;
        run.journal.add_step(name, serde_json::to_string(&result)?)?;
        Ok(result)
    }
}

fn read<T: DeserializeOwned>(event: &str) -> Result<T, ToolError> {
    serde_json::from_str(event)
        .map_err(|error| ToolError::new(format!("The event that came is not what this tool expects: {error}")))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use serde_json::{Value, json};

    use super::*;
    use crate::author::connector::Connector;
    use crate::author::events::event_context::deliver;
    use crate::author::tools::tool::Tool;
    use crate::tasks::{EXTENSION, Wake};
    use crate::testing::test_client::{TestClient, caller};
    use crate::testing::test_host::{TTL, TestHost};
    use futures::FutureExt;
    use mcp_connector_base::caller::Caller;
    use mcp_connector_base::identifier::Subject;

    thread_local! {
        static WORKED: Cell<u32> = const { Cell::new(0) };
    }

    async fn waits(limit: Duration, cx: Context<TestHost>) -> Result<String, ToolError> {
        let number: u32 = cx
            .step("work", async {
                WORKED.set(WORKED.get() + 1);
                Ok(7)
            })
            .await?;
        let paid: Option<bool> = cx.wait_for(&format!("payment:{number}"), limit).await?;
        Ok(format!("{paid:?}, worked {} times", WORKED.get()))
    }

    async fn waits_long(cx: Context<TestHost>) -> Result<String, ToolError> {
        waits(Duration::from_hours(1), cx).await
    }

    async fn waits_shortly(cx: Context<TestHost>) -> Result<String, ToolError> {
        waits(Duration::from_secs(30), cx).await
    }

    fn client() -> TestClient {
        WORKED.set(0);
        let connector = Connector::new("a", "1").anonymous_sessions();
        let long = Tool::new("long", "Waits long.", waits_long).title("Long").additive().long_running();
        let short = Tool::new("short", "Waits shortly.", waits_shortly).title("Short").additive().long_running();
        let late = Tool::new("late", "Begins as a call.", waits_long).title("Late").additive().asks_first();
        TestClient::of(connector.tool(long).tool(short).tool(late))
    }

    fn declared() -> Value {
        json!({"extensions": {EXTENSION: {}}})
    }

    fn call(client: &TestClient, tool: &str, capabilities: &Value, who: Option<&Caller>) -> Value {
        let params = json!({"name": tool, "arguments": {}});
        client.modern_with(capabilities, "tools/call", &params, who)["result"].clone()
    }

    fn begin(client: &TestClient, tool: &str) -> String {
        call(client, tool, &declared(), Some(&caller("")))["taskId"].as_str().unwrap().to_owned()
    }

    fn get(client: &TestClient, id: &str) -> Value {
        let params = json!({"taskId": id});
        client.modern_with(&declared(), "tasks/get", &params, Some(&caller("")))["result"].clone()
    }

    fn send(client: &TestClient, key: &str, to: Option<&str>, event: &impl Serialize) -> Result<(), ToolError> {
        let to = to.map(|to| Subject::new(to).unwrap());
        deliver(&client.host, key, to.as_ref(), event).now_or_never().unwrap()
    }

    fn text(result: &Value) -> &str {
        result["content"][0]["text"].as_str().unwrap()
    }

    #[test]
    fn a_task_leaves_its_handler_and_goes_on_with_the_event_without_repeating_its_step() {
        for tool in ["long", "late"] {
            let client = client();
            let id = begin(&client, tool);
            assert!(matches!(client.wake(&id, false), Wake::SleepUntil(_)), "{tool}");
            let waiting = get(&client, &id);
            assert_eq!(
                (&waiting["status"], &waiting["statusMessage"]),
                (&json!("working"), &json!("Waiting for an event from outside.")),
            );
            send(&client, "payment:7", Some(caller("").subject.as_str()), &true).unwrap();
            client.wake(&id, false);
            let done = get(&client, &id);
            assert_eq!(text(&done["result"]), "Some(true), worked 1 times", "{tool}");
            assert_eq!(done.get("statusMessage"), None);
        }
    }

    #[test]
    fn an_event_for_somebody_else_is_not_heard_and_one_that_was_delivered_before_is() {
        let client = client();
        send(&client, "payment:7", Some("somebody-else"), &true).unwrap();
        let id = begin(&client, "long");
        client.wake(&id, false);
        assert_eq!(get(&client, &id)["status"], "working");
        send(&client, "payment:7", None, &false).unwrap();
        let early = begin(&client, "long");
        for id in [id, early] {
            client.wake(&id, false);
            assert!(text(&get(&client, &id)["result"]).starts_with("Some(false)"));
        }
    }

    #[test]
    fn a_wait_ends_in_vain_after_its_limit() {
        let client = client();
        let id = begin(&client, "short");
        assert_eq!(client.wake(&id, false), Wake::SleepUntil(30_000));
        client.passes(30_000);
        client.wake(&id, false);
        assert_eq!(text(&get(&client, &id)["result"]), "None, worked 1 times");
    }

    #[test]
    fn a_wait_lasts_no_longer_than_its_task() {
        let client = client();
        let id = begin(&client, "long");
        assert_eq!(client.wake(&id, false), Wake::SleepUntil(TTL));
        client.passes(TTL);
        assert_eq!(client.wake(&id, false), Wake::Forget);
    }

    #[test]
    fn an_answer_of_the_client_is_no_event() {
        let client = client();
        let forged = json!({"payment:7": true, "event payment:7": true});
        let params = json!({"name": "long", "arguments": {}, "inputResponses": forged});
        let task = client.modern_with(&declared(), "tools/call", &params, Some(&caller("")));
        let id = task["result"]["taskId"].as_str().unwrap();
        client.wake(id, false);
        client.modern_with(
            &declared(),
            "tasks/update",
            &json!({"taskId": id, "inputResponses": forged}),
            Some(&caller("")),
        );
        client.wake(id, false);
        assert_eq!(get(&client, id)["status"], "working");
    }

    #[test]
    fn a_call_that_is_no_task_waits_itself_and_tells_the_model_to_come_back() {
        let client = client();
        let who = caller("");
        let patient = call(&client, "long", &json!({}), Some(&who));
        assert_eq!(patient["isError"], true);
        assert!(text(&patient).starts_with("What this call waits for has not happened yet."), "{patient}");
        assert_eq!(client.host.state.uses.get(), 12, "it has looked for four minutes");
        assert_eq!(text(&call(&client, "short", &json!({}), Some(&who))), "None, worked 2 times");
        send(&client, "payment:7", None, &true).unwrap();
        assert_eq!(text(&call(&client, "long", &json!({}), Some(&who))), "Some(true), worked 3 times");
        let legacy = client.legacy("tools/call", &json!({"name": "long", "arguments": {}}), Some(&who));
        assert_eq!(text(&legacy["result"]), "Some(true), worked 4 times");
    }

    #[test]
    fn an_anonymous_client_waits_for_nothing() {
        let client = client();
        let refused = call(&client, "long", &json!({}), None);
        assert!(text(&refused).starts_with("This needs a sign-in"), "{refused}");
        let task = call(&client, "long", &declared(), None);
        let id = task["taskId"].as_str().unwrap();
        client.wake(id, false);
        let done = client.modern_with(&declared(), "tasks/get", &json!({"taskId": id}), None);
        assert!(text(&done["result"]["result"]).starts_with("This needs a sign-in"), "{done}");
    }

    #[test]
    fn an_event_of_another_form_and_one_that_is_too_large_are_said_to_be_that() {
        let client = client();
        send(&client, "payment:7", None, &"yes").unwrap();
        let result = call(&client, "long", &json!({}), Some(&caller("")));
        assert!(text(&result).starts_with("The event that came is not what this tool expects: "), "{result}");
        let large = "x".repeat(64 * 1024);
        assert!(send(&client, "payment:8", None, &large).unwrap_err().text().contains("65536 bytes"));
        assert!(send(&client, "", None, &true).unwrap_err().text().contains("1 to 200 bytes"));
    }
}
