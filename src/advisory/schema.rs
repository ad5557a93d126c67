//! What the bytes of a `sled` database mean, written into it.

/// Writes the schema into a new database's tree of its own facts, or tells the other schema that the database has.
///
/// # Errors
/// The database cannot be read or written.
pub fn other_schema(meta: &sled::Tree, expected: u32) -> Result<Option<u32>, sled::Error> {
    let Some(found) = meta.get("schema")? else {
        meta.insert("schema", &expected.to_le_bytes())?;
        return Ok(None);
    };
    let found = found.as_ref().try_into().map_or(0, u32::from_le_bytes);
    Ok((found != expected).then_some(found))
}
