//! `stateward init` over folders of Terraform: what is found is in the profile with its place, and the profile is used.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails that way")]

use std::path::{Path, PathBuf};
use std::process::Command;

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/estate.stw");
const STATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/estate/terraform.tfstate");

struct Ran {
    code: i32,
    out: String,
    err: String,
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn of(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (path, text) in files {
            folder.write(path, text);
        }
        folder
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn with(&self, environment: &[(&str, &str)], arguments: &[&str]) -> Ran {
        let output = Command::new(env!("CARGO_BIN_EXE_stateward"))
            .current_dir(self.0.path())
            .args(arguments)
            .env_clear()
            .env("HOME", self.0.path())
            .envs(environment.iter().copied())
            .output()
            .expect("the binary runs");
        Ran {
            code: output.status.code().expect("an exit code"),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.with(&[], arguments)
    }

    /// The profile that `init` prints.
    fn draft(&self, arguments: &[&str]) -> String {
        let ran = self.run(&[&["init", "--dry-run"], arguments].concat());
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
        ran.out
    }
}

const S3: &str = r#"terraform {
  backend "s3" {
    bucket     = "acme-tfstate"
    key        = "prod/terraform.tfstate"
    region     = "us-west-2"
    access_key = "AKIAIOSFODNN7EXAMPLE"
  }
}
provider "aws" {
  region              = "us-west-2"
  allowed_account_ids = ["111122223333"]
}
provider "aws" {
  alias  = "recovery"
  region = "eu-west-1"
  assume_role { role_arn = "arn:aws:iam::444455556666:role/deploy" }
}
"#;

#[test]
fn an_s3_backend_and_its_providers_become_a_profile_that_is_used() {
    let folder = Folder::of(&[
        ("main.tf", S3),
        (
            ".git/config",
            "[core]\n[remote \"origin\"]\n\turl = https://user:s3cret@git.example.com/acme/shop.git\n",
        ),
        (".terraform/environment", "blue"),
    ]);
    let text = folder.draft(&[]);
    for expected in [
        "# Terraform in .: backend \"s3\", ./main.tf:2, state s3://acme-tfstate/env:/blue/prod/terraform.tfstate",
        "# provider \"aws\", ./main.tf:9\nname = \"us-west-2\"",
        "role = \"primary\"",
        "name = \"eu-west-1\"",
        "role = \"dr\"",
        "\"111122223333\", # allowed_account_ids of provider \"aws\", ./main.tf:9",
        "\"444455556666\", # assume_role of provider \"aws\", ./main.tf:13",
        "# Terraform works as arn:aws:iam::444455556666:role/deploy",
        "estate = \"shop blue\"",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    assert!(!text.contains("AKIA") && !text.contains("s3cret"), "{text}");

    let written = folder.run(&["init"]);
    assert_eq!(written.code, 0, "{}", written.err);
    assert_eq!(written.out, "stateward audit --profile ./stateward.toml --from .\n");
    assert_eq!(std::fs::read_to_string(folder.path("stateward.toml")).unwrap(), text);
    // The profile is one: the demo's estate is judged under it.
    let audit =
        folder.run(&["audit", "--snapshot", DEMO, "--profile", "./stateward.toml", "--format", "json"]);
    assert_eq!(audit.code, 2, "{}", audit.err);
    assert!(audit.out.contains("\"eu-west-1\"") && audit.out.contains("\"dr\""));

    let again = folder.run(&["init"]);
    assert_eq!((again.code, again.out.as_str()), (1, ""));
    assert!(again.err.contains("stateward.toml") && again.err.contains("--force"), "{}", again.err);
    assert_eq!(folder.run(&["init", "--force"]).code, 0);
    assert_eq!(
        folder.run(&["init", "--output", "other.toml"]).out,
        "stateward audit --profile ./other.toml --from .\n"
    );
}

#[test]
fn a_local_state_tells_regions_and_the_account() {
    let folder = Folder::of(&[("main.tf", "provider \"aws\" {}\n")]);
    std::fs::copy(STATE, folder.path("terraform.tfstate")).unwrap();
    std::fs::create_dir_all(folder.path("terraform.tfstate.d/staging")).unwrap();
    std::fs::copy(STATE, folder.path("terraform.tfstate.d/staging/terraform.tfstate")).unwrap();
    let text = folder.draft(&[]);
    assert!(
        text.contains("no backend block, so its state is a file beside it, state ./terraform.tfstate"),
        "{text}"
    );
    assert!(
        text.contains("# Workspaces: staging; default is chosen.") || text.contains("Workspaces: staging"),
        "{text}"
    );
    assert!(
        text.contains("name = \"us-west-2\"") && text.contains("# resources in the state of ."),
        "{text}"
    );
    assert!(text.contains("resources in ./terraform.tfstate"), "{text}");
}

#[test]
fn workspaces_of_hcp_terraform_and_what_is_not_written_out_are_told() {
    let cloud = "terraform {\n  cloud {\n    organization = \"acme\"\n    workspaces { name = \"prod\" }\n  }\n}\n\
                 variable \"region\" {}\nprovider \"aws\" { region = var.region }\n";
    let folder = Folder::of(&[("main.tf", cloud)]);
    let text = folder.draft(&[]);
    assert!(text.contains("a cloud block, ./main.tf:2, state tfc://acme/prod"), "{text}");
    assert!(text.contains("./main.tf:8: `region` is not written out"), "{text}");
    assert!(!text.contains("[[regions]]"), "{text}");
    let ran = folder.with(&[("AWS_REGION", "ap-south-1")], &["init", "--dry-run"]);
    assert!(ran.out.contains("# AWS_REGION of the environment\nname = \"ap-south-1\""), "{}", ran.out);
    folder.write(".aws/config", "[default]\nregion = sa-east-1\n[profile team]\nregion=ca-central-1\n");
    assert!(folder.draft(&[]).contains("name = \"sa-east-1\""));
    let ran = folder.with(&[("AWS_PROFILE", "team")], &["init", "--dry-run", "--offline"]);
    assert!(ran.out.contains("name = \"ca-central-1\""), "{}", ran.out);
}

#[test]
fn a_remote_backend_without_a_chosen_workspace_says_what_is_missing() {
    let remote = "terraform {\n  backend \"remote\" {\n    organization = \"acme\"\n    workspaces { prefix = \"shop-\" }\n  }\n}\n";
    let folder = Folder::of(&[("main.tf", remote)]);
    let text = folder.draft(&[]);
    assert!(text.contains("# Terraform in .: backend \"remote\", ./main.tf:2\n"), "{text}");
    assert!(text.contains("several workspaces, and none is chosen"), "{text}");
    let ran = folder.with(&[("TF_WORKSPACE", "prod")], &["init", "--dry-run"]);
    assert!(ran.out.contains("state tfc://acme/shop-prod"), "{}", ran.out);
}

#[test]
fn a_folder_with_nothing_and_one_that_is_not_there() {
    let folder = Folder::of(&[("README", "nothing")]);
    let text = folder.draft(&[]);
    assert!(text.contains("No Terraform configuration with a state was found"), "{text}");
    let written = folder.run(&["init", "--output", "p.toml"]);
    assert_eq!(written.out, "stateward audit --profile ./p.toml --state URI\n");
    let gone = folder.run(&["init", "none"]);
    assert_eq!(gone.code, 1);
    assert!(
        gone.err.contains("none: there is no such folder") && gone.err.contains("remedy"),
        "{}",
        gone.err
    );
}

#[test]
fn broken_configuration_is_refused_with_its_place() {
    let folder = Folder::of(&[("main.tf", "terraform {\n  backend \"s3\" {\n    bucket = \n  }\n}\n")]);
    let ran = folder.run(&["init"]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("main.tf") && ran.err.contains("remedy"), "{}", ran.err);
    assert!(!folder.path("stateward.toml").exists());
}

#[test]
fn several_root_modules_are_found_below_a_folder() {
    let module = "resource \"aws_sqs_queue\" \"q\" {}\n";
    let folder = Folder::of(&[
        ("envs/prod/main.tf", S3),
        ("envs/staging/main.tf", &S3.replace("prod/", "staging/").replace("us-west-2", "us-east-2")),
        ("envs/broken/main.tf", "terraform {"),
        ("envs/shared/main.tf", module),
        ("modules/queue/main.tf", module),
        (".hidden/x/main.tf", S3),
    ]);
    let text = folder.draft(&[]);
    assert!(text.contains("state s3://acme-tfstate/prod/terraform.tfstate"), "{text}");
    assert!(text.contains("state s3://acme-tfstate/staging/terraform.tfstate"), "{text}");
    assert!(text.contains("# Left out, for it cannot be read: ./envs/broken/main.tf"), "{text}");
    assert!(!text.contains("shared") && !text.contains("queue") && !text.contains("hidden"), "{text}");
    assert_eq!(text.matches("role = \"primary\"").count(), 1, "{text}");
    let written = folder.run(&["init"]);
    assert_eq!(
        written.out,
        "stateward audit --profile ./stateward.toml --from ./envs/prod --from ./envs/staging\n"
    );
    assert!(Path::new(&folder.path("stateward.toml")).exists());
}
