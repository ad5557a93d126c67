//! Files that no tool at hand writes, or that no tool would write.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;
use crate::artifact::Piece;
use crate::model::SecretMatch;

/// What is found in a file, by its place.
fn found(bytes: &[u8]) -> Vec<(String, String)> {
    let mut out: Vec<SecretMatch> = Vec::new();
    Engine::builtin().scan(&Location::artifact(0), Piece::whole(bytes), &mut out);
    let stored = |one: &SecretMatch| {
        let span = one.location.span.expect("a match has a place");
        let range = usize::try_from(span.offset).unwrap()..usize::try_from(span.offset + span.length).unwrap();
        assert_eq!(one.value.expose(), &bytes[range.clone()], "the place is that of the value");
        (one.rule.clone(), String::from_utf8_lossy(&bytes[range]).into_owned())
    };
    out.iter().map(stored).collect()
}

fn values(bytes: &[u8]) -> Vec<String> {
    found(bytes).into_iter().map(|(_, value)| value).collect()
}

/// Put together here, so that no scanner takes this file for a leak.
fn password(year: u32) -> String {
    format!("Summer{year}!")
}

fn short(text: &str) -> Vec<u8> {
    [b"z".as_slice(), &[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

fn bytes_object(bytes: &[u8]) -> Vec<u8> {
    [b"s".as_slice(), &u32::try_from(bytes.len()).unwrap().to_le_bytes(), bytes].concat()
}

fn tuple(items: &[Vec<u8>]) -> Vec<u8> {
    [vec![b')', u8::try_from(items.len()).unwrap()], items.concat()].concat()
}

/// A code object as 3.11 and later versions write it.
fn code(instructions: &[u8], constants: &[Vec<u8>], names: &[&str], locals: &[&str], positional: u32) -> Vec<u8> {
    let names: Vec<_> = names.iter().map(|name| short(name)).collect();
    let locals: Vec<_> = locals.iter().map(|name| short(name)).collect();
    let mut out = vec![0xE3];
    out.extend(positional.to_le_bytes());
    out.extend([0; 16]);
    out.extend([bytes_object(instructions), tuple(constants), tuple(&names), tuple(&locals)].concat());
    out.extend([bytes_object(b""), short("m.py"), short("m"), short("m")].concat());
    out.extend([0; 4]);
    out.extend([bytes_object(b""), bytes_object(b"")].concat());
    out
}

fn module(magic: u16, code: &[u8]) -> Vec<u8> {
    [&magic.to_le_bytes()[..], b"\r\n", &[0; 12], code].concat()
}

#[test]
fn compiled_python_of_314() {
    let function = code(&[128, 0, 82, 0, 35, 0], &[b"N".to_vec()], &[], &["host", "passwd"], 2);
    let module = module(
        3627,
        &code(
            &[
                128, 0, // RESUME
                82, 0, 116, 0, // password = ...
                // {"x": 1, "db_password": ...}: keys lie between values.
                82, 1, 94, 1, 82, 2, 82, 3, 47, 2, 116, 1, // def f(host, passwd=...)
                82, 4, 82, 5, 23, 0, 108, 1, 116, 1, // f(name, secret=...), an argument by keyword.
                93, 1, 33, 0, 93, 1, 82, 6, 82, 7, 55, 2, 31, 0, 82, 8, 35, 0,
            ],
            &[
                short(&password(2024)),
                short("x"),
                short("db_password"),
                short(&password(2023)),
                tuple(&[short(&password(2022))]),
                function,
                short(&["q7Zk2LxV9b", "Tn4RmWc3Ys"].concat()),
                tuple(&[short("secret")]),
                b"N".to_vec(),
            ],
            &["password", "f"],
            &[],
            0,
        ),
    );
    let expected = [password(2024), password(2023), password(2022), ["q7Zk2LxV9b", "Tn4RmWc3Ys"].concat()];
    assert_eq!(values(&module), expected);
}

#[test]
fn a_length_that_is_a_letter_hides_no_token() {
    // 56 is "8": in the bytes the token is part of a word.
    let token = ["gsk_", &"q7Zk2LxV9bTn4RmWc3Ys8Hd2".repeat(3)[..52]].concat();
    let mut class = b"\xCA\xFE\xBA\xBE\0\0\0\x34\0\x03\x01\0".to_vec();
    class.push(u8::try_from(token.len()).unwrap());
    class.extend(token.as_bytes());
    class.extend([8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(class[12], b'8');
    assert_eq!(values(&class), [token]);
}

#[test]
fn shared_parts_are_written_once() {
    // One tuple of constants, then thousands of functions that refer to it.
    let constants: Vec<_> = (0..200).map(|n| short(&format!("a long enough constant {n}"))).collect();
    let mut shared = tuple(&constants);
    shared[0] |= 0x80;
    let mut file = vec![b'(', 0, 0, 1, 0];
    file.extend(shared);
    let mut function = code(&[], &[], &[], &[], 0);
    function[0] = b'c';
    let empty = function.windows(2).position(|pair| pair == b")\0").expect("its constants");
    function.splice(empty..empty + 2, *b"r\0\0\0\0");
    for _ in 0..10_000 {
        file.extend(&function);
    }
    file.extend(b" = ");
    let transcript = transcript(&module(3627, &file)).expect("compiled Python");
    assert!(transcript.text().len() < 200 * 40);
}

#[test]
fn references_nest_without_end_and_objects_do_not() {
    let mut deep = b"\xA9\x01".repeat(100_000);
    deep.extend(b"N");
    transcript(&module(3627, &deep));
    // Each tuple holds the one before.
    let mut chain = vec![b'(', 0, 0, 2, 0, 0xA9, 0];
    for n in 0u32..100_000 {
        chain.extend([0xA9, 1, b'r']);
        chain.extend(n.to_le_bytes());
    }
    transcript(&module(3627, &chain));
    // Counts that no file holds.
    for tag in *b"([<>sauz)l{:rc" {
        transcript(&module(3531, &[tag, 0xFF, 0xFF, 0xFF, 0x7F]));
    }
}

/// A database of one page of rows behind the schema, `next` leading on from the page's overflowing cell.
fn database(cells: u16, overflow: u32) -> Vec<u8> {
    let mut file = vec![0; 1024];
    file[..16].copy_from_slice(sqlite::MAGIC);
    file[16..18].copy_from_slice(&512u16.to_be_bytes());
    file[59] = 1;
    for (page, header) in [(0, 100), (512, 512)] {
        file[header] = 0x0D;
        file[header + 3..header + 5].copy_from_slice(&cells.to_be_bytes());
        for cell in 0..20 {
            let pointer = u16::try_from(300 + cell).unwrap();
            let at = header + 8 + 2 * usize::from(pointer - 300);
            file[at..at + 2].copy_from_slice(&pointer.to_be_bytes());
        }
        // A cell of many bytes, most of them elsewhere.
        file[page + 300..page + 304].copy_from_slice(&[0xFF, 0x7F, 1, 5]);
        let rest = page + 400;
        for at in (rest..page + 508).step_by(4) {
            file[at..at + 4].copy_from_slice(&overflow.to_be_bytes());
        }
    }
    file
}

#[test]
fn pages_that_lead_in_circles_end() {
    for overflow in [0, 1, 2, 3, u32::MAX] {
        for cells in [0, 1, 20, u16::MAX] {
            let file = database(cells, overflow);
            let transcript = transcript(&file).expect("a database");
            assert!(transcript.text().len() < 10 * file.len());
        }
    }
    // The inside of a tree that is its own child.
    let mut file = database(4, 1);
    file[100] = 0x05;
    file[108..112].copy_from_slice(&1u32.to_be_bytes());
    transcript(&file);
}

#[test]
fn any_damage_is_survived() {
    let function = code(&[128, 0, 82, 0, 114, 0], &[short(&password(2024))], &[], &["password"], 0);
    let python = module(3627, &code(&[82, 0, 116, 0, 82, 1, 23, 0], &[short("a value"), function], &["token"], &[], 0));
    for sample in [python, database(1, 2), b"{\"cells\": [\"password = \\\"x\\\"\"]}".to_vec()] {
        let survives = |bytes: &[u8], what: &str| {
            let run = catch_unwind(AssertUnwindSafe(|| {
                transcript(bytes).map(|t| {
                    self::Engine::builtin().transcribed(&Location::artifact(0), &t, &mut Work::new(bytes.len()))
                })
            }));
            assert!(run.is_ok(), "{what}");
        };
        for end in 0..sample.len() {
            survives(&sample[..end], &format!("cut at {end}"));
            for change in [0x00, 0x01, 0x80] {
                let mut damaged = sample.clone();
                damaged[end] = if change == 0 { 0 } else { damaged[end] ^ change };
                survives(&damaged, &format!("byte {end}, {change:#x}"));
            }
        }
    }
}
