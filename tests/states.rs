//! States from everywhere, through the command line: what is read, what is an outcome, what ends the run, and that no
//! credential is printed on the way.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

const STATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/estate/terraform.tfstate");
const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/estate.stw");

struct Ran {
    code: i32,
    out: String,
    err: String,
}

/// Without anything of the developer's own environment, so that no credential of theirs is used.
fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_stateward"))
        .args(arguments)
        .env_clear()
        .env("HOME", "/nowhere")
        .envs(environment.iter().copied())
        .output()
        .expect("the binary runs");
    Ran {
        code: output.status.code().expect("an exit code"),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn drift(states: &[&str], environment: &[(&str, &str)]) -> (Value, Ran) {
    let mut arguments = vec!["drift", "--snapshot", DEMO, "--unmanaged", "--format", "json"];
    arguments.extend(states.iter().flat_map(|state| ["--state", *state]));
    let ran = run(&arguments, environment);
    let document = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.err));
    (document, ran)
}

fn state_of<'a>(document: &'a Value, uri: &str) -> &'a Value {
    let states = document["scope"]["states"].as_array().expect("states");
    states.iter().find(|state| state["uri"] == uri).unwrap_or_else(|| panic!("no {uri} in {states:#?}"))
}

fn estate() -> String {
    std::fs::read_to_string(STATE).expect("the fixture")
}

#[cfg(feature = "remote")]
mod remote {
    use std::collections::BTreeMap;
    use std::io::{BufRead, BufReader, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::Arc;

    use super::*;

    type Headers = BTreeMap<String, String>;

    /// A server that answers a path and headers with a status, headers and a body; its address.
    fn serve(answer: impl Fn(&str, &Headers) -> (u16, String, String) + Send + Sync + 'static) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let answer = Arc::new(answer);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let answer = answer.clone();
                std::thread::spawn(move || serve_one(stream, &*answer));
            }
        });
        address
    }

    fn serve_one(mut stream: TcpStream, answer: &dyn Fn(&str, &Headers) -> (u16, String, String)) {
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
        let first = lines.next().unwrap_or_default();
        let headers: Headers = lines
            .take_while(|line| !line.is_empty())
            .filter_map(|line| {
                line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            })
            .collect();
        let (status, headers, body) = answer(first.split(' ').nth(1).unwrap_or_default(), &headers);
        let head = format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        let _ = stream.write_all(format!("{head}{headers}\r\n{body}").as_bytes());
    }

    const SECRETS: &[&str] = &[
        "hunter2-password",
        "glpat-0123456789",
        "tfe-token-xyz",
        "header-value-77",
        "ya29.bearer",
        "sig-of-a-link",
    ];

    fn clean(ran: &Ran, what: &str) {
        for secret in SECRETS {
            assert!(!ran.out.contains(secret), "{secret} in the output of {what}");
            assert!(!ran.err.contains(secret), "{secret} in the messages of {what}: {}", ran.err);
        }
    }

    /// Every backend in one place.
    fn everything() -> String {
        let whole = estate();
        serve(move |target, headers| {
            let state = || {
                let dates = "Last-Modified: Fri, 02 Jan 2026 03:04:05 GMT\r\nETag: \"x\"\r\n".to_owned();
                (200, dates, whole.clone())
            };
            let sent = |name: &str| headers.get(name).map(String::as_str).unwrap_or_default();
            match target.split('?').next().unwrap_or_default() {
                // ada:hunter2-password
                "/basic" if sent("authorization") == "Basic YWRhOmh1bnRlcjItcGFzc3dvcmQ=" => state(),
                "/basic" => (401, String::new(), "hunter2-password is needed".to_owned()),
                "/header" if sent("x-token") == "header-value-77" => state(),
                "/api/v4/projects/7/terraform/state/prod" if sent("private-token") == "glpat-0123456789" => {
                    state()
                }
                "/broken" => (200, String::new(), whole[..whole.len() / 2].to_owned()),
                "/page" => (200, String::new(), "<html>hunter2-password</html>".to_owned()),
                "/moved" => (302, "Location: /broken?sig=sig-of-a-link\r\n".to_owned(), String::new()),
                "/.well-known/terraform.json" => (404, String::new(), String::new()),
                "/api/v2/organizations/acme/workspaces/shop"
                    if sent("authorization") == "Bearer tfe-token-xyz" =>
                {
                    (
                        200,
                        String::new(),
                        r#"{"data": {"id": "ws-1", "attributes": {"locked": true}}}"#.to_owned(),
                    )
                }
                "/api/v2/workspaces/ws-1/current-state-version" => {
                    let link = r#"{"data": {"attributes": {"hosted-state-download-url": "/link?sig=sig-of-a-link"}}}"#;
                    (200, String::new(), link.to_owned())
                }
                "/link" => state(),
                path if path.starts_with("/bucket/prod%2Fdefault")
                    && sent("authorization") == "Bearer ya29.bearer" =>
                {
                    state()
                }
                "/container/prod.tfstate" if target.contains("sig=") => state(),
                _ => (404, String::new(), "glpat-0123456789".to_owned()),
            }
        })
    }

    fn environment(address: &str) -> Vec<(&'static str, String)> {
        [
            ("TF_HTTP_USERNAME", "ada".to_owned()),
            ("TF_HTTP_PASSWORD", "hunter2-password".to_owned()),
            ("TFE_ADDRESS", format!("http://{address}")),
            ("TF_TOKEN_127_0_0_1", "tfe-token-xyz".to_owned()),
            ("GOOGLE_BASE_URL", format!("http://{address}")),
            ("GOOGLE_OAUTH_ACCESS_TOKEN", "ya29.bearer".to_owned()),
            ("AZURE_STORAGE_ENDPOINT", format!("http://{address}")),
            ("ARM_SAS_TOKEN", "sv=1&sig=sig-of-a-link".to_owned()),
            ("MY_TOKEN", "header-value-77".to_owned()),
        ]
        .to_vec()
    }

    fn pairs<'a>(environment: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
        environment.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    #[test]
    fn a_state_is_the_same_wherever_it_is_kept() {
        let address = everything();
        let environment = environment(&address);
        let environment = pairs(&environment);
        let (from_file, _) = drift(&[STATE], &[]);
        let basic = format!("http://{address}/basic");
        let cases = [
            (basic.as_str(), "read"),
            ("tfc://acme/shop", "partial"),
            ("gs://bucket/prod", "read"),
            ("azurerm://account/container/prod.tfstate", "read"),
        ];
        for (uri, outcome) in cases {
            let (document, ran) = drift(&[uri], &environment);
            clean(&ran, uri);
            assert_eq!(document["drift"]["summary"], from_file["drift"]["summary"], "{uri}");
            let shown = if uri.starts_with("gs:") { "gs://bucket/prod/default.tfstate" } else { uri };
            assert_eq!(state_of(&document, shown)["outcome"], outcome, "{uri}");
        }
    }

    #[test]
    fn gitlab_and_headers_of_ones_own() {
        let address = everything();
        let uri = format!("http://{address}/api/v4/projects/7/terraform/state/prod");
        let own = [("GITLAB_TOKEN", "glpat-0123456789"), ("GITLAB_HOST", address.as_str())];
        let (document, ran) = drift(&[&uri], &own);
        clean(&ran, "gitlab");
        assert_eq!(state_of(&document, &uri)["outcome"], "read");
        let uri = format!("http://{address}/header");
        let arguments = ["drift", "--snapshot", DEMO, "--state", &uri, "--state-header", "X-Token=MY_TOKEN"];
        let ran = run(&arguments, &[("MY_TOKEN", "header-value-77")]);
        clean(&ran, "header");
        assert_eq!(ran.code, 2, "{}", ran.err);
        let ran = run(&arguments, &[]);
        assert!(ran.code == 1 && ran.err.contains("MY_TOKEN") && ran.err.contains("remedy"), "{}", ran.err);
    }

    #[test]
    fn a_state_that_cannot_be_had_leaves_the_others() {
        let address = everything();
        let gone = format!("http://{address}/gone?token=glpat-0123456789");
        let (certain, _) = drift(&[STATE], &[]);
        let (document, ran) = drift(&[STATE, &gone], &[]);
        clean(&ran, "gone");
        assert_eq!(ran.code, 2, "{}", ran.err);
        let shown = format!("http://{address}/gone?token=(hidden)");
        let state = state_of(&document, &shown);
        assert_eq!(state["outcome"], "unreadable");
        assert!(state["reason"].as_str().expect("a reason").contains("404"), "{state}");
        assert_eq!(document["drift"]["unread_states"], serde_json::json!([shown]));
        let blocks = |document: &Value| {
            let items = document["drift"]["items"].as_array().expect("items").iter();
            items.filter(|item| item["class"] == "unmanaged" && item["import_block"].is_string()).count()
        };
        assert!(blocks(&certain) > 0, "the estate has something to import");
        assert_eq!(blocks(&document), 0, "what an unread state may hold is not offered for import");
    }

    #[test]
    fn when_no_state_is_read_the_run_has_failed() {
        let address = everything();
        for (path, words) in [
            ("/basic", ["401", "TF_HTTP_PASSWORD"]),
            ("/gone", ["404", "GitLab"]),
            ("/broken", ["truncated", "remedy"]),
            ("/page", ["not JSON", "remedy"]),
            ("/moved", ["truncated", "remedy"]),
        ] {
            let uri =
                format!("http://ada:wrong-hunter2-password@{address}{path}?private_token=glpat-0123456789");
            let ran = run(&["drift", "--snapshot", DEMO, "--state", &uri], &[]);
            assert_eq!(ran.code, 1, "{path}: {}", ran.err);
            assert!(
                ran.err.contains(&format!("http://{address}{path}?private_token=(hidden)")),
                "{}",
                ran.err
            );
            assert!(words.iter().all(|word| ran.err.contains(word)), "{path}: {}", ran.err);
            clean(&ran, path);
        }
        let ran = run(&["drift", "--snapshot", DEMO, "--state", "tfc://acme/shop"], &[]);
        assert!(ran.code == 1 && ran.err.contains("terraform login app.terraform.io"), "{}", ran.err);
    }

    #[test]
    fn no_credential_of_a_backend_is_in_any_output() {
        let address = everything();
        let environment = environment(&address);
        let environment = pairs(&environment);
        let basic = format!("http://ada:hunter2-password@{address}/basic?private_token=glpat-0123456789");
        let moved = format!("http://{address}/moved");
        let gone = format!("http://{address}/gone?key=glpat-0123456789");
        for format in ["table", "json", "jsonl", "csv", "markdown", "html"] {
            let ran = run(
                &[
                    "audit",
                    "--snapshot",
                    DEMO,
                    "--format",
                    format,
                    "--state",
                    &basic,
                    "--state",
                    &moved,
                    "--state",
                    &gone,
                    "--state",
                    "tfc://acme/shop",
                    "--state",
                    "gs://bucket/prod",
                    "--state",
                    "gs://bucket/none",
                    "--state",
                    "azurerm://account/container/prod.tfstate",
                    "--state",
                    "azurerm://account/container/none",
                    "--state-header",
                    "X-Token=MY_TOKEN",
                ],
                &environment,
            );
            assert_eq!(ran.code, 2, "{}", ran.err);
            clean(&ran, format);
        }
    }
}

#[cfg(not(feature = "remote"))]
#[test]
fn a_build_without_remote_states_says_so() {
    for uri in ["https://h/x", "tfc://acme/x", "remote://h/acme/x", "gs://b/p", "azurerm://a/c/k"] {
        let ran = run(&["drift", "--snapshot", DEMO, "--state", uri], &[]);
        assert_eq!(ran.code, 1, "{uri}");
        let words = [uri.split("://").next().unwrap(), "--features remote", "remedy", "terraform state pull"];
        assert!(words.iter().all(|word| ran.err.contains(word)), "{uri}: {}", ran.err);
    }
}

/// A recording without states, so that the configuration is what names one.
fn bare_recording(folder: &Path) -> String {
    let packed = std::fs::File::open(DEMO).expect("the recording");
    let mut recording: Value =
        serde_json::from_slice(&zstd::decode_all(packed).expect("zstd")).expect("JSON");
    recording["states"] = serde_json::json!([]);
    let path = folder.join("bare.stw");
    let bytes = zstd::encode_all(recording.to_string().as_bytes(), 1).expect("zstd");
    std::fs::write(&path, bytes).expect("a file");
    path.to_str().expect("a path of text").to_owned()
}

#[test]
fn a_configuration_names_its_state() {
    let folder = tempfile::tempdir().expect("a folder");
    let snapshot = bare_recording(folder.path());
    let root = folder.path().to_str().expect("a path of text");
    std::fs::write(folder.path().join("main.tf"), "terraform {\n  backend \"local\" {}\n}\n")
        .expect("a file");
    let drift = |more: &[&str]| {
        run(&[&["drift", "--snapshot", &snapshot, "--format", "json", "--from", root], more].concat(), &[])
    };
    let ran = drift(&[]);
    let words = ["main.tf:2", "terraform.tfstate", "remedy"];
    assert!(ran.code == 1 && words.iter().all(|word| ran.err.contains(word)), "{}", ran.err);
    std::fs::write(folder.path().join("terraform.tfstate"), estate()).expect("a file");
    let ran = drift(&[]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    let document: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(state_of(&document, &format!("{root}/terraform.tfstate"))["outcome"], "read");
    // What is named wins.
    let ran = drift(&["--state", STATE]);
    let document: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(document["scope"]["states"].as_array().expect("states").len(), 1);
    assert_eq!(state_of(&document, STATE)["outcome"], "read");
    // Recorded states stay what they were.
    let ran = run(&["drift", "--snapshot", DEMO, "--format", "json", "--from", root], &[]);
    let document: Value =
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.err));
    let states = document["scope"]["states"].as_array().expect("states");
    assert!(
        states.iter().all(|state| !state["uri"].as_str().expect("a URI").starts_with(root)),
        "{states:#?}"
    );
}

#[test]
fn addresses_that_are_not_understood_end_the_run() {
    for (uri, word) in [
        ("consul://host/ada", "terraform state pull"),
        ("s3://bucket", "s3://BUCKET/KEY"),
        ("gs://", "gs://BUCKET/PREFIX"),
        ("azurerm://account", "azurerm://ACCOUNT/CONTAINER/KEY"),
        ("tfc://acme", "tfc://ORGANIZATION/WORKSPACE"),
    ] {
        let ran = run(&["drift", "--snapshot", DEMO, "--state", uri], &[]);
        assert!(ran.code == 1 && ran.err.contains(word) && ran.err.contains("remedy"), "{uri}: {}", ran.err);
    }
}

#[test]
fn a_broken_file_of_a_glob_is_an_outcome_and_a_named_one_ends_the_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    let whole = estate();
    file("a.tfstate", &whole);
    file("b.tfstate", &whole[..whole.len() / 2]);
    let text = |path: &Path| path.to_str().expect("a path of text").to_owned();
    let (glob, broken) = (text(&folder.path().join("*.tfstate")), text(&folder.path().join("b.tfstate")));
    let (document, ran) = drift(&[&glob], &[]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    let state = state_of(&document, &broken);
    assert!(
        state["outcome"] == "unreadable" && state["reason"].as_str().unwrap().contains("truncated"),
        "{state}"
    );
    assert_eq!(document["drift"]["unread_states"], serde_json::json!([broken]));
    let (from_file, _) = drift(&[STATE], &[]);
    for class in ["in_sync", "changed", "missing"] {
        assert_eq!(document["drift"]["summary"][class], from_file["drift"]["summary"][class], "{class}");
    }
    let ran = run(&["drift", "--snapshot", DEMO, "--state", &glob, "--state", &broken], &[]);
    // It was read as one of the glob already; by itself it ends the run.
    assert_eq!(ran.code, 2, "{}", ran.err);
    let ran = run(&["drift", "--snapshot", DEMO, "--state", &broken, "--state", STATE], &[]);
    assert!(ran.code == 1 && ran.err.contains("b.tfstate:") && ran.err.contains("truncated"), "{}", ran.err);
    file("a.tfstate", "{}");
    let ran = run(&["drift", "--snapshot", DEMO, "--state", &glob], &[]);
    assert!(
        ran.code == 1 && ran.err.contains("a.tfstate") && ran.err.contains("1 more failed"),
        "{}",
        ran.err
    );
}

#[cfg(feature = "aws")]
mod in_s3 {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use stateward_testbed::{Emulator, Request};

    use super::*;

    /// Puts an object; its version, where the bucket keeps versions.
    fn put(emulator: &Emulator, path: &str, body: &str) -> String {
        let request = Request::signed("s3", "us-west-2", "PUT", path).body(body);
        let answer = request.send(emulator.endpoint(), Duration::from_secs(30)).expect("an answer");
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.header("x-amz-version-id").unwrap_or_default().to_owned()
    }

    fn states(emulator: &Emulator, uris: &[&str]) -> Result<BTreeMap<String, Value>, String> {
        let environment = emulator.env();
        let environment: Vec<(&str, &str)> =
            environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut arguments = vec!["drift", "--service", "sqs", "--format", "json"];
        arguments.extend(uris.iter().flat_map(|uri| ["--state", *uri]));
        let ran = run(&arguments, &environment);
        if ran.code == 1 {
            return Err(ran.err);
        }
        let document: Value =
            serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.err));
        let states = document["scope"]["states"].as_array().expect("states").iter();
        Ok(states.map(|state| (state["uri"].as_str().expect("a URI").to_owned(), state.clone())).collect())
    }

    #[test]
    fn folders_workspaces_and_versions() {
        let emulator = Emulator::estate();
        let url = emulator.state_url();
        let (bucket, key) = url.trim_start_matches("s3://").split_once('/').expect("bucket and key");
        let whole = estate();
        let old = whole.replacen("\"serial\": ", "\"serial\": 9", 1);
        assert_ne!(old, whole, "the fixture's serial is written otherwise");
        put(&emulator, &format!("/{bucket}/env%3A/dev/{key}"), &whole);
        put(&emulator, &format!("/{bucket}/env%3A/cut/{key}"), &whole[..whole.len() / 2]);
        put(&emulator, &format!("/{bucket}/other/readme.txt"), "hello");
        let outcomes = |uris: &[&str]| -> BTreeMap<String, String> {
            let states = states(&emulator, uris).expect("a result").into_iter();
            states
                .map(|(uri, state)| (uri, state["outcome"].as_str().expect("an outcome").to_owned()))
                .collect()
        };
        let (dev, cut) = (format!("s3://{bucket}/env:/dev/{key}"), format!("s3://{bucket}/env:/cut/{key}"));
        let line = |uri: &str, outcome: &str| (uri.to_owned(), outcome.to_owned());
        assert_eq!(outcomes(&[&format!("{url}?workspace=dev")]), [line(&dev, "read")].into());
        let all = [line(&cut, "unreadable"), line(&dev, "read"), line(url, "read")];
        assert_eq!(outcomes(&[&format!("{url}?workspaces=all")]), all.clone().into());
        assert_eq!(outcomes(&[&format!("s3://{bucket}/")]), all.into());
        let gone = format!("s3://{bucket}/nowhere/");
        assert_eq!(outcomes(&[url, &gone]), [line(url, "read"), line(&gone, "unreadable")].into());
        let fault = states(&emulator, &[&gone]).expect_err("nothing is there");
        assert!(fault.contains(&gone) && fault.contains("no state is there"), "{fault}");
        let fault = states(&emulator, &[&cut]).expect_err("it is broken");
        assert!(fault.contains("truncated") && fault.contains("remedy"), "{fault}");

        let versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
        put(&emulator, &format!("/{bucket}?versioning"), versioning);
        let first = put(&emulator, &format!("/{bucket}/versioned.tfstate"), &old);
        put(&emulator, &format!("/{bucket}/versioned.tfstate"), &whole);
        let serial = |uri: &str| states(&emulator, &[uri]).expect("a result")[uri]["serial"].clone();
        let newest = serial(&format!("s3://{bucket}/versioned.tfstate"));
        assert_eq!(
            serial(&format!("s3://{bucket}/versioned.tfstate?version={first}")),
            format!("9{newest}").parse::<u64>().unwrap()
        );
        let fault =
            states(&emulator, &[&format!("s3://{bucket}/versioned.tfstate?version=none")]).unwrap_err();
        assert!(fault.contains("no state could be read"), "{fault}");
    }
}
