//! Whether what DNS records point to is still there.

use std::net::IpAddr;

use stateward_model::kinds::ec2::compute::instance;
use stateward_model::kinds::ec2::network::{eip, network_interface};
use stateward_model::kinds::elbv2::load_balancer;
use stateward_model::kinds::rds::{cluster, cluster_instance, db_instance};
use stateward_model::kinds::route53::{LINKED_SERVICE, query_log, record, zone};
use stateward_model::kinds::s3::bucket;
use stateward_model::{Attr, Cause, Gap, Kind, Resource};

use super::super::{named, told};
use crate::check::{Category, Check, Effort, Outcome, Reads, Severity, Subject, Verdict, View};
use crate::inventory::Side;

pub(super) const CLD_18: Check = Check {
    id: "CLD-18",
    alias: "dns-query-logging",
    title: "Public zones log queries",
    component: "cloud",
    category: Category::Observability,
    severity: Severity::Low,
    effort: Effort::Small,
    subject: Subject::Each(&zone::KIND, queries_logged),
    reads: &[
        Reads { kind: &zone::KIND, attributes: &[zone::PRIVATE.any()] },
        Reads { kind: &query_log::KIND, attributes: &[query_log::ZONE_ID.any()] },
    ],
    page: include_str!("../../../docs/checks/CLD-18.md"),
};

fn queries_logged(resource: &Resource, view: &View) -> Verdict {
    // A state does not say whether a zone is private, but private zones have networks.
    let private = match view.side {
        Side::Declared => !resource.get_or_default(&zone::VPC)?.is_empty(),
        Side::Live => told(resource.get(&zone::PRIVATE)?, "route53:ListHostedZones")?,
    };
    if private {
        return Ok(Outcome::NotApplicable("a private zone: only public ones log queries this way"));
    }
    for log in view.inventory.of(&query_log::KIND) {
        if log.get(&query_log::ZONE_ID)?.as_deref() == Some(resource.id()) {
            return Ok(Outcome::Pass);
        }
    }
    view.inventory.all(&query_log::KIND)?;
    Ok(Outcome::Fail("nobody logs what it is asked".into()))
}

pub(super) const CLD_19: Check = Check {
    id: "CLD-19",
    alias: "dns-no-dangling-record",
    title: "No dangling DNS record",
    component: "cloud",
    category: Category::Exposure,
    severity: Severity::High,
    effort: Effort::Small,
    subject: Subject::Each(&record::KIND, targets_exist),
    reads: &[
        Reads {
            kind: &record::KIND,
            attributes: &[
                record::TYPE.any(),
                record::FQDN.any(),
                record::ZONE_ID.any(),
                record::ALIAS.any(),
                record::RECORDS.any(),
                record::ZONE_NAME.any(),
                LINKED_SERVICE.any(),
                record::TRAFFIC_POLICY_INSTANCE_ID.any(),
            ],
        },
        Reads { kind: &load_balancer::KIND, attributes: &[load_balancer::DNS_NAME.any()] },
        Reads { kind: &bucket::KIND, attributes: &[] },
        Reads { kind: &db_instance::KIND, attributes: &[] },
        Reads { kind: &cluster_instance::KIND, attributes: &[] },
        Reads { kind: &cluster::KIND, attributes: &[] },
        Reads { kind: &eip::KIND, attributes: &[eip::PUBLIC_IP.any()] },
        Reads { kind: &instance::KIND, attributes: &[instance::PUBLIC_IP.any()] },
        Reads { kind: &network_interface::KIND, attributes: &[network_interface::PUBLIC_IP.any()] },
    ],
    page: include_str!("../../../docs/checks/CLD-19.md"),
};

/// What a target of a record is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    /// It is there, and belongs to the account.
    Own,
    /// It is proved not to be there.
    Gone,
    /// Nothing of AWS.
    Foreign,
}

fn targets_exist(resource: &Resource, view: &View) -> Verdict {
    let sort = resource.get_or_default(&record::TYPE)?;
    if !["A", "AAAA", "CNAME"].contains(&sort.as_str()) {
        return Ok(Outcome::NotApplicable("a record of its type names no target"));
    }
    let (mut gone, mut own, mut gap) = (Vec::new(), false, None);
    let mut note = |name: String, target: Result<Target, Gap>| match target {
        Ok(Target::Own) => own = true,
        Ok(Target::Gone) => gone.push(name),
        Ok(Target::Foreign) => {}
        Err(unread) => gap = gap.take().or(Some(unread)),
    };
    for alias in resource.get_or_default(&record::ALIAS)? {
        let target = alias_target(resource, &alias, view);
        note(alias.name, target);
    }
    for value in resource.get_or_default(&record::RECORDS)? {
        let target = match value.parse() {
            Ok(address) => address_target(address, view),
            Err(_) => name_target(&value, None, view),
        };
        note(value, target);
    }
    if !gone.is_empty() {
        return Ok(Outcome::Fail(format!("points to what is not there any more: {}", named(&gone))));
    }
    match gap {
        Some(gap) => Err(gap),
        None if own => Ok(Outcome::Pass),
        None => Ok(Outcome::NotApplicable("names no resource of AWS")),
    }
}

fn alias_target(resource: &Resource, alias: &record::Alias, view: &View) -> Result<Target, Gap> {
    let zone = resource.get_or_default(&record::ZONE_ID)?;
    if alias.zone_id != zone {
        return name_target(&alias.name, Some(&resource.get_or_default(&record::FQDN)?), view);
    }
    for other in view.inventory.of(&record::KIND) {
        let named = plain(&other.get_or_default(&record::FQDN)?) == plain(&alias.name);
        if named && other.get_or_default(&record::ZONE_ID)? == zone {
            return Ok(Target::Own);
        }
    }
    view.inventory.all(&record::KIND).map(|_| Target::Gone)
}

/// A domain as it is compared: in lower case, without the trailing dot.
fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_lowercase()
}

/// What a domain is. `record` is the name of an alias record: that of a website in S3 is the bucket's.
fn name_target(name: &str, record: Option<&str>, view: &View) -> Result<Target, Gap> {
    let name = plain(name);
    let name = name.strip_prefix("dualstack.").unwrap_or(&name);
    if let Some((bucket, region)) = bucket_and_region(name, record) {
        return listed(&bucket::KIND, &region, &[&bucket], view);
    }
    let labels: Vec<&str> = name.split('.').collect();
    match labels.as_slice() {
        // Application and classic load balancers share this form, and classic ones are not read.
        [_, _, "elb", "amazonaws", "com"] => {
            match known(&load_balancer::KIND, &load_balancer::DNS_NAME, name, view)? {
                Target::Gone => Err(unread(name, "classic load balancers are not read")),
                found => Ok(found),
            }
        }
        [_, "elb", region, "amazonaws", "com"] => {
            in_region(&load_balancer::KIND, region, view)?;
            known(&load_balancer::KIND, &load_balancer::DNS_NAME, name, view)
        }
        [_, group, _, "rds", "amazonaws", "com"]
            if group.starts_with("cluster-custom-") || group.starts_with("proxy-") =>
        {
            Err(unread(name, "proxies and endpoints of one's own are not read"))
        }
        [id, group, region, "rds", "amazonaws", "com"] if group.starts_with("cluster-") => {
            listed(&cluster::KIND, region, &[id], view)
        }
        [id, _, region, "rds", "amazonaws", "com"] => {
            match listed(&db_instance::KIND, region, &[id], view)? {
                Target::Gone => listed(&cluster_instance::KIND, region, &[id], view),
                found => Ok(found),
            }
        }
        _ if is_of_aws(name) => Err(unread(name, "services of its sort are not read")),
        _ => Ok(Target::Foreign),
    }
}

fn unread(name: &str, why: &str) -> Gap {
    Gap::new("route53:ListResourceRecordSets", Cause::Unsupported, format!("{name}: {why}"))
}

/// Domains under which AWS names resources of its customers.
fn is_of_aws(name: &str) -> bool {
    const DOMAINS: &[&str] = &[
        ".amazonaws.com",
        ".amazonaws.com.cn",
        ".amazoncognito.com",
        ".amplifyapp.com",
        ".awsapprunner.com",
        ".awsglobalaccelerator.com",
        ".cloudfront.net",
        ".elasticbeanstalk.com",
        ".on.aws",
    ];
    DOMAINS.iter().any(|domain| name.ends_with(domain))
}

/// Bucket and region of a name of S3 (S3 user guide, "Website endpoints" and "Virtual hosting of buckets"). Names
/// without a region tell only where the bucket is not to be looked for: the region is then empty.
fn bucket_and_region(name: &str, record: Option<&str>) -> Option<(String, String)> {
    let rest = name.strip_suffix(".amazonaws.com")?;
    for mark in ["s3-website-", "s3-website."] {
        if let Some(region) = rest.strip_prefix(mark) {
            return Some((plain(record?), region.to_owned()));
        }
        if let Some((bucket, region)) = rest.rsplit_once(&format!(".{mark}")) {
            return Some((bucket.to_owned(), region.to_owned()));
        }
    }
    for mark in [".s3-", ".s3."] {
        if let Some((bucket, region)) = rest.rsplit_once(mark) {
            return (!region.contains('.')).then(|| (bucket.to_owned(), region.to_owned()));
        }
    }
    rest.strip_suffix(".s3").map(|bucket| (bucket.to_owned(), String::new()))
}

/// Whether a region was read whole for a kind.
fn in_region(kind: &Kind, region: &str, view: &View) -> Result<(), Gap> {
    super::super::facts::here(kind, region, view).map(|_| ())
}

/// Whether a resource of a kind and region has one of these ids.
fn listed(kind: &'static Kind, region: &str, ids: &[&str], view: &View) -> Result<Target, Gap> {
    let here = |resource: &&Resource| region.is_empty() || resource.region() == region;
    let has = |resource: &Resource| ids.iter().any(|id| resource.id().eq_ignore_ascii_case(id));
    if view.inventory.of(kind).filter(here).any(has) {
        return Ok(Target::Own);
    }
    if region.is_empty() {
        let detail =
            format!("{} is in no audited region; its name does not tell in which it is", ids.join(", "));
        return Err(Gap::new(kind.name, Cause::NotRequested, detail));
    }
    in_region(kind, region, view).map(|()| Target::Gone)
}

/// Whether a resource of a kind has this value of an attribute.
fn known(kind: &'static Kind, attribute: &Attr<String>, value: &str, view: &View) -> Result<Target, Gap> {
    let mut gap = view.inventory.all(kind).err();
    for resource in view.inventory.of(kind) {
        match resource.get_or_default(attribute) {
            Ok(own) if plain(&own) == value => return Ok(Target::Own),
            Ok(_) => {}
            Err(unread) => gap = Some(unread),
        }
    }
    gap.map_or(Ok(Target::Gone), Err)
}

/// What an address is. Of a foreign public one it is not known whether AWS has given it to somebody else by now.
fn address_target(address: IpAddr, view: &View) -> Result<Target, Gap> {
    let (local, text) = match address {
        IpAddr::V4(v4) => (v4.is_private() || v4.is_loopback() || v4.is_link_local(), v4.to_string()),
        IpAddr::V6(v6) => (v6.is_loopback() || v6.is_unique_local(), v6.to_string()),
    };
    if local {
        return Ok(Target::Foreign);
    }
    let holders: [(&'static Kind, &Attr<String>); 3] = [
        (&eip::KIND, &eip::PUBLIC_IP),
        (&instance::KIND, &instance::PUBLIC_IP),
        (&network_interface::KIND, &network_interface::PUBLIC_IP),
    ];
    for (kind, attribute) in holders {
        if known(kind, attribute, &text, view)? == Target::Own {
            return Ok(Target::Own);
        }
    }
    Err(unread(&text, "no address of the account; whose it is was not read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_s3_tell_bucket_and_region() {
        let of = |name: &str| bucket_and_region(name, Some("www.acme.example."));
        let pair = |bucket: &str, region: &str| Some((bucket.to_owned(), region.to_owned()));
        assert_eq!(of("s3-website-us-west-2.amazonaws.com"), pair("www.acme.example", "us-west-2"));
        assert_eq!(of("s3-website.eu-central-1.amazonaws.com"), pair("www.acme.example", "eu-central-1"));
        assert_eq!(of("shop.acme.s3-website-us-west-2.amazonaws.com"), pair("shop.acme", "us-west-2"));
        assert_eq!(of("shop.s3.us-west-2.amazonaws.com"), pair("shop", "us-west-2"));
        assert_eq!(of("shop.s3-us-west-2.amazonaws.com"), pair("shop", "us-west-2"));
        assert_eq!(of("shop.s3.amazonaws.com"), pair("shop", ""));
        assert_eq!(of("web-1.us-west-2.elb.amazonaws.com"), None);
        assert_eq!(bucket_and_region("s3-website-us-west-2.amazonaws.com", None), None);
    }
}
