//! The ready files under `deploy/`: each is well formed, and every command line in them is one that this program takes.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]
#![cfg(feature = "service")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use yaml_serde::Value;

/// Wrong usage.
const USAGE: i32 = 64;

fn project() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &str) -> String {
    let path = project().join("deploy").join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn yaml(file: &str) -> Value {
    yaml_serde::from_str(&read(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Words as a shell has them, without what it would redirect.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for letter in line.chars() {
        match (letter, quote) {
            (letter, Some(open)) if letter == open => quote = None,
            ('"' | '\'', None) => quote = Some(letter),
            (' ' | '\t' | '\n', None) => words.push(String::new()),
            (letter, _) => words.last_mut().unwrap().push(letter),
        }
    }
    assert!(quote.is_none(), "a quote is open in {line}");
    words.retain(|word| !word.is_empty() && word != "\\");
    let end = words.iter().position(|word| matches!(word.as_str(), ">" | ">>" | "|" | "||" | "&&"));
    words.truncate(end.unwrap_or(words.len()));
    words
}

/// Runs the program with `arguments` where there is neither a profile nor a network: what it says is not that they are wrong.
fn taken(place: &str, arguments: &[String]) {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_stateward"))
        .args(arguments)
        .current_dir(folder.path())
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env_remove("AWS_ACCESS_KEY_ID")
        .output()
        .expect("the binary runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code().is_some_and(|code| code != USAGE), "{place}: {arguments:?}: {said}");
    assert!(!arguments.is_empty(), "{place}: there is no command");
}

fn all(value: &Value) -> Vec<String> {
    let items = value.as_sequence().unwrap_or_else(|| panic!("no list: {value:?}"));
    items.iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

#[allow(clippy::print_stderr, reason = "a test that asked less has to say so")]
fn skipped(what: &str) {
    eprintln!("SKIPPED: {what}");
}

#[allow(clippy::disallowed_methods, reason = "where tools are is what the environment says")]
fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        skipped(&format!("what {name} would say of the files, since it is not here"));
    }
    found
}

fn good(output: &Output, what: &str) -> String {
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{what}: {said}");
    said
}

#[test]
fn the_jobs_of_the_profiles_are_command_lines_and_have_times() {
    for file in ["profile.toml", "kubernetes/profile.toml"] {
        let path = project().join("deploy").join(file);
        let output = Command::new(env!("CARGO_BIN_EXE_stateward"))
            .args(["schedule", "--check", "--profile"])
            .arg(&path)
            .output()
            .expect("the binary runs");
        let said = good(&output, file);
        assert!(said.starts_with("nightly  0 6 * * *  (America/Los_Angeles)"), "{said}");
        assert_eq!(said.lines().count(), 6, "{said}");
    }
}

#[test]
fn the_units_of_systemd_run_what_there_is_and_give_it_few_rights() {
    let services = ["stateward.service", "stateward-audit.service"];
    for service in services {
        let text = read(&format!("systemd/{service}"));
        let starts: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("ExecStart=")).collect();
        let [start] = starts.as_slice() else { panic!("{service}: {starts:?}") };
        let words = words(&start.replace("${STATE_DIRECTORY}", "state"));
        assert_eq!(words[0], "/usr/local/bin/stateward");
        taken(service, &words[1..]);
        for setting in
            ["DynamicUser=yes", "ProtectSystem=strict", "NoNewPrivileges=yes", "CapabilityBoundingSet="]
        {
            assert!(text.lines().any(|line| line == setting), "{service} lacks {setting}");
        }
    }
    let Some(analyze) = tool("systemd-analyze") else { return };
    // The units name a program that is not installed here; the one that was built stands in for it.
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for unit in services.iter().chain(&["stateward-audit.timer"]) {
        let text = read(&format!("systemd/{unit}"))
            .replace("/usr/local/bin/stateward", env!("CARGO_BIN_EXE_stateward"));
        let file = folder.path().join(unit);
        std::fs::write(&file, text).unwrap();
        files.push(file);
    }
    let verified = Command::new(&analyze).arg("verify").args(&files).output().unwrap();
    assert_eq!(good(&verified, "systemd-analyze verify").trim(), "");
    let times =
        Command::new(&analyze).args(["calendar", "*-*-* 06:00:00 America/Los_Angeles"]).output().unwrap();
    good(&times, "systemd-analyze calendar");
    for service in &files[..2] {
        // Tenths of the exposure, of 100.
        let judged = Command::new(&analyze)
            .args(["security", "--offline=true", "--threshold=15"])
            .arg(service)
            .output()
            .unwrap();
        good(&judged, "systemd-analyze security");
    }
}

#[test]
fn the_lines_of_cron_are_ones_and_what_fails_is_mailed() {
    let text = read("cron/stateward");
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let (settings, jobs): (Vec<&str>, Vec<&str>) =
        lines.partition(|line| line.split(' ').next().unwrap().contains('='));
    assert_eq!(settings.len(), 3);
    let to = settings.iter().find_map(|line| line.strip_prefix("MAILTO=")).expect("cron mails what fails");
    assert!(!to.trim_matches('"').is_empty(), "cron mails what fails to nobody");
    assert_eq!(jobs.len(), 2, "{jobs:?}");
    for job in jobs {
        assert!(!job.contains('%'), "to cron it is the end of the line: {job}");
        let (before, line) = job.split_once("; stateward ").expect("the program");
        let before = words(before);
        assert_eq!(before[5], "stateward", "the user");
        assert_eq!(before[6..], ["set", "-a;", ".", "/etc/stateward/environment;", "set", "+a"]);
        taken("cron", &words(line));
        assert!(
            words(line).contains(&"/var/lib/stateward/runs.db".to_owned()),
            "one history for all: {line}"
        );
    }
}

#[test]
fn the_objects_of_kubernetes_hold_together() {
    let job = yaml("kubernetes/cronjob.yaml");
    let pod = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    taken("kubernetes", &all(&container["args"]));
    assert_eq!(job["spec"]["concurrencyPolicy"].as_str(), Some("Forbid"));
    assert_eq!(pod["securityContext"]["runAsNonRoot"].as_bool(), Some(true));
    assert_eq!(container["securityContext"]["readOnlyRootFilesystem"].as_bool(), Some(true));
    assert_eq!(all(&container["securityContext"]["capabilities"]["drop"]), ["ALL"]);
    let names = |list: &Value| {
        let mut names: Vec<String> =
            list.as_sequence().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&pod["volumes"]), names(&container["volumeMounts"]));
    let claim = yaml("kubernetes/history.yaml");
    let volumes = pod["volumes"].as_sequence().unwrap();
    assert!(volumes.iter().any(|one| one["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]));
    assert_eq!(yaml("kubernetes/serviceaccount.yaml")["metadata"]["name"], pod["serviceAccountName"]);
    for resource in all(&yaml("kubernetes/kustomization.yaml")["resources"]) {
        assert!(yaml(&format!("kubernetes/{resource}"))["kind"].is_string(), "{resource}");
    }
    let Some(kubectl) = tool("kubectl") else { return };
    let built =
        Command::new(kubectl).arg("kustomize").arg(project().join("deploy/kubernetes")).output().unwrap();
    let built = good(&built, "kubectl kustomize");
    for kind in ["Namespace", "ServiceAccount", "ConfigMap", "PersistentVolumeClaim", "CronJob"] {
        assert!(built.contains(&format!("kind: {kind}\n")), "{kind} in {built}");
    }
    assert!(built.contains("image: registry.example.com/stateward:0.1.0"), "{built}");
}

#[test]
fn the_module_of_terraform_is_valid_and_its_command_is_one() {
    use hcl_edit::expr::Expression;
    use hcl_edit::structure::Body;

    let folder = project().join("deploy/ecs");
    let files = ["main.tf", "outputs.tf", "roles.tf", "variables.tf", "versions.tf"];
    for file in files {
        let text = read(&format!("ecs/{file}"));
        text.parse::<Body>().unwrap_or_else(|error| panic!("{file}: {error}"));
    }
    let variables: Body = read("ecs/variables.tf").parse().unwrap();
    let command =
        variables.get_blocks("variable").find(|block| block.has_labels(&["command"])).expect("a variable");
    let default = command.body.get_attribute("default").map(|attribute| &attribute.value);
    let Some(Expression::Array(default)) = default else { panic!("no list: {default:?}") };
    let default: Vec<String> = default.iter().map(|word| word.as_str().expect("a word").to_owned()).collect();
    taken("ecs", &default);
    // The policy is what the program prints, in parts that IAM takes.
    let policy: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(project().join("docs/iam-policy.json")).unwrap())
            .unwrap();
    for part in policy["Statement"].as_array().unwrap().chunks(16) {
        let size = serde_json::to_string(part).unwrap().len();
        assert!(size < 5_900, "a part of the policy has {size} characters");
    }

    let Some(terraform) = tool("terraform") else { return };
    let formatted = Command::new(&terraform).args(["fmt", "-check", "-diff"]).arg(&folder).output().unwrap();
    good(&formatted, "terraform fmt");
    let mirror = Path::new("/opt/tf-plugins");
    if !mirror.join("registry.terraform.io/hashicorp/aws").is_dir() {
        skipped("terraform validate, since its provider is not in /opt/tf-plugins");
        return;
    }
    let work = tempfile::tempdir().unwrap();
    for file in files {
        std::fs::copy(folder.join(file), work.path().join(file)).unwrap();
    }
    let settings = work.path().join("terraform.rc");
    let installation = format!("provider_installation {{\n  filesystem_mirror {{ path = {mirror:?} }}\n}}\n");
    std::fs::write(&settings, installation).unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new(&terraform)
            .current_dir(work.path())
            .env("TF_CLI_CONFIG_FILE", &settings)
            .args(arguments)
            .output()
            .unwrap();
        good(&output, &arguments.join(" "));
    };
    run(&["init", "-input=false", "-backend=false", "-no-color"]);
    run(&["validate", "-no-color"]);
}

#[test]
fn the_action_and_the_workflow_of_github_fit_each_other() {
    let (action, workflow) = (yaml("github/action.yml"), yaml("github/workflow.yml"));
    let steps = action["runs"]["steps"].as_sequence().unwrap();
    let scripts: Vec<&str> = steps.iter().filter_map(|step| step["run"].as_str()).collect();
    assert_eq!(scripts.len(), steps.len(), "every step is a script");
    for script in &scripts {
        assert!(!script.contains("${{"), "an input would be read as a script: {script}");
    }
    let script = scripts[1]
        .replace("\\\n", " ")
        .replace("\"$COMMAND\"", "audit")
        .replace("${FROM:+--from \"$FROM\"}", "--from infra")
        .replace("${FAIL_ON:+--fail-on \"$FAIL_ON\"}", "--fail-on never");
    let lines: Vec<&str> =
        script.lines().map(str::trim).filter_map(|line| line.strip_prefix("stateward ")).collect();
    assert_eq!(lines.len(), 2, "{script}");
    for line in lines {
        taken("github", &words(line));
    }
    let inputs = action["inputs"].as_mapping().unwrap();
    let used =
        steps[1]["env"].as_mapping().unwrap().iter().map(|(_, value)| value.as_str().unwrap().to_owned());
    let used: Vec<String> = used.collect();
    for (input, _) in inputs {
        let expression = format!("${{{{ inputs.{} }}}}", input.as_str().unwrap());
        assert!(used.contains(&expression), "nobody reads {expression}");
    }
    let steps = workflow["jobs"]["audit"]["steps"].as_sequence().unwrap();
    let with = steps.iter().find(|step| step["id"] == "stateward").unwrap()["with"].as_mapping().unwrap();
    for (name, _) in with {
        assert!(inputs.contains_key(name), "the action has no input {name:?}");
    }
    for step in steps {
        let text = yaml_serde::to_string(step).unwrap();
        for output in text.split("steps.stateward.outputs.").skip(1) {
            let name = output.split([' ', '}']).next().unwrap();
            assert!(action["outputs"][name]["value"].is_string(), "the action has no output {name}");
        }
    }
}

#[test]
fn the_template_of_gitlab_runs_what_there_is() {
    let template = yaml("gitlab/stateward.gitlab-ci.yml");
    let job = &template["stateward"];
    let script = all(&job["script"]);
    let [line] = script.as_slice() else { panic!("{script:?}") };
    let line = words(line);
    assert_eq!(line[0], "stateward");
    taken("gitlab", &line[1..]);
    let written: Vec<&String> = line
        .iter()
        .zip(&line[1..])
        .filter(|(option, _)| *option == "--output")
        .map(|(_, file)| file)
        .collect();
    assert!(written.iter().any(|file| job["artifacts"]["reports"]["junit"] == file.as_str()));
    for path in all(&job["artifacts"]["paths"]) {
        assert!(written.contains(&&path), "nobody writes {path}");
    }
}

#[test]
fn the_image_is_small_and_runs_as_nobody() {
    let text = read("container/Dockerfile");
    let last = text.split("\nFROM ").last().unwrap();
    assert!(last.starts_with("gcr.io/distroless/") && last.contains("\nUSER 65532:65532\n"), "{last}");
    let list = |name: &str| -> Vec<String> {
        let line = last.lines().find_map(|line| line.strip_prefix(name)).expect(name);
        serde_json::from_str(line.trim()).expect("a list")
    };
    assert_eq!(list("ENTRYPOINT"), ["/usr/local/bin/stateward"]);
    taken("container", &list("CMD"));
    let manifest = std::fs::read_to_string(project().join("Cargo.toml")).unwrap();
    let version =
        manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).unwrap().trim_matches('"');
    assert!(text.contains(&format!("FROM rust:{version}-")), "the image builds with Rust {version}");
    // What the ignore file lets through is there, and what the sources include is let through.
    let ignore = read("container/Dockerfile.dockerignore");
    let kept: Vec<&str> = ignore.lines().filter_map(|line| line.strip_prefix('!')).collect();
    assert!(ignore.lines().any(|line| line == "*"));
    for path in &kept {
        assert!(project().join(path).exists(), "{path} is not there");
    }
    let lock = std::fs::read_to_string(project().join("Cargo.toml")).unwrap();
    let members = lock.lines().find_map(|line| line.strip_prefix("members = ")).unwrap();
    let members: Vec<String> = serde_json::from_str(members).unwrap();
    for member in members {
        assert!(kept.iter().any(|path| member.starts_with(path)), "the build needs {member}");
    }
}
