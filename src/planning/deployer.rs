//! The IAM policies that a deployer needs, derived from the calls that the types declare.
//!
//! AWS's service authorization reference states which actions IAM can restrict to which kinds of
//! resource.

use crate::aws::{calls, ledger::TABLE};
use crate::model::call::Call;
use crate::model::scope::GLOBAL_REGION;
use crate::model::{Scope, TypeInfo};
use crate::resources::{OBSERVING, TYPES, apigateway::account};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The issuer of GitHub's tokens.
const GITHUB: &str = "token.actions.githubusercontent.com";

/// Actions that IAM knows for all resources only.
const UNSCOPED: &[&str] = &[
    "cloudfront:CreateDistribution",
    "cloudfront:CreateOriginAccessControl",
    "cloudfront:CreateResponseHeadersPolicy",
    "cloudfront:ListDistributions",
    "cloudfront:ListOriginAccessControls",
    "cloudfront:ListResponseHeadersPolicies",
    "dynamodb:ListTables",
    "events:ListRules",
    "iam:GetAccountSummary",
    "iam:ListRoles",
    "lambda:CreateEventSourceMapping",
    "lambda:GetAccountSettings",
    "lambda:ListEventSourceMappings",
    "lambda:ListFunctions",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:PutResourcePolicy",
    "s3:ListAllMyBuckets",
    "sts:GetCallerIdentity",
    "tag:GetResources",
    "wafv2:ListWebACLs",
];

/// Actions of calls that name their resource in the body or only by ARN: emulators check them on
/// all resources.
const UNSCOPED_ON_EMULATORS: &[&str] = &[
    "dynamodb:DeleteResourcePolicy",
    "dynamodb:GetResourcePolicy",
    "dynamodb:ListTagsOfResource",
    "dynamodb:TagResource",
    "dynamodb:UntagResource",
    "lambda:CreateFunction",
    "wafv2:AssociateWebACL",
    "wafv2:DeleteLoggingConfiguration",
    "wafv2:DisassociateWebACL",
    "wafv2:GetLoggingConfiguration",
    "wafv2:GetWebACLForResource",
    "wafv2:ListTagsForResource",
    "wafv2:PutLoggingConfiguration",
    "wafv2:TagResource",
    "wafv2:UntagResource",
];

/// Allowed actions of one statement, and their resources.
struct Group {
    sid: &'static str,
    resources: Vec<String>,
    /// Null if there are none.
    condition: Value,
}

/// `{"diff": policy, "up": policy, "down": policy, "sweep_shared": policy}` for the environment. An
/// environment that ends in `*` means all whose names begin so.
///
/// `diff` also covers `outputs`, `policy-report`, `history` and `envs`; `up` the smoke test and
/// what is removed from stack.yaml; `down` also `sweep`. `sweep_shared` is what `sweep --shared`
/// needs besides.
pub fn policies(scope: &Scope) -> Value {
    let types = || TYPES.iter().map(|t| t.info());
    let reads = || -> Vec<&'static Call> {
        let types = types().flat_map(|info| info.calls.read);
        calls::IDENTITY.iter().chain(types).chain(OBSERVING.iter().copied().flatten()).collect()
    };
    let writes = |select: fn(&'static TypeInfo) -> Vec<&'static Call>| -> Vec<&'static Call> {
        reads().into_iter().chain(types().flat_map(select)).collect()
    };
    let mut up = writes(|info| info.calls.iter().collect());
    up.extend(calls::SMOKE);
    up.extend(calls::DOCTOR);
    let down = writes(|info| info.calls.delete.iter().collect());
    let changes: Vec<&Call> = calls::LEDGER_READS.iter().chain(calls::LEDGER_WRITES).collect();
    let looks: Vec<&Call> = calls::LEDGER_READS.iter().collect();
    json!({
        "diff": policy(scope, &reads(), &looks),
        "up": policy(scope, &up, &changes),
        "down": policy(scope, &down, &changes),
        "sweep_shared": shared_policy(scope),
    })
}

/// A trust policy for GitHub's jobs: for `owner/name` those on its pull requests, for
/// `owner/name:branch` those on that branch, for `owner/name:environment:name` those in that
/// environment.
pub fn trust(scope: &Scope, repositories: &[String]) -> Value {
    let subjects: Vec<String> = repositories.iter().map(|text| subject(text)).collect();
    let provider = format!("arn:aws:iam::{}:oidc-provider/{GITHUB}", scope.account);
    let mut claims = Map::new();
    claims.insert(format!("{GITHUB}:aud"), "sts.amazonaws.com".into());
    claims.insert(format!("{GITHUB}:sub"), subjects.into());
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": claims},
    }]})
}

/// The claim `sub` of the tokens that GitHub signs for such jobs.
fn subject(repository: &str) -> String {
    match repository.split_once(':') {
        Some((name, rest)) if rest.starts_with("environment:") => format!("repo:{name}:{rest}"),
        Some((name, branch)) => format!("repo:{name}:ref:refs/heads/{branch}"),
        None => format!("repo:{repository}:pull_request"),
    }
}

/// A policy for calls on the environment's resources, and on the table of lock and record.
fn policy(scope: &Scope, own: &[&Call], ledger: &[&Call]) -> Value {
    let mut statements: BTreeMap<&str, (Group, BTreeSet<&str>)> = BTreeMap::new();
    let mut allow = |group: Group, action| {
        let entry = statements.entry(group.sid).or_insert_with(|| (group, BTreeSet::new()));
        entry.1.insert(action);
    };
    for call in own {
        for action in call.iam_actions() {
            allow(group(scope, call.operation, action), action);
        }
        if scope.endpoint.is_some() && call.operation.starts_with("cloudfront:") {
            // Emulators have one action for each operation, with the same name.
            allow(group(scope, call.operation, call.operation), call.operation);
        }
    }
    for action in ledger.iter().flat_map(|call| call.iam_actions()) {
        let table = format!("{}:table/{}", arn(scope, "dynamodb"), TABLE);
        let resources = vec![table];
        allow(Group { sid: "LockAndRecord", resources, condition: Value::Null }, action);
    }
    let statements: Vec<Value> = statements
        .into_values()
        .map(|(group, actions)| {
            let mut statement = json!({
                "Sid": group.sid, "Effect": "Allow", "Action": actions, "Resource": group.resources
            });
            if let (false, Some(fields)) = (group.condition.is_null(), statement.as_object_mut()) {
                fields.insert("Condition".into(), group.condition);
            }
            statement
        })
        .collect();
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// A policy for what removes the shared pieces. They are the account's: its other regions are asked
/// whether they use the log role.
fn shared_policy(scope: &Scope) -> Value {
    let account = format!("arn:aws:iam::{}", scope.account);
    let role =
        [account::ROLE_PATH, "/"].map(|path| format!("{account}:role{path}{}", account::ROLE));
    let statement = |sid: &str, calls: &[Call], resources: &[String]| {
        let actions: BTreeSet<_> = calls.iter().flat_map(Call::iam_actions).collect();
        json!({"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources})
    };
    let everywhere = "arn:aws:apigateway:*::/account".to_string();
    let here = format!("arn:aws:apigateway:{}::/account", scope.region);
    let table = format!("{}:table/{TABLE}", arn(scope, "dynamodb"));
    json!({"Version": "2012-10-17", "Statement": [
        statement("AccountInEveryRegion", &[account::LOOK], &[everywhere]),
        statement("Account", &[account::CLEAR], &[here]),
        statement("LogRole", account::REMOVAL, &role),
        statement("LockAndRecord", calls::LEDGER_REMOVAL, &[table]),
    ]})
}

/// `arn:aws:<service>:<region>:<account>`.
fn arn(scope: &Scope, service: &str) -> String {
    format!("arn:aws:{service}:{}:{}", scope.region, scope.account)
}

/// The statement for an action of an operation.
fn group(scope: &Scope, operation: &str, action: &str) -> Group {
    let plain = |sid, resources| Group { sid, resources, condition: Value::Null };
    if UNSCOPED.contains(&action) {
        return plain("IamCannotNarrowThese", vec!["*".into()]);
    }
    if scope.endpoint.is_some() && UNSCOPED_ON_EMULATORS.contains(&action) {
        return plain("EmulatorsCannotNarrowThese", vec!["*".into()]);
    }
    match action.split(':').next().unwrap_or(action) {
        "apigateway" => plain("ApiIdsAreChosenByAws", apis(scope)),
        "cloudfront" => plain("CloudFrontIdsAreChosenByAws", distributions(scope)),
        "dynamodb" => {
            let table = format!("{}:table/{}*", arn(scope, "dynamodb"), scope.prefix());
            plain("Tables", vec![table])
        }
        "events" => {
            let rule = format!("{}:rule/{}*", arn(scope, "events"), scope.prefix());
            plain("Rules", vec![rule])
        }
        "iam" => roles(scope, operation, action),
        // AWS assigns their IDs.
        "lambda" if action.ends_with("EventSourceMapping") => {
            plain("EventSources", vec![format!("{}:event-source-mapping:*", arn(scope, "lambda"))])
        }
        "lambda" => {
            let function = format!("{}:function:{}*", arn(scope, "lambda"), scope.prefix());
            plain("Functions", vec![function])
        }
        "logs" => plain("LogGroups", log_groups(scope)),
        "s3" => {
            let bucket = format!("arn:aws:s3:::{}", bucket(scope));
            plain("Bucket", vec![bucket.clone(), format!("{bucket}/*")])
        }
        "wafv2" => plain("WebAcls", web_acls(scope)),
        _ => match derivable_arns(scope, operation) {
            arns if arns.is_empty() => plain("IamCannotNarrowThese", vec!["*".into()]),
            arns => plain("ByName", arns),
        },
    }
}

/// ARN patterns of the types that make the call and whose ARN follows from the name.
fn derivable_arns(scope: &Scope, operation: &str) -> Vec<String> {
    let types = TYPES.iter().map(|t| t.info());
    let callers = types.filter(|info| info.calls.iter().any(|call| call.operation == operation));
    callers.filter_map(|info| info.arn).map(|arn| arn(scope, "*")).collect()
}

fn bucket(scope: &Scope) -> String {
    // With a pattern of environments, names differ in the rest and are cut at different places.
    if scope.env.ends_with('*') { scope.prefix().to_lowercase() + "*" } else { scope.bucket_name() }
}

/// IAM's own resources, by action.
fn roles(scope: &Scope, operation: &str, action: &str) -> Group {
    let account = format!("arn:aws:iam::{}", scope.account);
    let own = format!("{account}:role{}*", scope.role_path());
    let shared = format!("{account}:role{}{}", account::ROLE_PATH, account::ROLE);
    let passed_to = |sid, role, service: &str| Group {
        sid,
        resources: vec![role],
        condition: json!({"StringEquals": {"iam:PassedToService": service}}),
    };
    match action {
        "iam:PassRole" if operation.starts_with("apigateway:") => {
            passed_to("PassLogRole", shared, "apigateway.amazonaws.com")
        }
        "iam:PassRole" => passed_to("PassRoles", own, "lambda.amazonaws.com"),
        "iam:CreateServiceLinkedRole" => {
            let service = "wafv2.amazonaws.com";
            Group {
                sid: "LogDeliveryOfWaf",
                resources: vec![format!("{account}:role/aws-service-role/{service}/*")],
                condition: json!({"StringEquals": {"iam:AWSServiceName": service}}),
            }
        }
        "iam:GetPolicy" | "iam:GetPolicyVersion" => Group {
            sid: "ManagedPolicies",
            resources: vec!["arn:aws:iam::aws:policy/*".into(), format!("{account}:policy/*")],
            condition: Value::Null,
        },
        _ => {
            // IAM checks the name without path for a role that does not exist; emulators always do.
            let named = format!("{account}:role/{}*", scope.prefix());
            let shared_name = format!("{account}:role/{}", account::ROLE);
            Group {
                sid: "Roles",
                resources: vec![own, shared, named, shared_name],
                condition: Value::Null,
            }
        }
    }
}

/// Any distribution ID; emulators check the calls against all resources.
fn distributions(scope: &Scope) -> Vec<String> {
    if scope.endpoint.is_some() {
        return vec!["*".into()];
    }
    let own = |kind| format!("arn:aws:cloudfront::{}:{kind}/*", scope.account);
    ["distribution", "origin-access-control", "response-headers-policy"].map(own).into()
}

fn apis(scope: &Scope) -> Vec<String> {
    let root = format!("arn:aws:apigateway:{}::", scope.region);
    let domains = ["/domainnames", "/domainnames/*"];
    let paths = ["/account", "/restapis", "/restapis/*", "/tags/*"].into_iter().chain(domains);
    paths.map(|path| format!("{root}{path}")).collect()
}

/// The regions of a stack's resources: its own, and that of CloudFront-scope WAF.
fn regions(scope: &Scope) -> BTreeSet<&str> {
    BTreeSet::from([scope.region.as_str(), GLOBAL_REGION])
}

fn log_groups(scope: &Scope) -> Vec<String> {
    let prefix = scope.prefix();
    let group = |region: &str, name: &str| {
        format!("arn:aws:logs:{region}:{}:log-group:{name}{prefix}*", scope.account)
    };
    let own = ["/aws/lambda/", "/aws/apigateway/"].map(|name| group(&scope.region, name));
    let waf = regions(scope).into_iter().map(|region| group(region, "aws-waf-logs-"));
    own.into_iter().chain(waf).collect()
}

/// The web ACLs, their managed rule sets, and the stages that they protect.
fn web_acls(scope: &Scope) -> Vec<String> {
    let (region, account, prefix) = (&scope.region, &scope.account, scope.prefix());
    let regional = format!("arn:aws:wafv2:{region}:{account}:regional");
    let global = format!("arn:aws:wafv2:{GLOBAL_REGION}:{account}:global");
    let sets = regions(scope).into_iter().map(|r| format!("arn:aws:wafv2:{r}:{account}"));
    let mut arns =
        vec![format!("{regional}/webacl/{prefix}*"), format!("{global}/webacl/{prefix}*")];
    arns.extend(sets.map(|set| format!("{set}:*/managedruleset/*/*")));
    arns.push(format!("arn:aws:apigateway:{region}::/restapis/*/stages/*"));
    arns
}
