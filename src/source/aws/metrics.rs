//! When functions were last called, from CloudWatch's daily sums.
//!
//! By function, not by version: a call through an alias counts for a dimension of its own, and one metric is paid for
//! (<https://aws.amazon.com/cloudwatch/pricing/>: 0.01 USD for 1,000 metrics).

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::{DateTime, DateTimeFormat};
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat, ScanBy, StatusCode};
use chrono::{Duration, Utc};

use super::failure::describe;

/// Metrics that one call may ask for
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>).
const BATCH: usize = 500;
/// How far back is looked: as far as Amazon Inspector, which leaves functions out that nobody called for so long.
const DAYS: i64 = 90;
const DAY: i32 = 24 * 60 * 60;

/// Which functions were called, by name. Moments are in RFC 3339.
pub(super) struct Calls {
    /// From when on calls are known.
    pub since: String,
    /// The beginning of the last day with a call; functions without one are left out.
    pub last: BTreeMap<String, String>,
    /// Functions that an answer which is whole has nothing to say of, and why.
    pub refused: BTreeMap<String, String>,
}

/// Asks when functions were last called.
///
/// # Errors
/// What AWS said.
pub(super) async fn ask(client: &Client, names: &[&str]) -> Result<Calls, String> {
    let now = Utc::now();
    // Sums of whole days: a start within a day would be rounded anyway.
    let today = now.timestamp() - now.timestamp().rem_euclid(DAY.into());
    let (start, end) = (today - Duration::days(DAYS).num_seconds(), today + i64::from(DAY));
    let mut last: BTreeMap<String, String> = BTreeMap::new();
    let mut refused = BTreeMap::new();
    for batch in names.chunks(BATCH) {
        let queries: Vec<_> = batch.iter().enumerate().map(|(index, name)| query(index, name)).collect();
        let mut token = None;
        loop {
            let page = client
                .get_metric_data()
                .set_metric_data_queries(Some(queries.clone()))
                .start_time(DateTime::from_secs(start))
                .end_time(DateTime::from_secs(end))
                .scan_by(ScanBy::TimestampDescending)
                .set_next_token(token)
                .send()
                .await
                .map_err(|error| describe("cloudwatch:GetMetricData", &error))?;
            for result in page.metric_data_results() {
                let index = result.id().and_then(|id| id.strip_prefix('f')).and_then(|id| id.parse::<usize>().ok());
                let Some(name) = index.and_then(|index| batch.get(index)) else { continue };
                if let Some(status @ (StatusCode::Forbidden | StatusCode::InternalError)) = result.status_code() {
                    refused.insert((*name).to_owned(), format!("cloudwatch:GetMetricData: {}", status.as_str()));
                }
                let called = result.timestamps().iter().zip(result.values()).filter(|(_, value)| **value > 0.0);
                let day = called.map(|(day, _)| day).max_by_key(|day| day.secs());
                let Some(day) = day.and_then(told) else { continue };
                // The other pages of a metric are older or newer; all have the same form.
                last.entry((*name).to_owned())
                    .and_modify(|known| *known = known.clone().max(day.clone()))
                    .or_insert(day);
            }
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
    }
    Ok(Calls { since: told(&DateTime::from_secs(start)).unwrap_or_default(), last, refused })
}

/// In RFC 3339; a moment that has no such form is none.
fn told(moment: &DateTime) -> Option<String> {
    moment.fmt(DateTimeFormat::DateTime).ok()
}

fn query(index: usize, name: &str) -> MetricDataQuery {
    let function = Dimension::builder().name("FunctionName").value(name).build();
    let metric = Metric::builder().namespace("AWS/Lambda").metric_name("Invocations").dimensions(function).build();
    let sum = MetricStat::builder().metric(metric).period(DAY).stat("Sum").build();
    MetricDataQuery::builder().id(format!("f{index}")).metric_stat(sum).build()
}
