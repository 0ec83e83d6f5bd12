//! Wires listProducts to Lambda and to its table; see the library.

use lambda_http::{Error, Request, run, service_fn};
use list_products::dynamo::Dynamo;
use list_products::handler::{Settings, handle, service};
use shop_shared::{dynamo, settings};

#[expect(clippy::print_stdout, reason = "the log line that Lambda collects")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let settings = Settings {
        service: service(),
        currency: settings::currency(),
        cache_seconds: settings::seconds("CACHE_SECONDS")?,
        smoke_secret: settings::optional("SMOKE_SECRET"),
    };
    let catalogue =
        Dynamo { table: settings::required("PRODUCTS_TABLE")?, client: dynamo::client().await };

    let (catalogue, settings) = (&catalogue, &settings);
    run(service_fn(move |request: Request| async move {
        let answer = handle(catalogue, settings, &request).await;
        for line in answer.log {
            println!("{line}");
        }
        Ok::<_, Error>(answer.response)
    }))
    .await
}
