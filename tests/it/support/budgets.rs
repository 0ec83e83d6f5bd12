//! A proxy in front of the endpoint that keeps to API Gateway's published rates, as AWS does for an
//! account and region: it refuses what comes too fast.

use super::shared::wire::{self, Message};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Operation, calls per second, calls that may come at once: API Gateway's quotas, which nobody can
/// have raised.
const RATES: [(&str, f64, f64); 8] = [
    ("all", 10.0, 40.0),
    ("CreateRestApi", 1.0 / 3.0, 1.0),
    ("DeleteRestApi", 1.0 / 30.0, 1.0),
    ("UpdateAccount", 1.0 / 20.0, 1.0),
    ("CreateDeployment", 1.0 / 5.0, 1.0),
    ("CreateResource", 5.0, 5.0),
    ("DeleteResource", 5.0, 5.0),
    ("GetResources", 2.5, 5.0),
];

const REFUSAL: &[u8] = b"HTTP/1.1 429 Too Many Requests\r\n\
    x-amzn-errortype: TooManyRequestsException\r\ncontent-type: application/json\r\n\
    content-length: 31\r\n\r\n{\"message\":\"Too Many Requests\"}";

/// One rate and what came under it.
struct Bucket {
    rate: f64,
    burst: f64,
    tokens: f64,
    at: Instant,
    passed: u32,
    refused: u32,
}

#[derive(Clone)]
pub struct Budgets {
    pub url: String,
    buckets: Arc<Mutex<BTreeMap<&'static str, Bucket>>>,
}

/// What the rates let pass since `begin`.
pub struct Figures {
    /// The shortest time in which so many calls can pass.
    pub least: Duration,
    /// The operation whose rate takes that long.
    pub slowest: &'static str,
    pub refused: u32,
}

impl Budgets {
    pub async fn start(endpoint: &str) -> Budgets {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let bucket = |(operation, rate, burst)| {
            let at = Instant::now();
            (operation, Bucket { rate, burst, tokens: burst, at, passed: 0, refused: 0 })
        };
        let buckets = Arc::new(Mutex::new(RATES.into_iter().map(bucket).collect()));
        let budgets = Budgets { url, buckets };
        let upstream = endpoint.trim_start_matches("http://").trim_end_matches('/').to_string();
        let inner = budgets.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (inner, upstream) = (inner.clone(), upstream.clone());
                tokio::spawn(async move {
                    // Either side may hang up.
                    let _ = inner.serve(client, &upstream).await;
                });
            }
        });
        budgets
    }

    /// Counts from here on.
    pub fn begin(&self) {
        for bucket in self.buckets.lock().unwrap().values_mut() {
            (bucket.passed, bucket.refused) = (0, 0);
        }
    }

    pub fn figures(&self) -> Figures {
        let buckets = self.buckets.lock().unwrap();
        let seconds = |bucket: &Bucket| (f64::from(bucket.passed) - bucket.burst) / bucket.rate;
        let (slowest, bucket) =
            buckets.iter().max_by(|a, b| seconds(a.1).total_cmp(&seconds(b.1))).unwrap();
        Figures {
            least: Duration::from_secs_f64(seconds(bucket).max(0.0)),
            slowest,
            refused: buckets["all"].refused,
        }
    }

    async fn serve(&self, client: TcpStream, upstream: &str) -> std::io::Result<()> {
        let mut client = BufReader::new(client);
        let mut server = BufReader::new(TcpStream::connect(upstream).await?);
        while let Some(request) = wire::request(&mut client).await? {
            if !self.admits(&request) {
                client.get_mut().write_all(REFUSAL).await?;
                continue;
            }
            server.get_mut().write_all(&request.raw).await?;
            let answer = wire::answer(&mut server, request.method()).await?;
            client.get_mut().write_all(&answer.raw).await?;
            if answer.is_last() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Takes a token of every rate that the request counts under; false where one has none.
    fn admits(&self, request: &Message) -> bool {
        let Some(operation) = operation(request) else { return true };
        let mut buckets = self.buckets.lock().unwrap();
        let now = Instant::now();
        let counted = [Some("all"), operation].into_iter().flatten();
        for name in counted.clone() {
            let bucket = buckets.get_mut(name).unwrap();
            let gained = now.duration_since(bucket.at).as_secs_f64() * bucket.rate;
            bucket.tokens = (bucket.tokens + gained).min(bucket.burst);
            bucket.at = now;
        }
        let admitted = counted.clone().all(|name| buckets[name].tokens >= 1.0);
        for name in counted.clone() {
            let bucket = buckets.get_mut(name).unwrap();
            if admitted {
                bucket.tokens -= 1.0;
                bucket.passed += 1;
            } else {
                bucket.refused += 1;
            }
        }
        admitted
    }
}

/// `None`: not a call of API Gateway's control plane. Inside: the operation, if it has a rate of
/// its own.
fn operation(request: &Message) -> Option<Option<&'static str>> {
    let path = request.target().split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let own = match (request.method(), parts.as_slice()) {
        ("PATCH", ["account"]) => Some("UpdateAccount"),
        ("POST", ["restapis"]) => Some("CreateRestApi"),
        ("DELETE", ["restapis", _]) => Some("DeleteRestApi"),
        ("POST", ["restapis", _, "deployments"]) => Some("CreateDeployment"),
        ("POST", ["restapis", _, "resources", _]) => Some("CreateResource"),
        ("DELETE", ["restapis", _, "resources", _]) => Some("DeleteResource"),
        ("GET", ["restapis", _, "resources"]) => Some("GetResources"),
        (_, ["account"] | ["restapis", ..]) => None,
        (_, ["tags", arn]) if arn.contains("apigateway") => None,
        _ => return None,
    };
    Some(own)
}
