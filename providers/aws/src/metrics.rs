//! Reads series of CloudWatch: all metrics that enabled checks need, in one search for each length of time looked back.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{MetricDataQuery, MetricDataResult, ScanBy, StatusCode};
use aws_smithy_types::DateTime;
use stateward_model::kinds::cloudwatch::metric::{DIMENSIONS, Figures, KIND, ROWS, Row};
use stateward_model::{Cause, Gap, Harvest, Resource};

use crate::call::Call;
use crate::rds::stamp;
use crate::session::{Collector, Session};

/// A search answers with 500 series at most, and does not say that it left some out.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html>
const SERIES: usize = 500;

/// Stands between the values of dimensions in a label. The names that come before the last cannot hold it.
const BETWEEN: &str = "|";

static DATA: Call = Call::new("cloudwatch", "GetMetricData");

/// The collectors of this file.
pub const COLLECTORS: &[Collector] =
    &[Collector { kind: &KIND, calls: &[&DATA], collect: |s| Box::pin(metrics(s)) }];

async fn metrics(s: &Session) -> Harvest {
    let wanted: Vec<&'static Row> = ROWS.iter().filter(|row| s.wants(&KIND, row.key)).collect();
    let mut by_length: BTreeMap<i64, Vec<&'static Row>> = BTreeMap::new();
    for row in wanted {
        by_length.entry(row.hours).or_default().push(row);
    }
    let mut all = Harvest::default();
    for (hours, rows) in by_length {
        let harvest = of_length(s, hours, rows).await;
        all.resources.extend(harvest.resources);
        all.gaps.extend(harvest.gaps);
    }
    all
}

async fn of_length(s: &Session, hours: i64, rows: Vec<&'static Row>) -> Harvest {
    let Some(end) = s.observed_at() else {
        return Harvest::failed(Gap::new(DATA.name(), Cause::Malformed, "the run has no time"));
    };
    // Whole periods are answered from what is kept, and two runs within one of them alike.
    let end = end - end.rem_euclid(3600);
    let queries: Vec<MetricDataQuery> = rows.iter().enumerate().map(|(n, row)| query(n, row)).collect();
    let pages = s
        .pages(
            &DATA,
            |token| {
                s.cloudwatch()
                    .get_metric_data()
                    .set_metric_data_queries(Some(queries.clone()))
                    .start_time(DateTime::from_secs(end - hours * 3600))
                    .end_time(DateTime::from_secs(end))
                    .scan_by(ScanBy::TimestampAscending)
                    .set_next_token(token)
                    .send()
            },
            |out| (out.metric_data_results.unwrap_or_default(), out.next_token),
        )
        .await;
    let mut gaps: Vec<Gap> = pages.gap.into_iter().collect();
    let series = joined(pages.items, &mut gaps);
    let mut resources = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        let own: Vec<_> = series.iter().filter(|((id, _), _)| *id == id_of(number)).collect();
        if own.len() >= SERIES {
            let detail = format!("{} has more series than one search tells", row.name);
            gaps.push(Gap::new(DATA.name(), Cause::Unsupported, detail));
        }
        resources.extend(own.into_iter().filter_map(|((_, label), points)| resource(s, row, label, points)));
    }
    Harvest { resources, gaps }
}

fn id_of(number: usize) -> String {
    format!("q{number}")
}

fn query(number: usize, row: &Row) -> MetricDataQuery {
    let Row { namespace, name, statistic, period, .. } = row;
    let space = match row.alone {
        true => format!("{{{namespace},{}}}", row.dimensions.join(",")),
        false => format!(r#"Namespace="{namespace}""#),
    };
    let search = format!(r#"SEARCH('{space} MetricName="{name}"', '{statistic}', {period})"#);
    let label: Vec<String> =
        row.dimensions.iter().map(|dimension| format!("${{PROP('Dim.{dimension}')}}")).collect();
    MetricDataQuery::builder().id(id_of(number)).expression(search).label(label.join(BETWEEN)).build()
}

type Points = Vec<(DateTime, f64)>;

/// The values of each series over all pages: one that is long comes in several.
fn joined(results: Vec<MetricDataResult>, gaps: &mut Vec<Gap>) -> BTreeMap<(String, String), Points> {
    let mut series: BTreeMap<(String, String), Points> = BTreeMap::new();
    for result in results {
        // `PartialData` is followed by the rest on the next page.
        if matches!(result.status_code, Some(StatusCode::InternalError | StatusCode::Forbidden)) {
            let word = result.status_code.as_ref().map_or("an error", StatusCode::as_str);
            gaps.push(Gap::new(DATA.name(), Cause::Malformed, format!("a series came with {word}")));
            continue;
        }
        let values = result.values.unwrap_or_default();
        let points = result.timestamps.unwrap_or_default().into_iter().zip(values);
        let key = (result.id.unwrap_or_default(), result.label.unwrap_or_default());
        series.entry(key).or_default().extend(points);
    }
    series
}

/// None for a search that found nothing: its one answer has no values.
fn resource(s: &Session, row: &Row, label: &str, points: &Points) -> Option<Resource> {
    let figures = figures(points)?;
    let values = label.splitn(row.dimensions.len(), BETWEEN);
    let dimensions: BTreeMap<String, String> =
        row.dimensions.iter().map(|name| (*name).to_owned()).zip(values.map(str::to_owned)).collect();
    let id = format!("{}/{}/{label}", row.namespace, row.name);
    let mut r = Resource::new(s.place(), KIND.name, id);
    r.set(&DIMENSIONS, dimensions).set(row.key, figures);
    Some(r)
}

fn figures(points: &Points) -> Option<Figures> {
    let (newest_at, newest) = points.iter().max_by_key(|(time, _)| time.secs())?;
    let mut values: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
    values.sort_by(f64::total_cmp);
    let rank = (values.len() * 95).div_ceil(100).max(1);
    Some(Figures {
        maximum: *values.last()?,
        newest: *newest,
        newest_at: stamp(newest_at)?,
        p95: *values.get(rank - 1)?,
        points: i64::try_from(values.len()).unwrap_or(i64::MAX),
        total: values.iter().sum(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use stateward_model::kinds::cloudwatch::metric;

    fn result(id: &str, label: &str, values: &[f64]) -> MetricDataResult {
        let times = (0..values.len()).map(|n| DateTime::from_secs(300 * n as i64)).collect();
        MetricDataResult::builder()
            .id(id)
            .label(label)
            .set_values(Some(values.to_vec()))
            .set_timestamps(Some(times))
            .build()
    }

    #[test]
    fn the_95th_percentile_is_a_value_that_was_measured() {
        let points: Points = (1..=100).map(|n| (DateTime::from_secs(n), n as f64)).collect();
        let figures = figures(&points).unwrap();
        assert_eq!((figures.p95, figures.maximum, figures.newest, figures.points), (95.0, 100.0, 100.0, 100));
        assert_eq!((figures.newest_at.as_str(), figures.total), ("1970-01-01T00:01:40Z", 5050.0));
    }

    #[test]
    fn a_series_over_two_pages_is_one_and_a_failed_one_a_gap() {
        let mut gaps = Vec::new();
        let failed = MetricDataResult::builder().id("q1").status_code(StatusCode::InternalError).build();
        let pages = vec![result("q0", "orders", &[1.0]), result("q0", "orders", &[2.0]), failed];
        let series = joined(pages, &mut gaps);
        assert_eq!(series.len(), 1);
        assert_eq!(series[&("q0".to_owned(), "orders".to_owned())].len(), 2);
        assert_eq!(gaps.len(), 1);
    }

    #[test]
    fn sums_over_zones_are_not_taken_for_those_of_the_whole() {
        let asked = |key| query(0, metric::of(key).unwrap()).expression.unwrap();
        let whole = r#"SEARCH('{AWS/ApplicationELB,LoadBalancer} MetricName="RequestCount"', 'Sum', 86400)"#;
        assert_eq!(asked(&metric::BALANCER_REQUESTS), whole);
        let any = r#"SEARCH('Namespace="AWS/RDS" MetricName="ReplicaLag"', 'Maximum', 300)"#;
        assert_eq!(asked(&metric::REPLICA_LAG), any);
    }

    #[test]
    fn a_search_without_a_find_is_no_series() {
        assert_eq!(figures(&Points::new()), None);
    }

    #[test]
    fn every_row_has_its_key_in_the_table_and_no_two_share_one() {
        for row in ROWS {
            assert!(KIND.attribute(row.key.path()).is_some(), "{}", row.key.path());
            assert!(row.most_points() > 0);
        }
        let keys: std::collections::BTreeSet<&str> = ROWS.iter().map(|row| row.key.path()).collect();
        assert_eq!(keys.len(), ROWS.len());
        assert_eq!(metric::of(&metric::REPLICA_LAG).map(|row| row.period), Some(300));
    }
}
