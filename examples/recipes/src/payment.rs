//! A tool that waits until an order is paid, which a webhook of the payment service reports.

use std::time::Duration;

use mcp_connector::{
    Connector, Context, EventContext, Scope, Store, Subject, Tool, ToolError, Webhook, WebhookRequest,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const ORDERS: Scope = Scope::new("orders", "Order for you");

#[derive(Serialize, Deserialize, JsonSchema)]
struct Order {
    /// What to order.
    article: String,
}

/// What the payment service sends. It gives back the person and the order that it was given with the invoice.
#[derive(Serialize, Deserialize)]
struct Payment {
    person: Subject,
    order: u64,
    amount: String,
}

async fn order(order: Order, cx: Context) -> Result<String, ToolError> {
    let number: u64 = cx.step("place", place(&order, &cx)).await?;
    cx.progress_with(0.0, 1.0, &format!("Waiting for the payment of order {number}.")).await;
    match cx.wait_for::<Payment>(&format!("payment:{number}"), Duration::from_hours(12)).await? {
        Some(payment) => Ok(format!("Order {number} is paid: {}.", payment.amount)),
        None => Ok(format!("Order {number} was not paid within twelve hours.")),
    }
}

/// Returns the number of the order. A client without tasks calls again to go on waiting, and does not order twice.
async fn place(order: &Order, cx: &Context) -> Result<u64, ToolError> {
    let store = Store::of(cx, "orders")?;
    let orders: Vec<(u64, Order)> = store.list().await?;
    match orders.into_iter().find(|(_, placed)| placed.article == order.article) {
        Some((number, _)) => Ok(number),
        None => Ok(store.add(order).await?),
    }
}

async fn on_payment(request: WebhookRequest, cx: EventContext) -> Result<(), ToolError> {
    let payment: Payment = request.json()?;
    cx.deliver_to(&payment.person, &format!("payment:{}", payment.order), &payment).await
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector.webhook("/hooks/payments", Webhook::standard("PAYMENTS_WEBHOOK_SECRET"), on_payment).tool(
        Tool::new("order", "Order an article, and wait until it is paid.", order)
            .title("Order")
            .scope(ORDERS)
            .additive()
            .long_running(),
    )
}
