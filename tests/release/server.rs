//! A file server on the loopback that can also cut an answer short.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};

/// What the server answers for a path.
#[derive(Clone)]
pub enum Answer {
    Whole(Vec<u8>),
    /// Announces all bytes, sends half of them and closes the connection.
    Half(Vec<u8>),
}

/// The address of a server that answers until the test's process ends; any other path is a 404.
pub fn serve(files: BTreeMap<String, Answer>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that hangs up early is no failure of the server.
            let _hung_up = answer(stream, &files);
        }
    });
    address
}

fn answer(mut stream: TcpStream, files: &BTreeMap<String, Answer>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }

    let path = request.split(' ').nth(1).unwrap_or_default();
    let (bytes, sent) = match files.get(path) {
        None => {
            return stream
                .write_all(b"HTTP/1.1 404 \r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
        Some(Answer::Whole(bytes)) => (bytes, bytes.len()),
        Some(Answer::Half(bytes)) => (bytes, bytes.len() / 2),
    };
    let head =
        format!("HTTP/1.1 200 \r\nContent-Length: {}\r\nConnection: close\r\n\r\n", bytes.len());
    stream.write_all(head.as_bytes())?;
    stream.write_all(&bytes[..sent])
}
