//! The versions of a state in S3: only how each of them begins, for its serial and its lineage.

use std::fmt;
use std::io::{BufReader, Read};

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::types::ObjectVersion;
use futures::{StreamExt, stream};
use serde::Deserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use stateward_model::{Cause, Gap, StateHistory, StateVersion};

use crate::call::Call;
use crate::session::Session;
use crate::state_s3::{GET_OBJECT, spool};

pub(crate) static LIST_VERSIONS: Call =
    Call::new("s3", "ListObjectVersions").action("s3:ListBucketVersions").quota(25, 50);

/// Versions that are looked at, of each state.
const MOST: usize = 20;

/// Terraform and OpenTofu write serial and lineage before anything else.
const HEAD: usize = 1024;

/// Versions read at once.
const WIDTH: usize = 4;

/// The newest versions of the state `key` of `bucket`.
pub(crate) async fn history(session: &Session, bucket: &str, key: &str) -> StateHistory {
    let mut history = StateHistory::default();
    let listed = match list(session, bucket, key).await {
        Ok(listed) => listed,
        Err(gap) => return StateHistory { gap: Some(gap), ..history },
    };
    let mut heads = stream::iter(listed)
        .map(|version| async move { read(session, bucket, key, version).await })
        .buffered(WIDTH);
    while let Some(read) = heads.next().await {
        match read {
            Ok(found) => history.versions.extend(found),
            Err(gap) => history.gap = history.gap.or(Some(gap)),
        }
    }
    history
}

/// Of all keys that begin with `key`, its own versions come first, and the newest of them before the others.
async fn list(session: &Session, bucket: &str, key: &str) -> Result<Vec<ObjectVersion>, Gap> {
    let page = session
        .call(&LIST_VERSIONS, || session.s3().list_object_versions().bucket(bucket).prefix(key).send())
        .await?;
    let own = page.versions.unwrap_or_default().into_iter().filter(|one| one.key.as_deref() == Some(key));
    Ok(own.take(MOST).collect())
}

/// None for an empty object, and for one that is gone meanwhile.
async fn read(
    session: &Session,
    bucket: &str,
    key: &str,
    version: ObjectVersion,
) -> Result<Option<StateVersion>, Gap> {
    let id = version.version_id.unwrap_or_default();
    let get = |range: Option<String>| {
        let id = &id;
        async move {
            session
                .call_or_none(&GET_OBJECT, &["InvalidRange", "NoSuchKey", "NoSuchVersion"], || {
                    let request = session.s3().get_object().bucket(bucket).key(key).version_id(id);
                    request.set_range(range.clone()).send()
                })
                .await
        }
    };
    let Some(answer) = get(Some(format!("bytes=0-{}", HEAD - 1))).await? else { return Ok(None) };
    let begin = bytes_of(answer).await?;
    let mut head = Head::of(begin.as_slice());
    if head.is_none() && begin.len() >= HEAD {
        // Written by something that has another order.
        let Some(answer) = get(None).await? else { return Ok(None) };
        let (file, _) = spool(answer.body, answer.content_length).await?;
        head = Head::of(BufReader::new(file));
    }
    let Some((serial, lineage)) = head else {
        let detail = format!("the version {id} of {key} is not a state");
        return Err(Gap::new(GET_OBJECT.name(), Cause::Malformed, detail));
    };
    Ok(Some(StateVersion { id, serial, lineage, bytes: version.size.unwrap_or_default() }))
}

async fn bytes_of(answer: GetObjectOutput) -> Result<Vec<u8>, Gap> {
    let body = answer.body.collect().await;
    let broken = |_| Gap::new(GET_OBJECT.name(), Cause::Malformed, "the body of a version broke off");
    body.map(|body| body.into_bytes().to_vec()).map_err(broken)
}

/// Serial and lineage, taken from a document that may be cut off behind them.
#[derive(Debug, Default)]
struct Head {
    serial: Option<u64>,
    lineage: Option<String>,
}

impl Head {
    fn of(text: impl Read) -> Option<(u64, String)> {
        let mut head = Self::default();
        // That the rest is cut off is no fault.
        let _ = serde_json::Deserializer::from_reader(text).deserialize_map(&mut head);
        head.serial.zip(head.lineage)
    }
}

impl<'de> Visitor<'de> for &mut Head {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a state")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut serial = None;
        while let Some(key) = map.next_key::<String>()? {
            // A number at the end of what was read may be the beginning of a longer one.
            self.serial = self.serial.or(serial);
            if self.serial.is_some() && self.lineage.is_some() {
                return Ok(());
            }
            match key.as_str() {
                "serial" => serial = Some(map.next_value()?),
                "lineage" => self.lineage = Some(map.next_value()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        self.serial = self.serial.or(serial);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::Account;
    use stateward_model::Wanted;

    fn head(text: &str) -> Option<(u64, String)> {
        Head::of(text.as_bytes())
    }

    #[test]
    fn the_beginning_is_enough() {
        let found = Some((12, "l".to_owned()));
        assert_eq!(
            head(r#"{"version":4,"terraform_version":"1.5.7","serial":12,"lineage":"l","outputs":{"#),
            found
        );
        assert_eq!(head(r#"{"lineage":"l","serial":12}"#), found);
        assert_eq!(head(r#"{"outputs":{"serial":3,"lineage":"x"},"lineage":"l","serial":12}"#), found);
    }

    #[test]
    fn what_is_cut_off_is_not_guessed() {
        assert_eq!(head(r#"{"lineage":"l","serial":1"#), None);
        assert_eq!(head(r#"{"version":4,"serial":12,"lineage":"l"#), None);
        assert_eq!(head(r#"{"serial":-1,"lineage":"l"}"#), None);
        assert_eq!(head("[1, 2]"), None);
        assert_eq!(head(""), None);
    }

    fn listing(versions: &[(&str, &str)]) -> String {
        let one = |(key, id): &(&str, &str)| {
            format!("<Version><Key>{key}</Key><VersionId>{id}</VersionId><Size>40</Size></Version>")
        };
        let versions: String = versions.iter().map(one).collect();
        format!("<ListVersionsResult>{versions}</ListVersionsResult>")
    }

    #[tokio::test]
    async fn versions_of_other_keys_are_none_of_it_and_a_late_serial_is_read_too() {
        let account = Account::new(Wanted::default(), |asked| {
            if asked.target.contains("versions") {
                return (200, listing(&[("k", "v2"), ("k", "v1"), ("k.tflock", "v9")]));
            }
            let padding = "x".repeat(HEAD);
            let late = format!(r#"{{"outputs":"{padding}","serial":1,"lineage":"l"}}"#);
            match asked.target.contains("versionId=v2") {
                true => (200, r#"{"serial":2,"lineage":"l","outputs":{"#.to_owned()),
                false => (200, late),
            }
        });
        let history = history(account.home(), "b", "k").await;
        let found: Vec<_> = history.versions.iter().map(|one| (one.id.as_str(), one.serial)).collect();
        assert_eq!((found, history.gap), (vec![("v2", 2), ("v1", 1)], None));
    }

    #[tokio::test]
    async fn a_version_that_is_no_state_is_a_gap_beside_the_others() {
        let account = Account::new(Wanted::default(), |asked| {
            if asked.target.contains("versions") {
                return (200, listing(&[("k", "v2"), ("k", "v1")]));
            }
            let body =
                if asked.target.contains("versionId=v2") { r#"{"serial":2,"lineage":"l"}"# } else { "hello" };
            (200, body.to_owned())
        });
        let history = history(account.home(), "b", "k").await;
        assert_eq!(history.versions.len(), 1);
        assert_eq!(history.gap.map(|gap| gap.cause), Some(Cause::Malformed));
    }
}
