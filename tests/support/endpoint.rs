//! Endpoints that misbehave: one that gives the same answer to everything, one that rewrites
//! another's answers, one that holds them back. They run on threads of their own, since the tests
//! beside them wait for processes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub struct Endpoint {
    pub url: String,
    /// Requests so far.
    pub asked: Arc<AtomicUsize>,
    /// Answers that were rewritten, or waves that were let go, so far.
    pub changed: Arc<AtomicUsize>,
}

/// As long as this nothing more is asked for before a wave is let go.
const QUIET: Duration = Duration::from_millis(800);

/// Turns an answer's body into another.
type Rewrite = Arc<dyn Fn(&str) -> String + Send + Sync>;

impl Endpoint {
    /// Answers everything with this status and XML body.
    pub fn always(status: u16, body: &'static str) -> Endpoint {
        let answer = format!(
            "HTTP/1.1 {status} Canned\r\ncontent-type: text/xml\r\ncontent-length: \
             {}\r\n\r\n{body}",
            body.len()
        );
        Endpoint::serve(move |client, asked, _| {
            let mut client = BufReader::new(client);
            while message(&mut client).is_some() {
                asked.fetch_add(1, Ordering::SeqCst);
                client.get_mut().write_all(answer.as_bytes()).ok()?;
            }
            None
        })
    }

    /// Passes everything on to `behind`, and its answers back through `rewrite`.
    pub fn rewriting(
        behind: &str,
        rewrite: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Endpoint {
        let behind = behind.trim_start_matches("http://").trim_end_matches('/').to_string();
        let rewrite: Rewrite = Arc::new(rewrite);
        Endpoint::serve(move |client, asked, changed| {
            let (mut client, mut server) =
                (BufReader::new(client), BufReader::new(TcpStream::connect(&behind).ok()?));
            while let Some((head, body)) = message(&mut client) {
                asked.fetch_add(1, Ordering::SeqCst);
                server.get_mut().write_all(&[head.as_bytes(), &body].concat()).ok()?;
                let bodiless = head.starts_with("HEAD ");
                let answer = if bodiless {
                    (line_by_line(&mut server)?, vec![])
                } else {
                    message(&mut server)?
                };
                // Its health is no part of AWS.
                let own = head.contains(" /_ministack/");
                let answer = if own {
                    [answer.0.into_bytes(), answer.1].concat()
                } else {
                    rewritten(answer, &rewrite, changed)
                };
                client.get_mut().write_all(&answer).ok()?;
                if head.contains("Connection: close") || head.contains(" HTTP/1.0\r\n") {
                    return None;
                }
            }
            None
        })
    }

    /// Passes everything on to `behind`. While `holds`, answers come back in waves, each when
    /// nothing more is asked for without it: there are as many as the longest chain of requests is
    /// long.
    pub fn in_waves(behind: &str, holds: Arc<AtomicBool>) -> Endpoint {
        let behind = behind.trim_start_matches("http://").trim_end_matches('/').to_string();
        // How many answers are still to come from behind, and when anything came last.
        let open = Arc::new(Mutex::new((0_usize, Instant::now())));
        Endpoint::serve(move |client, asked, waves| {
            let (mut client, mut server) =
                (BufReader::new(client), BufReader::new(TcpStream::connect(&behind).ok()?));
            while let Some((head, body)) = message(&mut client) {
                asked.fetch_add(1, Ordering::SeqCst);
                let wave = waves.load(Ordering::SeqCst);
                let count = |by: isize| {
                    let mut open = open.lock().unwrap();
                    *open = (open.0.checked_add_signed(by).unwrap(), Instant::now());
                };
                count(1);
                let sent = server.get_mut().write_all(&[head.as_bytes(), &body].concat()).ok();
                let bodiless = head.starts_with("HEAD ");
                let answer = sent.and_then(|()| match bodiless {
                    true => line_by_line(&mut server).map(|head| (head, vec![])),
                    false => message(&mut server),
                });
                count(-1);
                let answer = answer?;
                // Its health is no part of AWS.
                while holds.load(Ordering::SeqCst) && !head.contains(" /_ministack/") {
                    std::thread::sleep(Duration::from_millis(10));
                    let open = open.lock().unwrap();
                    if waves.load(Ordering::SeqCst) > wave {
                        break;
                    }
                    if open.0 == 0 && open.1.elapsed() > QUIET {
                        waves.fetch_add(1, Ordering::SeqCst);
                        break;
                    }
                }
                client.get_mut().write_all(&[answer.0.into_bytes(), answer.1].concat()).ok()?;
                if head.contains("Connection: close") || head.contains(" HTTP/1.0\r\n") {
                    return None;
                }
            }
            None
        })
    }

    fn serve(
        talk: impl Fn(TcpStream, &AtomicUsize, &AtomicUsize) -> Option<()> + Send + Sync + 'static,
    ) -> Endpoint {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (asked, changed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (talk, counts) = (Arc::new(talk), (asked.clone(), changed.clone()));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (talk, counts) = (talk.clone(), counts.clone());
                // A connection ends when either side hangs up.
                std::thread::spawn(move || talk(client, &counts.0, &counts.1));
            }
        });
        Endpoint { url, asked, changed }
    }
}

/// Head and body of a request or an answer; `None` when the other side has hung up.
fn message(stream: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let head = line_by_line(stream)?;
    let header = |name: &str| {
        let lower = head.to_ascii_lowercase();
        lower
            .lines()
            .find_map(|l| l.strip_prefix(&format!("{name}: ")).map(|v| v.trim().to_string()))
    };
    assert!(
        header("transfer-encoding").is_none(),
        "only bodies of a known length are understood: {head}"
    );
    let mut body = vec![0; header("content-length").and_then(|v| v.parse().ok()).unwrap_or(0)];
    stream.read_exact(&mut body).ok()?;
    Some((head, body))
}

fn line_by_line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        stream.read_line(&mut head).ok().filter(|n| *n > 0)?;
    }
    Some(head)
}

/// The answer with its body rewritten; length and checksum follow.
fn rewritten((head, body): (String, Vec<u8>), rewrite: &Rewrite, changed: &AtomicUsize) -> Vec<u8> {
    let Ok(text) = String::from_utf8(body.clone()) else {
        return [head.into_bytes(), body].concat();
    };
    let new = rewrite(&text);
    if new == text {
        return [head.into_bytes(), body].concat();
    }
    changed.fetch_add(1, Ordering::SeqCst);
    let kept = head.trim_end().lines().filter(|line| {
        let line = line.to_ascii_lowercase();
        !line.starts_with("content-length")
            && !line.starts_with("x-amz-crc32")
            && !line.starts_with("x-amz-checksum")
    });
    let head: Vec<&str> = kept.collect();
    format!("{}\r\ncontent-length: {}\r\n\r\n{new}", head.join("\r\n"), new.len()).into_bytes()
}
