//! Reads which engine versions RDS and ElastiCache offer, and how long they support them.

use aws_sdk_elasticache::types::CacheEngineVersion;
use aws_sdk_rds::types::{DbMajorEngineVersion, SupportedEngineLifecycle};
use stateward_model::kinds::elasticache::engine_version;
use stateward_model::kinds::rds::major_version;
use stateward_model::{Harvest, Resource};

use crate::call::Call;
use crate::rds::{harvest, stamp};
use crate::session::{Collector, Session};

/// Both listings allow 100 records a page.
const PAGE: i32 = 100;

static MAJOR_VERSIONS: Call = Call::new("rds", "DescribeDBMajorEngineVersions");
static CACHE_VERSIONS: Call = Call::new("elasticache", "DescribeCacheEngineVersions");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] = &[
    Collector {
        kind: &major_version::KIND,
        calls: &[&MAJOR_VERSIONS],
        collect: |s| Box::pin(major_versions(s)),
    },
    Collector {
        kind: &engine_version::KIND,
        calls: &[&CACHE_VERSIONS],
        collect: |s| Box::pin(cache_versions(s)),
    },
];

async fn major_versions(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &MAJOR_VERSIONS,
            |token| s.rds().describe_db_major_engine_versions().max_records(PAGE).set_marker(token).send(),
            |out| (out.db_major_engine_versions.unwrap_or_default(), out.marker),
        )
        .await;
    harvest(pages, |offer: &DbMajorEngineVersion| {
        use major_version::*;
        let engine = offer.engine.clone().unwrap_or_default();
        let version = offer.major_engine_version.clone().unwrap_or_default();
        let mut r = Resource::new(s.place(), KIND.name, format!("{engine}/{version}"));
        r.set(&ENGINE, engine)
            .set(&SUPPORT, offer.supported_engine_lifecycles().iter().map(support).collect())
            .set(&VERSION, version);
        r
    })
}

fn support(lifecycle: &SupportedEngineLifecycle) -> major_version::Support {
    let name = lifecycle.lifecycle_support_name.as_ref();
    major_version::Support {
        name: name.map(|name| name.as_str().to_owned()).unwrap_or_default(),
        start: lifecycle.lifecycle_support_start_date.as_ref().and_then(stamp),
        end: lifecycle.lifecycle_support_end_date.as_ref().and_then(stamp),
    }
}

async fn cache_versions(s: &Session) -> Harvest {
    let pages = s
        .pages(
            &CACHE_VERSIONS,
            |token| {
                s.elasticache().describe_cache_engine_versions().max_records(PAGE).set_marker(token).send()
            },
            |out| (out.cache_engine_versions.unwrap_or_default(), out.marker),
        )
        .await;
    harvest(pages, |offer: &CacheEngineVersion| {
        use engine_version::*;
        let engine = offer.engine.clone().unwrap_or_default();
        let version = offer.engine_version.clone().unwrap_or_default();
        let mut r = Resource::new(s.place(), KIND.name, format!("{engine}/{version}"));
        r.set(&ENGINE, engine).set(&VERSION, version);
        r
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned::{Account, wanting_all};

    #[tokio::test]
    async fn a_version_is_read_with_the_times_of_its_support() {
        let account = Account::new(wanting_all(&major_version::KIND), |_| {
            let body = "<DescribeDBMajorEngineVersionsResponse><DescribeDBMajorEngineVersionsResult>\
                <DBMajorEngineVersions><DBMajorEngineVersion><Engine>mysql</Engine>\
                <MajorEngineVersion>5.7</MajorEngineVersion><SupportedEngineLifecycles><SupportedEngineLifecycle>\
                <LifecycleSupportName>open-source-rds-standard-support</LifecycleSupportName>\
                <LifecycleSupportStartDate>2018-04-01T00:00:00Z</LifecycleSupportStartDate>\
                <LifecycleSupportEndDate>2024-02-29T23:59:59Z</LifecycleSupportEndDate>\
                </SupportedEngineLifecycle></SupportedEngineLifecycles></DBMajorEngineVersion>\
                </DBMajorEngineVersions></DescribeDBMajorEngineVersionsResult>\
                </DescribeDBMajorEngineVersionsResponse>";
            (200, body.to_owned())
        });
        let harvest = major_versions(account.home()).await;
        let [found] = harvest.resources.as_slice() else { panic!("one version") };
        let support = found.get(&major_version::SUPPORT).unwrap().unwrap();
        assert_eq!(found.id(), "mysql/5.7");
        assert_eq!(support[0].name, "open-source-rds-standard-support");
        assert_eq!(support[0].end.as_deref(), Some("2024-02-29T23:59:59Z"));
    }
}
