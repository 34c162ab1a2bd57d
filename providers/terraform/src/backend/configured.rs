//! Where a configuration keeps its state: its backend block, and what `terraform init` has noted of it.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::address::{Given, HTTP_PASSWORD, HTTP_USER, HcpAddress, OWN_TOKEN, Query};
use super::address::{azure_objects, gcs_objects, s3_objects};
use super::{DEFAULT_WORKSPACE, Hidden, Source};
use crate::config::{Backend, Configuration};
use crate::error::StateError;

/// The state of a configuration in `dir`, in the workspace that is chosen there.
///
/// # Errors
/// A backend that cannot be read, or whose settings are not all known.
pub fn find(
    configuration: &Configuration,
    dir: &Path,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Source, StateError> {
    let data = variable("TF_DATA_DIR").map_or_else(|| dir.join(".terraform"), |data| dir.join(data));
    let workspace = variable("TF_WORKSPACE").or_else(|| {
        let chosen = std::fs::read_to_string(data.join("environment")).ok()?;
        Some(chosen.trim().to_owned()).filter(|name| !name.is_empty())
    });
    let kind = configuration.backend.as_ref().map_or("local", |backend| backend.kind.as_str());
    let shown = match &configuration.backend {
        Some(backend) => backend.place.to_string(),
        None => dir.display().to_string(),
    };
    Block {
        written: configuration.backend.as_ref(),
        noted: noted(&data, kind),
        workspace: workspace.unwrap_or_else(|| DEFAULT_WORKSPACE.to_owned()),
        shown,
        dir,
        variable,
    }
    .source(kind)
}

/// What `terraform init` has noted of the backend: with what the command line gave, which the block does not say.
fn noted(data: &Path, kind: &str) -> Map<String, Value> {
    let text = std::fs::read_to_string(data.join("terraform.tfstate")).unwrap_or_default();
    let noted: Value = serde_json::from_str(&text).unwrap_or_default();
    if noted["backend"]["type"] != kind {
        return Map::new();
    }
    noted["backend"]["config"].as_object().cloned().unwrap_or_default()
}

struct Block<'a> {
    written: Option<&'a Backend>,
    noted: Map<String, Value>,
    workspace: String,
    shown: String,
    dir: &'a Path,
    variable: &'a dyn Fn(&str) -> Option<String>,
}

impl Block<'_> {
    fn source(&self, kind: &str) -> Result<Source, StateError> {
        match kind {
            "local" => self.local(),
            "s3" => self.s3(),
            "http" => self.http(),
            "gcs" => self.gcs(),
            "azurerm" => self.azure(),
            "remote" | "cloud" => self.hcp(),
            other => Err(StateError::new(
                &self.shown,
                format!("states of the backend `{other}` cannot be read"),
                "fetch it with `terraform state pull > FILE`, and name the file with --state",
            )),
        }
    }

    /// What is written out, or else what was noted.
    fn text(&self, name: &str) -> Option<String> {
        let written = self.written.and_then(|backend| backend.text(name).or_else(|| backend.secret(name)));
        let noted = || self.noted.get(name).and_then(Value::as_str);
        written.or_else(noted).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    fn needed(&self, name: &str) -> Result<String, StateError> {
        self.text(name).ok_or_else(|| {
            StateError::new(
                &self.shown,
                format!("the backend does not say `{name}` in so many words, and nothing was noted of it"),
                "run `terraform init` in the folder, or name the state with --state",
            )
        })
    }

    /// Credentials of the block, as variables for this source alone.
    fn given(&self, names: &[(&str, &str)]) -> Given {
        let given = names.iter().filter_map(|(setting, variable)| {
            self.text(setting).map(|value| ((*variable).to_owned(), Hidden(value)))
        });
        given.collect()
    }

    fn query(&self) -> Query {
        let workspace_key_prefix = self.text("workspace_key_prefix");
        Query { workspace: Some(self.workspace.clone()), workspace_key_prefix, ..Query::default() }
    }

    fn local(&self) -> Result<Source, StateError> {
        let path = match (self.workspace.as_str(), self.text("workspace_dir")) {
            (DEFAULT_WORKSPACE, _) => {
                PathBuf::from(self.text("path").unwrap_or_else(|| "terraform.tfstate".into()))
            }
            (name, folder) => {
                let folder = folder.unwrap_or_else(|| "terraform.tfstate.d".to_owned());
                Path::new(&folder).join(name).join("terraform.tfstate")
            }
        };
        let path = self.dir.join(path);
        if path.is_file() {
            return Ok(Source::File(path));
        }
        Err(StateError::new(
            &self.shown,
            format!("its state should be the file {}, which is not there", path.display()),
            "apply the configuration, or name the state with --state",
        ))
    }

    fn s3(&self) -> Result<Source, StateError> {
        let objects = s3_objects(&self.needed("key")?, &self.query());
        Ok(Source::S3 { bucket: self.needed("bucket")?, objects })
    }

    fn http(&self) -> Result<Source, StateError> {
        let address = self.text("address").or_else(|| (self.variable)("TF_HTTP_ADDRESS"));
        let address = address.map_or_else(|| self.needed("address"), Ok)?;
        if !address.starts_with("http://") && !address.starts_with("https://") {
            let remedy = "write https://HOST/PATH";
            return Err(StateError::new(&self.shown, "the address of its backend is no URL", remedy));
        }
        let Source::Http(mut source) = Source::parse(&address)? else { return self.odd() };
        source.given.extend(self.given(&[("username", HTTP_USER), ("password", HTTP_PASSWORD)]));
        let headers = self.written.and_then(|backend| backend.secrets("headers"));
        let headers = headers.or_else(|| self.noted.get("headers")).and_then(Value::as_object);
        for (name, value) in headers.into_iter().flatten() {
            if let Some(value) = value.as_str() {
                source.headers.push((name.clone(), Hidden(value.to_owned())));
            }
        }
        Ok(Source::Http(source))
    }

    fn gcs(&self) -> Result<Source, StateError> {
        let prefix = self.text("prefix").unwrap_or_default();
        let objects = gcs_objects(prefix.trim_matches('/'), &self.query());
        let given = self
            .given(&[("credentials", "GOOGLE_CREDENTIALS"), ("access_token", "GOOGLE_OAUTH_ACCESS_TOKEN")]);
        Ok(Source::Gcs { bucket: self.needed("bucket")?, objects, given })
    }

    fn azure(&self) -> Result<Source, StateError> {
        let objects = azure_objects(&self.needed("key")?, &self.query());
        let given = self.given(&[
            ("access_key", "ARM_ACCESS_KEY"),
            ("sas_token", "ARM_SAS_TOKEN"),
            ("client_id", "ARM_CLIENT_ID"),
            ("client_secret", "ARM_CLIENT_SECRET"),
            ("tenant_id", "ARM_TENANT_ID"),
        ]);
        let (account, container) = (self.needed("storage_account_name")?, self.needed("container_name")?);
        Ok(Source::Azure { account, container, objects, given })
    }

    fn hcp(&self) -> Result<Source, StateError> {
        let workspaces = self.workspaces();
        let setting = |name: &str| {
            workspaces.and_then(|map| map.get(name)).and_then(Value::as_str).filter(|text| !text.is_empty())
        };
        let chosen = (self.workspace != DEFAULT_WORKSPACE).then_some(self.workspace.as_str());
        let workspace = match (setting("name"), setting("prefix"), chosen) {
            (Some(name), _, _) => name.to_owned(),
            (None, Some(prefix), Some(chosen)) => format!("{prefix}{chosen}"),
            (None, None, Some(chosen)) => chosen.to_owned(),
            (None, _, None) => {
                return Err(StateError::new(
                    &self.shown,
                    "the backend has several workspaces, and none is chosen",
                    "set TF_WORKSPACE, or run `terraform workspace select NAME` in the folder",
                ));
            }
        };
        let organization = self.text("organization").or_else(|| (self.variable)("TF_CLOUD_ORGANIZATION"));
        let host = self.text("hostname").or_else(|| (self.variable)("TF_CLOUD_HOSTNAME"));
        let given = self.text("token").map(|token| (OWN_TOKEN.to_owned(), Hidden(token)));
        Ok(Source::Hcp(HcpAddress {
            host: host.filter(|host| host != "app.terraform.io"),
            organization: organization.map_or_else(|| self.needed("organization"), Ok)?,
            workspace,
            version: None,
            given: given.into_iter().collect(),
        }))
    }

    /// Terraform notes blocks as lists of one.
    fn workspaces(&self) -> Option<&Map<String, Value>> {
        let written = self.written.and_then(|backend| backend.settings.get("workspaces"));
        match written.or_else(|| self.noted.get("workspaces"))? {
            Value::Object(map) => Some(map),
            Value::Array(list) => list.first()?.as_object(),
            _ => None,
        }
    }

    fn odd<T>(&self) -> Result<T, StateError> {
        Err(StateError::new(
            &self.shown,
            "the backend block is not understood",
            "name the state with --state",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str, text: &str) -> Self {
            let path = std::env::temp_dir().join(format!("stateward-from-{name}-{}", std::process::id()));
            let _ = std::fs::remove_dir_all(&path);
            std::fs::create_dir_all(path.join(".terraform")).unwrap();
            std::fs::write(path.join("main.tf"), text).unwrap();
            Self(path)
        }

        fn noted(&self, text: &str) {
            std::fs::write(self.0.join(".terraform/terraform.tfstate"), text).unwrap();
        }

        fn find(&self, environment: &[(&str, &str)]) -> Result<Source, StateError> {
            let known = |name: &str| {
                environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            };
            find(&crate::config::read(&self.0).unwrap(), &self.0, &known)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn block(text: &str) -> String {
        format!("terraform {{\n{text}\n}}\n")
    }

    #[test]
    fn each_backend_is_a_source_in_the_chosen_workspace() {
        let dev = [("TF_WORKSPACE", "dev")];
        for (name, text, default, chosen) in [
            (
                "s3",
                "backend \"s3\" {\n bucket = \"b\"\n key = \"prod/x.tfstate\"\n region = \"eu-west-1\"\n}",
                "s3://b/prod/x.tfstate",
                "s3://b/env:/dev/prod/x.tfstate",
            ),
            (
                "s3-prefix",
                "backend \"s3\" {\n bucket = \"b\"\n key = \"x\"\n workspace_key_prefix = \"w\"\n}",
                "s3://b/x",
                "s3://b/w/dev/x",
            ),
            (
                "gcs",
                "backend \"gcs\" {\n bucket = \"b\"\n prefix = \"p/\"\n}",
                "gs://b/p/default.tfstate",
                "gs://b/p/dev.tfstate",
            ),
            (
                "azure",
                "backend \"azurerm\" {\n storage_account_name = \"a\"\n container_name = \"c\"\n key = \"k\"\n}",
                "azurerm://a/c/k",
                "azurerm://a/c/kenv:dev",
            ),
            (
                "http",
                "backend \"http\" {\n address = \"https://h/s?name=x\"\n}",
                "https://h/s?name=x",
                "https://h/s?name=x",
            ),
            (
                "cloud",
                "cloud {\n organization = \"acme\"\n workspaces {\n name = \"shop\"\n }\n}",
                "tfc://acme/shop",
                "tfc://acme/shop",
            ),
            (
                "remote",
                "backend \"remote\" {\n hostname = \"tfe.acme.org\"\n organization = \"acme\"\n workspaces {\n name = \"shop\"\n }\n}",
                "remote://tfe.acme.org/acme/shop",
                "remote://tfe.acme.org/acme/shop",
            ),
        ] {
            let folder = Folder::new(name, &block(text));
            assert_eq!(folder.find(&[]).unwrap().uri(), default, "{name}");
            assert_eq!(folder.find(&dev).unwrap().uri(), chosen, "{name}");
            std::fs::write(folder.0.join(".terraform/environment"), "dev\n").unwrap();
            assert_eq!(folder.find(&[]).unwrap().uri(), chosen, "{name}");
        }
    }

    #[test]
    fn without_a_backend_the_state_is_beside_the_configuration() {
        let folder = Folder::new("local", "resource \"aws_vpc\" \"a\" {}\n");
        let fault = folder.find(&[]).unwrap_err();
        assert!(fault.what.contains("terraform.tfstate, which is not there"), "{fault}");
        std::fs::write(folder.0.join("terraform.tfstate"), "{}").unwrap();
        assert_eq!(folder.find(&[]).unwrap(), Source::File(folder.0.join("terraform.tfstate")));
        let own = Folder::new(
            "own",
            &block("backend \"local\" {\n path = \"s/x.tfstate\"\n workspace_dir = \"w\"\n}"),
        );
        std::fs::create_dir_all(own.0.join("s")).unwrap();
        std::fs::create_dir_all(own.0.join("w/dev")).unwrap();
        std::fs::write(own.0.join("s/x.tfstate"), "{}").unwrap();
        std::fs::write(own.0.join("w/dev/terraform.tfstate"), "{}").unwrap();
        assert_eq!(own.find(&[]).unwrap(), Source::File(own.0.join("s/x.tfstate")));
        let dev = own.find(&[("TF_WORKSPACE", "dev")]).unwrap();
        assert_eq!(dev, Source::File(own.0.join("w/dev/terraform.tfstate")));
    }

    #[test]
    fn what_init_noted_fills_what_the_block_leaves_open() {
        let text = block("backend \"s3\" {\n bucket = var.bucket\n region = \"eu-west-1\"\n}")
            + "variable \"bucket\" {}\n";
        let folder = Folder::new("partial", &text);
        let fault = folder.find(&[]).unwrap_err();
        assert!(fault.uri.contains("main.tf:2") && fault.what.contains("`key`"), "{fault}");
        assert!(fault.remedy.contains("terraform init"), "{fault}");
        folder.noted(
            r#"{"version": 3, "backend": {"type": "gcs", "config": {"bucket": "other", "key": "other"}}}"#,
        );
        assert!(folder.find(&[]).is_err(), "what was noted of another backend says nothing");
        folder.noted(r#"{"version": 3, "backend": {"type": "s3", "config": {"bucket": "b", "key": "k", "profile": null}}}"#);
        assert_eq!(folder.find(&[]).unwrap().uri(), "s3://b/k");
    }

    #[test]
    fn a_workspace_of_several_has_to_be_chosen() {
        let text =
            "backend \"remote\" {\n organization = \"acme\"\n workspaces {\n prefix = \"shop-\"\n }\n}";
        let folder = Folder::new("prefix", &block(text));
        assert!(folder.find(&[]).unwrap_err().remedy.contains("TF_WORKSPACE"));
        assert_eq!(folder.find(&[("TF_WORKSPACE", "prod")]).unwrap().uri(), "tfc://acme/shop-prod");
        let folder = Folder::new("tags", &block("cloud {\n workspaces {\n tags = [\"shop\"]\n }\n}"));
        let known =
            [("TF_WORKSPACE", "prod"), ("TF_CLOUD_ORGANIZATION", "acme"), ("TF_CLOUD_HOSTNAME", "h.org")];
        assert_eq!(folder.find(&known).unwrap().uri(), "remote://h.org/acme/prod");
        folder.noted(r#"{"backend": {"type": "cloud", "config": {"organization": "o", "workspaces": [{"name": "n"}]}}}"#);
        assert_eq!(folder.find(&[("TF_WORKSPACE", "prod")]).unwrap().uri(), "tfc://o/prod");
    }

    #[test]
    fn credentials_of_a_block_serve_its_own_state_and_show_nowhere() {
        let text = block(
            "backend \"http\" {\n address = \"https://h/s\"\n username = \"ada\"\n password = \"hunter2\"\n \
             headers = {\n \"X-Token\" = \"hunter2\"\n }\n}",
        );
        let source = Folder::new("secret", &text).find(&[]).unwrap();
        let Source::Http(address) = &source else { panic!("{source:?}") };
        assert_eq!(address.given[1], (HTTP_PASSWORD.to_owned(), Hidden("hunter2".into())));
        assert_eq!(address.headers, [("X-Token".to_owned(), Hidden("hunter2".into()))]);
        assert!(!format!("{source:?} {}", source.uri()).contains("hunter2"));
        let text = block(
            "cloud {\n organization = \"o\"\n token = \"hunter2\"\n workspaces {\n name = \"n\"\n }\n}",
        );
        let source = Folder::new("token", &text).find(&[]).unwrap();
        let Source::Hcp(address) = &source else { panic!("{source:?}") };
        assert_eq!(address.given, [(OWN_TOKEN.to_owned(), Hidden("hunter2".into()))]);
        assert!(!format!("{source:?} {}", source.uri()).contains("hunter2"));
    }

    #[test]
    fn a_backend_of_another_kind_is_told_with_its_place() {
        let fault =
            Folder::new("consul", &block("backend \"consul\" {\n path = \"x\"\n}")).find(&[]).unwrap_err();
        assert!(fault.uri.contains("main.tf:2") && fault.remedy.contains("state pull"), "{fault}");
    }
}
