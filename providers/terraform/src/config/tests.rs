use super::*;
use serde_json::json;
use std::path::PathBuf;

/// The configuration that made the states of the fixtures.
fn estate() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/estate/tf"))
}

/// A folder with these files, gone with the value.
struct Folder(PathBuf);

impl Folder {
    fn of(name: &str, files: &[(&str, &str)]) -> Self {
        let root = std::env::temp_dir().join(format!("stateward-config-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        for (path, text) in files {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self(root)
    }

    fn read(&self) -> Configuration {
        read(&self.0).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_backend_is_read_without_its_credentials() {
    let configuration = read(&estate()).unwrap();
    let backend = configuration.backend.clone().unwrap();
    assert_eq!(backend.kind, "s3");
    assert_eq!(backend.text("bucket"), Some("acme-tfstate"));
    assert_eq!(backend.text("key"), Some("platform/prod/terraform.tfstate"));
    assert_eq!(backend.settings["encrypt"], json!(true));
    assert_eq!(backend.settings["endpoints"]["s3"], json!("http://127.0.0.1:5601"));
    assert_eq!(backend.secret("secret_key"), Some("test"));
    assert!(!backend.settings.contains_key("secret_key"));
    assert!(
        backend.place.file.ends_with("providers.tf") && backend.place.line == Some(6),
        "{}",
        backend.place
    );
    assert_eq!(configuration.required_providers[0].source.as_deref(), Some("hashicorp/aws"));
    assert_eq!(configuration.required_providers[0].version.as_deref(), Some("3.39.0"));
    assert!(!format!("{configuration:?}").contains("\"test\""), "{configuration:?}");
}

#[test]
fn what_a_backend_leaves_to_others_is_said() {
    let folder = Folder::of(
        "partial",
        &[(
            "main.tf",
            "variable \"k\" {}\nterraform {\n  backend \"s3\" {\n    key = \"a-${var.k}\"\n    password = \"hunter2hunter2\"\n  }\n}\n",
        )],
    );
    let configuration = folder.read();
    let backend = configuration.backend.clone().unwrap();
    assert_eq!(backend.unresolved, ["key"]);
    let note = configuration.notes[0].to_string();
    assert!(
        note.ends_with(
            "does not say bucket, key: `terraform init` is given it elsewhere (-backend-config, environment)"
        ),
        "{note}"
    );
    assert!(note.contains("main.tf:3: "), "{note}");
    assert!(!format!("{configuration:?}").contains("hunter2"));
}

#[test]
fn cloud_blocks_json_and_overrides_say_where_the_state_is() {
    let cloud = Folder::of(
        "cloud",
        &[(
            "a.tf",
            "terraform {\n cloud {\n  organization = \"acme\"\n  workspaces {\n   name = \"prod\"\n  }\n }\n}\n",
        )],
    );
    let backend = cloud.read().backend.unwrap();
    assert_eq!((backend.kind.as_str(), backend.text("organization")), ("cloud", Some("acme")));
    assert_eq!(backend.settings["workspaces"]["name"], json!("prod"));

    let text = json!({"terraform": {"backend": {"gcs": {"bucket": "b", "prefix": "p"}}}}).to_string();
    let over = "terraform {\n  backend \"local\" {\n    path = \"x.tfstate\"\n  }\n}\n";
    let json_form = Folder::of("json", &[("main.tf.json", &text)]);
    assert_eq!(json_form.read().backend.unwrap().text("prefix"), Some("p"));
    let overridden = Folder::of("over", &[("main.tf.json", &text), ("a_override.tf", over)]);
    assert_eq!(overridden.read().backend.unwrap().text("path"), Some("x.tfstate"));
}

#[test]
fn what_is_no_configuration_is_refused_with_place_and_remedy() {
    let cases: [(&str, &[(&str, &str)], &str); 4] = [
        ("empty", &[("readme.md", "")], "there is no Terraform configuration"),
        ("broken", &[("main.tf", "resource \"a\" \"b\" {\n  x = = 1\n}\n")], "main.tf:2:"),
        ("json-broken", &[("main.tf.json", "{\"terraform\":")], "main.tf.json:1:"),
        ("json-list", &[("main.tf.json", "[]")], "not a JSON object"),
    ];
    for (name, files, expected) in cases {
        let folder = Folder::of(name, files);
        let error = read(&folder.0).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("remedy:"), "{name}: {error}");
    }
    let error = read(Path::new("/nowhere/at/all")).unwrap_err().to_string();
    assert!(error.contains("cannot be read"), "{error}");
}
