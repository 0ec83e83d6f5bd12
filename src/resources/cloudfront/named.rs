//! Shared by origin access controls and response headers policies: they cannot be tagged, have a
//! name that is unique in the account and an ETag, and one of their texts begins with an ownership
//! marker.

use super::{is_stale, listing, with_fresh_etag};
use crate::aws::{Reader, Writer};
use crate::model::cloud_error::optional;
use crate::model::spec::{from_value, to_value};
use crate::model::{
    Address, CloudError, Live, Outputs, Owner, Query, Scope, SharedPiece, Step, TypeInfo, scope,
};
use crate::resources::common::{foreign_error, lacks_listing, listed};
use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

/// One as the listing shows it, which is with its whole configuration.
pub(super) struct Seen<C> {
    pub id: String,
    pub name: String,
    /// The text that begins with the marker.
    pub marker: String,
    pub config: C,
}

/// The calls of one kind, and its two shapes.
#[async_trait]
pub(super) trait Named: Send + Sync + 'static {
    const INFO: &'static TypeInfo;
    /// `origin access control`.
    const NOUN: &'static str;
    /// The code that refuses a name which is taken.
    const TAKEN: &'static str;
    type Config: Clone + Send + Sync;
    type Spec: DeserializeOwned + Serialize + Send + Sync;

    fn to_spec(config: &Self::Config) -> Self::Spec;
    fn to_config(name: &str, spec: &Self::Spec) -> Result<Self::Config, CloudError>;

    async fn list(reader: &Reader) -> Result<Vec<Seen<Self::Config>>, CloudError>;
    async fn etag(writer: &Writer, id: &str) -> Result<String, CloudError>;
    /// The id of the new one.
    async fn create(writer: &Writer, config: Self::Config) -> Result<String, CloudError>;
    async fn update(
        writer: &Writer,
        id: &str,
        etag: &str,
        config: Self::Config,
    ) -> Result<(), CloudError>;
    async fn delete(writer: &Writer, id: &str, etag: &str) -> Result<(), CloudError>;
}

/// Everything wanted by name, and everything that the environment's marker claims.
pub(super) async fn discover<T: Named>(
    reader: &Reader,
    query: &Query<'_>,
) -> Result<Vec<Live>, CloudError> {
    let all = match T::list(reader).await {
        Err(error) if lacks_listing(reader, &error) => {
            return Ok(query.wanted.iter().map(|d| Live::not_emulated(d)).collect());
        }
        other => other?,
    };
    reader.caller.note_number(T::INFO.type_name, "", all.len());
    Ok(all.iter().filter_map(|seen| describe::<T>(query, seen)).collect())
}

/// A listed one as a live resource; `None` when it is neither wanted nor ours.
fn describe<T: Named>(query: &Query<'_>, seen: &Seen<T::Config>) -> Option<Live> {
    let desired = query.wanted.iter().find(|d| d.name == seen.name);
    let (id, owner) =
        (Scope::id_of_marker(&seen.marker), query.scope.owner_of_marker(&seen.marker));
    let derived = |id: &str| query.scope.name(id) == seen.name;
    let (address, owner) = match owner {
        // A policy that this environment does not want is left to the environments that do.
        Owner::Shared => (desired?.address.clone(), owner),
        owner => query.claim_as(T::INFO.group, &seen.name, desired.copied(), id, owner, derived)?,
    };
    Some(live::<T>(address, owner, seen))
}

fn live<T: Named>(address: Address, owner: Owner, seen: &Seen<T::Config>) -> Live {
    let spec = to_value(&T::to_spec(&seen.config));
    let mut live = Live::new(address, T::INFO.type_name, &seen.name, spec);
    live.outputs = outputs(&seen.id);
    live.owner = owner;
    live
}

/// The resources that shopstack made for all environments of the account.
pub(super) async fn shared<T: Named>(reader: &Reader) -> Result<Vec<SharedPiece>, CloudError> {
    let all = list_shared::<T>(reader).await?;
    let piece = |seen: Seen<T::Config>| SharedPiece {
        type_name: T::INFO.type_name.into(),
        name: seen.name,
    };
    Ok(all.into_iter().map(piece).collect())
}

async fn list_shared<T: Named>(reader: &Reader) -> Result<Vec<Seen<T::Config>>, CloudError> {
    let mut all = match T::list(reader).await {
        Err(error) if lacks_listing(reader, &error) => vec![],
        other => other?,
    };
    all.retain(|seen| scope::is_shared_marker(&seen.marker));
    Ok(all)
}

/// Deletes a shared one; or says which distributions still use it.
pub(super) async fn remove_shared<T: Named>(
    writer: &Writer,
    piece: &SharedPiece,
) -> Result<Option<String>, CloudError> {
    let all = list_shared::<T>(&writer.reader).await?;
    let Some(seen) = all.into_iter().find(|seen| seen.name == piece.name) else {
        return Ok(None);
    };
    let users = listing::users_of(&writer.reader, &seen.id).await?;
    if !users.is_empty() {
        return Ok(Some(format!("still used by {}", users.join(", "))));
    }
    match delete_id::<T>(writer, &seen.id).await {
        // By one that the listing does not show yet, or any more.
        Err(error) if error.code.ends_with("InUse") => {
            Ok(Some("a distribution still uses it".to_string()))
        }
        deleted => deleted.map(|()| None),
    }
}

pub(super) async fn create<T: Named>(
    writer: &Writer,
    step: &Step,
    wanted: &Value,
) -> Result<Outputs, CloudError> {
    let config = T::to_config(&step.name, &from_value(wanted)?)?;
    match T::create(writer, config.clone()).await {
        // An earlier try whose answer was lost, or somebody who was faster.
        Err(error) if error.code == T::TAKEN => {
            let look = || adopt::<T>(writer, step, &config);
            let found = listed(writer, &step.name, look).await?;
            found.map(|id| outputs(&id)).ok_or(error)
        }
        made => made.map(|id| outputs(&id)),
    }
}

pub(super) async fn update<T: Named>(
    writer: &Writer,
    step: &Step,
    live: &Live,
    wanted: &Value,
) -> Result<Outputs, CloudError> {
    let config = T::to_config(&step.name, &from_value(wanted)?)?;
    let id = live.output("id")?;
    if live.owner == Owner::Shared {
        converge::<T>(writer, id, &config).await?;
    } else {
        change::<T>(writer, id, &config).await?;
    }
    Ok(live.outputs.clone())
}

pub(super) async fn delete<T: Named>(writer: &Writer, live: &Live) -> Result<(), CloudError> {
    delete_id::<T>(writer, live.output("id")?).await
}

async fn delete_id<T: Named>(writer: &Writer, id: &str) -> Result<(), CloudError> {
    let deleted = with_fresh_etag(
        &format!("the {} {id}", T::NOUN),
        || T::etag(writer, id),
        |etag| async move { T::delete(writer, id, &etag).await },
    )
    .await;
    optional(deleted).map(|_| ())
}

/// The id of the one of that name that is ours or shared, brought in line with `config`. Errors:
/// `Foreign`.
async fn adopt<T: Named>(
    writer: &Writer,
    step: &Step,
    config: &T::Config,
) -> Result<Option<String>, CloudError> {
    let all = T::list(&writer.reader).await?;
    let Some(found) = all.into_iter().find(|seen| seen.name == step.name) else {
        return Ok(None);
    };
    match writer.scope.owner_of_marker(&found.marker) {
        Owner::Foreign(says) => return Err(foreign_error(T::NOUN, step, &says)),
        Owner::Shared => converge::<T>(writer, &found.id, config).await?,
        _ => change::<T>(writer, &found.id, config).await?,
    }
    Ok(Some(found.id))
}

/// How often a shared one is looked at while other runs change it.
const LOOKS: usize = 30;

/// Changes a shared one unless it is as wanted: the runs of several environments update it at the
/// same time, all to the same configuration.
async fn converge<T: Named>(
    writer: &Writer,
    id: &str,
    config: &T::Config,
) -> Result<(), CloudError> {
    let spec = |config: &T::Config| to_value(&T::to_spec(config));
    let mut look = 0;
    loop {
        look += 1;
        let all = T::list(&writer.reader).await?;
        if all.iter().any(|seen| seen.id == id && spec(&seen.config) == spec(config)) {
            return Ok(());
        }
        match change::<T>(writer, id, config).await {
            Err(error) if is_stale(&error) && look < LOOKS => {
                writer.caller.pause(Duration::from_secs(1)).await?;
            }
            changed => return changed,
        }
    }
}

async fn change<T: Named>(writer: &Writer, id: &str, config: &T::Config) -> Result<(), CloudError> {
    with_fresh_etag(
        &format!("the {} {id}", T::NOUN),
        || T::etag(writer, id),
        |etag| async move { T::update(writer, id, &etag, config.clone()).await },
    )
    .await
}

fn outputs(id: &str) -> Outputs {
    Outputs::from([("id".to_string(), id.to_string())])
}
