//! What stands between the internet and what answers it: protocols of CloudFront, web ACLs.

use serde_json::{Map, Value};
use stateward_model::kinds::cloudfront::distribution;
use stateward_model::kinds::common::ARN;
use stateward_model::kinds::elbv2::load_balancer;
use stateward_model::kinds::wafv2::{association, web_acl};
use stateward_model::{Cause, Gap, Place, Resource};

use super::super::facts::{arn_account, arn_of, arn_region, here};
use super::super::{named, referred, told};
use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};

pub(super) const NET_17: Check = Check {
    id: "NET-17",
    alias: "alb-web-acl",
    title: "Internet-facing ALB has a web ACL with rules",
    component: "network",
    category: Category::Exposure,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::Each(&load_balancer::KIND, balancer_protected),
    reads: &[
        Reads {
            kind: &load_balancer::KIND,
            attributes: &[ARN.any(), load_balancer::INTERNAL.any(), load_balancer::LOAD_BALANCER_TYPE.any()],
        },
        Reads {
            kind: &association::KIND,
            attributes: &[association::RESOURCE_ARN.any(), association::WEB_ACL_ARN.any()],
        },
        Reads { kind: &web_acl::KIND, attributes: &[web_acl::DEFAULT_ACTION.any(), web_acl::RULE.any()] },
    ],
    page: include_str!("../../../docs/checks/NET-17.md"),
};

fn balancer_protected(resource: &Resource, view: &View) -> Verdict {
    if resource.get_or_default(&load_balancer::LOAD_BALANCER_TYPE)? != "application" {
        return Ok(Outcome::NotApplicable("only an application load balancer can have a web ACL"));
    }
    if resource.get_or_default(&load_balancer::INTERNAL)? {
        return Ok(Outcome::NotApplicable("it does not face the internet"));
    }
    let Some(acl) = attached(&arn_of(resource)?, resource.region(), view)? else {
        return Ok(Outcome::Fail("no web ACL is attached".into()));
    };
    let id = acl.rsplit('/').next().unwrap_or_default();
    let Some(found) = referred(&web_acl::KIND, &resource.address.place, id, view)? else {
        return Ok(Outcome::Fail(format!("its web ACL {} does not exist", name_of(&acl))));
    };
    if stops_something(found)? {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(format!("no rule of its web ACL {} stops a request", name_of(&acl))))
}

/// The ARN of the web ACL of a resource.
fn attached(arn: &str, region: &str, view: &View) -> Result<Option<String>, Gap> {
    for link in view.inventory.of(&association::KIND) {
        if link.get(&association::RESOURCE_ARN)?.as_deref() == Some(arn) {
            return told(link.get(&association::WEB_ACL_ARN)?, "wafv2:ListWebACLs").map(Some);
        }
    }
    here(&association::KIND, region, view).map(|_| None)
}

/// `shop` of `arn:aws:wafv2:us-west-2:1:regional/webacl/shop/0000`.
fn name_of(arn: &str) -> &str {
    arn.rsplit('/').nth(1).unwrap_or(arn)
}

/// Whether a block of this name is there.
fn has(blocks: &[Map<String, Value>], name: &str) -> bool {
    let there =
        |block: &Map<String, Value>| block.get(name).is_some_and(|value| value != &Value::Array(vec![]));
    blocks.iter().any(|block| there(block) && block.get(name) != Some(&Value::Null))
}

/// Whether a web ACL stops any request: by default, by a rule, or by a managed group that does not only count.
fn stops_something(acl: &Resource) -> Result<bool, Gap> {
    if has(&acl.get_or_default(&web_acl::DEFAULT_ACTION)?, "block") {
        return Ok(true);
    }
    let rules = acl.get_or_default(&web_acl::RULE)?;
    let stops = |rule: &web_acl::Rule| {
        ["block", "captcha", "challenge"].iter().any(|action| has(&rule.action, action))
            || (has(&rule.statement, "managed_rule_group_statement") && !has(&rule.override_action, "count"))
    };
    if rules.iter().any(stops) {
        return Ok(true);
    }
    let own = |rule: &&web_acl::Rule| {
        has(&rule.statement, "rule_group_reference_statement") && !has(&rule.override_action, "count")
    };
    match rules.iter().find(own) {
        Some(rule) => Err(Gap::new(
            "wafv2:GetRuleGroup",
            Cause::Unsupported,
            format!("rules of groups of one's own are not read, and {} stands for one", rule.name),
        )),
        None => Ok(false),
    }
}

pub(super) const NET_18: Check = Check {
    id: "NET-18",
    alias: "cloudfront-viewer-tls",
    title: "CloudFront viewers are forced to HTTPS on TLS 1.2 or later",
    component: "network",
    category: Category::Encryption,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::Each(&distribution::KIND, viewers_on_tls),
    reads: &[Reads {
        kind: &distribution::KIND,
        attributes: &[
            distribution::DEFAULT_CACHE_BEHAVIOR.any(),
            distribution::ENABLED.any(),
            distribution::ORDERED_CACHE_BEHAVIOR.any(),
            distribution::VIEWER_CERTIFICATE.any(),
        ],
    }],
    page: include_str!("../../../docs/checks/NET-18.md"),
};

const DISABLED: Outcome = Outcome::NotApplicable("the distribution is disabled, so it answers nobody");

fn viewers_on_tls(resource: &Resource, _: &View) -> Verdict {
    const CALL: &str = "cloudfront:ListDistributions";
    if !told(resource.get(&distribution::ENABLED)?, CALL)? {
        return Ok(DISABLED);
    }
    let default = resource.get_or_default(&distribution::DEFAULT_CACHE_BEHAVIOR)?;
    let ordered = resource.get_or_default(&distribution::ORDERED_CACHE_BEHAVIOR)?;
    if default.is_empty() {
        return Err(Gap::new(CALL, Cause::Malformed, "the answer leaves the default behaviour out"));
    }
    let plain: Vec<String> = default
        .iter()
        .chain(&ordered)
        .filter(|behavior| {
            !matches!(behavior.viewer_protocol_policy.as_str(), "redirect-to-https" | "https-only")
        })
        .map(|behavior| behavior.path_pattern.clone().unwrap_or_else(|| "the default behaviour".into()))
        .collect();
    if !plain.is_empty() {
        return Ok(Outcome::Fail(format!("answers over plain HTTP: {}", named(&plain))));
    }
    let certificates = resource.get_or_default(&distribution::VIEWER_CERTIFICATE)?;
    let certificate = told(certificates.into_iter().next(), CALL)?;
    let least = certificate.minimum_protocol_version.unwrap_or_else(|| "TLSv1".into());
    if is_current(&least) {
        return Ok(Outcome::Pass);
    }
    let why = match certificate.cloudfront_default_certificate {
        Some(true) => ", as always with the certificate of cloudfront.net",
        _ => "",
    };
    Ok(Outcome::Fail(format!("viewers may use the security policy {least}{why}")))
}

/// Whether a security policy of CloudFront is `TLSv1.2_2019` or a later one.
fn is_current(policy: &str) -> bool {
    let Some(version) = policy.strip_prefix("TLSv1.") else { return false };
    let (minor, year) = version.split_once('_').unwrap_or((version, ""));
    match minor.parse::<u32>() {
        Ok(2) => year.parse::<u32>().is_ok_and(|year| year >= 2019),
        Ok(minor) => minor > 2,
        Err(_) => false,
    }
}

pub(super) const NET_19: Check = Check {
    id: "NET-19",
    alias: "cloudfront-web-acl",
    title: "CloudFront has a web ACL of the right scope",
    component: "network",
    category: Category::Exposure,
    severity: Severity::Medium,
    effort: Effort::Medium,
    subject: Subject::Each(&distribution::KIND, distribution_protected),
    reads: &[
        Reads {
            kind: &distribution::KIND,
            attributes: &[distribution::ENABLED.any(), distribution::WEB_ACL_ID.any()],
        },
        Reads { kind: &web_acl::KIND, attributes: &[web_acl::SCOPE.any()] },
    ],
    page: include_str!("../../../docs/checks/NET-19.md"),
};

fn distribution_protected(resource: &Resource, view: &View) -> Verdict {
    if !told(resource.get(&distribution::ENABLED)?, "cloudfront:ListDistributions")? {
        return Ok(DISABLED);
    }
    let acl = resource.get_or_default(&distribution::WEB_ACL_ID)?;
    if acl.is_empty() {
        return Ok(Outcome::Fail("it has no web ACL".into()));
    }
    let (Some(account), Some(region)) = (arn_account(&acl), arn_region(&acl)) else {
        return Err(Gap::new("waf:ListWebACLs", Cause::Unsupported, "web ACLs of WAF Classic are not read"));
    };
    let name = name_of(&acl);
    if !acl.contains(":global/webacl/") {
        return Ok(Outcome::Fail(format!("its web ACL {name} is regional, and does not protect it")));
    }
    let id = acl.rsplit('/').next().unwrap_or_default();
    match referred(&web_acl::KIND, &Place::new(account, region), id, view)? {
        None => Ok(Outcome::Fail(format!("its web ACL {name} does not exist"))),
        Some(found) => match told(found.get(&web_acl::SCOPE)?, "wafv2:ListWebACLs")?.as_str() {
            "CLOUDFRONT" => Ok(Outcome::Pass),
            scope => Ok(Outcome::Fail(format!("its web ACL {name} is of scope {scope}"))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn policies_are_ordered_by_version_and_year() {
        for current in ["TLSv1.2_2019", "TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025"] {
            assert!(is_current(current), "{current}");
        }
        for old in ["SSLv3", "TLSv1", "TLSv1_2016", "TLSv1.1_2016", "TLSv1.2_2018", "TLSv1.2", ""] {
            assert!(!is_current(old), "{old}");
        }
    }

    #[test]
    fn a_block_is_there_also_where_nothing_is_in_it() {
        let block = |value: Value| vec![Map::from_iter([("count".to_owned(), value)])];
        assert!(has(&block(json!([{}])), "count"));
        assert!(!has(&block(json!([])), "count") && !has(&block(json!(null)), "count"));
        assert!(!has(&block(json!([{}])), "none") && !has(&[], "count"));
    }
}
