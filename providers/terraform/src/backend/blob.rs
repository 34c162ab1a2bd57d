//! States in Google Cloud Storage and in Azure Blob Storage.

use std::fs::File;
use std::io::{Seek, Write};
use std::time::Duration;

use futures::StreamExt;
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::path::Path;
use object_store::{BackoffConfig, ClientOptions, Error, GetOptions, ObjectStore, RetryConfig};
use stateward_model::Cause;
use tokio::time::timeout;

use super::address::{Given, object_uri};
use super::objects::Pattern;
use super::{Answer, Backend, Entry, Fetched, Limits, Means, Objects, Source, Told, Unread};

/// Objects that a listing is followed to.
const MOST: usize = 100_000;

/// A bucket or a container.
pub(super) struct Blob<'a> {
    store: Box<dyn ObjectStore>,
    objects: &'a Objects,
    place: String,
    remedy: &'static str,
    means: Means<'a>,
}

impl<'a> Blob<'a> {
    pub(super) fn new(source: &'a Source, means: Means<'a>) -> Result<Self, Unread> {
        match source {
            Source::Gcs { bucket, objects, given } => {
                let store =
                    google(bucket, &Settings { given, means }).map_err(|fault| explain(&fault, GOOGLE))?;
                let place = format!("gs://{bucket}");
                Ok(Self { store: Box::new(store), objects, place, remedy: GOOGLE, means })
            }
            Source::Azure { account, container, objects, given } => {
                let settings = Settings { given, means };
                let store = azure(account, container, &settings).map_err(|fault| explain(&fault, AZURE))?;
                let place = format!("azurerm://{account}/{container}");
                Ok(Self { store: Box::new(store), objects, place, remedy: AZURE, means })
            }
            _ => Err(Unread::new(Cause::Unsupported, "this is no bucket", "name gs:// or azurerm://")),
        }
    }

    fn entry(&self, key: &str, version: Option<&str>) -> Entry {
        let uri = object_uri(&self.place, key, version);
        Entry { uri, key: key.to_owned(), version: version.map(str::to_owned) }
    }

    async fn entries(&self) -> Result<Vec<Entry>, Unread> {
        let patterns = match self.objects {
            Objects::One { key, version } => return Ok(vec![self.entry(key, version.as_deref())]),
            Objects::Many { patterns, .. } => patterns,
        };
        let mut keys = Vec::new();
        for pattern in patterns {
            keys.extend(self.keys(pattern).await?);
        }
        keys.sort();
        keys.dedup();
        if keys.is_empty() {
            return Err(nothing_there());
        }
        Ok(keys.iter().map(|key| self.entry(key, None)).collect())
    }

    async fn keys(&self, pattern: &Pattern) -> Result<Vec<String>, Unread> {
        // A listing goes by folders.
        let folder =
            pattern.prefix.rsplit_once('/').map(|(folder, _)| folder).filter(|folder| !folder.is_empty());
        let folder = folder.map(path).transpose()?;
        let mut listed = self.store.list(folder.as_ref());
        let mut keys = Vec::new();
        while let Some(object) = self.in_time(listed.next()).await? {
            keys.push(object.map_err(|fault| explain(&fault, self.remedy))?.location.to_string());
            if keys.len() > MOST {
                let what = format!("more than {MOST} objects are there");
                return Err(Unread::new(Cause::Unsupported, what, "name a folder with fewer"));
            }
        }
        Ok(pattern.pick(keys))
    }

    async fn state(&self, entry: &Entry) -> Result<Fetched, Unread> {
        let options = GetOptions { version: entry.version.clone(), ..GetOptions::default() };
        let key = path(&entry.key)?;
        let answer = self.in_time(self.store.get_opts(&key, options)).await?;
        let answer = answer.map_err(|fault| explain(&fault, self.remedy))?;
        let most = self.means.limits.bytes;
        let too_large = || {
            let what = format!("it is larger than the {most} bytes that are fetched at most");
            Unread::new(Cause::Unsupported, what, "fetch it by other means and name the file")
        };
        let announced = answer.meta.size;
        if announced > most {
            return Err(too_large());
        }
        let written_at = Some(answer.meta.last_modified.timestamp());
        let mut file = (self.means.spool)().map_err(disk)?;
        let mut body = answer.into_stream();
        let mut read: u64 = 0;
        while let Some(chunk) = self.in_time(body.next()).await? {
            let chunk = chunk.map_err(|_| broke_off())?;
            read += chunk.len() as u64;
            if read > most {
                return Err(too_large());
            }
            file.write_all(&chunk).map_err(disk)?;
        }
        if read != announced {
            return Err(broke_off());
        }
        rewind(file, Told { written_at, ..Told::default() })
    }

    async fn in_time<T>(&self, answer: impl Future<Output = T>) -> Result<T, Unread> {
        // The store tries again by itself, each time with its own limit.
        let limits = self.means.limits;
        let longest = limits.silence.saturating_mul(limits.attempts.max(1)).min(limits.whole);
        timeout(longest, answer).await.map_err(|_| {
            let what = format!("no answer within {} s", longest.as_secs_f64());
            Unread::new(
                Cause::Timeout,
                what,
                "check network and endpoint, or give the run more time (`--timeout`)",
            )
        })
    }
}

impl Backend for Blob<'_> {
    fn list(&self) -> Answer<'_, Vec<Entry>> {
        Box::pin(self.entries())
    }

    fn fetch<'a>(&'a self, entry: &'a Entry) -> Answer<'a, Fetched> {
        Box::pin(self.state(entry))
    }
}

fn rewind(mut file: File, told: Told) -> Result<Fetched, Unread> {
    file.rewind().map_err(disk)?;
    Ok(Fetched { body: Box::new(file), told })
}

fn path(key: &str) -> Result<Path, Unread> {
    Path::parse(key).map_err(|_| {
        let what = "the key has an empty part, or one of dots";
        Unread::new(Cause::Malformed, what, "write the key as the bucket has it")
    })
}

fn disk(fault: std::io::Error) -> Unread {
    let what = format!("the temporary file failed: {fault}");
    Unread::new(Cause::Unreachable, what, "make room in the temporary folder")
}

fn broke_off() -> Unread {
    Unread::new(Cause::Malformed, "the answer broke off", "check server and network, and try again")
}

fn nothing_there() -> Unread {
    Unread::new(Cause::Absent, "no state is there", "check the address; in a folder, states end in .tfstate")
}

const GOOGLE: &str = "give credentials in GOOGLE_CREDENTIALS, GOOGLE_OAUTH_ACCESS_TOKEN or \
    GOOGLE_APPLICATION_CREDENTIALS, or run `gcloud auth application-default login`";

const AZURE: &str = "give credentials in ARM_ACCESS_KEY, ARM_SAS_TOKEN, or ARM_CLIENT_ID, ARM_CLIENT_SECRET and \
    ARM_TENANT_ID, or set ARM_USE_CLI=true after `az login`";

/// The error's own words quote URLs and bodies, and stay out.
fn explain(fault: &Error, credentials: &str) -> Unread {
    let words = fault.to_string();
    let status = words.split_once("status code: ").and_then(|(_, rest)| rest.get(..3)?.parse::<u16>().ok());
    let (cause, what, remedy) = match (fault, status) {
        (Error::NotFound { .. }, _) => (Cause::Absent, "there is no such object", "check the address"),
        (Error::PermissionDenied { .. }, _) | (_, Some(403)) => {
            (Cause::Denied, "the service refuses to give it out (403)", credentials)
        }
        (Error::Unauthenticated { .. }, _) | (_, Some(401)) => {
            (Cause::Expired, "the service does not accept the credentials (401)", credentials)
        }
        (_, Some(429)) => (Cause::Throttled, "the service asks for patience (429)", "try again later"),
        (_, Some(500..=599)) => (Cause::Unreachable, "the service failed", "try again later"),
        (_, Some(400)) => {
            (Cause::Malformed, "the service does not understand the question (400)", "check the address")
        }
        _ if words.contains("timed out") || words.contains("timeout") => {
            (Cause::Timeout, "no answer in time", "check network and endpoint, and try again")
        }
        _ => (
            Cause::Unreachable,
            "the service, or what gives credentials for it, cannot be reached",
            credentials,
        ),
    };
    Unread::new(cause, what, remedy)
}

/// What a store is told: by the source itself, or else by the environment.
struct Settings<'a> {
    given: &'a Given,
    means: Means<'a>,
}

impl Settings<'_> {
    fn get(&self, name: &str) -> Option<String> {
        let own = self.given.iter().find(|(key, _)| key == name).map(|(_, value)| value.0.clone());
        own.or_else(|| (self.means.variable)(name))
    }

    fn first(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.get(name))
    }
}

fn client(limits: &Limits, endpoint: Option<&str>) -> ClientOptions {
    // Without encryption only where somebody named such an endpoint.
    let plain = endpoint.is_some_and(|url| url.starts_with("http://"));
    ClientOptions::new()
        .with_allow_http(plain)
        .with_timeout(limits.whole)
        .with_connect_timeout(limits.silence.min(Duration::from_secs(20)))
}

fn retry(limits: &Limits) -> RetryConfig {
    let backoff =
        BackoffConfig { init_backoff: limits.pause, max_backoff: Duration::from_secs(15), base: 2.0 };
    RetryConfig {
        backoff,
        max_retries: limits.attempts.saturating_sub(1) as usize,
        retry_timeout: limits.whole.min(Duration::from_secs(180)),
    }
}

/// What Terraform's gcs backend and Google's own tools take credentials from.
fn google(bucket: &str, settings: &Settings) -> object_store::Result<object_store::gcp::GoogleCloudStorage> {
    let limits = &settings.means.limits;
    let emulator = settings
        .get("STORAGE_EMULATOR_HOST")
        .map(|host| if host.contains("://") { host } else { format!("http://{host}") });
    let endpoint = settings.get("GOOGLE_BASE_URL").or(emulator.clone());
    let mut builder = GoogleCloudStorageBuilder::new()
        .with_bucket_name(bucket)
        .with_retry(retry(limits))
        .with_client_options(client(limits, endpoint.as_deref()));
    if let Some(endpoint) = &endpoint {
        builder = builder.with_base_url(endpoint.trim_end_matches('/'));
    }
    if let Some(token) = settings.first(&["GOOGLE_OAUTH_ACCESS_TOKEN", "GOOGLE_BEARER_TOKEN"]) {
        return builder.with_bearer_token(token).build();
    }
    let key =
        settings.first(&["GOOGLE_BACKEND_CREDENTIALS", "GOOGLE_CREDENTIALS", "GOOGLE_SERVICE_ACCOUNT_KEY"]);
    let file = settings.first(&["GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_PATH"]);
    builder = match (key, file) {
        // Terraform takes the file's path and its content alike.
        (Some(text), _) if text.trim_start().starts_with('{') => builder.with_service_account_key(text),
        (Some(file), _) | (None, Some(file)) => builder.with_application_credentials(file),
        (None, None) => match settings.get("GOOGLE_APPLICATION_CREDENTIALS") {
            Some(file) => builder.with_application_credentials(file),
            None if emulator.is_some() => builder.with_config(GoogleConfigKey::SkipSignature, "true"),
            None => builder,
        },
    };
    builder.build()
}

/// Variables of Terraform's azurerm backend and of Azure's own tools, and what they set.
const AZURE_SETTINGS: &[(AzureConfigKey, &[&str])] = &[
    (
        AzureConfigKey::AccessKey,
        &["ARM_ACCESS_KEY", "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_KEY"],
    ),
    (AzureConfigKey::SasKey, &["ARM_SAS_TOKEN", "AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_SAS_KEY"]),
    (AzureConfigKey::ClientId, &["ARM_CLIENT_ID", "AZURE_CLIENT_ID", "AZURE_STORAGE_CLIENT_ID"]),
    (
        AzureConfigKey::ClientSecret,
        &["ARM_CLIENT_SECRET", "AZURE_CLIENT_SECRET", "AZURE_STORAGE_CLIENT_SECRET"],
    ),
    (AzureConfigKey::AuthorityId, &["ARM_TENANT_ID", "AZURE_TENANT_ID", "AZURE_STORAGE_TENANT_ID"]),
    (AzureConfigKey::AuthorityHost, &["AZURE_AUTHORITY_HOST"]),
    (AzureConfigKey::FederatedTokenFile, &["ARM_OIDC_TOKEN_FILE_PATH", "AZURE_FEDERATED_TOKEN_FILE"]),
    (AzureConfigKey::MsiEndpoint, &["ARM_MSI_ENDPOINT", "IDENTITY_ENDPOINT"]),
    (AzureConfigKey::UseAzureCli, &["ARM_USE_CLI", "AZURE_USE_AZURE_CLI"]),
    (AzureConfigKey::Token, &["AZURE_STORAGE_TOKEN"]),
];

fn azure(
    account: &str,
    container: &str,
    settings: &Settings,
) -> object_store::Result<object_store::azure::MicrosoftAzure> {
    let limits = &settings.means.limits;
    let endpoint = settings.first(&["AZURE_STORAGE_ENDPOINT", "AZURE_ENDPOINT"]);
    let mut builder = MicrosoftAzureBuilder::new()
        .with_account(account)
        .with_container_name(container)
        .with_retry(retry(limits))
        .with_client_options(client(limits, endpoint.as_deref()));
    if let Some(endpoint) = endpoint {
        builder = builder.with_endpoint(endpoint.trim_end_matches('/').to_owned());
    }
    for (key, names) in AZURE_SETTINGS {
        if let Some(value) = settings.first(names) {
            builder = builder.with_config(*key, value);
        }
    }
    builder.build()
}
