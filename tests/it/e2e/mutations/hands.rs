//! Somebody with rights who changes a deployed shop past shopstack.

use crate::support::clients::Clients;
use crate::support::shop::Shop;
use aws_sdk_dynamodb::types as db;
use aws_sdk_s3::types as s3;
use serde_json::Value;
use shopstack::resources::apigateway as gw;

const EVERYTHING: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"TableOrders",
    "Effect":"Allow","Action":"dynamodb:*","Resource":"*"}]}"#;
const ESCALATION: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"More",
    "Effect":"Allow","Action":"iam:PutRolePolicy","Resource":"*"}]}"#;
const ANYONE: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"LambdaOnly",
    "Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"}}]}"#;
const ANOTHER_ACCOUNT: &str = "999999999999";

pub struct Hands<'a> {
    shop: &'a Shop,
    clients: Clients,
    account: String,
    outputs: Value,
}

impl<'a> Hands<'a> {
    pub async fn connect(shop: &'a Shop) -> Hands<'a> {
        let (clients, identity) = shop.clients().await;
        let outputs = serde_json::from_str(&shop.run(&["outputs", "--json"]).stdout).unwrap();
        Hands { shop, clients, account: identity.account, outputs }
    }

    fn output(&self, key: &str) -> &str {
        self.outputs[key].as_str().unwrap()
    }

    /// Does what a kind of change says.
    pub async fn change(&self, kind: &str) {
        match kind {
            "statement widened"
            | "inline policy added"
            | "managed policy attached"
            | "permissions boundary set"
            | "trust opened" => self.change_role(kind).await,
            "public access block lifted"
            | "access lists allowed"
            | "versioning suspended"
            | "bucket policy replaced"
            | "object replaced" => self.change_bucket(kind).await,
            "permission for everyone" | "function URL" | "environment changed" => {
                self.change_function(kind).await;
            }
            "table without backups" | "stream switched on" | "table policy" => {
                self.change_table(kind).await;
            }
            "log retention cut" | "log subscription" => self.change_logs(kind).await,
            "route added" | "access log format changed" | "API policy" => {
                self.change_api(kind).await;
            }
            "firewall detached from the API" | "firewall detached from the site" => {
                self.detach(kind).await;
            }
            other => panic!("nobody knows how to make: {other}"),
        }
    }

    async fn change_role(&self, kind: &str) {
        let (iam, role) = (&self.clients.iam, self.shop.name("createOrder"));
        match kind {
            "statement widened" => {
                let put = iam.put_role_policy().role_name(role).policy_name("grants");
                put.policy_document(EVERYTHING).send().await.unwrap();
            }
            "inline policy added" => {
                let put = iam.put_role_policy().role_name(role).policy_name("more");
                put.policy_document(ESCALATION).send().await.unwrap();
            }
            "managed policy attached" => {
                let attach = iam.attach_role_policy().role_name(role);
                attach.policy_arn("arn:aws:iam::aws:policy/ReadOnlyAccess").send().await.unwrap();
            }
            "permissions boundary set" => {
                let put = iam.put_role_permissions_boundary().role_name(role);
                let boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess";
                put.permissions_boundary(boundary).send().await.unwrap();
            }
            _ => {
                let role = self.shop.name("listProducts");
                let update = iam.update_assume_role_policy().role_name(role);
                update.policy_document(ANYONE).send().await.unwrap();
            }
        }
    }

    async fn change_bucket(&self, kind: &str) {
        let (client, bucket) = (&self.clients.s3, self.output("bucket"));
        match kind {
            "public access block lifted" => {
                client.delete_public_access_block().bucket(bucket).send().await.unwrap();
            }
            "access lists allowed" => {
                let rule = s3::OwnershipControlsRule::builder();
                let rule = rule.object_ownership(s3::ObjectOwnership::ObjectWriter);
                let controls = s3::OwnershipControls::builder().rules(rule.build().unwrap());
                let put = client.put_bucket_ownership_controls().bucket(bucket);
                put.ownership_controls(controls.build().unwrap()).send().await.unwrap();
            }
            "versioning suspended" => {
                let off = s3::VersioningConfiguration::builder();
                let off = off.status(s3::BucketVersioningStatus::Suspended).build();
                let put = client.put_bucket_versioning().bucket(bucket);
                put.versioning_configuration(off).send().await.unwrap();
            }
            "bucket policy replaced" => {
                let public = format!(
                    r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"Public","Effect":"Allow",
                    "Principal":"*","Action":"s3:GetObject",
                    "Resource":"arn:aws:s3:::{bucket}/*"}}]}}"#
                );
                let put = client.put_bucket_policy().bucket(bucket).policy(public);
                put.send().await.unwrap();
            }
            _ => {
                let body = aws_sdk_s3::primitives::ByteStream::from_static(b"<h1>theirs</h1>");
                let put = client.put_object().bucket(bucket).key("index.html").body(body);
                put.send().await.unwrap();
            }
        }
    }

    async fn change_function(&self, kind: &str) {
        let (lambda, function) = (&self.clients.lambda, self.shop.name("createOrder"));
        match kind {
            "permission for everyone" => {
                let add = lambda.add_permission().function_name(function).statement_id("open");
                add.action("lambda:InvokeFunction").principal("*").send().await.unwrap();
            }
            "function URL" => {
                let url = lambda.create_function_url_config().function_name(function);
                let open = aws_sdk_lambda::types::FunctionUrlAuthType::None;
                url.auth_type(open).send().await.unwrap();
            }
            _ => {
                let theirs = aws_sdk_lambda::types::Environment::builder();
                let theirs = theirs.variables("CURRENCY", "XXX").build();
                let update = lambda.update_function_configuration();
                let update = update.function_name(self.shop.name("listProducts"));
                update.environment(theirs).send().await.unwrap();
            }
        }
    }

    async fn change_table(&self, kind: &str) {
        let client = &self.clients.dynamodb;
        match kind {
            "table without backups" => {
                let off = db::PointInTimeRecoverySpecification::builder();
                let off = off.point_in_time_recovery_enabled(false).build().unwrap();
                let update =
                    client.update_continuous_backups().table_name(self.shop.name("Orders"));
                update.point_in_time_recovery_specification(off).send().await.unwrap();
            }
            "stream switched on" => {
                let on = db::StreamSpecification::builder().stream_enabled(true);
                let on = on.stream_view_type(db::StreamViewType::NewImage).build().unwrap();
                let update = client.update_table().table_name(self.shop.name("Orders"));
                update.stream_specification(on).send().await.unwrap();
            }
            _ => {
                let table = self.shop.name("Products");
                let arn = format!("arn:aws:dynamodb:us-east-1:{}:table/{table}", self.account);
                let policy = format!(
                    r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"Theirs","Effect":"Allow",
                    "Principal":{{"AWS":"arn:aws:iam::{ANOTHER_ACCOUNT}:root"}},
                    "Action":"dynamodb:Scan","Resource":"{arn}"}}]}}"#
                );
                let put = client.put_resource_policy().resource_arn(arn).policy(policy);
                put.send().await.unwrap();
            }
        }
    }

    async fn change_logs(&self, kind: &str) {
        let (logs, group) =
            (&self.clients.logs, |id| format!("/aws/lambda/{}", self.shop.name(id)));
        if kind == "log retention cut" {
            let put = logs.put_retention_policy().log_group_name(group("createOrder"));
            put.retention_in_days(1).send().await.unwrap();
            return;
        }
        let function = self.shop.name("createOrder");
        let arn = format!("arn:aws:lambda:us-east-1:{}:function:{function}", self.account);
        let put = logs.put_subscription_filter().log_group_name(group("listProducts"));
        let put = put.filter_name("theirs").filter_pattern("").destination_arn(arn);
        put.send().await.unwrap();
    }

    async fn change_api(&self, kind: &str) {
        let (gateway, api) = (&self.clients.apigateway, self.output("rest_api_id"));
        match kind {
            "route added" => {
                let tree = gateway.get_resources().rest_api_id(api).send().await.unwrap();
                let root = tree.items().iter().find(|r| r.path() == Some("/")).unwrap();
                let create = gateway.create_resource().rest_api_id(api);
                let create = create.parent_id(root.id().unwrap()).path_part("evil");
                let evil = create.send().await.unwrap();
                let put = gateway.put_method().rest_api_id(api).resource_id(evil.id().unwrap());
                put.http_method("ANY").authorization_type("NONE").send().await.unwrap();
            }
            "access log format changed" => {
                let patch = gw::replace("/accessLogSettings/format", "$context.status");
                let update = gateway.update_stage().rest_api_id(api).stage_name("v1");
                update.patch_operations(patch).send().await.unwrap();
            }
            _ => {
                let statement = r#"{"Sid":"Open","Effect":"Allow","Principal":"*",
                    "Action":"execute-api:Invoke","Resource":"*"}"#;
                // On one line: MiniStack keeps the text escaped, line ends as well.
                let statement = statement.split_whitespace().collect::<String>();
                let policy = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
                let update = gateway.update_rest_api().rest_api_id(api);
                let patch = gw::replace("/policy", &policy);
                update.patch_operations(patch).send().await.unwrap();
            }
        }
    }

    async fn detach(&self, kind: &str) {
        if kind == "firewall detached from the API" {
            let api = self.output("rest_api_id");
            let stage = format!("arn:aws:apigateway:us-east-1::/restapis/{api}/stages/v1");
            self.clients.wafv2.disassociate_web_acl().resource_arn(stage).send().await.unwrap();
            return;
        }
        let (client, id) = (&self.clients.cloudfront, self.output("distribution_id"));
        let got = client.get_distribution_config().id(id).send().await.unwrap();
        let mut config = got.distribution_config.unwrap();
        config.web_acl_id = Some(String::new());
        let update = client.update_distribution().id(id).set_if_match(got.e_tag);
        update.distribution_config(config).send().await.unwrap();
    }
}
