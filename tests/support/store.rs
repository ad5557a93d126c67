//! The state of sweeps, read as `docs/state.md` describes it and by none of the program's own readers.

use std::path::Path;

/// A value of the store, taken apart.
pub struct Stored {
    /// The tree's name.
    pub tree: String,
    /// The value's key.
    pub key: Vec<u8>,
    /// As it lies in the store.
    pub raw: Vec<u8>,
    /// Its frames, unpacked: of a cell the head and the body.
    pub frames: Vec<Vec<u8>>,
}

/// Everything in the store of a state folder.
///
/// # Panics
/// On what the documentation does not name.
pub fn read(state: &Path) -> Vec<Stored> {
    let db = sled::open(state.join("store")).unwrap();
    let mut all = Vec::new();
    for name in db.tree_names() {
        let tree = String::from_utf8(name.to_vec()).unwrap();
        for entry in &db.open_tree(name).unwrap() {
            let (key, raw) = entry.map(|(key, value)| (key.to_vec(), value.to_vec())).unwrap();
            let frames = match (tree.as_str(), key.as_slice()) {
                ("contents" | "functions", _) => {
                    let (head, body) = raw[4..].split_at(word(&raw) as usize);
                    vec![unpacked(head), unpacked(body)]
                }
                ("verdicts" | "sweeps", _) => vec![unpacked(&raw)],
                ("meta", key) if key.starts_with(b"listed ") => vec![unpacked(&raw)],
                ("used", _) | ("meta", b"schema" | b"key") => Vec::new(),
                (tree, key) => panic!("{tree} holds {:?}", String::from_utf8_lossy(key)),
            };
            all.push(Stored { tree: tree.clone(), key, raw, frames });
        }
    }
    all
}

/// Writes another schema into a store.
pub fn set_schema(state: &Path, schema: u32) {
    let db = sled::open(state.join("store")).unwrap();
    db.open_tree("meta").unwrap().insert("schema", &schema.to_le_bytes()).unwrap();
    db.flush().unwrap();
}

fn word(bytes: &[u8]) -> u32 {
    u32::from_le_bytes(bytes[..4].try_into().unwrap())
}

fn unpacked(frame: &[u8]) -> Vec<u8> {
    assert_eq!(word(frame), crc32fast::hash(&frame[4..]), "the checksum is right");
    let length = word(&frame[4..]) as usize;
    let bytes = zstd::bulk::decompress(&frame[8..], length).unwrap();
    assert_eq!(bytes.len(), length);
    bytes
}
