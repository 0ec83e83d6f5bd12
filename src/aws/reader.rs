//! Clients for `diff` and the planner. Their type has no mutating operation.
//!
//! Each service declares its reads (`connections::reads_only`), and the client behind them is
//! private, so reading code cannot write. The client also rejects writes at run time
//! (`Purpose::Read`).

use super::call::Caller;
use super::clients::Sdk;
use super::connections::{Connections, SdkService};
use super::counter::Purpose;
use super::index::TagIndex;
use super::reads::DynamoDb;
use crate::model::cloud_error::optional;
use crate::model::{CloudError, GLOBAL_REGION, Scope};
use futures_util::future::try_join;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// Everything that reading code may use.
#[derive(Clone, Debug)]
pub struct Reader {
    pub caller: Caller,
    pub region: String,
    connections: Connections,
    /// For the record of past runs; counted as bookkeeping.
    books: Connections,
    index: Arc<OnceCell<TagIndex>>,
}

impl Reader {
    pub fn new(sdk: &Sdk, caller: Caller) -> Self {
        Self {
            caller: caller.in_region(&sdk.region),
            region: sdk.region.clone(),
            connections: sdk.connections(Purpose::Read),
            books: sdk.connections(Purpose::Bookkeeping),
            index: Arc::default(),
        }
    }

    /// The reads of a service in the stack's region, or at the endpoint of a global service.
    pub fn client<S: SdkService>(&self) -> S {
        self.client_in(&self.region)
    }

    /// The reads of a service in `region`.
    pub fn client_in<S: SdkService>(&self, region: &str) -> S {
        S::reads(self.connections.client::<S>(region))
    }

    /// A JSON document of this stack and environment in the `shopstack` table; `None` without row
    /// or table.
    pub async fn document(&self, scope: &Scope, sk: &str) -> Result<Option<String>, CloudError> {
        self.document_in(&self.region, scope, sk).await
    }

    /// The same from another region's table.
    pub(super) async fn document_in(
        &self,
        region: &str,
        scope: &Scope,
        sk: &str,
    ) -> Result<Option<String>, CloudError> {
        use aws_sdk_dynamodb::types::AttributeValue;
        let pk = format!("{}/{}", scope.stack, scope.env);
        let table = DynamoDb::reads(self.books.client::<DynamoDb>(region));
        let answer = self
            .caller
            .call("dynamodb:GetItem", || {
                let get = table.get_item().table_name(super::ledger::TABLE).consistent_read(true);
                get.key("pk", AttributeValue::S(pk.clone()))
                    .key("sk", AttributeValue::S(sk.into()))
                    .send()
            })
            .await;
        let item = optional(answer)?.and_then(|a| a.item);
        Ok(item.and_then(|i| i.get("document").and_then(|v| v.as_s().ok()).cloned()))
    }

    /// The tag index of this run, read once for all types.
    pub async fn index(&self, scope: &Scope) -> Result<&TagIndex, CloudError> {
        self.index
            .get_or_try_init(|| async {
                let (mut index, mut global) = (TagIndex::default(), TagIndex::default());
                let elsewhere = self.region != GLOBAL_REGION;
                let (own, everywhere) = (self.client(), self.client_in(GLOBAL_REGION));
                // In parallel, because other reads wait for both.
                try_join(index.read(&self.caller, &own, scope), async {
                    if elsewhere {
                        global.read(&self.caller, &everywhere, scope).await
                    } else {
                        Ok(())
                    }
                })
                .await?;
                index.merge(global);
                Ok(index)
            })
            .await
    }

    /// The same reader, with these ARNs added to its tag index.
    pub async fn with_candidates(
        &self,
        scope: &Scope,
        arns: Vec<String>,
    ) -> Result<Self, CloudError> {
        let mut index = self.index(scope).await?.clone();
        index.add_candidates(arns);
        Ok(Self { index: Arc::new(OnceCell::from(index)), ..self.clone() })
    }

    /// The same reader for one step, with a tag index that is not read yet.
    pub fn with_caller(&self, caller: Caller) -> Self {
        Self { caller, ..self.afresh() }
    }

    /// A reader with a tag index that is not read yet, for reading again after writes.
    pub fn afresh(&self) -> Self {
        Self { index: Arc::default(), ..self.clone() }
    }
}
