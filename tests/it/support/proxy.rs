//! A proxy in front of the endpoint that counts the writes of one stack and, at a chosen one, kills
//! who sent it; or that cuts connections.

use super::shared::wire;
use rustix::process::{Pid, Signal, kill_process};
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Where a run dies: at the n-th call of an operation, before it reaches the endpoint or before its
/// answer comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    pub operation: String,
    pub nth: usize,
    pub after: bool,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = if self.after { "after" } else { "before" };
        write!(f, "{side} {} #{}", self.operation, self.nth)
    }
}

#[derive(Default)]
struct State {
    writes: Vec<(String, usize)>,
    texts: Vec<String>,
    counts: HashMap<String, usize>,
    point: Option<Point>,
    pid: Option<u32>,
    /// What the process gets at the point; anything but SIGKILL leaves its connections alone.
    signal: Option<Signal>,
    struck: Option<Instant>,
    /// The first call of every write loses its connection: before it reaches the endpoint, or
    /// (true) after it took effect.
    cut: Option<bool>,
}

/// What was seen of one run.
pub struct Seen {
    /// Its writes in order: the operation, and the how manieth call of it.
    pub writes: Vec<(String, usize)>,
    /// The same requests as they were sent.
    pub texts: Vec<String>,
    /// When it came to its point and got its signal.
    pub struck: Option<Instant>,
}

#[derive(Clone)]
pub struct Proxy {
    pub url: String,
    state: Arc<Mutex<State>>,
    /// Requests under way to the endpoint.
    flying: Arc<AtomicUsize>,
    /// Where nothing may be changed: the requests that would have.
    refused: Arc<Mutex<Option<Vec<String>>>>,
    /// All requests that passed.
    passed: Arc<AtomicUsize>,
}

/// What a request gets that is not let through.
const REFUSAL: &[u8] = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

impl Proxy {
    /// Listens on a free loopback port; `endpoint` is the URL of the real one.
    pub async fn start(endpoint: &str) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let proxy = Proxy {
            url,
            state: Arc::default(),
            flying: Arc::default(),
            refused: Arc::default(),
            passed: Arc::default(),
        };
        let (inner, upstream) = (
            proxy.clone(),
            endpoint.trim_start_matches("http://").trim_end_matches('/').to_string(),
        );
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (inner, upstream) = (inner.clone(), upstream.clone());
                tokio::spawn(async move {
                    // A connection that breaks is what this proxy is for.
                    let _ = inner.serve(client, &upstream).await;
                });
            }
        });
        proxy
    }

    /// Begins to watch a run of process `pid`, which gets `signal` at `point`.
    pub fn watch(&self, pid: u32, point: Option<Point>, signal: Signal) {
        *self.state.lock().unwrap() =
            State { pid: Some(pid), point, signal: Some(signal), ..State::default() };
    }

    /// From now on the first call of every write loses its connection, `after` it took effect or
    /// before it came through.
    pub fn cut(&self, after: bool) {
        *self.state.lock().unwrap() = State { cut: Some(after), ..State::default() };
    }

    /// Ends watching, once nothing is under way any more.
    pub async fn unwatch(&self) -> Seen {
        while self.flying.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let state = std::mem::take(&mut *self.state.lock().unwrap());
        Seen { writes: state.writes, texts: state.texts, struck: state.struck }
    }

    /// From now on reads alone are let through; nothing refused yet.
    pub fn read_only(&self) {
        *self.refused.lock().unwrap() = Some(vec![]);
    }

    /// Writes are let through again. Returns those that were not.
    pub fn read_write(&self) -> Vec<String> {
        self.refused.lock().unwrap().take().expect("it was read-only")
    }

    /// Requests that passed so far.
    pub fn passed(&self) -> usize {
        self.passed.load(Ordering::SeqCst)
    }

    /// True where this request is not let through.
    fn refuses(&self, request: &wire::Message) -> bool {
        match (self.refused.lock().unwrap().as_mut(), wire::mutation(request)) {
            (Some(refused), Some(operation)) => {
                refused.push(operation);
                true
            }
            _ => false,
        }
    }

    async fn serve(&self, client: TcpStream, upstream: &str) -> std::io::Result<()> {
        let mut client = BufReader::new(client);
        let mut server = BufReader::new(TcpStream::connect(upstream).await?);
        while let Some(request) = wire::request(&mut client).await? {
            if self.refuses(&request) {
                return client.get_mut().write_all(REFUSAL).await;
            }
            self.passed.fetch_add(1, Ordering::SeqCst);
            let dies = self.count(&request);
            if self.is_dead() || (dies == Some(false) && self.strike()) {
                return Ok(());
            }
            let flight = Flight::new(&self.flying);
            server.get_mut().write_all(&request.raw).await?;
            let answer = wire::answer(&mut server, request.method()).await?;
            if dies == Some(true) && self.strike() {
                return Ok(());
            }
            drop(flight);
            client.get_mut().write_all(&answer.raw).await?;
            if answer.is_last() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Counts a write; says whether the process dies at it, and if so whether only after it.
    fn count(&self, request: &wire::Message) -> Option<bool> {
        let operation = wire::write(request)?;
        let mut state = self.state.lock().unwrap();
        let count = state.counts.entry(operation.clone()).or_default();
        *count += 1;
        let nth = *count;
        state.writes.push((operation.clone(), nth));
        state.texts.push(String::from_utf8_lossy(&request.raw).into_owned());
        let point = state
            .point
            .as_ref()
            .filter(|p| p.operation == operation && p.nth == nth)
            .map(|p| p.after);
        point.or(state.cut.filter(|_| nth == 1))
    }

    fn is_dead(&self) -> bool {
        let state = self.state.lock().unwrap();
        state.struck.is_some() && state.signal == Some(Signal::KILL)
    }

    /// Sends the signal; true where nothing more is to pass between process and endpoint.
    fn strike(&self) -> bool {
        let mut state = self.state.lock().unwrap();
        if state.cut.is_some() {
            return true;
        }
        let pid =
            state.pid.and_then(|pid| Pid::from_raw(pid.cast_signed())).expect("a watched process");
        let signal = state.signal.expect("a signal");
        kill_process(pid, signal).unwrap();
        state.struck = Some(Instant::now());
        signal == Signal::KILL
    }
}

/// One request under way; counted down however it ends.
struct Flight(Arc<AtomicUsize>);

impl Flight {
    fn new(flying: &Arc<AtomicUsize>) -> Flight {
        flying.fetch_add(1, Ordering::SeqCst);
        Flight(flying.clone())
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
