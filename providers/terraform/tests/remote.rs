//! States behind HTTP, each backend against a server of the test's own: what is asked, what is sent along, what comes of
//! every way to fail.
#![cfg(feature = "remote")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use stateward_model::Cause;
use stateward_terraform::{Hidden, Limits, Means, Source, Told, Unread, open};

const STATE: &str = r#"{"version": 4, "serial": 3, "lineage": "l", "outputs": {}, "resources": []}"#;
const SECRETS: &[&str] =
    &["hunter2-password", "glpat-0123456789", "tfe-token-xyz", "c2VjcmV0LWtleQ==", "ya29.secret"];

#[derive(Debug, Clone)]
struct Asked {
    method: String,
    target: String,
    headers: BTreeMap<String, String>,
}

#[derive(Clone)]
struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    /// What the head claims; the body's own length otherwise.
    announced: Option<usize>,
    wait: Duration,
}

fn reply(status: u16, body: &str) -> Reply {
    Reply { status, headers: Vec::new(), body: body.to_owned(), announced: None, wait: Duration::ZERO }
}

impl Reply {
    fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn announced(self, length: usize) -> Self {
        Self { announced: Some(length), ..self }
    }

    fn after(self, wait: Duration) -> Self {
        Self { wait, ..self }
    }
}

struct Server {
    url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// Answers each request with what `answer` makes of it and of the number of requests before it.
    fn new(answer: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (log, answer, count) = (asked.clone(), Arc::new(answer), Arc::new(AtomicUsize::new(0)));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, answer, count) = (log.clone(), answer.clone(), count.clone());
                std::thread::spawn(move || serve(stream, &log, &*answer, &count));
            }
        });
        Self { url, asked }
    }

    fn host(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(
    mut stream: TcpStream,
    log: &Mutex<Vec<Asked>>,
    answer: &dyn Fn(&Asked, usize) -> Reply,
    count: &AtomicUsize,
) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    let mut words = first.split(' ');
    let headers = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned())))
        .collect();
    let asked = Asked {
        method: words.next().unwrap_or_default().to_owned(),
        target: words.next().unwrap_or_default().to_owned(),
        headers,
    };
    log.lock().unwrap().push(asked.clone());
    let reply = answer(&asked, count.fetch_add(1, Ordering::SeqCst));
    std::thread::sleep(reply.wait);
    let mut head = format!(
        "HTTP/1.1 {} X\r\nConnection: close\r\nContent-Length: {}\r\n",
        reply.status,
        reply.announced.unwrap_or(reply.body.len())
    );
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let _ = stream.write_all(format!("{head}\r\n{}", reply.body).as_bytes());
}

/// A file whose name is gone as soon as it is open.
fn spool() -> std::io::Result<File> {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let name = format!("stateward-spool-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::SeqCst));
    let path = std::env::temp_dir().join(name);
    let file = File::options().read(true).write(true).create_new(true).open(&path)?;
    std::fs::remove_file(path)?;
    Ok(file)
}

fn limits() -> Limits {
    Limits {
        silence: Duration::from_millis(400),
        whole: Duration::from_secs(20),
        bytes: 10_000,
        attempts: 3,
        pause: Duration::from_millis(5),
    }
}

type States = Vec<(String, String, Told)>;

fn fetch_with(
    uri: &str,
    environment: &[(&str, &str)],
    headers: &[(String, Hidden)],
    limits: Limits,
) -> Result<States, Unread> {
    let known = |name: &str| {
        let found = environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        // The home of whoever runs the test has nothing to say here.
        found.or_else(|| (name == "HOME").then(|| "/nowhere".to_owned()))
    };
    let source = Source::parse(uri).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let result: Result<States, Unread> = runtime.block_on(async {
        let backend = open(&source, Means { variable: &known, spool, limits, headers })?;
        let mut states = Vec::new();
        for entry in backend.list().await? {
            let mut fetched = backend.fetch(&entry).await?;
            let mut text = String::new();
            fetched.body.read_to_string(&mut text).unwrap();
            states.push((entry.uri, text, fetched.told));
        }
        Ok(states)
    });
    let printed = match &result {
        Ok(states) => format!("{:?}", states.iter().map(|(uri, _, told)| (uri, told)).collect::<Vec<_>>()),
        Err(fault) => format!("{fault:?} {}", fault.gap()),
    };
    for secret in SECRETS {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
    result
}

fn fetch(uri: &str, environment: &[(&str, &str)]) -> Result<States, Unread> {
    fetch_with(uri, environment, &[], limits())
}

fn fault(uri: &str, environment: &[(&str, &str)]) -> Unread {
    fetch(uri, environment).expect_err("must fail")
}

fn basic(user: &str, password: &str) -> String {
    use base64::Engine;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}")))
}

#[test]
fn the_http_backend_sends_what_terraform_sends() {
    let server = Server::new(|_, _| reply(200, STATE));
    let uri = format!("{}/states/prod?name=prod", server.url);
    let states = fetch(&uri, &[("TF_HTTP_USERNAME", "ada"), ("TF_HTTP_PASSWORD", SECRETS[0])]).unwrap();
    assert_eq!((states[0].0.as_str(), states[0].1.as_str()), (uri.as_str(), STATE));
    let asked = &server.asked()[0];
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("GET", "/states/prod?name=prod"));
    assert_eq!(asked.headers["authorization"], basic("ada", SECRETS[0]));

    let uri = uri.replace("http://", &format!("http://bob:{}@", SECRETS[0]));
    fetch(&uri, &[("TF_HTTP_USERNAME", "ada")]).unwrap();
    assert_eq!(server.asked()[1].headers["authorization"], basic("bob", SECRETS[0]));

    let own = [("X-Token".to_owned(), Hidden(SECRETS[1].to_owned()))];
    fetch_with(&format!("{}/x", server.url), &[], &own, limits()).unwrap();
    let asked = &server.asked()[2];
    assert_eq!(asked.headers["x-token"], SECRETS[1]);
    assert!(!asked.headers.contains_key("authorization"));
}

#[test]
fn gitlab_gets_its_token_at_its_own_host_alone() {
    let server = Server::new(|_, _| reply(200, STATE));
    let uri = format!("{}/api/v4/projects/7/terraform/state/prod", server.url);
    fetch(&uri, &[("GITLAB_TOKEN", SECRETS[1]), ("GITLAB_HOST", server.host())]).unwrap();
    assert_eq!(server.asked()[0].headers["private-token"], SECRETS[1]);
    fetch(&uri, &[("CI_JOB_TOKEN", SECRETS[1]), ("CI_SERVER_HOST", "127.0.0.1")]).unwrap();
    assert_eq!(server.asked()[1].headers["authorization"], basic("gitlab-ci-token", SECRETS[1]));
    fetch(&uri, &[("GITLAB_TOKEN", SECRETS[1])]).unwrap();
    fetch(&uri, &[("GITLAB_TOKEN", SECRETS[1]), ("GITLAB_HOST", "gitlab.acme.org")]).unwrap();
    fetch(&format!("{}/other", server.url), &[("GITLAB_TOKEN", SECRETS[1]), ("GITLAB_HOST", server.host())])
        .unwrap();
    for asked in &server.asked()[2..] {
        assert!(!asked.headers.contains_key("private-token") && !asked.headers.contains_key("authorization"));
    }
}

#[test]
fn what_will_not_pass_is_told_at_once() {
    for (status, cause, word) in [
        (401, Cause::Expired, "TF_HTTP_PASSWORD"),
        (403, Cause::Denied, "TF_HTTP_PASSWORD"),
        (404, Cause::Absent, "GitLab"),
        (204, Cause::Absent, "GitLab"),
        (418, Cause::Malformed, "address"),
    ] {
        let body = format!("your password {} is wrong", SECRETS[0]);
        let server = Server::new(move |_, _| reply(status, if status == 204 { "" } else { &body }));
        let fault = fault(&format!("{}/x?token={}", server.url, SECRETS[1]), &[]);
        assert_eq!(fault.cause, cause, "{fault:?}");
        assert!(fault.what.contains(&status.to_string()) && fault.remedy.contains(word), "{fault:?}");
        assert_eq!(server.asked().len(), 1, "{status}");
    }
}

#[test]
fn what_may_pass_is_tried_again() {
    for status in [429, 500, 503] {
        let server = Server::new(move |_, count| reply(if count < 2 { status } else { 200 }, STATE));
        assert_eq!(fetch(&server.url, &[]).unwrap()[0].1, STATE);
        assert_eq!(server.asked().len(), 3);
        let server = Server::new(move |_, _| reply(status, ""));
        let fault = fault(&server.url, &[]);
        assert_eq!(fault.cause, if status == 429 { Cause::Throttled } else { Cause::Unreachable });
        assert!(fault.what.contains(&status.to_string()), "{fault:?}");
        assert_eq!(server.asked().len(), 3, "patience ends");
    }
}

#[test]
fn a_server_may_ask_for_a_pause() {
    let server =
        Server::new(
            |_, count| if count == 0 { reply(429, "").with("Retry-After", "1") } else { reply(200, STATE) },
        );
    let started = Instant::now();
    fetch(&server.url, &[]).unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[test]
fn an_answer_that_broke_off_leaves_nothing_of_itself() {
    let longer = format!("{STATE}{}", " ".repeat(500));
    let server =
        Server::new(
            move |_, count| {
                if count == 0 { reply(200, &longer).announced(9_000) } else { reply(200, STATE) }
            },
        );
    assert_eq!(fetch(&server.url, &[]).unwrap()[0].1, STATE);
    let server = Server::new(|_, _| reply(200, &STATE[..20]).announced(STATE.len()));
    let fault = fault(&server.url, &[]);
    assert!(fault.cause == Cause::Malformed && fault.what.contains("broke off"), "{fault:?}");
}

#[test]
fn silence_ends_in_a_timeout() {
    let server = Server::new(|_, _| reply(200, STATE).after(Duration::from_secs(5)));
    let fault = fault(&server.url, &[]);
    assert!(fault.cause == Cause::Timeout && fault.what.contains("0.4 s"), "{fault:?}");
    assert_eq!(server.asked().len(), 2, "what hung twice is left");
    let slow = Limits { silence: Duration::from_secs(9), whole: Duration::from_millis(300), ..limits() };
    let fault = fetch_with(&server.url, &[], &[], slow).unwrap_err();
    assert!(fault.cause == Cause::Timeout && fault.what.contains("0.3 s"), "{fault:?}");
}

#[test]
fn what_is_too_large_is_not_fetched() {
    let server = Server::new(|_, _| reply(200, STATE).announced(1 << 40));
    let fault = fault(&server.url, &[]);
    assert!(fault.what.contains("10000 bytes") && fault.remedy.contains("name the file"), "{fault:?}");
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn nobody_there_is_told_by_host() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let fault = fault(&format!("http://ada:{}@{closed}/x?token={}", SECRETS[0], SECRETS[1]), &[]);
    assert!(fault.cause == Cause::Unreachable && fault.what.contains(&closed.to_string()), "{fault:?}");
}

#[test]
fn credentials_stay_with_the_host_that_was_named() {
    let other = Server::new(|_, _| reply(200, STATE));
    let target = format!("http://eve:{}@{}/elsewhere?sig=1", SECRETS[0], other.host());
    let server = Server::new(move |asked, _| match asked.target.as_str() {
        "/here" => reply(302, "").with("Location", "/there"),
        "/there" => reply(307, "").with("Location", &target),
        _ => reply(404, ""),
    });
    let own = [("Private-Token".to_owned(), Hidden(SECRETS[1].to_owned()))];
    let environment = [("TF_HTTP_USERNAME", "ada"), ("TF_HTTP_PASSWORD", SECRETS[0])];
    let states = fetch_with(&format!("{}/here", server.url), &environment, &own, limits()).unwrap();
    assert_eq!(states[0].1, STATE);
    for asked in server.asked() {
        assert!(asked.headers.contains_key("authorization") && asked.headers.contains_key("private-token"));
    }
    let there = &other.asked()[0];
    assert_eq!(there.target, "/elsewhere?sig=1");
    assert!(!there.headers.contains_key("authorization") && !there.headers.contains_key("private-token"));
}

#[test]
fn redirects_end_somewhere() {
    let server = Server::new(|_, _| reply(302, "").with("Location", "/again"));
    assert!(fault(&server.url, &[]).what.contains("more than 5 times"));
    let server = Server::new(|_, _| reply(302, "").with("Location", "file:///etc/passwd"));
    assert!(fault(&server.url, &[]).what.contains("file"));
}

/// As the API reference of HCP Terraform describes it.
fn hcp(state_link: String) -> Server {
    Server::new(move |asked, _| {
        let authorized =
            asked.headers.get("authorization").is_some_and(|value| value == "Bearer tfe-token-xyz");
        let page = |names: &[&str], next: &str| {
            let data: Vec<String> = names
                .iter()
                .map(|name| format!(r#"{{"id": "ws-{name}", "attributes": {{"name": "{name}"}}}}"#))
                .collect();
            format!(r#"{{"data": [{}], "meta": {{"pagination": {{"next-page": {next}}}}}}}"#, data.join(","))
        };
        match asked.target.as_str() {
            "/.well-known/terraform.json" => reply(200, r#"{"tfe.v2": "/api/v2/", "modules.v1": "/m/"}"#),
            _ if !authorized && !asked.target.starts_with("/signed") => {
                reply(401, r#"{"errors": [{"status": "401"}]}"#)
            }
            "/api/v2/organizations/acme/workspaces/shop-prod" => reply(
                200,
                r#"{"data": {"id": "ws-shop-prod", "attributes": {"name": "shop-prod", "locked": true}}}"#,
            ),
            "/api/v2/organizations/acme/workspaces/shop-dev" => reply(
                200,
                r#"{"data": {"id": "ws-shop-dev", "attributes": {"name": "shop-dev", "locked": false}}}"#,
            ),
            "/api/v2/organizations/acme/workspaces/odd" => reply(200, r#"{"hello": 1}"#),
            "/api/v2/organizations/acme/workspaces/page" => reply(200, "<html>hunter2-password</html>"),
            "/api/v2/organizations/acme/workspaces/empty" => {
                reply(200, r#"{"data": {"id": "ws-empty", "attributes": {}}}"#)
            }
            "/api/v2/workspaces/ws-shop-prod/current-state-version"
            | "/api/v2/workspaces/ws-shop-dev/current-state-version"
            | "/api/v2/state-versions/sv-1" => reply(
                200,
                &format!(
                    r#"{{"data": {{"id": "sv-1", "attributes": {{"hosted-state-download-url": "{state_link}"}}}}}}"#
                ),
            ),
            "/signed/state" => reply(200, STATE),
            target if target.starts_with("/api/v2/organizations/acme/workspaces?") => {
                let first = target.contains("page%5Bnumber%5D=1");
                assert!(target.contains("search%5Bwildcard-name%5D=shop-*"), "{target}");
                reply(200, &if first { page(&["shop-prod"], "2") } else { page(&["shop-dev"], "null") })
            }
            _ => reply(404, r#"{"errors": [{"status": "404"}]}"#),
        }
    })
}

#[test]
fn a_workspace_of_hcp_terraform_is_found_by_name() {
    let server = hcp("/signed/state".to_owned());
    let environment = [("TFE_ADDRESS", server.url.as_str()), ("TFE_TOKEN", SECRETS[2])];
    let states = fetch("tfc://acme/shop-prod", &environment).unwrap();
    assert_eq!((states[0].0.as_str(), states[0].1.as_str()), ("tfc://acme/shop-prod", STATE));
    assert!(states[0].2.locked);
    let old = fetch("tfc://acme/shop-prod?version=sv-1", &environment).unwrap();
    assert_eq!(old[0].0, "tfc://acme/shop-prod?version=sv-1");
    let several = fetch("tfc://acme/shop-*", &environment).unwrap();
    let names: Vec<&str> = several.iter().map(|(uri, ..)| uri.as_str()).collect();
    assert_eq!(names, ["tfc://acme/shop-dev", "tfc://acme/shop-prod"]);
}

#[test]
fn a_signed_link_to_elsewhere_gets_no_token() {
    let store = Server::new(|_, _| reply(200, STATE));
    let server = hcp(format!("{}/object?sig=glpat-0123456789", store.url));
    let environment = [("TFE_ADDRESS", server.url.as_str()), ("TF_TOKEN_127_0_0_1", SECRETS[2])];
    assert_eq!(fetch("tfc://acme/shop-dev", &environment).unwrap()[0].1, STATE);
    assert!(!store.asked()[0].headers.contains_key("authorization"));
    let broken = Server::new(|_, _| reply(403, "glpat-0123456789"));
    let server = hcp(format!("{}/object?sig=glpat-0123456789", broken.url));
    let environment = [("TFE_ADDRESS", server.url.as_str()), ("TF_TOKEN_127_0_0_1", SECRETS[2])];
    assert_eq!(fault("tfc://acme/shop-dev", &environment).cause, Cause::Denied);
}

#[test]
fn hcp_terraform_says_no_in_several_ways() {
    let server = hcp("/signed/state".to_owned());
    let with = |token: &'static str| [("TFE_ADDRESS", server.url.clone()), ("TFE_TOKEN", token.to_owned())];
    let fault = |workspace: &str, token: &'static str| {
        let environment = with(token);
        let environment: Vec<(&str, &str)> = environment
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .filter(|(_, value)| !value.is_empty())
            .collect();
        fault(&format!("tfc://acme/{workspace}"), &environment)
    };
    let missing = fault("shop-prod", "");
    assert!(
        missing.cause == Cause::Expired && missing.remedy.contains("terraform login 127.0.0.1"),
        "{missing:?}"
    );
    assert!(server.asked().is_empty(), "without a token nothing is asked");
    let wrong = fault("shop-prod", "wrong");
    assert!(wrong.cause == Cause::Expired && wrong.remedy.contains("terraform login"), "{wrong:?}");
    assert_eq!(fault("nowhere", SECRETS[2]).cause, Cause::Absent);
    assert_eq!(fault("empty", SECRETS[2]).cause, Cause::Absent);
    assert!(fault("odd", SECRETS[2]).what.contains("not shaped"));
    assert!(fault("page", SECRETS[2]).what.contains("not JSON"));
}

/// As much of Google's XML interface as the store asks.
fn google(asked: &Asked) -> Reply {
    let listing = |keys: &[&str]| {
        let contents: String = keys
            .iter()
            .map(|key| {
                format!("<Contents><Key>{key}</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>\"x\"</ETag><Size>9</Size></Contents>")
            })
            .collect();
        reply(
            200,
            &format!(
                "<?xml version='1.0'?><ListBucketResult><Name>b</Name><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"
            ),
        )
    };
    let object =
        || reply(200, STATE).with("Last-Modified", "Fri, 02 Jan 2026 03:04:05 GMT").with("ETag", "\"x\"");
    let path = asked.target.split('?').next().unwrap_or_default().replace("%2F", "/").replace("%2E", ".");
    match path.as_str() {
        "/b" | "/b/" => {
            listing(&["prod/default.tfstate", "prod/dev.tfstate", "prod/notes.txt", "prod/deep/x.tfstate"])
        }
        "/b/prod/default.tfstate" | "/b/prod/dev.tfstate" | "/b/prod/deep/x.tfstate" => object(),
        "/b/denied/default.tfstate" => reply(403, "<Error>ya29.secret</Error>"),
        "/b/unknown/default.tfstate" => reply(401, "<Error>ya29.secret</Error>"),
        "/b/short/default.tfstate" => object().announced(5_000),
        "/b/failing/default.tfstate" => reply(503, "<Error>ya29.secret</Error>"),
        _ => reply(404, "<Error>ya29.secret</Error>"),
    }
}

#[test]
fn states_in_google_cloud_storage() {
    let server = Server::new(|asked, _| google(asked));
    let environment = [("GOOGLE_BASE_URL", server.url.as_str()), ("GOOGLE_OAUTH_ACCESS_TOKEN", SECRETS[4])];
    let states = fetch("gs://b/prod", &environment).unwrap();
    assert_eq!((states[0].0.as_str(), states[0].1.as_str()), ("gs://b/prod/default.tfstate", STATE));
    assert_eq!(states[0].2.written_at, Some(1_767_323_045));
    assert_eq!(server.asked()[0].headers["authorization"], format!("Bearer {}", SECRETS[4]));
    fetch("gs://b/prod?workspace=dev&version=17", &environment).unwrap();
    assert!(server.asked()[1].target.contains("generation=17"), "{:?}", server.asked()[1]);
    let names =
        |uri: &str| fetch(uri, &environment).unwrap().into_iter().map(|(uri, ..)| uri).collect::<Vec<_>>();
    assert_eq!(
        names("gs://b/prod?workspaces=all"),
        ["gs://b/prod/default.tfstate", "gs://b/prod/dev.tfstate"]
    );
    assert_eq!(names("gs://b/prod/").len(), 3);
    for (prefix, cause) in [
        ("nowhere", Cause::Absent),
        ("denied", Cause::Denied),
        ("unknown", Cause::Expired),
        ("short", Cause::Malformed),
        ("failing", Cause::Unreachable),
    ] {
        let fault = fault(&format!("gs://b/{prefix}"), &environment);
        assert_eq!(fault.cause, cause, "{prefix}: {fault:?}");
        assert!(!fault.remedy.is_empty());
    }
    let emulator = [("STORAGE_EMULATOR_HOST", server.host())];
    fetch("gs://b/prod", &emulator).unwrap();
    assert!(!server.asked().last().unwrap().headers.contains_key("authorization"));
}

/// As much of Azure's interface as the store asks.
fn azure(asked: &Asked) -> Reply {
    let object = || {
        reply(200, STATE)
            .with("Last-Modified", "Fri, 02 Jan 2026 03:04:05 GMT")
            .with("ETag", "\"x\"")
            .with("x-ms-blob-type", "BlockBlob")
    };
    let (path, query) = asked.target.split_once('?').unwrap_or((asked.target.as_str(), ""));
    if query.contains("comp=list") {
        let blobs: String = ["prod.tfstate", "prod.tfstateenv:dev", "other.tfstate"]
            .iter()
            .map(|name| format!("<Blob><Name>{name}</Name><Properties><Last-Modified>Fri, 02 Jan 2026 03:04:05 GMT</Last-Modified><Content-Length>9</Content-Length><Content-Type>x</Content-Type><Etag>x</Etag></Properties></Blob>"))
            .collect();
        return reply(
            200,
            &format!(
                "<?xml version='1.0'?><EnumerationResults><Blobs>{blobs}</Blobs><NextMarker/></EnumerationResults>"
            ),
        );
    }
    match path {
        "/c/prod.tfstate" | "/c/prod.tfstateenv:dev" | "/c/prod.tfstateenv%3Adev" => object(),
        "/c/denied.tfstate" => reply(403, "c2VjcmV0LWtleQ=="),
        _ => reply(404, "c2VjcmV0LWtleQ=="),
    }
}

#[test]
fn states_in_azure() {
    let server = Server::new(|asked, _| azure(asked));
    let environment = [("AZURE_STORAGE_ENDPOINT", server.url.as_str()), ("ARM_ACCESS_KEY", SECRETS[3])];
    let states = fetch("azurerm://acc/c/prod.tfstate", &environment).unwrap();
    assert_eq!((states[0].0.as_str(), states[0].1.as_str()), ("azurerm://acc/c/prod.tfstate", STATE));
    assert_eq!(states[0].2.written_at, Some(1_767_323_045));
    assert!(server.asked()[0].headers["authorization"].starts_with("SharedKey acc:"));
    let dev = fetch("azurerm://acc/c/prod.tfstate?workspace=dev", &environment).unwrap();
    assert_eq!(dev[0].0, "azurerm://acc/c/prod.tfstateenv:dev");
    let all = fetch("azurerm://acc/c/prod.tfstate?workspaces=all", &environment).unwrap();
    let names: Vec<&str> = all.iter().map(|(uri, ..)| uri.as_str()).collect();
    assert_eq!(names, ["azurerm://acc/c/prod.tfstate", "azurerm://acc/c/prod.tfstateenv:dev"]);
    assert_eq!(fault("azurerm://acc/c/denied.tfstate", &environment).cause, Cause::Denied);
    assert_eq!(fault("azurerm://acc/c/nowhere.tfstate", &environment).cause, Cause::Absent);
    let sas =
        [("AZURE_STORAGE_ENDPOINT", server.url.as_str()), ("ARM_SAS_TOKEN", "sv=1&sig=glpat-0123456789")];
    assert_eq!(fault("azurerm://acc/c/denied.tfstate", &sas).cause, Cause::Denied);
    assert!(server.asked().last().unwrap().target.contains("sig="));
}
