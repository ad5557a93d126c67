//! Environment files: `.env` lines, a JSON object of names and values, or the JSON that
//! `aws lambda get-function-configuration` (or `get-function`) prints
//! (<https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html>).
//!
//! Values may be secrets: no error of this module quotes one.

use super::aws_json::{self, Document};
use crate::formats::text::decode_unicode;
use crate::model::{EnvFile, FunctionConfig};

/// Larger than any environment: AWS allows 4 KiB of variables, Azure and Google some more.
pub const MAX_BYTES: u64 = 4 << 20;

/// An environment file that cannot be understood.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EnvFileError {
    /// Neither UTF-8 nor UTF-16.
    #[error("it is not text: save it as UTF-8")]
    NotText,
    /// It begins like JSON and is none. The parser's own words could quote a value, so only the place is told.
    #[error("it begins like JSON but is not valid JSON at line {line}, column {column}")]
    BadJson {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// JSON of another shape.
    #[error("it is JSON, but neither an object of variables nor what 'aws lambda get-function-configuration' prints")]
    WrongShape,
    /// A line without `=`.
    #[error("line {line} is not NAME=VALUE")]
    BadLine {
        /// From 1.
        line: usize,
    },
}

/// Reads an environment file from its bytes.
///
/// # Errors
/// [`EnvFileError`], which never quotes a value.
pub fn read_env_file(bytes: &[u8]) -> Result<EnvFile, EnvFileError> {
    // Windows PowerShell's `aws ... > config.json` writes UTF-16.
    let text = decode_unicode(bytes).ok_or(EnvFileError::NotText)?;
    if text.trim_start().starts_with(['{', '[']) { read_json(&text) } else { read_lines(&text) }
}

fn read_json(text: &str) -> Result<EnvFile, EnvFileError> {
    let bad = |error: serde_json::Error| EnvFileError::BadJson { line: error.line(), column: error.column() };
    let document = aws_json::document(text).map_err(bad)?;
    if let Document::Function(function) = document {
        return Ok(function.environment);
    }
    if !text.trim_start().starts_with('{') {
        return Err(EnvFileError::WrongShape);
    }
    let variables = aws_json::variables(text).map_err(bad)?;
    Ok(EnvFile { variables, config: FunctionConfig::default(), error: None })
}

/// `.env` as shells and the dotenv tools read it: `export`, comments, quotes with escapes, values over several lines
/// inside quotes. Nothing is expanded: what stands there is what is searched.
fn read_lines(text: &str) -> Result<EnvFile, EnvFileError> {
    let mut variables = Vec::new();
    let mut lines = text.lines().enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        let line = line.trim_start();
        if line.trim_end().is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").map_or(line, str::trim_start);
        let Some((name, value)) = line.split_once('=') else {
            return Err(EnvFileError::BadLine { line: index + 1 });
        };
        let value = value.trim_start();
        let value = match value.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            None => unquoted(value).to_owned(),
            Some(quote) => {
                let mut body = String::new();
                let mut piece = &value[1..];
                loop {
                    let end = closing(piece, quote);
                    body.push_str(&piece[..end.unwrap_or(piece.len())]);
                    // Without an end the quote holds all that follows: it is searched, whatever it was meant to be.
                    let Some((_, more)) = lines.next_if(|_| end.is_none()) else { break };
                    body.push('\n');
                    piece = more;
                }
                if quote == '"' { unescape(&body) } else { body }
            }
        };
        variables.push((name.trim().to_owned(), value));
    }
    Ok(EnvFile { variables, config: FunctionConfig::default(), error: None })
}

/// A comment begins at a `#` that follows white space.
fn unquoted(value: &str) -> &str {
    let end = value
        .char_indices()
        .find(|&(at, c)| c == '#' && (at == 0 || value[..at].ends_with(char::is_whitespace)))
        .map_or(value.len(), |(at, _)| at);
    value[..end].trim_end()
}

/// Where a quoted body ends, if it does on this line.
fn closing(body: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            c if c == quote => return Some(at),
            _ => {}
        }
    }
    None
}

fn unescape(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    let mut chars = body.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('t') => out.push('\t'),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            (c, false) => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(text: &str) -> Vec<(String, String)> {
        read_env_file(text.as_bytes()).map_err(|error| error.to_string()).unwrap().variables
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn dotenv_lines() {
        let text = "# comment\nexport A = 1 # why\nB='x # y'\r\nC=\"two\nlines \\\" \\n\"\nD=a=b#c\n\nE=\n";
        assert_eq!(
            variables(text),
            [pair("A", "1"), pair("B", "x # y"), pair("C", "two\nlines \" \n"), pair("D", "a=b#c"), pair("E", ""),]
        );
    }

    #[test]
    fn a_quote_that_never_ends_takes_linear_time() {
        let text = format!("A=\"{}", "x\n".repeat(1 << 20));
        let start = std::time::Instant::now();
        assert_eq!(variables(&text)[0].1.len(), (2 << 20) - 1);
        assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    }

    #[test]
    fn utf16_with_a_mark_is_read() {
        let bytes: Vec<u8> = "\u{FEFF}A=1\r\nB=2\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let file = read_env_file(&bytes).map_err(|error| error.to_string()).unwrap();
        assert_eq!(file.variables, [pair("A", "1"), pair("B", "2")]);
        assert_eq!(read_env_file(b"A=\xFF").err(), Some(EnvFileError::NotText));
    }

    #[test]
    fn json_objects_of_both_shapes() {
        assert_eq!(variables(r#"{"A": "1", "B": 2}"#), [pair("A", "1"), pair("B", "2")]);
        assert_eq!(variables(r#"{"Variables": {"A": "1"}}"#), [pair("A", "1")]);
    }

    #[test]
    fn function_configuration() {
        let text = r#"{"FunctionName": "orders", "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:orders",
            "Runtime": "nodejs20.x", "Handler": "index.handler",
            "Layers": [{"Arn": "arn:aws:lambda:eu-west-1:123456789012:layer:base:7", "CodeSize": 1}],
            "Environment": {"Variables": {"STAGE": "prod"}}}"#;
        for text in [text.to_owned(), format!(r#"{{"Configuration": {text}, "Code": {{}}}}"#)] {
            let file = read_env_file(text.as_bytes()).map_err(|error| error.to_string()).unwrap();
            assert_eq!(file.config.name.as_deref(), Some("orders"));
            assert_eq!(file.config.runtime.as_deref(), Some("nodejs20.x"));
            assert_eq!(file.config.handler.as_deref(), Some("index.handler"));
            assert_eq!(file.config.layers, ["arn:aws:lambda:eu-west-1:123456789012:layer:base:7"]);
            assert_eq!(file.variables, [pair("STAGE", "prod")]);
            assert_eq!(file.error, None);
        }
    }

    #[test]
    fn undecryptable_variables_are_told() {
        let text =
            r#"{"FunctionName": "f", "Environment": {"Error": {"ErrorCode": "AccessDenied", "Message": "kms"}}}"#;
        let file = read_env_file(text.as_bytes()).map_err(|error| error.to_string()).unwrap();
        assert_eq!(file.error.as_deref(), Some("AccessDenied: kms"));
    }

    #[test]
    fn errors_tell_the_place_and_no_value() {
        for (text, error) in [
            ("A=1\nhunter2\n", EnvFileError::BadLine { line: 2 }),
            ("{\"A\": hunter2}", EnvFileError::BadJson { line: 1, column: 7 }),
            ("[1]", EnvFileError::WrongShape),
        ] {
            let got = read_env_file(text.as_bytes()).err().unwrap();
            assert_eq!(got, error);
            assert!(!got.to_string().contains("hunter2"));
        }
    }
}
