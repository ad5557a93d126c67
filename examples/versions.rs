//! Compares versions: reads lines `ECOSYSTEM<TAB>A<TAB>B` from standard input and writes for each `-1`, `0` or `1`, or
//! `?` where one of them is no version of that ecosystem.
//!
//! ```text
//! printf 'PyPI\t1.0rc1\t1.0\n' | cargo run --example versions
//! ```

use std::io::{self, BufRead, Write};

use tidewaiter::model::Ecosystem;
use tidewaiter::version;

fn main() -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        writeln!(out, "{}", answer(&line?))?;
    }
    out.flush()
}

fn answer(line: &str) -> String {
    let mut fields = line.splitn(3, '\t');
    let (Some(ecosystem), Some(a), Some(b)) =
        (fields.next().and_then(Ecosystem::from_osv), fields.next(), fields.next())
    else {
        return "?".to_owned();
    };
    match version::order(ecosystem).compare(a, b) {
        Ok(ordering) => (ordering as i8).to_string(),
        Err(_) => "?".to_owned(),
    }
}
