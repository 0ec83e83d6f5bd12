//! Replayed conversations: a local server that answers each operation with scripted answers, for what no emulator does.

use crate::support::World;
use serde_json::{Value, json};
use shopstack::aws::counter::Counter;
use shopstack::aws::{Caller, Connect, Reader, Writer, clients::Sdk};
use shopstack::model::Scope;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};

/// HTTP status and body.
pub type Answer = (u16, Value);

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
        let unscripted =
            || (418, json!({"__type": "Unscripted", "message": format!("no answer left for {operation}")}));
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
    let region = Some("us-east-1".into());
    let connect = Connect { region, local_endpoint: Some(endpoint.clone()), ..Connect::default() };
    let sdk = Sdk::load(&connect, Arc::new(Counter::default())).await;
    let reader = Reader::new(&sdk, Caller::new(sdk.counter.clone(), true));
    let scope = Scope {
        stack: "replay".into(),
        env: "t".into(),
        account: "123456789012".into(),
        region: "us-east-1".into(),
        endpoint: Some(endpoint),
    };
    World { writer: Writer::new(&sdk, reader.clone(), scope.clone()), reader, scope, counter: sdk.counter }
}

/// The answer with which a JSON service refuses.
pub fn refused(code: &str) -> Answer {
    (400, json!({"__type": code, "message": "as AWS says it"}))
}
