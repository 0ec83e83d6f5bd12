//! AWS's simulation of the caller's policies, as `doctor` asks for it.

use crate::replay::{Replay, xml};
use shopstack::aws::account::{Account, Asked};
use shopstack::aws::simulation::{DeniedBy, Simulated};

fn result(action: &str, decision: &str, more: &str) -> String {
    format!(
        "<member><EvalActionName>{action}</EvalActionName><EvalResourceName>*</EvalResourceName>\
         <EvalDecision>{decision}</EvalDecision>{more}</member>"
    )
}

const MISSING: &str = "<MissingContextValues><member>aws:RequestedRegion</member>\
                       </MissingContextValues>";
const BOUNDARY: &str = "<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>false\
                        </AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail>";
const ORGANISATION: &str = "<OrganizationsDecisionDetail><AllowedByOrganizations>false\
                            </AllowedByOrganizations></OrganizationsDecisionDetail>";

/// One action on a bucket and its objects, granted on the objects alone.
const ON_OBJECTS: &str = "<ResourceSpecificResults>\
    <member><EvalResourceName>arn:aws:s3:::b</EvalResourceName>\
    <EvalResourceDecision>implicitDeny</EvalResourceDecision></member>\
    <member><EvalResourceName>arn:aws:s3:::b/x</EvalResourceName>\
    <EvalResourceDecision>allowed</EvalResourceDecision></member></ResourceSpecificResults>";

#[tokio::test]
async fn each_denial_has_its_author_and_what_hangs_on_conditions_is_no_denial() {
    let page = |results: &[String], marker: &str| {
        xml(format!(
            "<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><EvaluationResults>{}\
             </EvaluationResults>{marker}</SimulatePrincipalPolicyResult>\
             </SimulatePrincipalPolicyResponse>",
            results.concat()
        ))
    };
    let first = [
        result("iam:GetRole", "allowed", ""),
        result("iam:PassRole", "implicitDeny", ""),
        result("iam:CreateRole", "explicitDeny", ""),
        result("s3:PutObject", "implicitDeny", ON_OBJECTS),
    ];
    let second = [
        result("iam:TagRole", "implicitDeny", BOUNDARY),
        result("lambda:CreateFunction", "allowed", ORGANISATION),
        result("dynamodb:CreateTable", "implicitDeny", MISSING),
    ];
    let marker = "<IsTruncated>true</IsTruncated><Marker>m</Marker>";
    let replay = Replay::start(vec![
        ("SimulatePrincipalPolicy", page(&first, marker)),
        ("SimulatePrincipalPolicy Marker=m", page(&second, "")),
    ])
    .await;
    let asked = Asked {
        actions: ["iam:PassRole", "iam:CreateRole"].map(String::from).into(),
        resources: ["arn:aws:s3:::b", "arn:aws:s3:::b/x"].map(String::from).into(),
        context: vec![("iam:PassedToService".into(), "lambda.amazonaws.com".into())],
    };
    let account = Account::new(&replay.env.reader);
    let me = "arn:aws:iam::123456789012:user/me";
    let Simulated { denied, unknown } = account.simulate(me, &asked).await.expect("simulated");
    let denied: Vec<(DeniedBy, &str)> = denied.iter().map(|(by, a)| (*by, a.as_str())).collect();
    assert_eq!(
        denied,
        [
            (DeniedBy::NoGrant, "iam:PassRole"),
            (DeniedBy::ExplicitDeny, "iam:CreateRole"),
            (DeniedBy::Boundary, "iam:TagRole"),
            (DeniedBy::Organisation, "lambda:CreateFunction"),
        ]
    );
    assert_eq!(unknown, ["dynamodb:CreateTable"]);
}
