//! Every rule against its own examples, and the engine against texts that hold no secret.

use super::engine::MAX_MATCHES;
use super::{Engine, rules_with_examples};
use crate::artifact::Piece;
use crate::model::{Confidence, Location, SecretMatch, Span};

fn scan_bytes(bytes: &[u8]) -> Vec<SecretMatch> {
    let mut out = Vec::new();
    Engine::builtin().scan(&Location::artifact(0).child("f"), Piece::whole(bytes), &mut out);
    out
}

fn scan(text: &str) -> Vec<SecretMatch> {
    scan_bytes(text.as_bytes())
}

fn variable(name: &str, value: &str) -> Vec<SecretMatch> {
    let mut out = Vec::new();
    Engine::builtin().scan_variable(&Location::artifact(0).child(name), name, value, &mut out);
    out
}

fn rules(found: &[SecretMatch]) -> Vec<&str> {
    found.iter().map(|m| m.rule.as_str()).collect()
}

/// A database URL: assembled, since a whole one would trip scanners of this repository.
fn sample() -> (String, &'static str) {
    let password = "q7Zk2LxV9b";
    (format!("{}://app:{password}@db.acme.io/app", "postgres"), password)
}

#[test]
fn every_rule_finds_its_examples_and_leaves_its_non_examples() {
    let mut wrong = Vec::new();
    for rule in rules_with_examples() {
        for (index, example) in rule.examples.iter().enumerate() {
            let found = scan(example);
            if !found.iter().any(|m| m.rule == rule.id) {
                wrong.push(format!("{}: example {index} gives {:?}", rule.id, rules(&found)));
            }
            for found in &found {
                let value = String::from_utf8_lossy(found.value.expose()).into_owned();
                assert!(!format!("{found:?}").contains(&value), "{} shows its value", rule.id);
                assert!(found.redacted.len() < value.len() + 8 && !found.redacted.contains(&value));
            }
        }
        for (index, text) in rule.non_examples.iter().enumerate() {
            if scan(text).iter().any(|m| m.rule == rule.id) {
                wrong.push(format!("{}: non_example {index} is found", rule.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_place_is_that_of_the_secret() {
    let (url, password) = sample();
    let text = format!("first\n\n  url = \"{url}\"\n");
    let found = scan(&text);
    assert_eq!(rules(&found), ["database-url"]);
    let offset = text.find(password).unwrap() as u64;
    let span = found[0].location.span.unwrap();
    assert_eq!(span, Span { offset, length: password.len() as u64, line: 3, column: offset - 7 + 1 });
    assert_eq!(found[0].redacted, format!("…({})", password.len()));
    assert_eq!(found[0].value.expose(), password.as_bytes());
}

#[test]
fn a_long_line_and_a_later_piece_keep_their_columns() {
    let (url, password) = sample();
    let text = format!("{}\n{};x='{url}'", "a".repeat(70_000), "b=1;".repeat(300_000));
    let found = scan(&text);
    let offset = text.find(password).unwrap();
    assert_eq!(found[0].location.span.unwrap().column, (offset - 70_001 + 1) as u64);
    assert_eq!(found[0].location.span.unwrap().line, 2);

    let piece = Piece { offset: 500, lines_before: 3, column_before: 40, first: false, ..Piece::whole(url.as_bytes()) };
    let mut out = Vec::new();
    Engine::builtin().scan(&Location::artifact(0), piece, &mut out);
    let at = url.find(password).unwrap() as u64;
    assert_eq!(out[0].location.span.unwrap(), Span { offset: 500 + at, length: 10, line: 4, column: 41 + at });
}

#[test]
fn utf16_is_read_and_placed_in_the_stored_bytes() {
    let (url, password) = sample();
    let text = format!("\u{FEFF}ü\r\n\"{url}\"\r\n");
    for unit in [u16::to_le_bytes, u16::to_be_bytes] {
        let stored: Vec<u8> = text.encode_utf16().flat_map(unit).collect();
        let found = scan_bytes(&stored);
        assert_eq!(rules(&found), ["database-url"]);
        let span = found[0].location.span.unwrap();
        let value: Vec<u8> = password.encode_utf16().flat_map(unit).collect();
        assert_eq!(&stored[span.offset as usize..(span.offset + span.length) as usize], value);
        assert_eq!((span.line, span.column), (2, span.offset - 8 + 1));
    }
}

#[test]
fn latin1_needs_no_decoding() {
    let (url, _) = sample();
    let text = [b"# na\xEFve caf\xE9\nurl = ".as_slice(), url.as_bytes()].concat();
    assert_eq!(rules(&scan_bytes(&text)), ["database-url"]);
}

#[test]
fn binary_data_is_searched_by_patterns_alone() {
    let (url, _) = sample();
    let generic = format!("password = \"{}{}\"", "x7#Kq9", "!vLm2Zp");
    let text = [[0u8; 64].as_slice(), url.as_bytes(), &[0], generic.as_bytes(), &[0]].concat();
    assert_eq!(rules(&scan_bytes(&text)), ["database-url"]);
}

#[test]
fn a_comment_allows_what_stands_on_its_line() {
    let (url, _) = sample();
    let text = format!("a = '{url}' # tidewaiter:allow\nb = '{url}'\nc = '{url}' // gitleaks:allow\n");
    let allowed: Vec<bool> = scan(&text).iter().map(|m| m.allowed_inline).collect();
    assert_eq!(allowed, [true, false, true]);
}

#[test]
fn a_vendor_rule_wins_over_a_generic_one() {
    let rules_of = rules_with_examples();
    let example = &rules_of.iter().find(|r| r.id == "stripe-secret-key").unwrap().examples[1];
    let key = scan(example)[0].value.clone();
    let text = format!("api_token = \"{}\"", String::from_utf8_lossy(key.expose()));
    assert_eq!(rules(&scan(&text)), ["stripe-secret-key"]);
}

#[test]
fn of_two_vendors_the_one_that_the_setting_names_wins() {
    let letters = ["h8Kd03mqQ7Zk2LxV9bTn", "4RmWc3YsVb2nQ8xZr5Lk"].concat();
    let digits = ["9f3c8a1e7b5d2046c8e1", "3d7a90b4f62e85c1d73a"].concat();
    for (text, rule) in [
        (format!("AIRBRAKE_SECRET_KEY={letters}"), "airbrake-key"),
        (format!("AWS_SECRET_KEY={letters}"), "aws-secret-access-key"),
        (format!("secret_key = \"{letters}\""), "aws-secret-access-key"),
        (format!("airbrake:\n  secret_key: {letters}"), "airbrake-key"),
        (format!("PAYSTACK_SECRET_KEY=sk_live_{digits}"), "paystack-secret-key"),
        (format!("STRIPE_SECRET_KEY=sk_live_{digits}"), "stripe-secret-key"),
    ] {
        assert_eq!(rules(&scan(&text)), [rule], "{text}");
    }
}

#[test]
fn a_broken_checksum_is_no_token() {
    let rules_of = rules_with_examples();
    for id in ["github-personal-access-token", "npm-token"] {
        let example = &rules_of.iter().find(|r| r.id == id).unwrap().examples[0];
        let found = scan(example);
        assert_eq!(found[0].confidence, Confidence::High);
        let end = (found[0].location.span.unwrap().offset + found[0].location.span.unwrap().length) as usize;
        let mut broken = example.clone().into_bytes();
        broken[end - 8] = if broken[end - 8] == b'a' { b'b' } else { b'a' };
        assert!(!scan_bytes(&broken).iter().any(|m| m.rule == id));
    }
}

#[test]
fn variables_go_through_the_same_rules() {
    let (url, password) = sample();
    let found = variable("DATABASE_URL", &url);
    assert_eq!(rules(&found), ["database-url"]);
    assert_eq!(found[0].location.span.unwrap().offset, url.find(password).unwrap() as u64);
    assert_eq!(found[0].location.span.unwrap().line, 1);

    let weak = variable("DB_PASSWORD", "postgres1");
    assert_eq!((rules(&weak), weak[0].confidence), (vec!["generic-password"], Confidence::Medium));
    assert_eq!(weak[0].location.span.unwrap(), Span { offset: 0, length: 9, line: 1, column: 1 });
    assert_eq!(variable("DB_PASSWORD", "postgres")[0].confidence, Confidence::Low);
}

#[test]
fn variables_that_only_refer_are_left_alone() {
    for (name, value) in [
        ("AWS_REGION", "eu-west-1"),
        ("AWS_LAMBDA_FUNCTION_NAME", "secret-token"),
        ("DB_PASSWORD", "{{resolve:secretsmanager:db:SecretString:password}}"),
        ("DB_PASSWORD", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-Ab12Cd"),
        ("DB_PASSWORD_PARAMETER", "/prod/db/password"),
        ("DB_PASSWORD", "/prod/db/password"),
        ("API_TOKEN", "${ssm:/prod/token}"),
        ("SECRET_NAME", "prod/db-2024/main"),
        ("TOKEN_URL", "https://login.acme.io/oauth2/token"),
        ("API_KEY", ""),
        ("NODE_OPTIONS", "--enable-source-maps"),
    ] {
        assert!(variable(name, value).is_empty(), "{name}");
    }
}

/// Look-alikes as published packages and everyday code hold them.
#[test]
fn look_alikes_are_left_alone() {
    let lines = [
        "\"integrity\": \"sha512-q7Zk2LxV9bTn4RmWc3YsVb2nQ8xZr5Lk1Wp7Td3GyA==\",",
        "const token = await getToken(user);",
        "this.passwordHash = hash(password);",
        "throw new TokenExpiredError('jwt expired');",
        "autocomplete=\"current-password\" name='password' type='password'",
        "Authorization: Bearer <token>",
        "Authorization: Basic ${credentials}",
        "curl -H 'Authorization: Bearer $TOKEN' https://api.acme.io",
        "postgres://user:pass@localhost:5432/db",
        "https://user:password@example.com/",
        "api_key = os.environ['API_KEY']",
        "apiKey: process.env.API_KEY,",
        "private_key: fs.readFileSync('key.pem')",
        "secret: getSecret('db-2024-main'),",
        "token: 'IDENTIFIER_NAME_2',",
        "clientSecret: 'xxxxxxxxxxxxxxxxxxxxxxxx'",
        "const KEY_MARK = '-----BEGIN RSA PRIVATE ' + 'KEY-----'",
        "Culture=neutral, PublicKeyToken=b77a5c561934e089",
        "csrfToken: 'a8f5f167f44f4964e6c998dee827110c'",
        "\"sha256_token\": \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"",
        "msg.SG.options.x = 1; risk-assessment; task-runner",
        "x.token=e.token,y.secret=t.secret;z.password=n?a:b",
        "password: yup.string().min(8).required('Password2 is required'),",
        "{\"token\":\"0b1f7f0e-3c1a-4d5e-9f00-aabbccddeeff\"}",
        "NEXT_TOKEN=eyJhIjoxfQ",
    ];
    for line in lines {
        assert_eq!(rules(&scan(line)), Vec::<&str>::new(), "{line}");
    }
}

#[test]
fn weak_but_plain_passwords_count_a_little() {
    let text = format!("password = \"{}{}\"", "Summer", "2024!");
    let found = scan(&text);
    assert_eq!((rules(&found), found[0].confidence), (vec!["generic-password"], Confidence::Low));
}

#[test]
fn a_file_of_nothing_but_secrets_is_bounded() {
    let (url, _) = sample();
    let text = format!("{url}\n").repeat(MAX_MATCHES + 10);
    let mut out = Vec::new();
    let left_out = Engine::builtin().scan(&Location::artifact(0), Piece::whole(text.as_bytes()), &mut out);
    assert_eq!((out.len(), left_out.matches), (MAX_MATCHES, 10));
}

/// Doubling a hostile input must at most double the time; measured with room for a cold cache.
#[test]
fn hostile_repetition_takes_linear_time() {
    let time = |unit: &str, size: usize| {
        let text = unit.repeat(size / unit.len());
        let best = (0..3).map(|_| {
            let start = crate::formats::clock::spent();
            scan(&text);
            crate::formats::clock::spent() - start
        });
        best.min().expect("three runs")
    };
    let begin = ["-----BEGIN ", "RSA PRIVATE KEY-----\n"].concat();
    let service = "\"type\":\"service_account\",";
    for unit in [
        "ghp_",
        "password=",
        "password:'",
        "://a:b",
        "mailgun ",
        "eyJ",
        "sk-ant-api03-",
        "machine a login b ",
        &begin,
        service,
    ] {
        let (small, large) = (time(unit, 100_000), time(unit, 400_000));
        assert!(large < small * 12 + std::time::Duration::from_millis(50), "{unit}: {small:?}, then {large:?}");
    }
}
