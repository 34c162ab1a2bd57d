//! Reads AWS WAF: web ACLs, what they protect, where they log. The API keeps those for CloudFront in us-east-1.

use std::sync::Arc;

use aws_sdk_wafv2::types::{
    DefaultAction, LoggingConfiguration, OverrideAction, ResourceType, Rule, RuleAction, Scope, Statement,
    VisibilityConfig, WebAcl, WebAclSummary,
};
use serde_json::{Map, Value, json};
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::wafv2::{association, logging, web_acl};
use stateward_model::{Gap, Harvest, Resource};

use crate::call::Call;
use crate::rds::{put_tags, wants_tags};
use crate::session::{Collector, Session, put_gap};

/// All listings of WAF allow 100 items a page.
const PAGE: i32 = 100;
/// The region that keeps the web ACLs of scope CLOUDFRONT.
const EDGE: &str = "us-east-1";

/// What a regional web ACL may protect; each sort is a listing of its own.
const PROTECTED: &[ResourceType] = &[
    ResourceType::ApplicationLoadBalancer,
    ResourceType::ApiGateway,
    ResourceType::Appsync,
    ResourceType::CognitioUserPool,
    ResourceType::AppRunnerService,
    ResourceType::VerifiedAccessInstance,
];

static ACLS: Call = Call::new("wafv2", "ListWebACLs");
static ACL: Call = Call::new("wafv2", "GetWebACL");
static RESOURCES: Call = Call::new("wafv2", "ListResourcesForWebACL");
static LOGGING: Call = Call::new("wafv2", "ListLoggingConfigurations");
static LIST_TAGS: Call = Call::new("wafv2", "ListTagsForResource");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[
    Collector { kind: &web_acl::KIND, calls: &[&ACLS, &ACL, &LIST_TAGS], collect: |s| Box::pin(web_acls(s)) },
    Collector {
        kind: &association::KIND,
        calls: &[&ACLS, &RESOURCES],
        collect: |s| Box::pin(associations(s)),
    },
    Collector { kind: &logging::KIND, calls: &[&LOGGING], collect: |s| Box::pin(configurations(s)) },
];

fn scopes(s: &Session) -> &'static [Scope] {
    if s.region() == EDGE { &[Scope::Regional, Scope::Cloudfront] } else { &[Scope::Regional] }
}

/// The web ACLs of a region with their scopes, and the gaps of the listings.
type Acls = (Vec<(Scope, WebAclSummary)>, Vec<Gap>);

async fn acls(s: &Session) -> Arc<Acls> {
    s.once("wafv2:ListWebACLs", async {
        let (mut all, mut gaps) = (Vec::new(), Vec::new());
        for scope in scopes(s) {
            let pages = s
                .pages(
                    &ACLS,
                    |marker| {
                        s.wafv2()
                            .list_web_acls()
                            .scope(scope.clone())
                            .limit(PAGE)
                            .set_next_marker(marker)
                            .send()
                    },
                    |out| next_page(out.web_acls.unwrap_or_default(), out.next_marker),
                )
                .await;
            all.extend(pages.items.into_iter().map(|summary| (scope.clone(), summary)));
            gaps.extend(pages.gap);
        }
        (all, gaps)
    })
    .await
}

/// WAF gives a marker with the last page too; an unfilled page is the last one.
fn next_page<T>(items: Vec<T>, marker: Option<String>) -> (Vec<T>, Option<String>) {
    let full = i32::try_from(items.len()).unwrap_or(PAGE) >= PAGE;
    (items, marker.filter(|_| full))
}

async fn web_acls(s: &Session) -> Harvest {
    let all = acls(s).await;
    let resources = s.each(all.0.clone(), |(scope, summary)| acl_resource(s, scope, summary)).await;
    Harvest { resources, gaps: all.1.clone() }
}

async fn acl_resource(s: &Session, scope: Scope, summary: WebAclSummary) -> Resource {
    use web_acl::*;
    let id = summary.id.clone().unwrap_or_default();
    let name = summary.name.clone().unwrap_or_default();
    let arn = summary.arn.clone().unwrap_or_default();
    let mut r = Resource::new(s.place(), KIND.name, id.clone()).with_name(name.clone()).with_arn(arn.clone());
    r.set(&ARN, arn.clone())
        .set_opt(&DESCRIPTION, summary.description.clone())
        .set(&NAME, name.clone())
        .set(&SCOPE, scope.as_str().to_owned());
    if s.wants_call(&KIND, &ACL) {
        let read =
            s.call(&ACL, || s.wafv2().get_web_acl().name(&name).id(&id).scope(scope.clone()).send()).await;
        match read.map(|out| out.web_acl) {
            Ok(Some(acl)) => put_acl(&mut r, &acl),
            Ok(None) => put_gap(&mut r, &KIND, &ACL, &left_out()),
            Err(gap) => put_gap(&mut r, &KIND, &ACL, &gap),
        }
    }
    if wants_tags(s, &KIND) {
        let pages = s
            .pages(
                &LIST_TAGS,
                |marker| {
                    s.wafv2()
                        .list_tags_for_resource()
                        .resource_arn(&arn)
                        .limit(PAGE)
                        .set_next_marker(marker)
                        .send()
                },
                |out| {
                    let tags = out.tag_info_for_resource.and_then(|info| info.tag_list).unwrap_or_default();
                    next_page(tags, out.next_marker)
                },
            )
            .await;
        let tags = pages.complete();
        put_tags(&mut r, tags.map(|tags| tags.into_iter().map(|tag| (tag.key, tag.value)).collect()));
    }
    r
}

fn left_out() -> Gap {
    Gap::new(ACL.name(), stateward_model::Cause::Malformed, "the answer leaves the web ACL out")
}

fn put_acl(r: &mut Resource, acl: &WebAcl) {
    use web_acl::*;
    r.set(&CAPACITY, acl.capacity)
        .set(&DEFAULT_ACTION, acl.default_action.iter().map(default_action).collect())
        .set(&RULE, acl.rules().iter().map(rule).collect())
        .set(&TOKEN_DOMAINS, acl.token_domains().to_vec())
        .set(&VISIBILITY_CONFIG, acl.visibility_config.iter().map(visibility).collect());
}

/// A block without content, where it is there.
fn present(there: bool) -> Value {
    if there { json!([{}]) } else { json!([]) }
}

fn blocks(named: &[(&str, bool)]) -> Map<String, Value> {
    named.iter().map(|(name, there)| ((*name).to_owned(), present(*there))).collect()
}

fn default_action(read: &DefaultAction) -> Map<String, Value> {
    blocks(&[("allow", read.allow.is_some()), ("block", read.block.is_some())])
}

fn action(read: &RuleAction) -> Map<String, Value> {
    blocks(&[
        ("allow", read.allow.is_some()),
        ("block", read.block.is_some()),
        ("captcha", read.captcha.is_some()),
        ("challenge", read.challenge.is_some()),
        ("count", read.count.is_some()),
    ])
}

fn override_action(read: &OverrideAction) -> Map<String, Value> {
    blocks(&[("count", read.count.is_some()), ("none", read.none.is_some())])
}

fn visibility(read: &VisibilityConfig) -> web_acl::Visibility {
    web_acl::Visibility {
        cloudwatch_metrics_enabled: read.cloud_watch_metrics_enabled,
        metric_name: read.metric_name.clone(),
        sampled_requests_enabled: read.sampled_requests_enabled,
    }
}

fn rule(read: &Rule) -> web_acl::Rule {
    web_acl::Rule {
        action: read.action.iter().map(action).collect(),
        name: read.name.clone(),
        override_action: read.override_action.iter().map(override_action).collect(),
        priority: read.priority.into(),
        statement: read.statement.iter().filter_map(group).collect(),
        visibility_config: read.visibility_config.iter().map(visibility).collect(),
    }
}

/// Which group of rules a rule stands for; of what other rules match nothing is kept.
fn group(read: &Statement) -> Option<Map<String, Value>> {
    let managed = read.managed_rule_group_statement.as_ref().map(|group| {
        let named =
            json!([{ "name": group.name, "vendor_name": group.vendor_name, "version": group.version }]);
        ("managed_rule_group_statement".to_owned(), named)
    });
    let own = read
        .rule_group_reference_statement
        .as_ref()
        .map(|group| ("rule_group_reference_statement".to_owned(), json!([{ "arn": group.arn }])));
    managed.or(own).map(|block| Map::from_iter([block]))
}

async fn associations(s: &Session) -> Harvest {
    let all = acls(s).await;
    let mut gaps = all.1.clone();
    // Distributions of CloudFront name their web ACL themselves.
    let regional = all.0.iter().filter(|(scope, _)| *scope == Scope::Regional);
    let arns = regional.filter_map(|(_, summary)| summary.arn.clone());
    let asked: Vec<(String, ResourceType)> =
        arns.flat_map(|arn| PROTECTED.iter().map(move |of_type| (arn.clone(), of_type.clone()))).collect();
    let read = s
        .each(asked, |(arn, of_type)| async move {
            let read = s
                .call(&RESOURCES, || {
                    s.wafv2()
                        .list_resources_for_web_acl()
                        .web_acl_arn(&arn)
                        .resource_type(of_type.clone())
                        .send()
                })
                .await;
            (arn, read)
        })
        .await;
    let mut resources = Vec::new();
    for (acl, read) in read {
        match read {
            Ok(out) => {
                s.items(&RESOURCES, out.resource_arns().len());
                resources.extend(out.resource_arns().iter().map(|arn| association_resource(s, &acl, arn)));
            }
            Err(gap) => gaps.push(gap),
        }
    }
    Harvest { resources, gaps }
}

fn association_resource(s: &Session, acl: &str, arn: &str) -> Resource {
    use association::*;
    let mut r = Resource::new(s.place(), KIND.name, arn);
    r.set(&RESOURCE_ARN, arn.to_owned()).set(&WEB_ACL_ARN, acl.to_owned());
    r
}

async fn configurations(s: &Session) -> Harvest {
    let (mut resources, mut gaps) = (Vec::new(), Vec::new());
    for scope in scopes(s) {
        let pages = s
            .pages(
                &LOGGING,
                |marker| {
                    s.wafv2()
                        .list_logging_configurations()
                        .scope(scope.clone())
                        .limit(PAGE)
                        .set_next_marker(marker)
                        .send()
                },
                |out| next_page(out.logging_configurations.unwrap_or_default(), out.next_marker),
            )
            .await;
        resources.extend(pages.items.iter().map(|item| configuration_resource(s, item)));
        gaps.extend(pages.gap);
    }
    Harvest { resources, gaps }
}

fn configuration_resource(s: &Session, item: &LoggingConfiguration) -> Resource {
    use logging::*;
    let mut r = Resource::new(s.place(), KIND.name, item.resource_arn.clone());
    r.set(&LOG_DESTINATION_CONFIGS, item.log_destination_configs.clone())
        .set(&MANAGED, item.managed_by_firewall_manager)
        .set(&RESOURCE_ARN, item.resource_arn.clone());
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, wanting, wanting_all};

    const REGIONAL: &str =
        r#"{"NextMarker":"web","WebACLs":[{"Name":"web","Id":"a-1","ARN":"arn:acl/web"}]}"#;
    const EDGE_ACLS: &str = r#"{"WebACLs":[{"Name":"edge","Id":"a-2","ARN":"arn:acl/edge"}]}"#;

    fn listed(body: &str) -> (u16, String) {
        (200, if body.contains("CLOUDFRONT") { EDGE_ACLS } else { REGIONAL }.to_owned())
    }

    #[tokio::test]
    async fn only_us_east_1_keeps_those_of_cloudfront() {
        let account = Account::new(wanting(&web_acl::KIND, &[]), |asked| listed(&asked.body));
        let ids = |harvest: Harvest| -> Vec<String> {
            harvest.resources.iter().map(|found| found.id().to_owned()).collect()
        };
        assert_eq!(ids(web_acls(account.home()).await), ["a-1"]);
        assert_eq!(account.calls("ListWebACLs"), 1, "the marker of the last page leads nowhere");
        assert_eq!(ids(web_acls(&account.region("us-east-1")).await), ["a-1", "a-2"]);
    }

    #[tokio::test]
    async fn a_rule_is_read_by_what_it_does() {
        let account = Account::new(wanting_all(&web_acl::KIND), |asked| match asked.operation.as_str() {
            "ListWebACLs" => (200, REGIONAL.to_owned()),
            "GetWebACL" => (
                200,
                r#"{"WebACL":{"Name":"web","Id":"a-1","ARN":"arn:acl/web","DefaultAction":{"Allow":{}},
                    "VisibilityConfig":{"SampledRequestsEnabled":true,"CloudWatchMetricsEnabled":true,
                    "MetricName":"web"},"Rules":[{"Name":"common","Priority":1,"OverrideAction":{"None":{}},
                    "Statement":{"ManagedRuleGroupStatement":{"VendorName":"AWS","Name":"Common"}},
                    "VisibilityConfig":{"SampledRequestsEnabled":true,"CloudWatchMetricsEnabled":true,
                    "MetricName":"common"}}]}}"#
                    .to_owned(),
            ),
            _ => (200, r#"{"TagInfoForResource":{"TagList":[{"Key":"a","Value":"b"}]}}"#.to_owned()),
        });
        let found = web_acls(account.home()).await.resources.remove(0);
        let rules = found.get(&web_acl::RULE).unwrap().unwrap();
        assert_eq!(rules[0].override_action[0]["none"], json!([{}]));
        assert_eq!(rules[0].statement[0]["managed_rule_group_statement"][0]["name"], "Common");
        let default = found.get(&web_acl::DEFAULT_ACTION).unwrap().unwrap();
        assert_eq!((&default[0]["allow"], &default[0]["block"]), (&json!([{}]), &json!([])));
        assert_eq!(found.tags()["a"], "b");
        assert!(web_acl::KIND.attributes.iter().all(|attr| found.has(attr.path)));
    }

    #[tokio::test]
    async fn a_refused_listing_of_what_is_protected_leaves_the_whole_open() {
        let account = Account::new(wanting_all(&association::KIND), |asked| {
            if asked.operation == "ListWebACLs" {
                return (200, REGIONAL.to_owned());
            }
            if asked.body.contains("APPLICATION_LOAD_BALANCER") {
                return (200, r#"{"ResourceArns":["arn:lb"]}"#.to_owned());
            }
            if asked.body.contains("APPSYNC") {
                return (400, r#"{"__type":"AccessDeniedException"}"#.to_owned());
            }
            (200, r#"{"ResourceArns":[]}"#.to_owned())
        });
        let harvest = associations(account.home()).await;
        assert_eq!((harvest.resources.len(), harvest.gaps.len()), (1, 1));
        assert_eq!(
            harvest.resources[0].get(&association::WEB_ACL_ARN).unwrap().as_deref(),
            Some("arn:acl/web")
        );
    }
}
