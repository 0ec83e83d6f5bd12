//! As much HTTP/1.1 as a proxy needs that passes bytes on untouched, and the AWS operation that a
//! request asks for.

use std::io;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

pub type Stream = BufReader<TcpStream>;

/// A request or an answer, byte by byte as it came.
pub struct Message {
    head: String,
    pub raw: Vec<u8>,
    body_at: usize,
}

impl Message {
    /// A message from its text, which has an empty line between head and body.
    pub fn parse(text: &str) -> Message {
        let body_at = text.find("\r\n\r\n").unwrap() + 4;
        Message { head: text[..body_at].into(), raw: text.as_bytes().into(), body_at }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    fn body(&self) -> String {
        String::from_utf8_lossy(self.raw.get(self.body_at..).unwrap_or_default()).into_owned()
    }

    fn word(&self, index: usize) -> &str {
        self.head.lines().next().and_then(|line| line.split(' ').nth(index)).unwrap_or_default()
    }

    pub fn method(&self) -> &str {
        self.word(0)
    }

    /// Path and query of a request.
    pub fn target(&self) -> &str {
        self.word(1)
    }

    /// True where the connection ends with this message.
    pub fn is_last(&self) -> bool {
        self.header("connection").is_some_and(|v| v.eq_ignore_ascii_case("close"))
    }
}

/// One request, or `None` when the client has hung up.
pub async fn request(client: &mut Stream) -> io::Result<Option<Message>> {
    let Some(head) = head(client).await? else {
        return Ok(None);
    };
    let mut message = Message { body_at: head.len(), raw: head.clone().into_bytes(), head };
    if message.header("expect").is_some() {
        client.get_mut().write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    body(client, &mut message, false).await?;
    Ok(Some(message))
}

/// The answer to a request of that method.
pub async fn answer(server: &mut Stream, method: &str) -> io::Result<Message> {
    loop {
        let head = head(server).await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut message = Message { body_at: head.len(), raw: head.clone().into_bytes(), head };
        match message.word(1) {
            "100" => continue,
            "204" | "304" => {}
            _ if method == "HEAD" => {}
            _ => body(server, &mut message, true).await?,
        }
        return Ok(message);
    }
}

async fn head(stream: &mut Stream) -> io::Result<Option<String>> {
    let mut head = String::new();
    loop {
        let read = stream.read_line(&mut head).await?;
        if read == 0 {
            return if head.is_empty() {
                Ok(None)
            } else {
                Err(io::ErrorKind::UnexpectedEof.into())
            };
        }
        if head.ends_with("\r\n\r\n") {
            return Ok(Some(head));
        }
    }
}

async fn body(stream: &mut Stream, message: &mut Message, until_end: bool) -> io::Result<()> {
    let chunked = message
        .header("transfer-encoding")
        .is_some_and(|v| v.to_ascii_lowercase().contains("chunked"));
    let length: Option<usize> = message.header("content-length").and_then(|v| v.parse().ok());
    if chunked {
        return chunks(stream, &mut message.raw).await;
    }
    match length {
        Some(length) => exactly(stream, &mut message.raw, length).await,
        None if until_end => stream.read_to_end(&mut message.raw).await.map(|_| ()),
        None => Ok(()),
    }
}

async fn chunks(stream: &mut Stream, raw: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        raw.extend_from_slice(line.as_bytes());
        let size = line.trim().split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(size, 16).map_err(io::Error::other)?;
        if size > 0 {
            exactly(stream, raw, size + 2).await?;
            continue;
        }
        // Trailers, then an empty line.
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            raw.extend_from_slice(line.as_bytes());
            if line.trim().is_empty() {
                return Ok(());
            }
        }
    }
}

async fn exactly(stream: &mut Stream, raw: &mut Vec<u8>, length: usize) -> io::Result<()> {
    let start = raw.len();
    raw.resize(start + length, 0);
    stream.read_exact(&mut raw[start..]).await.map(|_| ())
}

/// The operation that a request asks for, ids left out, if it changes something of a stack: `None`
/// for reads and for the lock and record in the shared table.
pub fn write(request: &Message) -> Option<String> {
    let target = request.header("x-amz-target").unwrap_or_default();
    let ledger =
        target.starts_with("DynamoDB") && request.body().contains(r#""TableName":"shopstack""#);
    mutation(request).filter(|_| !ledger)
}

/// The operation that a request asks for, ids left out, if it changes anything at all; judged by
/// the operation's verb, and where the path says it all, by HTTP's.
pub fn mutation(request: &Message) -> Option<String> {
    if let Some(target) = request.header("x-amz-target") {
        let (service, operation) = target.split_once('.')?;
        let service = service.split('_').next().unwrap_or(service);
        return (!is_read(operation)).then(|| format!("{service} {operation}"));
    }
    // CloudWatch's binary protocol names the operation at the end of the path.
    if let Some((_, operation)) = request.target().split_once("/operation/") {
        return (!is_read(operation)).then(|| format!("cloudwatch {operation}"));
    }
    let body = request.body();
    let form = request.header("content-type").is_some_and(|v| v.contains("form-urlencoded"));
    if let Some(action) =
        body.split('&').find_map(|pair| pair.strip_prefix("Action=")).filter(|_| form)
    {
        return (!is_read(action)).then(|| action.to_string());
    }
    let reads = matches!(request.method(), "GET" | "HEAD");
    (!reads).then(|| format!("{} {}", request.method(), shape(request.target())))
}

fn is_read(operation: &str) -> bool {
    ["Get", "List", "Describe", "Head", "Scan", "Query", "BatchGet"]
        .iter()
        .any(|verb| operation.starts_with(verb))
}

/// A path whose ids and names are gone, so that the same call has the same name in every stack.
fn shape(target: &str) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut before = "";
    let mut parts = Vec::new();
    for part in path.split('/') {
        let word = !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
            && !part.contains("-dev-");
        let date = part.len() == 10 && part.starts_with("20");
        let after_id = matches!(before, "restapis" | "resources" | "functions" | "tags");
        parts.push(if part.is_empty() || date || (word && !after_id) { part } else { "*" });
        before = part;
    }
    let keys: Vec<&str> = query
        .split('&')
        .filter_map(|pair| pair.split('=').next())
        .filter(|k| *k != "x-id")
        .collect();
    format!("{}{}{}", parts.join("/"), if query.is_empty() { "" } else { "?" }, keys.join("&"))
}
