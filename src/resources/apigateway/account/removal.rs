//! Taking the shared log role away, once nothing logs by it.

use super::registration::{clear, current};
use super::{Iam, POLICY, ROLE, SHARED, strip};
use crate::aws::{Reader, Writer, home};
use crate::model::cloud_error::optional;
use crate::model::text::one_line;
use crate::model::{CloudError, SharedPiece};
use crate::resources::apigateway::ApiGateway;
use aws_sdk_apigateway::types::RestApi;

/// Type of the piece: the role itself.
const TYPE: &str = "AWS::IAM::Role";

/// The shared role, where there is one that shopstack made.
pub(super) async fn shared_role(reader: &Reader) -> Result<Vec<SharedPiece>, CloudError> {
    let get = || reader.client::<Iam>().get_role().role_name(ROLE).send();
    let role = optional(reader.caller.call("iam:GetRole", get).await)?.and_then(|seen| seen.role);
    let ours =
        role.is_some_and(|r| r.tags().iter().any(|t| t.key() == SHARED && t.value() == "true"));
    let piece = || SharedPiece { type_name: TYPE.into(), name: ROLE.into() };
    Ok(ours.then(piece).into_iter().collect())
}

/// Takes the role out of the region's settings and deletes it; or says what still uses it.
pub(super) async fn remove_role(
    writer: &Writer,
    elsewhere: &[Reader],
) -> Result<Option<String>, CloudError> {
    if current(&writer.reader).await?.is_some_and(|arn| is_ours(&arn)) {
        let apis = apis(&writer.reader).await?;
        if !apis.is_empty() {
            return Ok(Some(format!(
                "REST APIs in {} may log by it: {}",
                writer.reader.region,
                apis.join(", ")
            )));
        }
        // Before the other regions are asked: each of them would wait for this one.
        clear(writer).await?;
    }
    for reader in elsewhere {
        match current(reader).await {
            Ok(Some(arn)) if is_ours(&arn) => {
                return Ok(Some(format!("API Gateway in {} logs by it", reader.region)));
            }
            Ok(_) => {}
            Err(error) if home::is_disabled(&error) => {}
            Err(error) => return Err(error),
        }
    }
    strip(writer).await?;
    let iam = &writer.client::<Iam>();
    let policy = || iam.detach_role_policy().role_name(ROLE).policy_arn(POLICY).send();
    optional(writer.caller.call("iam:DetachRolePolicy", policy).await)?;
    let role = || iam.delete_role().role_name(ROLE).send();
    optional(writer.caller.call("iam:DeleteRole", role).await)?;
    Ok(None)
}

fn is_ours(arn: &str) -> bool {
    arn.ends_with(&format!("/{ROLE}"))
}

/// Names of the region's REST APIs, as many as are worth reading.
async fn apis(reader: &Reader) -> Result<Vec<String>, CloudError> {
    let list = || reader.client::<ApiGateway>().get_rest_apis().limit(5).send();
    let page = reader.caller.call("apigateway:GetRestApis", list).await?;
    let name = |api: &RestApi| one_line(api.name().or(api.id()).unwrap_or("without a name"));
    Ok(page.items().iter().map(name).collect())
}
