//! `stateward serve` over real sockets: its pages, who gets in, and what it does not do.
#![cfg(feature = "service")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use serde_json::Value;
use stateward_store::{Begun, Ended, Progress, Store};
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/estate.stw");
const TOKEN: &str = "correct-horse-battery-staple";
const PATIENCE: Duration = Duration::from_secs(60);

fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_stateward"));
    program.env_remove("STATEWARD_TEST_TOKEN");
    program
}

fn stored(history: &Path, command: &str, options: &[&str]) {
    let ran = program()
        .args([command, "--quiet", "--snapshot", DEMO, "--format", "json", "--output"])
        .arg(history.with_extension("json"))
        .arg("--history")
        .arg(history)
        .args(options)
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(2), "{}", String::from_utf8_lossy(&ran.stderr));
}

/// A history with two audits, a comparison and a verification; made once.
fn history() -> &'static Path {
    static MADE: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = MADE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs.db");
        stored(&path, "audit", &[]);
        stored(&path, "audit", &["--profile", "strict"]);
        stored(&path, "drift", &["--unmanaged"]);
        stored(&path, "recover", &[]);
        (folder, path)
    });
    path
}

/// The dashboard; it ends with the test.
struct Board {
    child: Child,
    port: u16,
}

impl Board {
    fn of(history: &Path, options: &[&str]) -> Self {
        let mut child = program()
            .args(["serve", "--listen", "127.0.0.1:0", "--history"])
            .arg(history)
            .args(options)
            .env("STATEWARD_TEST_TOKEN", TOKEN)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let address = line.split_once("://").unwrap_or_else(|| panic!("it did not come up: {line}")).1;
        let port = address.split(['/', ':']).nth(1).and_then(|port| port.parse().ok()).expect("a port");
        // Whatever it says later is read, so that it never waits for it.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        Self { child, port }
    }

    fn ask(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        Answer::read(&mut stream)
    }

    fn get_with(&self, path: &str, headers: &str) -> Answer {
        let port = self.port;
        self.ask(&format!(
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n{headers}\r\n"
        ))
    }

    fn get(&self, path: &str) -> Answer {
        self.get_with(path, "")
    }

    fn post(&self, path: &str, headers: &str, body: &str) -> Answer {
        let (port, length) = (self.port, body.len());
        self.ask(&format!(
            "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nContent-Length: {length}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n{headers}\r\n{body}"
        ))
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn read(stream: &mut impl Read) -> Self {
        let mut bytes = Vec::new();
        // A peer that ends without a farewell has ended all the same.
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Self { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")))
    }
}

/// Addresses in a page, as a browser understands them.
fn links(page: &str) -> Vec<String> {
    page.split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .map(|link| link.replace("&#x2f;", "/").replace("&amp;", "&").replace("&#x27;", "'"))
        .collect()
}

#[test]
fn every_link_leads_to_a_page_that_is_guarded_and_small() {
    let board = Board::of(history(), &[]);
    let mut waiting: Vec<String> = vec!["/".into()];
    let mut seen: Vec<String> = waiting.clone();
    let mut kinds = std::collections::BTreeMap::<String, usize>::new();
    while let Some(path) = waiting.pop() {
        let kind: String = path.split('?').next().unwrap().split('/').take(2).collect::<Vec<_>>().join("/");
        let number = kinds.entry(kind.clone()).or_default();
        *number += 1;
        // All kinds of pages, and of each enough to see that it works.
        if *number > 14 {
            continue;
        }
        let answer = board.get(&path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        if path.ends_with("result.json") {
            assert!(serde_json::from_str::<Value>(&answer.body).is_ok(), "{path}");
            continue;
        }
        assert!(answer.body.len() < 200_000, "{path}: {} bytes", answer.body.len());
        for link in links(&answer.body) {
            assert!(link.starts_with(['/', '#']) && !link.starts_with("//"), "{path} leads away: {link}");
            if link.starts_with('/') && !seen.contains(&link) {
                seen.push(link.clone());
                waiting.push(link);
            }
        }
    }
    for kind in
        ["/", "/findings", "/drift", "/components", "/regions", "/recovery", "/unread", "/runs", "/compare"]
    {
        assert!(kinds.contains_key(kind), "nothing leads to {kind}");
    }
}

#[test]
fn pages_say_what_is_stored() {
    let board = Board::of(history(), &[]);
    let overview = board.get("/");
    for part in
        ["NO-GO", "Score over time", "What is new", "Drift by class", "The last good run ended", "<polyline"]
    {
        assert!(overview.body.contains(part), "{part}");
    }
    let store = Store::open_read_only(history()).unwrap();
    let audit = store.runs(Some("audit"), 1).unwrap().remove(0);
    let [_, fail, ..] = audit.findings.unwrap();
    let failing = board.get("/findings?status=fail");
    assert!(failing.body.contains(&format!("{fail} findings of ")), "{}", failing.body);
    let narrowed = board.get("/findings?status=all&check=STO-18&q=orders");
    assert!(narrowed.body.contains("RDS storage encrypted") && !narrowed.body.contains("DR-10</span>"));
    assert!(board.get("/findings?q=no-resource-is-called-so").body.contains("No finding fits all of that"));
    assert!(board.get("/findings?status=all&page=900").body.contains("There is no such page"));

    let result: Value =
        serde_json::from_str(&board.get(&format!("/runs/{}/result.json", audit.id)).body).unwrap();
    assert_eq!(result["run"]["id"], audit.id.as_str());
    let finding = &result["findings"].as_array().unwrap().iter().find(|it| it["status"] == "fail").unwrap();
    let page =
        board.get(&format!("/findings/{}?run={}", finding["fingerprint"].as_str().unwrap(), &audit.id[..8]));
    for part in ["What was found", "Evidence", "How to repair it"] {
        assert!(page.body.contains(part), "{part}");
    }
    let item =
        result["drift"]["items"].as_array().unwrap().iter().find(|it| it["class"] == "changed").unwrap();
    let page = board.get(&format!("/drift/{}", item["fingerprint"].as_str().unwrap()));
    let path = item["changes"][0]["path"].as_str().unwrap();
    assert!(page.body.contains("What differs") && page.body.contains(path), "{path}: {}", page.body);
    assert!(board.get("/drift?class=missing").body.contains("Missing"));
    let compared = board.get("/compare?old=latest~3&new=latest~2");
    assert!(compared.body.contains("What moved the score") || compared.body.contains("being compared"));
    assert!(board.get("/recovery").body.contains("Ways back"));
    assert!(board.get("/unread").body.contains("Not read is not fine"));
    let of_drift = board.get("/runs?of=drift");
    assert_eq!(of_drift.body.matches("<th role=\"rowheader\"").count(), 1, "{}", of_drift.body);
}

#[test]
fn what_cannot_be_meant_is_refused_and_says_nothing_of_the_machine() {
    let board = Board::of(history(), &[]);
    let cases = [
        ("/findings?status=broken", 400, "status"),
        ("/findings?page=0", 400, "page"),
        ("/findings?q=%ff", 400, "parameter"),
        ("/findings?status=fail&status=pass", 400, "twice"),
        ("/drift?class=x", 400, "class"),
        ("/compare?old=latest", 400, "old"),
        ("/?run=..%2f..", 400, "run"),
        ("/nowhere", 404, "no such page"),
        ("/runs/ffffffffffff", 404, "no run"),
        ("/runs/abc", 404, "no run"),
        ("/findings/ffffffffffffffff", 404, "no such finding"),
        ("/drift/ffffffffffffffff", 404, "no such difference"),
        ("/?estate=nobody", 404, "estate"),
        ("/runs/ffffffffffff/events", 404, "no run"),
        ("/../../etc/passwd", 404, "no such page"),
        ("/assets/../../../etc/passwd", 404, "no such page"),
        ("/assets/%2e%2e/%2e%2e/etc/passwd", 404, "no such page"),
        ("/assets/..%2f..%2fetc%2fpasswd", 404, "no such page"),
        ("//etc/passwd", 404, "no such page"),
        ("/runs/..%2f..%2fruns.db", 404, "no such page"),
    ];
    for (path, status, said) in cases {
        let answer = board.get(path);
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        assert!(answer.body.contains(said), "{path}: {}", answer.body);
        assert!(answer.header("content-security-policy").is_some(), "{path}");
        for leak in [history().to_str().unwrap(), ".rs:", "SELECT", "panicked", "root:"] {
            assert!(!answer.body.contains(leak), "{path}: {leak}");
        }
    }
    let long = board.get(&format!("/findings?q={}", "x".repeat(9_000)));
    assert!(matches!(long.status, 400 | 413), "{}", long.status);
    // More than any request needs: the connection ends, and others go on.
    let endless = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(600_000));
    let mut stream = TcpStream::connect(("127.0.0.1", board.port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let _ = stream.write_all(endless.as_bytes());
    assert_ne!(Answer::read(&mut stream).status, 200);
    assert_eq!(board.get("/").status, 200);
}

#[test]
fn nothing_but_looking_is_allowed() {
    let board = Board::of(history(), &[]);
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"] {
        let answer = board.ask(&format!(
            "{method} /runs HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            board.port
        ));
        assert_eq!((answer.status, answer.header("allow")), (405, Some("get, head")), "{method}");
    }
    let head = board.ask("HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert!(head.header("content-length").is_some_and(|length| length != "0"));
    assert_eq!(board.get("/sign-out").status, 405);
    let digest = |path: &Path| std::fs::read(path).unwrap();
    let before = digest(history());
    for path in ["/", "/findings", "/drift", "/runs"] {
        assert_eq!(board.get(path).status, 200);
    }
    assert_eq!(digest(history()), before, "looking changes nothing");
}

/// Another name that points to this machine is that of a page that wants to read what it may not.
#[test]
fn another_host_gets_nothing_on_loopback() {
    let board = Board::of(history(), &[]);
    for host in ["evil.example", "localhost.evil.example:8600", "10.0.0.1", "evil.example:80#localhost", ""] {
        let answer = board.ask(&format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
        assert!(matches!(answer.status, 400 | 421), "{host}: {}", answer.status);
        assert!(!answer.body.contains("NO-GO"), "{host}");
    }
    let none = board.ask("GET / HTTP/1.0\r\n\r\n");
    assert_eq!(none.status, 421);
    let asked =
        board.ask("GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert_eq!(asked.status, 421);
    let twice =
        board.ask("GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    assert!(matches!(twice.status, 400 | 421), "{}", twice.status);
    for host in ["localhost", "127.0.0.1:1", "[::1]:8600", "LOCALHOST:9"] {
        let answer = board.ask(&format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
        assert_eq!(answer.status, 200, "{host}");
    }
}

/// What a browser asks for on behalf of a page of somebody else makes no work; a link that its user follows leads here.
#[test]
fn a_page_of_somebody_else_can_lead_here_and_no_more() {
    let board = Board::of(history(), &[]);
    let asked = |path: &str, site: &str, mode: &str, dest: &str| {
        let headers =
            format!("Sec-Fetch-Site: {site}\r\nSec-Fetch-Mode: {mode}\r\nSec-Fetch-Dest: {dest}\r\n");
        board.get_with(path, &headers).status
    };
    for path in ["/compare?old=latest~3&new=latest~2", "/", "/runs/latest/result.json"] {
        for site in ["cross-site", "same-site"] {
            assert_eq!(asked(path, site, "no-cors", "image"), 403, "{path}");
            assert_eq!(asked(path, site, "cors", "empty"), 403, "{path}");
            assert_eq!(asked(path, site, "navigate", "iframe"), 403, "{path}");
            assert_eq!(asked(path, site, "navigate", "document"), 200, "{path}");
        }
        assert_eq!(asked(path, "same-origin", "cors", "empty"), 200, "{path}");
        assert_eq!(asked(path, "none", "navigate", "document"), 200, "{path}");
        assert_eq!(board.get_with(path, "Sec-Fetch-Site: cross-site\r\n").status, 403, "{path}");
    }
}

#[test]
fn a_token_opens_the_door_for_programs_and_browsers() {
    let board = Board::of(history(), &["--token-variable", "STATEWARD_TEST_TOKEN"]);
    for path in ["/", "/findings", "/runs/latest/result.json", "/runs/latest/events", "/assets/live.js"] {
        let answer = board.get(path);
        assert_eq!(answer.status, 401, "{path}");
        assert!(answer.body.contains("Token of this dashboard") && !answer.body.contains("NO-GO"), "{path}");
        assert!(
            answer.header("www-authenticate").is_some_and(|scheme| scheme.starts_with("bearer")),
            "{path}"
        );
    }
    assert_eq!(board.get("/assets/style.css").status, 200, "the form looks like the rest");
    let with = |header: &str| board.get_with("/", &format!("{header}\r\n"));
    assert_eq!(with(&format!("Authorization: Bearer {TOKEN}")).status, 200);
    for wrong in
        ["Authorization: Bearer wrong-token-of-somebody", "Authorization: Basic dXNlcjpwYXNz", "Cookie: a=b"]
    {
        assert_eq!(with(wrong).status, 401, "{wrong}");
    }

    let wrong = board.post("/sign-in", "", "token=guessed");
    assert_eq!((wrong.status, wrong.header("set-cookie")), (401, None));
    assert!(wrong.body.contains("That is not the token"));
    let foreign = board.post("/sign-in", "Origin: https://evil.example\r\n", &format!("token={TOKEN}"));
    assert_eq!(foreign.status, 403);
    let crossed = board.post("/sign-in", "Sec-Fetch-Site: cross-site\r\n", &format!("token={TOKEN}"));
    assert_eq!(crossed.status, 403);
    for hidden in ["", "Sec-Fetch-Site: cross-site\r\n", "Sec-Fetch-Site: none\r\n"] {
        let headers =
            format!("Origin: null\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n{hidden}");
        let from_nowhere = board.post("/sign-in", &headers, &format!("token={TOKEN}"));
        assert_eq!((from_nowhere.status, from_nowhere.header("set-cookie")), (403, None), "{hidden}");
    }
    assert_eq!(board.post("/sign-in", "", &"x".repeat(5_000)).status, 413);

    let private = "Origin: null\r\nSec-Fetch-Site: same-origin\r\n";
    assert_eq!(board.post("/sign-in", private, &format!("token={TOKEN}")).status, 303);
    let origin = format!("Origin: http://127.0.0.1:{}\r\n", board.port);
    let signed = board.post("/sign-in", &origin, &format!("token={TOKEN}"));
    assert_eq!((signed.status, signed.header("location")), (303, Some("/")));
    let cookie = signed.header("set-cookie").unwrap();
    for part in ["httponly", "samesite=strict", "path=/", "max-age="] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    assert!(!cookie.contains(TOKEN), "the token is not in it");
    let session = cookie.split(';').next().unwrap();
    let page = with(&format!("Cookie: {session}"));
    assert!(page.status == 200 && page.body.contains("Sign out"), "{}", page.status);
    assert_eq!(board.post("/sign-out", "Origin: null\r\n", "").status, 403);
    let out = board.post("/sign-out", &format!("{private}Cookie: {session}\r\n"), "");
    assert!(out.status == 303 && out.header("set-cookie").unwrap().contains("max-age=0"));
    assert_eq!(with(&format!("Cookie: {session}0")).status, 401, "a forged session");

    // Another start knows none of the sessions of this one.
    let other = Board::of(history(), &["--token-variable", "STATEWARD_TEST_TOKEN"]);
    assert_eq!(other.get_with("/", &format!("Cookie: {session}\r\n")).status, 401);
}

fn refused(options: &[&str], token: &str) -> String {
    let ran = program()
        .args(["serve", "--history"])
        .arg(history())
        .args(options)
        .env("STATEWARD_TEST_TOKEN", token)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(1), "{text}");
    text
}

#[test]
fn an_address_that_others_reach_is_refused_without_a_guard() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8600"] {
        let said = refused(&["--listen", address], TOKEN);
        assert!(said.contains("nothing guards it") && said.contains("--token-variable"), "{said}");
    }
    let weak = refused(&["--listen", "0.0.0.0:0", "--token-variable", "STATEWARD_TEST_TOKEN"], "hunter2");
    assert!(weak.contains("fewer than 16") && !weak.contains("hunter2"), "{weak}");
    let unset = refused(&["--token-variable", "STATEWARD_NOBODY_SETS_THIS"], TOKEN);
    assert!(unset.contains("STATEWARD_NOBODY_SETS_THIS is not set"), "{unset}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let said = refused(&["--listen", &taken.local_addr().unwrap().to_string()], TOKEN);
    assert!(said.contains("cannot listen there") && said.contains("remedy"), "{said}");
    let folder = tempfile::tempdir().unwrap();
    let none = folder.path().join("none.pem");
    let none = none.to_str().unwrap();
    let said = refused(&["--tls-cert", none, "--tls-key", none], TOKEN);
    assert!(said.contains("no certificate in PEM") && said.contains("none.pem"), "{said}");
}

/// Certificates of one authority, made by openssl.
struct Authority {
    folder: tempfile::TempDir,
}

impl Authority {
    fn new() -> Self {
        let authority = Self { folder: tempfile::tempdir().unwrap() };
        authority.openssl(&[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
            "-days",
            "2",
            "-subj",
            "/CN=test authority",
        ]);
        authority
    }

    fn sign(&self, name: &str, extension: &str) {
        let key = format!("{name}.key");
        let request = format!("{name}.csr");
        std::fs::write(self.folder.path().join("extension"), extension).unwrap();
        self.openssl(&[
            "req",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            &key,
            "-out",
            &request,
            "-subj",
            &format!("/CN={name}"),
        ]);
        self.openssl(&[
            "x509",
            "-req",
            "-in",
            &request,
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-out",
            &format!("{name}.pem"),
            "-days",
            "2",
            "-extfile",
            "extension",
        ]);
    }

    fn openssl(&self, arguments: &[&str]) {
        let ran = Command::new("openssl")
            .current_dir(self.folder.path())
            .args(arguments)
            .output()
            .expect("openssl");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn certificates(&self, name: &str) -> Vec<CertificateDer<'static>> {
        CertificateDer::pem_file_iter(self.file(name)).unwrap().map(Result::unwrap).collect()
    }
}

/// What the dashboard answers to somebody with this certificate, if it answers at all.
fn over_tls(board: &Board, server: &Authority, client: Option<(&Authority, &str)>) -> Option<Answer> {
    let mut roots = RootCertStore::empty();
    for authority in server.certificates("ca.pem") {
        roots.add(authority).unwrap();
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match client {
        None => builder.with_no_client_auth(),
        Some((of, name)) => {
            let key = PrivateKeyDer::from_pem_file(of.file(&format!("{name}.key"))).unwrap();
            builder.with_client_auth_cert(of.certificates(&format!("{name}.pem")), key).unwrap()
        }
    };
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let stream = TcpStream::connect(("127.0.0.1", board.port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut stream = StreamOwned::new(connection, stream);
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
    let answer = Answer::read(&mut stream);
    (answer.status != 0).then_some(answer)
}

#[test]
fn a_certificate_opens_the_door() {
    let (ours, others) = (Authority::new(), Authority::new());
    ours.sign("board", "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth");
    ours.sign("friend", "extendedKeyUsage=clientAuth");
    others.sign("stranger", "extendedKeyUsage=clientAuth");
    let (cert, key, ca) = (ours.file("board.pem"), ours.file("board.key"), ours.file("ca.pem"));
    let open = Board::of(history(), &["--tls-cert", &cert, "--tls-key", &key]);
    assert_eq!(over_tls(&open, &ours, None).unwrap().status, 200);
    assert_ne!(open.get("/").status, 200, "not in clear");

    let guarded = Board::of(history(), &["--tls-cert", &cert, "--tls-key", &key, "--client-ca", &ca]);
    assert_eq!(over_tls(&guarded, &ours, Some((&ours, "friend"))).unwrap().status, 200);
    assert!(over_tls(&guarded, &ours, None).is_none(), "nobody without one");
    assert!(over_tls(&guarded, &ours, Some((&others, "stranger"))).is_none(), "nobody of another authority");

    let wrong = refused(&["--tls-cert", &cert, "--tls-key", &others.file("stranger.key")], TOKEN);
    assert!(wrong.contains("do not fit together"), "{wrong}");
    let both = ["--tls-cert", &cert, "--tls-key", &key, "--token-variable", "STATEWARD_TEST_TOKEN"];
    assert_eq!(over_tls(&Board::of(history(), &both), &ours, None).unwrap().status, 401);
}

/// A history that breaks while it is being looked at is told, and is not touched.
#[test]
fn a_history_that_cannot_be_used_is_told_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let whole = std::fs::read(history()).unwrap();
    std::fs::write(&path, &whole).unwrap();
    let board = Board::of(&path, &[]);
    assert_eq!(board.get("/").status, 200);

    let mut newer = whole.clone();
    newer[60..64].copy_from_slice(&77u32.to_be_bytes());
    let cases: [(&str, &[u8], &str); 3] = [
        ("newer", &newer, "version 77"),
        ("truncated", &whole[..whole.len() / 2], "damaged"),
        ("foreign", b"this is a letter and no history of anything at all", "something else"),
    ];
    for (name, bytes, said) in cases {
        std::fs::write(&path, bytes).unwrap();
        let answer = board.get("/runs");
        assert_eq!(answer.status, 503, "{name}: {}", answer.body);
        assert!(answer.body.contains(said) && !answer.body.contains("runs.db"), "{name}: {}", answer.body);
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{name} is as it was");
        let ran = program().args(["serve", "--history"]).arg(&path).output().unwrap();
        let text = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(ran.status.code() == Some(1) && text.contains("runs.db"), "{name}: {text}");
    }
    std::fs::remove_file(&path).unwrap();
    assert_eq!(board.get("/").status, 503);
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(board.get("/").status, 200, "put back, it is there again");
}

#[test]
fn an_empty_history_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let mut store = Store::open(&path).unwrap();
    let board = Board::of(&path, &[]);
    let page = board.get("/");
    assert!(page.status == 200 && page.body.contains("No run is stored yet"), "{}", page.body);
    assert_eq!(board.get("/findings").status, 404);
    assert!(board.get("/runs").body.contains("No run is stored yet"));
    assert!(board.get("/recovery").body.contains("No verification of recovery"));
    begin(&mut store, "aaaabbbb");
    store.end("aaaabbbb", Ended::Failed, "no <b>credentials</b>", "2026-01-01T00:00:00Z").unwrap();
    let page = board.get("/");
    assert!(
        page.body.contains("A later run failed") && page.body.contains("no &lt;b&gt;credentials"),
        "{}",
        page.body
    );
}

fn begin(store: &mut Store, id: &str) {
    store
        .begin(&Begun {
            id,
            command: "audit",
            asked: "audit of prod",
            estate: "prod",
            version: "0.1.0",
            started_at: "2026-01-01T00:00:00Z",
            deadline: "2999-01-01T00:00:00Z",
        })
        .unwrap();
}

/// The next event of a run that is followed: its name and its data.
fn event(lines: &mut impl BufRead) -> (String, Value) {
    let (mut name, mut data) = (String::new(), Value::Null);
    loop {
        let mut line = String::new();
        assert_ne!(lines.read_line(&mut line).unwrap(), 0, "the stream ended");
        let line = line.trim_end();
        if let Some(rest) = line.strip_prefix("event: ") {
            name = rest.to_owned();
        } else if let Some(rest) = line.strip_prefix("data: ") {
            data = serde_json::from_str(rest).unwrap();
        } else if line.is_empty() && !name.is_empty() {
            return (name, data);
        }
    }
}

/// Another process writes how far it has come, and whoever follows hears of it until it ends.
#[test]
fn a_run_that_is_under_way_can_be_followed_until_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let mut store = Store::open(&path).unwrap();
    begin(&mut store, "aaaabbbb");
    let board = Board::of(&path, &[]);
    let page = board.get("/runs/aaaabbbb");
    assert!(page.body.contains("Under way") && page.body.contains("/assets/live.js"), "{}", page.body);
    assert!(page.body.contains("http-equiv=\"refresh\""), "without a script it loads again");
    assert!(board.get("/").body.contains("A run is under way"));

    let mut stream = TcpStream::connect(("127.0.0.1", board.port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"GET /runs/aaaabbbb/events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut lines = BufReader::new(stream);
    let (name, data) = event(&mut lines);
    assert_eq!((name.as_str(), &data["phase"]), ("progress", &"Beginning".into()));
    let far = |done| Progress {
        at: "2026-01-01T00:00:01Z".into(),
        phase: "reading AWS".into(),
        calls: 1_234,
        done,
        total: 40,
        gaps: 2,
    };
    let until = Instant::now() + PATIENCE;
    for done in [3, 17] {
        store.advance("aaaabbbb", &far(done)).unwrap();
        loop {
            let (name, data) = event(&mut lines);
            assert_eq!(name, "progress");
            if data["done"] == done {
                assert_eq!(
                    (&data["calls"], &data["total"], &data["gaps"]),
                    (&"1,234".into(), &40.into(), &"2".into())
                );
                break;
            }
            assert!(Instant::now() < until, "{data}");
        }
    }
    store.end("aaaabbbb", Ended::Interrupted, "somebody stopped it", "2026-01-01T00:02:00Z").unwrap();
    let (name, data) = loop {
        let (name, data) = event(&mut lines);
        if name == "end" {
            break (name, data);
        }
    };
    assert_eq!((name.as_str(), &data["outcome"]), ("end", &"interrupted".into()));
    assert!(data["said"].as_str().unwrap().contains("interrupted"));
    assert!(board.get("/runs/aaaabbbb").body.contains("It has no result"));
}

#[cfg(unix)]
#[test]
fn it_stops_when_it_is_told_to_though_somebody_follows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let mut store = Store::open(&path).unwrap();
    begin(&mut store, "aaaabbbb");
    let mut board = Board::of(&path, &[]);
    let mut stream = TcpStream::connect(("127.0.0.1", board.port)).unwrap();
    stream.write_all(b"GET /runs/aaaabbbb/events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut lines = BufReader::new(stream);
    event(&mut lines);
    let ran = Command::new("kill").args(["-TERM", &board.child.id().to_string()]).status().unwrap();
    assert!(ran.success());
    let until = Instant::now() + PATIENCE;
    let status = loop {
        match board.child.try_wait().unwrap() {
            Some(status) => break status,
            None if Instant::now() > until => panic!("it goes on"),
            None => std::thread::sleep(Duration::from_millis(50)),
        }
    };
    assert_eq!(status.code(), Some(0));
}
