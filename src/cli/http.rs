//! The few words of HTTP/1.1 (RFC 9112) that a page on this machine needs: GET and HEAD, one answer, connection closed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// No request that a browser sends to these pages is longer.
const LONGEST: u64 = 16 * 1024;

/// Requests that are answered at a time, each by a thread; a browser sends a few. Further ones are hung up on.
const MOST: usize = 64;

/// What is sent back.
pub struct Answer {
    /// Its kind, such as `text/html; charset=utf-8`.
    pub kind: &'static str,
    /// Its bytes.
    pub body: Vec<u8>,
}

/// A listener on this machine's own address, 127.0.0.1, which no other machine can reach. Port 0 is any that is free.
///
/// # Errors
/// If the port is taken.
pub fn listen(port: u16) -> std::io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Answers requests, each on a thread of its own, until the process ends; `respond` gets the path with what follows `?`, and
/// answers none with 404.
pub fn serve(listener: &TcpListener, respond: impl Fn(&str) -> Option<Answer> + Send + Sync) {
    let (respond, open) = (&respond, &AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for stream in listener.incoming() {
            let Ok(stream) = stream else {
                // Out of file descriptors, for example: it would fail again at once.
                std::thread::sleep(Duration::from_millis(50));
                continue;
            };
            if open.fetch_add(1, Ordering::Relaxed) >= MOST {
                open.fetch_sub(1, Ordering::Relaxed);
                continue;
            }
            let answering = std::thread::Builder::new().spawn_scoped(scope, move || {
                // Whoever hangs up before the answer does not want it.
                let _ = exchange(&stream, respond);
                open.fetch_sub(1, Ordering::Relaxed);
            });
            if answering.is_err() {
                open.fetch_sub(1, Ordering::Relaxed);
            }
        }
    });
}

/// One request and its answer.
fn exchange(stream: &TcpStream, respond: &dyn Fn(&str) -> Option<Answer>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.set_write_timeout(Some(Duration::from_secs(60)))?;
    let port = stream.local_addr()?.port();
    let mut reader = BufReader::new(stream.take(LONGEST));
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut hosts = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((_, value)) = line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("host")) {
            hosts.push(value.trim().to_string());
        }
    }
    let mut words = request.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (named, path) = origin(target);
    // What the address names counts more than the line `Host` (RFC 9112, 3.2.2).
    let host = named.or(hosts.first().map(String::as_str));
    // A page of another site may have its name point here; it says so in this line (DNS rebinding).
    let (status, answer) = match (method, host.is_some_and(|host| is_ours(host, port))) {
        _ if hosts.len() > 1 => ("400 Bad Request", None),
        (_, false) => ("403 Forbidden", None),
        ("GET" | "HEAD", true) => match respond(path) {
            Some(answer) => ("200 OK", Some(answer)),
            None => ("404 Not Found", None),
        },
        _ => ("405 Method Not Allowed", None),
    };
    let text = || Answer { kind: "text/plain; charset=utf-8", body: format!("{status}\n").into_bytes() };
    let Answer { kind, body } = answer.unwrap_or_else(text);
    let allow = if status.starts_with("405") { "Allow: GET, HEAD\r\n" } else { "" };
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status}\r\n{allow}Content-Type: {kind}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
         X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    if method != "HEAD" {
        stream.write_all(&body)?;
    }
    stream.flush()
}

/// The host that the target of a request names, if it is a whole address, and its path.
fn origin(target: &str) -> (Option<&str>, &str) {
    let scheme = target.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("http://"));
    let Some(rest) = scheme.and_then(|scheme| target.get(scheme.len()..)) else { return (None, target) };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let path = &rest[end..];
    (Some(&rest[..end]), if path.is_empty() { "/" } else { path })
}

/// Does a line `Host` name this machine's own address? Browsers leave port 80, that of HTTP, away.
fn is_ours(host: &str, port: u16) -> bool {
    ["127.0.0.1", "localhost"].iter().any(|name| match host.strip_prefix(name) {
        Some("") => port == 80,
        Some(rest) => rest == format!(":{port}"),
        None => false,
    })
}

/// Asks the desktop to show an address; that it cannot is no failure, since the address is printed too.
pub fn open_browser(address: &str) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let command = std::process::Command::new(program)
        .arg(address)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn();
    // Whoever has ended stays in the table of processes until it is waited for.
    if let Ok(mut child) = command {
        drop(std::thread::Builder::new().spawn(move || child.wait()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_address_is_its_host_and_its_path() {
        assert_eq!(origin("/a?b"), (None, "/a?b"));
        assert_eq!(origin("http://localhost:80/a?b"), (Some("localhost:80"), "/a?b"));
        assert_eq!(origin("HTTP://127.0.0.1"), (Some("127.0.0.1"), "/"));
        assert_eq!(origin("http://evil.example?b"), (Some("evil.example"), "?b"));
    }

    #[test]
    fn requests_are_answered_by_the_host_that_they_name_once() {
        let (listener, address) = listen(0).unwrap();
        std::thread::spawn(move || {
            serve(&listener, |path| (path == "/").then(|| Answer { kind: "text/plain", body: Vec::new() }))
        });
        let status = |head: &str| {
            let mut stream = TcpStream::connect(address).unwrap();
            write!(stream, "{head}\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer[9..12].to_string()
        };
        let (own, port) = (format!("Host: {address}"), address.port());
        assert_eq!(status(&format!("GET / HTTP/1.1\r\n{own}")), "200");
        assert_eq!(status(&format!("GET http://localhost:{port}/ HTTP/1.1\r\n{own}")), "200");
        assert_eq!(status(&format!("GET http://other.example/ HTTP/1.1\r\n{own}")), "403");
        assert_eq!(status("GET / HTTP/1.1\r\nHost: other.example"), "403");
        assert_eq!(status(&format!("GET / HTTP/1.1\r\n{own}\r\n{own}")), "400");
        assert_eq!(status("GET / HTTP/1.1"), "403");
    }

    #[test]
    fn a_host_without_a_port_is_ours_on_port_80_only() {
        assert!(is_ours("127.0.0.1", 80) && is_ours("localhost:80", 80) && is_ours("localhost:8000", 8000));
        assert!(!is_ours("127.0.0.1", 8000) && !is_ours("localhost:80", 8000) && !is_ours("localhost.example", 80));
    }
}
