//! Replayed conversations: a local server that answers each operation with scripted answers, for what no emulator does.

use crate::support::{World, desired, step};
use serde_json::{Value, json};
use shopstack::aws::counter::Counter;
use shopstack::aws::{Caller, Connect, Reader, Writer, clients::Sdk};
use shopstack::model::{ErrorKind, Op, Scope};
use shopstack::resources::{Resource, waf_association::WafAssociation, web_acl::WebAcl};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};

/// HTTP status and body.
type Answer = (u16, Value);

/// What the server was asked: operation and body, in order.
type Asked = Arc<Mutex<Vec<(String, String)>>>;

/// A scripted endpoint; its server ends with the test's runtime.
pub struct Replay {
    pub world: World,
    asked: Asked,
}

impl Replay {
    /// Answers each operation with its answers in order. An operation is the last part of `X-Amz-Target`, the
    /// `Action` of a query body, or `METHOD /path`; one that the script does not hold is answered with HTTP 418.
    pub async fn start(script: Vec<(&str, Answer)>) -> Replay {
        let mut answers: HashMap<String, VecDeque<Answer>> = HashMap::new();
        for (operation, answer) in script {
            answers.entry(operation.into()).or_default().push_back(answer);
        }
        let (answers, asked) = (Arc::new(Mutex::new(answers)), Asked::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let record = asked.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, answers.clone(), record.clone()));
            }
        });
        Replay { world: world(endpoint).await, asked }
    }

    /// The bodies that came with an operation, in order.
    pub fn bodies(&self, operation: &str) -> Vec<Value> {
        let asked = self.asked.lock().unwrap();
        let bodies = asked.iter().filter(|(name, _)| name == operation);
        bodies.map(|(_, body)| serde_json::from_str(body).unwrap_or(Value::Null)).collect()
    }

    /// The operations asked for, in order.
    pub fn operations(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|(name, _)| name.clone()).collect()
    }
}

/// Answers the requests of one connection until the client closes it.
async fn serve(stream: TcpStream, answers: Arc<Mutex<HashMap<String, VecDeque<Answer>>>>, asked: Asked) {
    let mut stream = BufStream::new(stream);
    while let Some((operation, body)) = request(&mut stream).await {
        asked.lock().unwrap().push((operation.clone(), body));
        let scripted = answers.lock().unwrap().get_mut(&operation).and_then(VecDeque::pop_front);
        let unscripted = || (418, json!({"__type": "Unscripted", "message": format!("no answer left for {operation}")}));
        let (status, answer) = scripted.unwrap_or_else(unscripted);
        let text = answer.to_string();
        let head = format!(
            "HTTP/1.1 {status} Replayed\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\n\r\n",
            text.len()
        );
        let sent = stream.write_all(format!("{head}{text}").as_bytes()).await;
        if sent.is_err() || stream.flush().await.is_err() {
            return;
        }
    }
}

/// One request as operation and body; `None` when the connection has ended.
async fn request(stream: &mut BufStream<TcpStream>) -> Option<(String, String)> {
    let (mut first, mut target, mut length) = (String::new(), None, 0);
    stream.read_line(&mut first).await.ok().filter(|n| *n > 0)?;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|n| *n > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        match name.to_lowercase().as_str() {
            "x-amz-target" => target = value.trim().rsplit('.').next().map(str::to_string),
            "content-length" => length = value.trim().parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let body = String::from_utf8_lossy(&body).into_owned();
    let action = body.split('&').find_map(|pair| pair.strip_prefix("Action=")).map(str::to_string);
    let path = first.rsplit_once(' ').map_or(first.as_str(), |(head, _)| head).to_string();
    Some((target.or(action).unwrap_or(path), body))
}

async fn world(endpoint: String) -> World {
    let connect = Connect { local_endpoint: Some(endpoint.clone()), ..Connect::default() };
    let sdk = Sdk::load(&connect, "us-east-1", Arc::new(Counter::default())).await;
    let reader = Reader::new(&sdk, Caller::new(sdk.counter.clone(), true));
    let scope = Scope {
        stack: "replay".into(),
        env: "t".into(),
        account: "123456789012".into(),
        region: "us-east-1".into(),
        endpoint: Some(endpoint),
    };
    World { writer: Writer::new(&sdk, reader.clone(), scope.clone()), reader, scope }
}

fn refused(code: &str) -> Answer {
    (400, json!({"__type": code, "message": "as AWS says it"}))
}

#[tokio::test]
async fn associating_waits_until_a_fresh_acl_is_available() {
    let unavailable = || ("AssociateWebACL", refused("WAFUnavailableEntityException"));
    let replay =
        Replay::start(vec![unavailable(), unavailable(), unavailable(), ("AssociateWebACL", (200, json!({})))]).await;
    let spec = json!({"web_acl_arn": "arn:acl", "resource_arn": "arn:aws:apigateway:us-east-1::/restapis/a/stages/t"});
    let wanted = desired(&WafAssociation, "association.api", "replay-t-api", spec);
    let create = step(&wanted, Op::Create, None);
    WafAssociation.create(&replay.world.writer, &create, &wanted.spec).await.expect("the fourth try succeeds");
    assert_eq!(replay.operations(), ["AssociateWebACL"; 4]);
}

const ARN: &str = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/replay-t-api/id-1";

/// GetWebACL's answer: the ACL with Shield's rule and this lock token.
fn acl(token: &str) -> Answer {
    let visibility = |name: &str| {
        json!({"MetricName": name, "CloudWatchMetricsEnabled": true, "SampledRequestsEnabled": true})
    };
    let shield = json!({
        "Name": "ShieldMitigationRuleGroup_123456789012_x_y", "Priority": 10_000_000,
        "Statement": {"RuleGroupReferenceStatement": {"ARN": "arn:aws:wafv2:us-east-1:1:regional/rulegroup/s/1"}},
        "OverrideAction": {"None": {}}, "VisibilityConfig": visibility("shield"),
    });
    let acl = json!({
        "Name": "replay-t-api", "Id": "id-1", "ARN": ARN, "Description": "before", "DefaultAction": {"Allow": {}},
        "VisibilityConfig": visibility("replay-t-api"), "Capacity": 50, "Rules": [shield],
    });
    (200, json!({"WebACL": acl, "LockToken": token}))
}

fn acl_spec(replay: &Replay, description: &str) -> Value {
    json!({"tags": replay.world.scope.tags("api"), "scope": "REGIONAL", "description": description,
           "default_action": "ALLOW", "metric_name": "replay-t-api", "rules": {}})
}

/// Updates an ACL whose lock token is stale as often as the script says.
async fn update(replay: &Replay) -> Result<(), shopstack::model::CloudError> {
    let wanted = desired(&WebAcl, "web_acl.api", "replay-t-api", acl_spec(replay, "after"));
    let mut live = shopstack::model::Live::new(
        wanted.address.clone(),
        &wanted.type_name,
        &wanted.name,
        acl_spec(replay, "before"),
    );
    live = live.with_output("id", "id-1").with_output("arn", ARN);
    let change = step(&wanted, Op::Update, Some(live.clone()));
    WebAcl.update(&replay.world.writer, &change, &live, &wanted.spec).await.map(|_| ())
}

#[tokio::test]
async fn a_stale_lock_token_is_renewed_once_and_shields_rule_is_sent_along() {
    let replay = Replay::start(vec![
        ("GetWebACL", acl("one")),
        ("UpdateWebACL", refused("WAFOptimisticLockException")),
        ("GetWebACL", acl("two")),
        ("UpdateWebACL", (200, json!({"NextLockToken": "three"}))),
    ])
    .await;
    update(&replay).await.expect("the second token is good");
    let sent = replay.bodies("UpdateWebACL");
    let tokens: Vec<_> = sent.iter().map(|body| body["LockToken"].as_str().unwrap_or_default()).collect();
    assert_eq!(tokens, ["one", "two"]);
    assert_eq!(sent[1]["Rules"][0]["Name"], "ShieldMitigationRuleGroup_123456789012_x_y");
    assert_eq!(sent[1]["Description"], "after");
}

#[tokio::test]
async fn a_lock_token_stale_twice_is_a_conflict() {
    let stale = || ("UpdateWebACL", refused("WAFOptimisticLockException"));
    let replay = Replay::start(vec![("GetWebACL", acl("one")), stale(), ("GetWebACL", acl("two")), stale()]).await;
    let error = update(&replay).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(error.message.contains("changed by somebody else since the plan"), "{error}");
    assert_eq!(replay.operations(), ["GetWebACL", "UpdateWebACL", "GetWebACL", "UpdateWebACL"]);
}
