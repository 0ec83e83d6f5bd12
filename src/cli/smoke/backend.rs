//! AWS as the smoke test sees it.

use crate::aws::counter::Counter;
use crate::aws::probe::{Probe, TakenStock};
use crate::model::CloudError;
use crate::smoke::{Backend, LogPage};
use async_trait::async_trait;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The real backend: reads and clean-up through the SDKs.
pub(super) struct Cloud {
    pub(super) probe: Probe,
    pub(super) counter: Arc<Counter>,
}

/// AWS does not say which table it does not find.
fn of_table(table: &str, mut error: CloudError) -> CloudError {
    if error.is_not_found() {
        error.message = format!("table {table}: {}", error.message);
        error.hint = "`shopstack diff` shows what is missing, `shopstack up` makes it".into();
    }
    error
}

#[async_trait]
impl Backend for Cloud {
    async fn items(&self, table: &str) -> Result<Vec<Value>, CloudError> {
        self.probe.items(table).await.map_err(|e| of_table(table, e))
    }

    async fn item(&self, table: &str, key: &Value) -> Result<Option<Value>, CloudError> {
        self.probe.item(table, key).await.map_err(|e| of_table(table, e))
    }

    async fn remove_order(
        &self,
        table: &str,
        key: &Value,
        stock_of: &str,
        pieces: &BTreeMap<String, u64>,
    ) -> Result<(), CloudError> {
        let taken = TakenStock { table: stock_of.to_string(), pieces: pieces.clone() };
        self.probe.remove_smoke_order(table, key, &taken).await
    }

    async fn put_test_product(&self, table: &str, item: &Value) -> Result<(), CloudError> {
        self.probe.put_test_product(table, item).await
    }

    async fn remove_test_product(&self, table: &str, key: &Value) -> Result<(), CloudError> {
        self.probe.remove_test_product(table, key).await
    }

    async fn log_page(
        &self,
        region: Option<&str>,
        group: &str,
        since_ms: i64,
        token: Option<&str>,
    ) -> Result<LogPage, CloudError> {
        let (lines, next) = self.probe.log_page(region, group, since_ms, token).await?;
        Ok(LogPage { lines, next })
    }

    async fn log_text(&self, group: &str, since_ms: i64) -> Result<Vec<String>, CloudError> {
        self.probe.log_text(group, since_ms).await
    }

    fn count_request(&self) {
        self.counter.count_smoke();
    }
}
