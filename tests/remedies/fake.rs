//! Small servers on loopback: one that answers as AWS does, plain or over TLS, and a proxy that
//! leads every host to one place.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What was asked, in order; shared with the server's threads.
pub type Asked = Arc<Mutex<Vec<String>>>;

/// Status, content type and body for a request of this head and body.
pub type Answer = Arc<dyn Fn(&str, &str) -> (u16, String) + Send + Sync>;

pub struct Server {
    pub port: u16,
    pub asked: Asked,
}

impl Server {
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn asked(&self) -> String {
        self.asked.lock().unwrap().join("\n")
    }

    /// Speaks HTTP and answers by `answer`.
    pub fn http(answer: Answer) -> Self {
        Self::start(move |stream, asked| serve(stream, &answer, asked))
    }

    /// The same over TLS.
    pub fn https(config: Arc<rustls::ServerConfig>, answer: Answer) -> Self {
        Self::start(move |mut stream, asked| {
            let Ok(mut tls) = rustls::ServerConnection::new(config.clone()) else { return };
            serve(rustls::Stream::new(&mut tls, &mut stream), &answer, asked);
        })
    }

    /// A proxy: notes what it is asked for and leads it to `port`; without one it refuses.
    pub fn proxy(port: Option<u16>) -> Self {
        Self::start(move |stream, asked| {
            let mut client = BufReader::new(stream);
            let Some((head, _)) = request(&mut client) else { return };
            asked.lock().unwrap().push(head.clone());
            let Some(port) = port else {
                let _ = client.get_mut().write_all(
                    b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n",
                );
                return;
            };
            let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { return };
            let mut client = client.into_inner();
            if head.starts_with("CONNECT ") {
                let _ = client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n");
            } else {
                let _ = (&server).write_all(head.as_bytes());
            }
            let (Ok(mut up), Ok(mut down)) = (client.try_clone(), server.try_clone()) else {
                return;
            };
            let mut server = server;
            std::thread::spawn(move || std::io::copy(&mut up, &mut server));
            let _ = std::io::copy(&mut down, &mut client);
        })
    }

    /// Answers whatever comes, such as a TLS handshake, in plain HTTP.
    pub fn refusing_tls() -> Self {
        Self::start(|mut stream, _| {
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
        })
    }

    fn start(talk: impl Fn(TcpStream, &Asked) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, talk) = (Asked::default(), Arc::new(talk));
        let shared = asked.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (talk, asked) = (talk.clone(), shared.clone());
                std::thread::spawn(move || talk(client, &asked));
            }
        });
        Self { port, asked }
    }
}

fn serve(stream: impl Read + Write, answer: &Answer, asked: &Asked) {
    let mut stream = BufReader::new(stream);
    while let Some((head, body)) = request(&mut stream) {
        asked.lock().unwrap().push(format!("{head}{body}"));
        let (status, text) = answer(&head, &body);
        let kind = if text.starts_with('{') { "application/x-amz-json-1.1" } else { "text/xml" };
        let reply = format!(
            "HTTP/1.1 {status} Canned\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n{text}",
            text.len()
        );
        if stream.get_mut().write_all(reply.as_bytes()).is_err()
            || stream.get_mut().flush().is_err()
        {
            return;
        }
    }
}

/// Head and body; `None` when the other side has hung up.
fn request(stream: &mut BufReader<impl Read>) -> Option<(String, String)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        stream.read_line(&mut head).ok().filter(|n| *n > 0)?;
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).ok()?;
    Some((head, String::from_utf8_lossy(&body).into_owned()))
}

/// An account where nothing of shopstack lives.
pub fn empty_account() -> Answer {
    Arc::new(|head, body| {
        let lower = head.to_ascii_lowercase();
        if body.contains("Action=GetCallerIdentity") {
            let who = "<GetCallerIdentityResult><Arn>arn:aws:iam::111111111111:user/me</Arn>\
                       <UserId>A</UserId><Account>111111111111</Account></GetCallerIdentityResult>";
            let name = "GetCallerIdentityResponse";
            return (
                200,
                format!(
                    "<{name} xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">{who}</{name}>"
                ),
            );
        }
        if lower.contains("getresources") {
            return (200, "{\"ResourceTagMappingList\":[]}".into());
        }
        if body.contains("Action=ListRoles") {
            let name = "ListRolesResponse";
            return (
                200,
                format!(
                    "<{name} xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><ListRolesResult>\
                     <IsTruncated>false</IsTruncated><Roles/></ListRolesResult></{name}>"
                ),
            );
        }
        for (path, list) in [
            ("/origin-access-control", "OriginAccessControlList"),
            ("/response-headers-policy", "ResponseHeadersPolicyList"),
        ] {
            if lower.contains(path) {
                let space = "http://cloudfront.amazonaws.com/doc/2020-05-31/";
                return (
                    200,
                    format!(
                        "<{list} xmlns=\"{space}\"><Marker/>\
                         <MaxItems>100</MaxItems><IsTruncated>false</IsTruncated>\
                         <Quantity>0</Quantity></{list}>"
                    ),
                );
            }
        }
        (404, "{\"__type\":\"ResourceNotFoundException\",\"message\":\"not there\"}".into())
    })
}
