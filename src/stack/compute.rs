//! Lambda functions as stack.yaml describes them: code, size, environment, and exactly what they
//! may do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The data actions that a grant may name: one table's items, and nothing that administers.
pub(super) const ACTIONS: [&str; 10] = [
    "dynamodb:GetItem",
    "dynamodb:BatchGetItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DescribeTable",
];

/// Actions that return items, and so must be held to the attributes of their grant.
pub(crate) const READS: [&str; 4] =
    ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan"];
/// Actions that change items; those of one item can return what was there.
pub(crate) const WRITES: [&str; 5] = [
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem",
];

/// A Lambda function, built from a Rust crate of the project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Function {
    /// Folder of the crate, relative to this file.
    #[serde(rename = "crate")]
    #[schemars(extend("examples" = ["lambdas/list-products"]))]
    pub crate_path: String,
    /// Binary of the crate, where it has several: `src/bin/NAME.rs` or a `[[bin]]` of its manifest.
    #[schemars(extend("examples" = ["list-products"]))]
    pub bin: Option<String>,
    /// Cargo features of the crate to build with, beside its default ones.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true, "examples" = [["fast-json"]]))]
    pub features: Vec<String>,
    /// Memory in MB; CPU grows with it.
    #[serde(default = "memory")]
    #[schemars(range(min = 128, max = 10240))]
    pub memory: u32,
    /// Seconds that one call may take; at most 29 behind a route, where API Gateway cuts.
    #[serde(default = "timeout")]
    #[schemars(range(min = 1, max = 900))]
    pub timeout: u32,
    /// Processor that the function is built for. Unless set: x86_64, and with `--local` that of
    /// this machine.
    pub architecture: Option<Architecture>,
    /// Calls that may run at once: set aside for this function, and the most it gets; 0 stops it.
    #[schemars(range(min = 0, max = 100_000))]
    pub reserved_concurrency: Option<u32>,
    /// Traces of each call in AWS X-Ray; the role gets the right to send them.
    #[serde(default)]
    pub tracing: bool,
    /// The least that is logged. With it Lambda writes its own lines as JSON, and tells the
    /// function its level as `AWS_LAMBDA_LOG_LEVEL`; without it all is plain text.
    pub log_level: Option<LogLevel>,
    /// A table whose changes call the function.
    pub on: Option<TableEvents>,
    /// When the clock calls the function: `rate(5 minutes)`, or a `cron(…)` of EventBridge, in UTC.
    #[schemars(extend("examples" = ["rate(5 minutes)", "cron(0 3 * * ? *)"]))]
    pub schedule: Option<String>,
    /// ARN of a queue or a topic of yours that hears of events given up: what a table's changes or
    /// the clock asked for and the function failed to do. The role gets the right to send there.
    #[schemars(extend("examples" = ["arn:aws:sqs:us-east-1:123456789012:failed"]))]
    pub dead_letter: Option<String>,
    /// Environment variables. A secret is marked, `{ secret: value }`, or better stays in AWS and
    /// is named, `{ ssm: /name }` or `{ secrets_manager: name }`: then the variable holds the name,
    /// and the function may read what it names. A value may refer to `${table.ID.name}`,
    /// `${table.ID.arn}`, `${api.url}`, `${api.origin}`, `${api.cors_origins}`,
    /// `${api.cors_expose}`, `${api.cors_credentials}`, `${site.url}`, `${region}`, `${env}` and
    /// `${stack}`; `$${` is a literal `${`. A value that is just `${smoke.secret}` is random: the
    /// smoke test marks its orders with it.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, EnvForm>",
                       extend("examples" = [{"PRODUCTS_TABLE": "${table.Products.name}"}]))]
    pub env: BTreeMap<String, EnvValue>,
    /// What the function may do beside writing its own log: its role gets this and nothing else.
    #[serde(default)]
    pub grants: Vec<Grant>,
}

fn memory() -> u32 {
    128
}

fn timeout() -> u32 {
    10
}

/// The changes of a table's items as a function hears of them: in batches, in the order of each
/// item, from the first change after the stream was turned on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableEvents {
    /// A table of this stack; its stream is turned on, with the item before and after each change.
    pub table: String,
    /// Changes of one call, at most.
    #[serde(default = "batch")]
    #[schemars(range(min = 1, max = 10_000))]
    pub batch: u32,
    /// How often a batch that failed is tried again, halved each time; after that its changes are
    /// given up.
    #[serde(default = "retries")]
    #[schemars(range(min = 0, max = 10_000))]
    pub retries: u32,
}

fn batch() -> u32 {
    100
}

fn retries() -> u32 {
    3
}

/// How much is logged, as Lambda's logging configuration has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
    Fatal,
}

impl LogLevel {
    /// As Lambda's API writes it.
    pub fn aws(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
        }
    }
}

/// A processor architecture, by AWS's name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    Arm64,
    #[default]
    #[serde(rename = "x86_64")]
    X86_64,
}

impl Architecture {
    /// The one that runs on this machine, where Lambda offers it.
    pub fn of_this_machine() -> Self {
        if std::env::consts::ARCH == "aarch64" { Self::Arm64 } else { Self::X86_64 }
    }

    /// As Lambda's API writes it.
    pub fn aws(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X86_64 => "x86_64",
        }
    }
}

/// Leave to do some actions on one table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// A table of this stack.
    pub table: String,
    /// Actions on the table's items; no wildcards.
    #[schemars(with = "Vec<Action>", extend("minItems" = 1, "uniqueItems" = true))]
    pub actions: Vec<String>,
    /// Indexes of the table that `Query` and `Scan` may read too.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub indexes: Vec<String>,
    /// Attributes that the actions may name, beside the keys; all of them unless set. A read must
    /// then ask for these by name, and a write may return no others.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true, "examples" = [["stock"]]))]
    pub attributes: Vec<String>,
    /// Why the function needs this, in one line, for those who audit it.
    pub reason: String,
}

/// A data action of DynamoDB.
#[derive(JsonSchema)]
#[schemars(transparent, extend("enum" = ACTIONS))]
#[expect(dead_code, reason = "exists for its schema alone")]
struct Action(String);

/// The value of an environment variable: text with references to be filled in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "EnvForm", into = "EnvForm")]
pub struct EnvValue {
    /// As written.
    pub text: String,
    pub parts: Vec<EnvPart>,
    pub kind: EnvKind,
    /// Customer-managed KMS key that what the value names is encrypted with.
    pub kms_key: Option<String>,
}

/// The kind of an environment variable's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvKind {
    /// Nothing is said of it.
    Unmarked,
    /// No secret, whatever it looks like.
    Plain,
    /// A secret.
    Secret,
    /// The name of a parameter of SSM Parameter Store.
    Ssm,
    /// The name or ARN of a secret of Secrets Manager.
    SecretsManager,
}

impl std::fmt::Debug for EnvValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = if self.kind == EnvKind::Secret { HIDDEN } else { &self.text };
        f.debug_struct("EnvValue").field("text", &text).field("kind", &self.kind).finish()
    }
}

/// Stands for a marked value wherever a stack is written out.
const HIDDEN: &str = "(sensitive)";

/// Text, or text with a mark.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum EnvForm {
    Text(String),
    Marked(MarkedValue),
}

/// A variable that says what it holds: exactly one of `secret`, `ssm`, `secrets_manager`, `plain`.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MarkedValue {
    /// A secret value: it reaches the function, and no plan, record, log, error or report.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    /// Name of a parameter of SSM Parameter Store, such as `/shop/${env}/api-key`. The variable
    /// holds the name; the function may read that parameter and no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["/shop/${env}/api-key"]))]
    ssm: Option<String>,
    /// Name or ARN of a secret of Secrets Manager. The variable holds it; the function may read
    /// that secret and no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["shop/${env}/database"]))]
    secrets_manager: Option<String>,
    /// A value that is no secret, whatever its name says.
    #[serde(skip_serializing_if = "Option::is_none")]
    plain: Option<String>,
    /// ARN of the customer-managed KMS key that the parameter or secret is encrypted with, if it is
    /// with one: the function may decrypt with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key: Option<String>,
}

/// A piece of an environment variable's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvPart {
    Literal(String),
    /// Physical name of the table with this logical id.
    TableName(String),
    TableArn(String),
    /// The API's allowed origins, separated by commas.
    CorsOrigins,
    /// Response headers that `api.cors` lets pages read, separated by commas.
    CorsExpose,
    /// `true` where `api.cors` lets pages send cookies and the like, else `false`.
    CorsCredentials,
    ApiUrl,
    /// The API's address without stage and path.
    ApiOrigin,
    SiteUrl,
    /// A random value of this deployment, which the smoke test reads from the function.
    SmokeSecret,
    Region,
    Env,
    Stack,
}

impl EnvPart {
    /// The part that `${inside}` stands for.
    pub(super) fn reference(inside: &str) -> Option<Self> {
        Some(match inside {
            "api.cors_origins" => Self::CorsOrigins,
            "api.cors_expose" => Self::CorsExpose,
            "api.cors_credentials" => Self::CorsCredentials,
            "api.url" => Self::ApiUrl,
            "api.origin" => Self::ApiOrigin,
            "site.url" => Self::SiteUrl,
            "smoke.secret" => Self::SmokeSecret,
            "region" => Self::Region,
            "env" => Self::Env,
            "stack" => Self::Stack,
            _ => match inside.strip_prefix("table.")?.split_once('.')? {
                (id, "name") => Self::TableName(id.to_string()),
                (id, "arn") => Self::TableArn(id.to_string()),
                _ => return None,
            },
        })
    }
}

/// Splits a value; an `Err` part is a `${…}` that means nothing, or a `${…` that is not closed, as
/// written.
pub(super) fn split(text: &str) -> Vec<Result<EnvPart, &str>> {
    let mut parts = Vec::new();
    let (mut literal, mut rest) = (String::new(), text);
    while let Some(dollar) = rest.find("${") {
        let (before, tail) = rest.split_at(dollar);
        if let Some(escaped) = before.strip_suffix('$') {
            literal.push_str(escaped);
            literal.push_str("${");
            rest = tail.get(2..).unwrap_or_default();
            continue;
        }
        literal.push_str(before);
        if !literal.is_empty() {
            parts.push(Ok(EnvPart::Literal(std::mem::take(&mut literal))));
        }
        let (written, after) = tail.split_at(tail.find('}').map_or(tail.len(), |end| end + 1));
        let inside = written.strip_prefix("${").and_then(|w| w.strip_suffix('}'));
        parts.push(inside.and_then(EnvPart::reference).ok_or(written));
        rest = after;
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        parts.push(Ok(EnvPart::Literal(literal)));
    }
    parts
}

impl From<EnvForm> for EnvValue {
    /// Parts that mean nothing are left out here; `parse` has refused the file by then.
    fn from(form: EnvForm) -> Self {
        let (text, kind, kms_key) = match form {
            EnvForm::Text(text) => (text, EnvKind::Unmarked, None),
            EnvForm::Marked(marked) => {
                let MarkedValue { secret, ssm, secrets_manager, plain, kms_key } = marked;
                let forms = [
                    (secret, EnvKind::Secret),
                    (ssm, EnvKind::Ssm),
                    (secrets_manager, EnvKind::SecretsManager),
                    (plain, EnvKind::Plain),
                ];
                let given = forms.into_iter().find_map(|(text, kind)| Some((text?, kind)));
                let (text, kind) = given.unwrap_or((String::new(), EnvKind::Plain));
                (text, kind, kms_key)
            }
        };
        let parts = split(&text).into_iter().flatten().collect();
        Self { text, parts, kind, kms_key }
    }
}

impl From<EnvValue> for EnvForm {
    /// A marked value is left out: what is written out may be read by others.
    fn from(value: EnvValue) -> Self {
        let EnvValue { text, kind, kms_key, .. } = value;
        let mut marked = MarkedValue { kms_key, ..MarkedValue::default() };
        match kind {
            EnvKind::Unmarked => return Self::Text(text),
            EnvKind::Plain => marked.plain = Some(text),
            EnvKind::Secret => marked.secret = Some(HIDDEN.into()),
            EnvKind::Ssm => marked.ssm = Some(text),
            EnvKind::SecretsManager => marked.secrets_manager = Some(text),
        }
        Self::Marked(marked)
    }
}
