//! Wires createOrder to Lambda and to its tables; see the library.

use create_order::dynamo::Dynamo;
use create_order::handler::{Settings, handle, service};
use lambda_http::{Error, Request, run, service_fn};
use shop_shared::{dynamo, settings};

#[expect(clippy::print_stdout, reason = "the log line that Lambda collects")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let settings = Settings {
        service: service(),
        currency: settings::currency(),
        smoke_secret: settings::optional("SMOKE_SECRET"),
    };
    let store = Dynamo {
        products: settings::required("PRODUCTS_TABLE")?,
        orders: settings::required("ORDERS_TABLE")?,
        client: dynamo::client().await,
    };

    let (store, settings) = (&store, &settings);
    run(service_fn(move |request: Request| async move {
        let answer = handle(store, settings, &request).await;
        for line in answer.log {
            println!("{line}");
        }
        Ok::<_, Error>(answer.response)
    }))
    .await
}
