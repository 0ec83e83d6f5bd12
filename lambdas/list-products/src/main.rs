//! listProducts: `GET /products` answers with every product of the table. This file only wires; see
//! `handler`.

mod handler;

use handler::{Dynamo, handle};
use lambda_http::{Error, Request, run, service_fn};
use shop_shared::{cors::Origins, dynamo, settings};

#[expect(clippy::print_stdout, reason = "the log line that Lambda collects")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let table = settings::required("PRODUCTS_TABLE")?;
    let origins = Origins::parse(&settings::optional("CORS_ORIGINS"));
    let catalogue = Dynamo { client: dynamo::client().await, table };
    let (catalogue, origins) = (&catalogue, &origins);
    run(service_fn(move |request: Request| async move {
        let answer = handle(catalogue, origins, &request).await;
        println!("{}", answer.log);
        Ok::<_, Error>(answer.response)
    }))
    .await
}
