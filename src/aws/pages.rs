//! Reads every page of a paginated listing.

use crate::model::CloudError;
use std::future::Future;

/// All items of a listing. `page` takes the token of a page and returns its items and the next
/// token; some services return an empty token at the end.
pub async fn paged<T, F>(page: impl Fn(Option<String>) -> F) -> Result<Vec<T>, CloudError>
where
    F: Future<Output = Result<(Vec<T>, Option<String>), CloudError>>,
{
    let mut all = Vec::new();
    let mut token = None;
    loop {
        let (items, next) = page(token).await?;
        all.extend(items);
        token = next.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(all);
        }
    }
}
