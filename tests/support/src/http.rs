//! As much of HTTP/1.1 as the SDKs and the emulators speak: lengths, chunks, connections that stay open.

use std::io::{Error, ErrorKind, Result};
use std::time::Duration;

use tokio::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader,
};
use tokio::net::TcpStream;

/// A request, read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// Path and query as sent.
    pub target: String,
    /// Names as sent, in their order.
    pub headers: Vec<(String, String)>,
    /// Without the transfer coding.
    pub body: Vec<u8>,
}

impl Request {
    /// A request with a credential scope, by which a test bed knows service and region; the signature is made up.
    pub fn signed(service: &str, region: &str, method: &str, target: &str) -> Self {
        let scope = format!("test/20260101/{region}/{service}/aws4_request");
        let authorization = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
        let headers = vec![("Authorization".into(), authorization)];
        Self { method: method.to_owned(), target: target.to_owned(), headers, body: Vec::new() }
    }

    /// A request of the query protocols: `Action=DescribeVpcs`.
    pub fn query_form(service: &str, region: &str, form: &str) -> Self {
        let request = Self::signed(service, region, "POST", "/");
        request.with("Content-Type", "application/x-www-form-urlencoded; charset=utf-8").body(form)
    }

    /// A request of the JSON protocols; `target` is as in `X-Amz-Target`.
    pub fn json(service: &str, region: &str, target: &str, json: &str) -> Self {
        let request = Self::signed(service, region, "POST", "/");
        request.with("Content-Type", "application/x-amz-json-1.1").with("X-Amz-Target", target).body(json)
    }

    /// The same with one header more.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with a body.
    pub fn body(mut self, body: &str) -> Self {
        self.body = body.as_bytes().to_vec();
        self
    }

    /// Sends it to `endpoint` and waits for the whole answer.
    ///
    /// # Errors
    /// When the connection breaks, the answer breaks off, or `limit` passes.
    pub fn send(&self, endpoint: &str, limit: Duration) -> Result<Response> {
        let address = endpoint.strip_prefix("http://").ok_or_else(|| broken("not an http endpoint"))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let late = |_| Error::new(ErrorKind::TimedOut, "no answer in time");
            tokio::time::timeout(limit, send(address, self)).await.map_err(late)?
        })
    }

    /// The first header of that name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// The path, still percent-encoded.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The query's pairs, decoded. A name without a value has an empty one.
    pub fn query(&self) -> Vec<(String, String)> {
        pairs(self.target.split_once('?').map_or("", |(_, query)| query))
    }

    /// The body's pairs, decoded, where the body is a form.
    pub fn form(&self) -> Vec<(String, String)> {
        let is_form = self
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        if is_form { pairs(&String::from_utf8_lossy(&self.body)) } else { Vec::new() }
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// 200, 403, …
    pub status: u16,
    /// Without `Content-Length` and `Connection`, which the writer sets.
    pub headers: Vec<(String, String)>,
    /// Without the transfer coding.
    pub body: Vec<u8>,
}

impl Response {
    /// An answer with one content type.
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![("Content-Type".into(), content_type.into())], body: body.into() }
    }

    /// The same with one header more.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The first header of that name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Splits and decodes `a=b&c=d`.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

/// Undoes percent-encoding and `+`.
pub(crate) fn decode(text: &str) -> String {
    let (text, mut at, mut decoded) = (text.as_bytes(), 0, Vec::with_capacity(text.len()));
    while at < text.len() {
        let (byte, step) = match text[at] {
            b'+' => (b' ', 1),
            b'%' => hexadecimal(text.get(at + 1..at + 3)).map_or((b'%', 1), |byte| (byte, 3)),
            byte => (byte, 1),
        };
        decoded.push(byte);
        at += step;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn hexadecimal(digits: Option<&[u8]>) -> Option<u8> {
    let digits = std::str::from_utf8(digits?).ok()?;
    if digits.starts_with('+') {
        return None;
    }
    u8::from_str_radix(digits, 16).ok()
}

fn broken(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, what.to_owned())
}

async fn line(stream: &mut (impl AsyncBufRead + Unpin)) -> Result<Option<String>> {
    let mut text = String::new();
    if stream.read_line(&mut text).await? == 0 {
        return Ok(None);
    }
    Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
}

async fn headers(stream: &mut (impl AsyncBufRead + Unpin)) -> Result<Vec<(String, String)>> {
    let mut headers = Vec::new();
    loop {
        let text = line(stream).await?.ok_or_else(|| broken("the headers broke off"))?;
        if text.is_empty() {
            return Ok(headers);
        }
        let (name, value) = text.split_once(':').ok_or_else(|| broken("a header without a colon"))?;
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
}

/// How long a body is.
enum Length {
    Known(usize),
    Chunked,
    /// Until the connection closes: answers only.
    Open,
}

fn length(headers: &[(String, String)], default: Length) -> Result<Length> {
    if find(headers, "transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        return Ok(Length::Chunked);
    }
    match find(headers, "content-length") {
        Some(text) => text.parse().map(Length::Known).map_err(|_| broken("a length that is no number")),
        None => Ok(default),
    }
}

async fn body(stream: &mut (impl AsyncBufRead + Unpin), length: Length) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    match length {
        Length::Known(size) => {
            body.resize(size, 0);
            stream.read_exact(&mut body).await?;
        }
        Length::Open => {
            stream.read_to_end(&mut body).await?;
        }
        Length::Chunked => loop {
            let head = line(stream).await?.ok_or_else(|| broken("the chunks broke off"))?;
            let digits = head.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(digits, 16).map_err(|_| broken("a chunk without a size"))?;
            let start = body.len();
            body.resize(start + size, 0);
            stream.read_exact(&mut body[start..]).await?;
            if size == 0 {
                // Trailers are of no use here.
                headers(stream).await?;
                break;
            }
            line(stream).await?;
        },
    }
    Ok(body)
}

/// Reads the next request of a connection; none when the other side closed it.
pub(crate) async fn read_request<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
) -> Result<Option<Request>> {
    let Some(first) = line(stream).await? else { return Ok(None) };
    let mut words = first.split(' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(broken("not a request line"));
    };
    let (method, target) = (method.to_owned(), target.to_owned());
    let headers = headers(stream).await?;
    if find(&headers, "expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
        stream.get_mut().write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    let length = length(&headers, Length::Known(0))?;
    let body = body(stream, length).await?;
    Ok(Some(Request { method, target, headers, body }))
}

fn reason(status: u16) -> &'static str {
    match status {
        200..=299 => "OK",
        300..=399 => "Moved",
        400..=499 => "Refused",
        _ => "Failed",
    }
}

/// The bytes of a response. `announced` is the length that the head claims.
pub(crate) fn response_bytes(response: &Response, announced: usize, head_only: bool, close: bool) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {} {}\r\n", response.status, reason(response.status));
    for (name, value) in &response.headers {
        let ours = ["content-length", "connection", "transfer-encoding", "keep-alive"];
        // An answer to HEAD keeps the length of what GET would give.
        if !ours.contains(&name.to_ascii_lowercase().as_str()) {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    let claimed = match response.header("content-length") {
        Some(length) if head_only => length.to_owned(),
        _ => announced.to_string(),
    };
    text.push_str(&format!("Content-Length: {claimed}\r\n"));
    text.push_str(if close { "Connection: close\r\n\r\n" } else { "\r\n" });
    let mut bytes = text.into_bytes();
    if !head_only {
        bytes.extend_from_slice(&response.body);
    }
    bytes
}

/// Sends a request to `address` on a connection of its own and reads the whole answer. The host is always the address:
/// the emulator builds the queues' URLs from it, and behind a proxy they must stay those of the state.
pub(crate) async fn send(address: &str, request: &Request) -> Result<Response> {
    let mut stream = BufReader::new(TcpStream::connect(address).await?);
    let mut text = format!("{} {} HTTP/1.1\r\nHost: {address}\r\n", request.method, request.target);
    for (name, value) in &request.headers {
        let ours = ["host", "content-length", "connection", "transfer-encoding", "expect"];
        if !ours.contains(&name.to_ascii_lowercase().as_str()) {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    text.push_str(&format!("Content-Length: {}\r\nConnection: close\r\n\r\n", request.body.len()));
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(&request.body);
    stream.write_all(&bytes).await?;
    loop {
        let first = line(&mut stream).await?.ok_or_else(|| broken("no answer"))?;
        let status = first.split(' ').nth(1).and_then(|word| word.parse().ok());
        let status: u16 = status.ok_or_else(|| broken("not a status line"))?;
        let headers = headers(&mut stream).await?;
        if status == 100 {
            continue;
        }
        let empty = request.method == "HEAD" || status == 204 || status == 304;
        let length = if empty { Length::Known(0) } else { length(&headers, Length::Open)? };
        let body = body(&mut stream, length).await?;
        return Ok(Response { status, headers, body });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn parsed(text: &str) -> Request {
        let (mut near, far) = tokio::io::duplex(1024);
        near.write_all(text.as_bytes()).await.unwrap();
        read_request(&mut BufReader::new(far)).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn a_chunked_request_is_put_together() {
        let request =
            parsed("PUT /b/k?x=1%202&flag HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n")
                .await;
        assert_eq!(request.body, b"abcde");
        assert_eq!(request.path(), "/b/k");
        assert_eq!(request.query(), vec![("x".into(), "1 2".into()), ("flag".into(), String::new())]);
    }

    #[test]
    fn percent_signs_that_encode_nothing_stay() {
        assert_eq!(decode("100%+%41%zz%4"), "100% A%zz%4");
    }

    #[test]
    fn a_head_answer_keeps_the_length_and_has_no_body() {
        let response = Response::new(200, "text/plain", "").with("Content-Length", "512");
        let text = String::from_utf8(response_bytes(&response, 0, true, false)).unwrap();
        assert!(text.contains("Content-Length: 512\r\n") && text.ends_with("\r\n\r\n"), "{text}");
    }
}
