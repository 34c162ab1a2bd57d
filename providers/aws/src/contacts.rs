//! Reads whether AWS knows whom to write to, and nothing of who that is.

use aws_sdk_account::types::AlternateContactType;
use stateward_model::kinds::contacts::alternate_contact;
use stateward_model::{Gap, Harvest, Resource};

use crate::call::Call;
use crate::session::{Collector, Session};

static CONTACT: Call = Call::new("account", "GetAlternateContact")
    .quota(5, 10)
    .docs("https://docs.aws.amazon.com/accounts/latest/reference/quotas.html");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[Collector {
    kind: &alternate_contact::KIND,
    calls: &[&CONTACT],
    collect: |s| Box::pin(alternate_contacts(s)),
}];

const TYPES: [AlternateContactType; 3] =
    [AlternateContactType::Billing, AlternateContactType::Operations, AlternateContactType::Security];

async fn alternate_contacts(s: &Session) -> Harvest {
    let mut harvest = Harvest { resources: Vec::new(), gaps: Vec::new() };
    for sort in TYPES {
        match contact(s, &sort).await {
            Ok(true) => harvest.resources.push(contact_resource(s, sort.as_str())),
            Ok(false) => {}
            // The others would be refused too.
            Err(gap) => {
                harvest.gaps.push(gap);
                break;
            }
        }
    }
    harvest
}

async fn contact(s: &Session, sort: &AlternateContactType) -> Result<bool, Gap> {
    let read = s
        .call_or_none(&CONTACT, &["ResourceNotFoundException"], || {
            s.contacts().get_alternate_contact().alternate_contact_type(sort.clone()).send()
        })
        .await?;
    Ok(read.is_some_and(|out| out.alternate_contact.is_some()))
}

fn contact_resource(s: &Session, sort: &str) -> Resource {
    use alternate_contact::*;
    let mut r = Resource::new(s.global(), KIND.name, sort).with_name(format!("{sort} contact"));
    r.set(&ALTERNATE_CONTACT_TYPE, sort.to_owned()).set_opt(&ACCOUNT_ID, None);
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, wanting_all};

    #[tokio::test]
    async fn a_contact_is_there_without_a_name_and_a_refusal_ends_the_listing() {
        let account = Account::new(wanting_all(&alternate_contact::KIND), |asked| {
            match asked.body.contains("SECURITY") {
                true => (
                    200,
                    r#"{"AlternateContact":{"Name":"Ann","EmailAddress":"ann@acme.example",
                    "AlternateContactType":"SECURITY"}}"#
                        .into(),
                ),
                false => (404, r#"{"__type":"ResourceNotFoundException","message":"none"}"#.into()),
            }
        });
        let harvest = alternate_contacts(account.home()).await;
        assert_eq!(harvest.resources.iter().map(Resource::id).collect::<Vec<_>>(), ["SECURITY"]);
        assert!(!serde_json::to_string(&harvest).unwrap().contains("ann@"), "personal data stays out");
        let refused = Account::new(wanting_all(&alternate_contact::KIND), |_| {
            (403, r#"{"__type":"AccessDeniedException","message":"no"}"#.into())
        });
        assert_eq!(alternate_contacts(refused.home()).await.gaps.len(), 1);
        assert_eq!(refused.calls("GetAlternateContact"), 1);
    }
}
