//! The twin's health check: one small HTTP GET over a plain socket, so that `local` needs no HTTP
//! client.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

/// A loopback connect answers at once; only a machine in distress needs longer.
const CONNECT: Duration = Duration::from_secs(1);
/// Readiness is answered from memory, but a twin busy with a cold Lambda start may be slow on a
/// small machine.
const ANSWER: Duration = Duration::from_secs(3);
/// The time that the kernel needs at most to close the sockets of a killed process.
const CLOSING: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(25);
/// Readiness is a JSON object of about 100 bytes; more than this is something else.
const MAX_ANSWER: u64 = 16 * 1024;

/// The state of a port on 127.0.0.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Port {
    /// A MiniStack that is ready.
    Ready,
    /// Something accepts connections, but is no ready MiniStack.
    Taken,
    /// Nothing listens.
    Free,
}

pub(super) async fn probe(port: u16) -> Port {
    let stream = match timeout(CONNECT, TcpStream::connect(("127.0.0.1", port))).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(_)) => return Port::Free,
        Err(_) => return Port::Taken,
    };
    match timeout(ANSWER, get_ready(stream, port)).await {
        Ok(Ok(answer)) if is_ready(&answer) => Port::Ready,
        _ => Port::Taken,
    }
}

/// The port's answer after our own process has ended: its first thread is gone before the kernel
/// has closed the last socket, so a port that still seems taken gets a moment to become free.
pub(super) async fn probe_after_end(port: u16) -> Port {
    let deadline = Instant::now() + CLOSING;
    loop {
        let found = probe(port).await;
        if found == Port::Free || Instant::now() >= deadline {
            return found;
        }
        sleep(POLL).await;
    }
}

async fn get_ready(mut stream: TcpStream, port: u16) -> std::io::Result<Vec<u8>> {
    // 1.0: an answer in chunks, as proxies between make of it, would have to be put together.
    let request = format!("GET /_ministack/ready HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER).read_to_end(&mut answer).await?;
    Ok(answer)
}

/// Status 200, and the readiness object: another web server may answer 200 to any path.
fn is_ready(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    head.split_whitespace().nth(1) == Some("200")
        && serde_json::from_str::<serde_json::Value>(body)
            .is_ok_and(|json| json.get("status").is_some_and(|status| status == "completed"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    async fn answering(answer: &'static str) -> Port {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 512];
            let read = stream.read(&mut request).await.unwrap();
            assert!(request[..read].starts_with(b"GET /_ministack/ready HTTP/1.0\r\n"));
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        let found = probe(port).await;
        server.await.unwrap();
        found
    }

    #[tokio::test]
    async fn tells_a_ready_twin_from_others() {
        assert_eq!(
            answering("HTTP/1.1 200 \r\na: b\r\n\r\n{\"status\": \"completed\"}").await,
            Port::Ready
        );
        assert_eq!(
            answering("HTTP/1.1 503 \r\na: b\r\n\r\n{\"status\": \"running\"}").await,
            Port::Taken
        );
        assert_eq!(answering("HTTP/1.1 200 OK\r\n\r\n<html>hello</html>").await, Port::Taken);
        assert_eq!(answering("SSH-2.0-OpenSSH\r\n").await, Port::Taken);
    }

    #[tokio::test]
    async fn nothing_listening_is_free() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        assert_eq!(probe(port).await, Port::Free);
    }

    #[tokio::test]
    async fn a_closing_port_is_waited_for_and_a_held_one_is_not_free() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let closing = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            drop((stream, listener));
        });
        assert_eq!(probe_after_end(port).await, Port::Free);
        closing.await.unwrap();

        let held = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = held.local_addr().unwrap().port();
        let server = tokio::spawn(async move { while held.accept().await.is_ok() {} });
        assert_eq!(probe_after_end(port).await, Port::Taken);
        server.abort();
    }
}
