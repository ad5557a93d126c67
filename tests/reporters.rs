//! Every format on one verdict that holds every kind of finding and gap.

use serde_json::Value;
use tidewaiter::model::*;
use tidewaiter::policy::{Verdict, judge};
use tidewaiter::report::{ALL, Style, by_id};
use unicode_width::UnicodeWidthStr;

use crate::support::verdict::*;

const PLAIN: Style = Style { color: false, width: 80, unicode: true };

fn rendered(format: &str, verdict: &Verdict, style: Style) -> String {
    let mut out = Vec::new();
    by_id(format).expect("a format").write(verdict, &style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn json(verdict: &Verdict) -> Value {
    serde_json::from_str(&rendered("json", verdict, PLAIN)).unwrap()
}

fn snapshot(name: &str, text: &str) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn table_at_80_columns() {
    snapshot("table_80", &rendered("table", &full(), PLAIN));
}

#[test]
fn table_at_120_columns_in_ascii() {
    let text = rendered("table", &full(), Style { width: 120, unicode: false, ..PLAIN });
    assert!(text.is_ascii());
    snapshot("table_120_ascii", &text);
}

#[test]
fn table_without_findings() {
    snapshot("table_clean", &rendered("table", &clean(), PLAIN));
}
