//! Every rule's secret in every encoding, and what hostile texts cost.

use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use super::*;
use crate::artifact::Piece;
use crate::model::{Location, SecretMatch};
use crate::secret::{Engine, LeftOut, rules_with_examples};

fn scan(text: &[u8]) -> (Vec<SecretMatch>, LeftOut) {
    let mut out = Vec::new();
    let left_out = Engine::builtin().scan(&Location::artifact(0).child("f"), Piece::whole(text), &mut out);
    // The short way for names overlooks none of them, however it is encoded.
    assert!(out.iter().all(|found| found.generic) || !Engine::builtin().is_plain(text));
    (out, left_out)
}

/// What stands at a match's place, and what of the text lies before it: (rule, value, place, line, column).
fn found(text: &str) -> Vec<(String, Vec<u8>, String, u64, u64)> {
    let spans = scan(text.as_bytes()).0.into_iter().map(|m| {
        let span = m.location.span.expect("a place");
        let place = text[span.offset as usize..(span.offset + span.length) as usize].to_owned();
        (m.rule, m.value.expose().to_vec(), place, span.line, span.column)
    });
    spans.collect()
}

/// A token of each vendor's rule that needs no name beside it: (rule, token).
fn tokens() -> Vec<(String, String)> {
    let rules = rules_with_examples().into_iter().filter(|rule| rule.vendor != "generic");
    let tokens = rules.filter_map(|rule| Some((rule.id, rule.examples.into_iter().next()?)));
    let alone = tokens.filter_map(|(rule, example)| {
        let value = scan(example.as_bytes()).0.into_iter().find(|m| m.rule == rule)?.value;
        let token = String::from_utf8(value.expose().to_vec()).ok()?;
        let is_alone = scan(token.as_bytes()).0.iter().any(|m| m.rule == rule && m.value.expose() == token.as_bytes());
        (is_alone && token.len() >= 20 && token.len() < 400 && token.bytes().all(|b| b.is_ascii_graphic()))
            .then_some((rule, token))
    });
    alone.collect()
}

fn each_byte(text: &str, write: impl Fn(u8) -> String) -> String {
    text.bytes().map(write).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory does not fail");
    encoder.finish().expect("memory does not fail")
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory does not fail");
    encoder.finish().expect("memory does not fail")
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

type Encoding = (&'static str, fn(&str) -> String);

/// Encodings of a whole token.
const ENCODINGS: [Encoding; 20] = [
    ("base64", |token| STANDARD.encode(token)),
    ("base64 without padding", |token| STANDARD_NO_PAD.encode(token)),
    ("url-safe", |token| URL_SAFE.encode(token)),
    ("url-safe without padding", |token| URL_SAFE_NO_PAD.encode(token)),
    ("base64 of a line", |token| STANDARD.encode(format!("export NAME={token}\n"))),
    ("base64 twice", |token| STANDARD.encode(STANDARD.encode(token))),
    ("base64 three times", |token| STANDARD.encode(STANDARD.encode(STANDARD.encode(token)))),
    ("base64 of JSON of base64", |token| STANDARD.encode(format!("{{\"a\":\"{}\"}}", STANDARD.encode(token)))),
    ("base64 of UTF-16", |token| STANDARD.encode(wide(token))),
    ("gzip in base64", |token| STANDARD.encode(gzip(token.as_bytes()))),
    ("zlib in base64", |token| STANDARD.encode(zlib(format!("name={token}\n").as_bytes()))),
    ("hexadecimal", |token| each_byte(token, |b| format!("{b:02x}"))),
    ("hexadecimal with 0x", |token| format!("0x{}", each_byte(token, |b| format!("{b:02X}")))),
    ("\\x of all", |token| each_byte(token, |b| format!("\\x{b:02x}"))),
    ("\\u of all", |token| each_byte(token, |b| format!("\\u{b:04X}"))),
    ("\\u{} of all", |token| each_byte(token, |b| format!("\\u{{{b:x}}}"))),
    ("percent of all", |token| each_byte(token, |b| format!("%{b:02X}"))),
    ("entities", |token| each_byte(token, |b| format!("&#{b};"))),
    ("hexadecimal entities", |token| each_byte(token, |b| format!("&#x{b:x};"))),
    ("percent in base64", |token| STANDARD.encode(each_byte(token, |b| format!("%{b:02x}")))),
];

#[test]
fn a_token_is_found_in_every_encoding_and_context_at_its_place() {
    let tokens = tokens();
    assert!(tokens.len() >= 40, "{}", tokens.len());
    let contexts =
        [("", ""), ("value = \"", "\";\n"), ("{\"a\":{\"b\":\"", "\"}}"), ("first\n  - name: ", "\n"), ("<v>", "</v>")];
    let mut wrong = Vec::new();
    for (index, (rule, token)) in tokens.iter().enumerate() {
        for (number, (name, encode)) in ENCODINGS.iter().enumerate() {
            let (before, after) = contexts[(index + number) % contexts.len()];
            let encoded = encode(token);
            let text = format!("{before}{encoded}{after}");
            let found = found(&text);
            let hit = found.iter().find(|(id, value, ..)| id == rule && value == token.as_bytes());
            match hit {
                None => wrong.push(format!(
                    "{name} of {rule} after {before:?}: {:?}",
                    found.iter().map(|f| &f.0).collect::<Vec<_>>()
                )),
                Some((_, _, place, ..)) if !encoded.contains(place.as_str()) => {
                    wrong.push(format!("{name} of {rule}: place"))
                }
                Some(_) if found.len() > 1 => wrong.push(format!("{name} of {rule}: {} findings", found.len())),
                Some(_) => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), tokens.len() * ENCODINGS.len(), wrong.join("\n"));
}

#[test]
fn a_token_in_pieces_is_found_from_its_first_to_its_last() {
    let mut wrong = Vec::new();
    for (rule, token) in tokens() {
        let quotable = !token.contains(['\'', '"', '`', '\\', ',']);
        if !quotable {
            continue;
        }
        let (first, rest) = token.split_at(7);
        let (second, third) = rest.split_at(rest.len() / 2);
        for (before, between, after) in [
            ("k = \"", "\" + \"", "\";"),
            ("k='", "'+'", "'"),
            ("k = (\"", "\"\n     \"", "\")"),
            ("String k = \"", "\"\r\n    + \"", "\";"),
            ("$k = '", "' . '", "';"),
            ("$k = '", "'\n  . '", "';"),
            ("k = [\"", "\", \"", "\"].join(\"\")"),
            ("k = ''.join(['", "', '", "'])"),
            ("K=", "\\\n", "\n"),
            ("k=", "\\\r\n    ", "\n"),
        ] {
            let text = format!("{before}{first}{between}{second}{between}{third}{after}");
            let found = found(&text);
            let hit = found.iter().find(|(id, value, ..)| *id == rule && value == token.as_bytes());
            let place = format!("{first}{between}{second}{between}{third}");
            if hit.is_none_or(|hit| hit.2 != place) {
                wrong.push(format!("{rule} with {between:?}: {:?}", hit.map(|hit| &hit.2)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn github() -> String {
    let token = tokens().into_iter().find(|(rule, _)| rule == "github-personal-access-token");
    token.expect("GitHub's tokens need no name").1
}

#[test]
fn lines_and_columns_are_those_of_the_stored_text() {
    let token = github();
    let text = format!("a: 1\nb: {}\n", STANDARD.encode(format!("# config\ntoken={token}\n")));
    let all = found(&text);
    let (_, _, place, line, column) = &all[0];
    assert_eq!((all.len(), *line), (1, 2));
    assert_eq!(*column as usize, text.find(place.as_str()).unwrap() - 5 + 1);
    let decoded = STANDARD_NO_PAD.decode(&text[8..]).err().map(|_| place.len());
    assert_eq!(decoded, Some((15 + token.len()).checked_sub(15).map(|len| (len * 4).div_ceil(3)).unwrap()));

    // Wrapped over lines, the place is the line that the secret begins on.
    let digits = STANDARD.encode(format!("{}\n{token}\n", "# a comment".repeat(12)));
    let lines: Vec<&str> = digits.as_bytes().chunks(60).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let text = format!("data:\n  {}\n", lines.join("\n  "));
    let all = found(&text);
    assert_eq!((all.len(), all[0].3), (1, 2 + 133 * 4 / 3 / 60));
}

#[test]
fn a_part_that_is_escaped_is_placed_exactly() {
    let token = github();
    let escaped = token.replacen('_', "\\u005f", 1);
    let all = found(&format!("const k = \"{escaped}\";"));
    assert_eq!((all.len(), all[0].2.as_str()), (1, escaped.as_str()));
    // What needs no decoding is found once, where it stands.
    let text = format!("a = \"\\x41\\x42\"; k = \"{token}\";");
    let all = found(&text);
    assert_eq!((all.len(), all[0].2.as_str()), (1, token.as_str()));
}

#[test]
fn urls_and_documents_inside_of_others() {
    let password = ["q7Zk2", "LxV9b"].concat();
    for text in [
        format!("{{\"url\":\"postgres:\\/\\/app:{password}@db.acme.io\\/app\"}}"),
        format!("redirect=postgres%3A%2F%2Fapp%3A{password}%40db.acme.io%2Fapp"),
        format!("<p v=\"postgres&#58;&#47;&#47;app&#58;{password}&#64;db.acme.io\">"),
        format!("\"postgres://app:\" + \"{password}@db.acme.io/app\""),
        format!("\"postgres://app:{password}\"\n    \"@db.acme.io/app\""),
    ] {
        let found = found(&text);
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(found[0].1, password.as_bytes(), "{text}");
    }
    let found = found(&format!("<a data=\"{{&quot;password&quot;:&quot;{password}#&quot;}}\">"));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].2, format!("{password}#"));
}

#[test]
fn a_kubernetes_secret_says_what_its_values_are() {
    let text = format!(
        "apiVersion: v1\nkind: Secret\ndata:\n  username: {}\n  db-password: {}\n",
        STANDARD.encode("admin"),
        STANDARD.encode("winter-coat")
    );
    let all = found(&text);
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].0.as_str(), all[0].1.as_slice(), all[0].3), ("generic-password", &b"winter-coat"[..], 5));
    assert_eq!(all[0].2, STANDARD_NO_PAD.encode("winter-coat"));
    assert!(found(&text.replace("Secret", "ConfigMap")).iter().all(|found| found.1 != b"winter-coat"));
}

#[test]
fn the_more_specific_of_encoded_and_decoded_stays() {
    let token = github();
    let all = found(&format!("api_token = \"{}\"", STANDARD.encode(&token)));
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].0.as_str(), all[0].1.as_slice()), ("github-personal-access-token", token.as_bytes()));
    // Several secrets of one compressed text share its place, and all stay.
    let other = tokens().into_iter().find(|(rule, _)| rule == "npm-token").expect("npm's tokens need no name").1;
    let all = found(&format!("x: {}", STANDARD.encode(gzip(format!("a={token}\nb={other}\n").as_bytes()))));
    assert_eq!(all.len(), 2);
    assert_eq!(all[0].2, all[1].2);
}

#[test]
fn documentation_in_base64_stays_quiet() {
    for plain in [
        "Aladdin:open sesame, the example of the RFC",
        "a user:password pair that stands for itself",
        "{\"sub\":\"1234567890\",\"name\":\"John Doe\",\"iat\":1516239022}",
        "password = \"password\"; token = getToken(user);",
        "{\"version\":3,\"sources\":[\"a.js\"],\"names\":[],\"mappings\":\"AAAA,SAAS\"}",
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 8 8\"></svg>",
        "deploy:Kq92xVb7Zr",
    ] {
        assert!(found(&format!("x = \"{}\"", STANDARD.encode(plain))).is_empty(), "{plain}");
    }
}

#[test]
fn utf16_in_the_middle_of_something_else() {
    let token = github();
    let mut text = b"plain ASCII\n".repeat(500);
    text.extend(wide(&format!("value={token}\r\n")));
    let (found, _) = scan(&text);
    assert_eq!(found.len(), 1);
    let span = found[0].location.span.unwrap();
    assert_eq!(&text[span.offset as usize..(span.offset + span.length) as usize], wide(&token));
    let program = [&b"MZ\x90\0\x03\0\0\0\xFF\xFF\0\0"[..], &[0xCC; 999], &wide(&token), &[0; 40]].concat();
    assert_eq!(scan(&program).0.len(), 1);
}

/// The work of a text: bytes decoded over all rounds.
fn work(text: &[u8]) -> (usize, usize) {
    let engine = Engine::builtin();
    let mut account = Work::new(text.len());
    let before = account.left;
    {
        let place = Location::artifact(0);
        engine.rounds(&place, text, Kind::Text, engine.hits(&place, text, Kind::Text), &mut account)
    };
    (before - account.left, account.left_out)
}

#[test]
fn hostile_text_costs_a_small_multiple_of_its_size() {
    let mut nested = "a long text without secrets. ".repeat(4000);
    for _ in 0..6 {
        nested = STANDARD.encode(nested);
    }
    let bomb = STANDARD.encode(gzip(&vec![b'a'; 8 << 20]));
    let many_bombs = format!("{}\n", STANDARD.encode(gzip(&vec![b'a'; 900 << 10]))).repeat(40);
    let texts = [
        nested,
        STANDARD.encode("plain text ".repeat(100_000)),
        bomb.clone(),
        many_bombs,
        "\\x41".repeat(100_000),
        "\"a\"+".repeat(100_000),
        "\"abcdefgh\"+\n".repeat(50_000),
        "'\n  ".repeat(100_000),
        "].join('')".repeat(50_000),
        "['a','b'].join('')".repeat(20_000),
        "''.join(['a',".repeat(20_000),
        "kind: Secret\ndata:\n".repeat(20_000),
        "data:\n kind: Secret\n".repeat(20_000),
        "%61%".repeat(100_000),
        "\\\n".repeat(100_000),
        "a\0".repeat(100_000),
    ];
    for text in &texts {
        let (spent, _) = work(text.as_bytes());
        let head = &text[..text.len().min(20)];
        assert!(spent <= FACTOR * text.len() + FREE, "{head:?} {spent} of {}", text.len());
    }
    assert!(work(bomb.as_bytes()).1 > 0, "what was too long is said");
}

/// Doubling a hostile text must at most double the time; measured with room for a cold cache.
#[test]
fn hostile_repetition_takes_linear_time() {
    let digits = STANDARD.encode("some text that is encoded\n");
    let time = |unit: &str, size: usize| {
        let text = unit.repeat(size / unit.len());
        let best = (0..3).map(|_| {
            let start = crate::formats::clock::spent();
            scan(text.as_bytes());
            crate::formats::clock::spent() - start
        });
        best.min().expect("three runs")
    };
    for unit in [
        "\\x41",
        "\\\":\\\"",
        "\"a\"+",
        "\"abcdefgh\"+\n",
        "'\n  ",
        "a'\n  '",
        "].join('')",
        "['a','b'].join('')",
        "[].join('')",
        "''.join(",
        "kind: Secret\ndata:\n",
        "data:\nkind: Secret\n",
        "a\\\n",
        "a\0",
        "H4sIAAAAAAAAAAAAAAAAAAAA=",
        &digits,
        &format!("{digits}\n"),
        &format!("{digits}\" + \""),
    ] {
        let (small, large) = (time(unit, 20_000), time(unit, 80_000));
        assert!(large < small * 12 + std::time::Duration::from_millis(60), "{unit}: {small:?}, then {large:?}");
    }
}

#[test]
fn nothing_panics_on_cut_or_garbled_text() {
    let text = format!(
        "k=\"{}\" +\n \"{}\"; \\x41\\u0041 kind: Secret\ndata:\n a: {}\n &quot;a&quot;\\\n b",
        STANDARD.encode("some text in base64"),
        each_byte("some text in digits", |b| format!("{b:02x}")),
        STANDARD.encode("value"),
    );
    for cut in 0..text.len() {
        scan(&text.as_bytes()[cut..]);
        scan(&text.as_bytes()[..cut]);
        let mut garbled = text.clone().into_bytes();
        garbled[cut] = 0xFF;
        scan(&garbled);
    }
}
