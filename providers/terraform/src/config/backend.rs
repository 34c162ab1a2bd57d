//! The `terraform` block: where the state is kept, and which providers are required.

use hcl_edit::Span;
use hcl_edit::structure::{Block, Body};
use serde_json::{Map, Value};

use super::literal::Scope;
use super::syntax::File;
use super::{At, Backend, Configuration, Note, RequiredProvider, at};

/// Settings that are credentials, in any backend of Terraform and OpenTofu.
const SECRETS: &[&str] = &[
    "access_key",
    "secret_key",
    "token",
    "password",
    "client_secret",
    "client_certificate_password",
    "client_key",
    "client_private_key_pem",
    "client_certificate_pem",
    "credentials",
    "access_token",
    "encryption_key",
    "sas_token",
    "sse_customer_key",
    "web_identity_token",
    "oidc_token",
    "oidc_request_token",
    "conn_str",
    "private_key",
    "security_token",
    "secret_id",
    "headers",
];

/// What a backend cannot do without: where it is absent, it is given on the command line of `terraform init`.
const NEEDED: &[(&str, &[&str])] = &[
    ("s3", &["bucket", "key"]),
    ("gcs", &["bucket"]),
    ("azurerm", &["storage_account_name", "container_name", "key"]),
    ("http", &["address"]),
    ("remote", &["organization", "workspaces"]),
    ("cloud", &["organization", "workspaces"]),
];

/// Reads the `terraform` blocks; later files and override files win.
pub(super) fn read(files: &[File], scope: &Scope, into: &mut Configuration) {
    for file in files {
        for block in file.body.get_blocks("terraform") {
            for nested in block.body.blocks() {
                match nested.ident.as_str() {
                    "backend" => {
                        let kind = nested.labels.first().map_or("", |label| label.as_str());
                        into.backend = Some(backend(kind, nested, file, scope));
                    }
                    "cloud" => into.backend = Some(backend("cloud", nested, file, scope)),
                    _ => {}
                }
            }
        }
    }
    into.required_providers = required(files, scope);
    if let Some(backend) = &into.backend {
        into.notes.extend(partial(backend));
    }
}

fn backend(kind: &str, block: &Block, file: &File, scope: &Scope) -> Backend {
    let mut backend = Backend {
        kind: kind.to_owned(),
        settings: Map::new(),
        unresolved: Vec::new(),
        place: at(file, block),
        secrets: Map::new(),
    };
    for attribute in block.body.attributes() {
        let name = attribute.key.to_string();
        let value = scope.value(&attribute.value);
        match (SECRETS.contains(&name.as_str()), value) {
            (_, Some(Value::Null)) => {}
            (true, Some(value)) => {
                backend.secrets.insert(name, value);
            }
            (false, Some(mut value)) => {
                without_secrets(&mut value);
                backend.settings.insert(name, value);
            }
            (_, None) => backend.unresolved.push(name),
        }
    }
    for nested in block.body.blocks() {
        let name = nested.ident.to_string();
        backend.settings.insert(name, Value::Object(inner(&nested.body, scope, &mut backend.unresolved)));
    }
    backend
}

fn inner(body: &Body, scope: &Scope, unresolved: &mut Vec<String>) -> Map<String, Value> {
    let mut map = Map::new();
    for attribute in body.attributes() {
        let name = attribute.key.to_string();
        if SECRETS.contains(&name.as_str()) {
            continue;
        }
        match scope.value(&attribute.value) {
            Some(Value::Null) => {}
            Some(mut value) => {
                without_secrets(&mut value);
                map.insert(name, value);
            }
            None => unresolved.push(name),
        }
    }
    map
}

/// Objects may be nested blocks in another form.
fn without_secrets(value: &mut Value) {
    if let Value::Object(map) = value {
        map.retain(|name, _| !SECRETS.contains(&name.as_str()));
        map.values_mut().for_each(without_secrets);
    }
}

fn partial(backend: &Backend) -> Option<Note> {
    let needed = NEEDED.iter().find(|(kind, _)| *kind == backend.kind).map_or(&[][..], |(_, names)| names);
    let absent: Vec<&str> =
        needed.iter().copied().filter(|name| !backend.settings.contains_key(*name)).collect();
    if absent.is_empty() {
        return None;
    }
    let text = format!(
        "the backend `{}` does not say {}: `terraform init` is given it elsewhere (-backend-config, environment)",
        backend.kind,
        absent.join(", ")
    );
    Some(Note { at: backend.place.clone(), text })
}

/// The providers that a module requires; later files and override files win.
pub(super) fn required(files: &[File], scope: &Scope) -> Vec<RequiredProvider> {
    let mut required = Vec::new();
    for file in files {
        for block in file.body.get_blocks("terraform") {
            for nested in block.body.get_blocks("required_providers") {
                providers(nested, file, scope, &mut required);
            }
        }
    }
    required
}

fn providers(block: &Block, file: &File, scope: &Scope, into: &mut Vec<RequiredProvider>) {
    for attribute in block.body.attributes() {
        let name = attribute.key.to_string();
        let at =
            At { line: attribute.span().and_then(|span| file.line(span.start)), file: file.name.clone() };
        // `configuration_aliases` holds names of providers, which have no value: the other members are read one by one.
        let member = |wanted: &str| -> Option<String> {
            let object = attribute.value.as_object()?;
            let found = object.iter().find(|(key, _)| match key.as_ident() {
                Some(ident) => ident.as_str() == wanted,
                None => key.as_expr().and_then(hcl_edit::expr::Expression::as_str) == Some(wanted),
            });
            scope.value(found?.1.expr())?.as_str().map(str::to_owned)
        };
        // Before Terraform 0.13 a version constraint stood alone.
        let alone = attribute.value.as_str().map(str::to_owned);
        into.retain(|known| known.name != name);
        into.push(RequiredProvider {
            name,
            source: member("source"),
            version: member("version").or(alone),
            at,
        });
    }
}
