//! When functions were last called, from CloudWatch's daily sums.
//!
//! By function, not by version: a call through an alias counts for a dimension of its own, and one metric is paid for
//! (<https://aws.amazon.com/cloudwatch/pricing/>: 0.01 USD for 1,000 metrics).

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::{DateTime, DateTimeFormat};
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat, ScanBy};
use chrono::{Duration, Utc};

use super::failure::describe;

/// Metrics that one call may ask for
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>).
const BATCH: usize = 500;
/// How far back is looked: as far as Amazon Inspector, which leaves functions out that nobody called for so long.
const DAYS: i64 = 90;
const DAY: i32 = 24 * 60 * 60;

/// The beginning of the last day with a call, in RFC 3339, by name. Functions without a call are left out.
///
/// # Errors
/// What AWS said.
pub(super) async fn ask(client: &Client, names: &[&str]) -> Result<BTreeMap<String, String>, String> {
    let now = Utc::now();
    // Sums of whole days: a start within a day would be rounded anyway.
    let today = now.timestamp() - now.timestamp().rem_euclid(DAY.into());
    let (start, end) = (today - Duration::days(DAYS).num_seconds(), today + i64::from(DAY));
    let mut last: BTreeMap<String, String> = BTreeMap::new();
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
                let called = result.timestamps().iter().zip(result.values()).filter(|(_, value)| **value > 0.0);
                let day = called.map(|(day, _)| day).max_by_key(|day| day.secs());
                let Some(day) = day.and_then(|day| day.fmt(DateTimeFormat::DateTime).ok()) else { continue };
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
    Ok(last)
}

fn query(index: usize, name: &str) -> MetricDataQuery {
    let function = Dimension::builder().name("FunctionName").value(name).build();
    let metric = Metric::builder().namespace("AWS/Lambda").metric_name("Invocations").dimensions(function).build();
    let sum = MetricStat::builder().metric(metric).period(DAY).stat("Sum").build();
    MetricDataQuery::builder().id(format!("f{index}")).metric_stat(sum).build()
}
