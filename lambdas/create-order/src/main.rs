//! createOrder: `POST /orders` checks an order against the catalogue and stores it. This file only
//! wires; see `handler`.

mod handler;
#[cfg(test)]
mod handler_tests;
mod money;
mod order;
mod prices;
mod store;

use handler::handle;
use lambda_http::{Error, Request, run, service_fn};
use shop_shared::{cors::Origins, dynamo, settings};
use store::Dynamo;

#[expect(clippy::print_stdout, reason = "the log line that Lambda collects")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let products = settings::required("PRODUCTS_TABLE")?;
    let orders = settings::required("ORDERS_TABLE")?;
    let origins = Origins::parse(&settings::optional("CORS_ORIGINS"));
    let store = Dynamo { client: dynamo::client().await, products, orders };
    let (store, origins) = (&store, &origins);
    run(service_fn(move |request: Request| async move {
        let answer = handle(store, origins, &request).await;
        println!("{}", answer.log);
        Ok::<_, Error>(answer.response)
    }))
    .await
}
