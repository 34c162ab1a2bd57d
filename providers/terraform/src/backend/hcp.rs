//! HCP Terraform, Terraform Enterprise, and services that speak as they do.

use std::path::PathBuf;

use reqwest::Url;
use reqwest::header::HeaderMap;
use serde_json::Value;
use stateward_model::Cause;

use super::address::{HcpAddress, OWN_TOKEN};
use super::http::{Client, bearer, host};
use super::{Answer, Backend, Entry, Fetched, Means, Told, Unread};

/// The host of HCP Terraform.
const HCP: &str = "app.terraform.io";

/// Pages of workspaces that are asked for.
const PAGES: u64 = 1_000;

/// Workspaces of an organization.
pub(super) struct Hcp<'a> {
    address: &'a HcpAddress,
    base: Url,
    headers: HeaderMap,
    client: Client,
}

impl<'a> Hcp<'a> {
    pub(super) fn new(address: &'a HcpAddress, means: Means<'a>) -> Result<Self, Unread> {
        let base = base(address, means.variable)?;
        let own = address.given.iter().find(|(name, _)| name == OWN_TOKEN).map(|(_, token)| token.0.clone());
        let token = own.map_or_else(|| token(&host(&base), address.host.is_none(), means.variable), Ok)?;
        Ok(Self { address, base, headers: bearer(&token)?, client: Client::new(means)? })
    }

    /// Where the service keeps its API: it tells by itself, and otherwise it is where HashiCorp has it.
    async fn api(&self) -> Result<Url, Unread> {
        let discovery = join(&self.base, "/.well-known/terraform.json")?;
        let path = match self.client.json(&discovery, &HeaderMap::new()).await {
            Ok(services) => {
                ["tfe.v2", "state.v2"].iter().find_map(|name| services[*name].as_str().map(str::to_owned))
            }
            Err(fault) if matches!(fault.cause, Cause::Absent | Cause::Malformed | Cause::Denied) => None,
            Err(fault) => return Err(fault),
        };
        let api = join(&self.base, path.as_deref().unwrap_or("/api/v2/"))?;
        // The token was given to this host.
        if api.origin() == self.base.origin() { Ok(api) } else { join(&self.base, "/api/v2/") }
    }

    async fn get(&self, url: &Url) -> Result<Value, Unread> {
        self.client.json(url, &self.headers).await.map_err(|fault| self.explain(fault))
    }

    fn explain(&self, fault: Unread) -> Unread {
        let remedy = match fault.cause {
            Cause::Expired | Cause::Denied => {
                format!("renew the token with `terraform login {}`, or set another", host(&self.base))
            }
            Cause::Absent => {
                "check organization and workspace; the service answers so as well when the token may not read them".to_owned()
            }
            _ => return fault,
        };
        Unread { remedy, ..fault }
    }

    async fn workspaces(&self) -> Result<Vec<Entry>, Unread> {
        let api = self.api().await?;
        let mut entries = Vec::new();
        let mut page = 1;
        while page <= PAGES {
            let mut url = below(&api, &["organizations", &self.address.organization, "workspaces"])?;
            url.query_pairs_mut()
                .append_pair("search[wildcard-name]", &self.address.workspace)
                .append_pair("page[size]", "100")
                .append_pair("page[number]", &page.to_string());
            let answer = self.get(&url).await?;
            let found = answer["data"].as_array().ok_or_else(|| odd("the list of workspaces"))?;
            let names = found.iter().filter_map(|one| one["attributes"]["name"].as_str());
            entries.extend(names.map(|name| self.entry(name)));
            match answer["meta"]["pagination"]["next-page"].as_u64() {
                Some(next) if next > page => page = next,
                _ => break,
            }
        }
        if entries.is_empty() {
            let what = "no workspace has such a name";
            return Err(Unread::new(Cause::Absent, what, "check the name and what the token may read"));
        }
        entries.sort();
        Ok(entries)
    }

    fn entry(&self, name: &str) -> Entry {
        Entry { uri: self.address.uri(name), key: name.to_owned(), version: self.address.version.clone() }
    }

    async fn state(&self, entry: &Entry) -> Result<Fetched, Unread> {
        let api = self.api().await?;
        let mut told = Told::default();
        let version = match &entry.version {
            Some(id) => below(&api, &["state-versions", id])?,
            None => {
                let url =
                    below(&api, &["organizations", &self.address.organization, "workspaces", &entry.key])?;
                let workspace = self.get(&url).await?;
                let id = workspace["data"]["id"].as_str().ok_or_else(|| odd("the workspace"))?;
                told.locked = workspace["data"]["attributes"]["locked"].as_bool().unwrap_or_default();
                below(&api, &["workspaces", id, "current-state-version"])?
            }
        };
        let state = self.get(&version).await?;
        let link = state["data"]["attributes"]["hosted-state-download-url"].as_str();
        let link =
            link.and_then(|link| self.base.join(link).ok()).ok_or_else(|| odd("the version of the state"))?;
        // A link to elsewhere is signed by itself, and the token has no business there.
        let none = HeaderMap::new();
        let headers = if link.origin() == self.base.origin() { &self.headers } else { &none };
        let body = self.client.download(&link, headers).await.map_err(|fault| self.explain(fault))?;
        Ok(Fetched { body: Box::new(body), told })
    }
}

impl Backend for Hcp<'_> {
    fn list(&self) -> Answer<'_, Vec<Entry>> {
        if self.address.workspace.contains('*') {
            return Box::pin(self.workspaces());
        }
        Box::pin(std::future::ready(Ok(vec![self.entry(&self.address.workspace)])))
    }

    fn fetch<'a>(&'a self, entry: &'a Entry) -> Answer<'a, Fetched> {
        Box::pin(self.state(entry))
    }
}

fn odd(what: &str) -> Unread {
    let remedy = "check that the address is that of HCP Terraform or Terraform Enterprise";
    Unread::new(Cause::Malformed, format!("{what} is not shaped as the API describes it"), remedy)
}

fn join(base: &Url, path: &str) -> Result<Url, Unread> {
    base.join(path).map_err(|_| odd("the list of services"))
}

fn below(api: &Url, segments: &[&str]) -> Result<Url, Unread> {
    let mut url = api.clone();
    url.path_segments_mut().map_err(|()| odd("the API's address"))?.pop_if_empty().extend(segments);
    Ok(url)
}

/// `https://HOST`; without a host, `TFE_ADDRESS` may name another than HashiCorp's.
fn base(address: &HcpAddress, known: &dyn Fn(&str) -> Option<String>) -> Result<Url, Unread> {
    let text = match &address.host {
        Some(host) => format!("https://{host}"),
        None => known("TFE_ADDRESS").unwrap_or_else(|| format!("https://{HCP}")),
    };
    let url = Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.ok_or_else(|| {
        let what = "the host, or TFE_ADDRESS, is not an address";
        Unread::new(
            Cause::Malformed,
            what,
            "write a host like app.terraform.io, and TFE_ADDRESS as https://HOST",
        )
    })
}

/// The token for a host, from where Terraform's command line has it.
fn token(host: &str, unnamed: bool, known: &dyn Fn(&str) -> Option<String>) -> Result<String, Unread> {
    let variables = variables(host);
    if let Some(token) = variables.iter().find_map(|name| known(name)) {
        return Ok(token);
    }
    // HashiCorp's own clients pair this with the host of TFE_ADDRESS.
    if let Some(token) = known("TFE_TOKEN").filter(|_| unnamed) {
        return Ok(token);
    }
    let file = credentials_file(known);
    let text = file.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
    let stored: Option<Value> = text.and_then(|text| serde_json::from_str(&text).ok());
    let stored = stored.and_then(|file| file["credentials"][host]["token"].as_str().map(str::to_owned));
    stored.ok_or_else(|| {
        let remedy = format!("run `terraform login {host}`, or set {}", variables[0]);
        Unread::new(Cause::Expired, format!("there is no token for {host}"), remedy)
    })
}

/// Terraform writes the host into the name of the variable: dots as `_`, hyphens as `__` or as they are.
fn variables(host: &str) -> [String; 2] {
    let name = host.split(':').next().unwrap_or_default();
    let dotless = name.replace('.', "_");
    [format!("TF_TOKEN_{}", dotless.replace('-', "__")), format!("TF_TOKEN_{dotless}")]
}

/// What `terraform login` writes.
fn credentials_file(known: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let home = known("HOME").or_else(|| known("USERPROFILE"))?;
    Some(PathBuf::from(home).join(".terraform.d").join("credentials.tfrc.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_where_terraform_has_it() {
        let folder = std::env::temp_dir().join(format!("stateward-tokens-{}", std::process::id()));
        std::fs::create_dir_all(folder.join(".terraform.d")).unwrap();
        let file = r#"{"credentials": {"tfe.acme-corp.org": {"token": "from-file"}}}"#;
        std::fs::write(folder.join(".terraform.d/credentials.tfrc.json"), file).unwrap();
        let home = folder.to_str().unwrap().to_owned();
        let known = |pairs: &'static [(&'static str, &'static str)]| {
            let home = home.clone();
            move |name: &str| {
                let own = pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
                own.or_else(|| (name == "HOME").then(|| home.clone()))
            }
        };
        let host = "tfe.acme-corp.org";
        let dashed = known(&[("TF_TOKEN_tfe_acme__corp_org", "a"), ("TFE_TOKEN", "b")]);
        assert_eq!(token(host, false, &dashed).unwrap(), "a");
        assert_eq!(token(host, false, &known(&[("TF_TOKEN_tfe_acme-corp_org", "c")])).unwrap(), "c");
        assert_eq!(token(host, true, &known(&[("TFE_TOKEN", "b")])).unwrap(), "b");
        assert_eq!(token(host, false, &known(&[("TFE_TOKEN", "b")])).unwrap(), "from-file");
        let fault = token("other.org", false, &known(&[])).unwrap_err();
        assert!(
            fault.remedy.contains("terraform login other.org") && fault.remedy.contains("TF_TOKEN_other_org")
        );
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn names_are_put_into_paths_whole() {
        let api = Url::parse("https://h/api/v2/").unwrap();
        assert_eq!(
            below(&api, &["organizations", "a/../b", "x?y"]).unwrap().as_str(),
            "https://h/api/v2/organizations/a%2F..%2Fb/x%3Fy"
        );
    }
}
