//! Java's class files (<https://docs.oracle.com/javase/specs/jvms/se21/html/jvms-4.html>): their strings, and the fields,
//! local variables, methods and keys that give them a name.
//!
//! Strings of annotations and of concatenations made at run time have no name here; patterns see them in the file's
//! bytes all the same.

use std::ops::Range;

use super::cursor::Cursor;
use super::transcript::Transcript;

/// Entries of one table of local variables that are looked at; a method has a few dozen.
const MAX_VARIABLES: usize = 4096;
/// Strings that one call may get side by side: `Map.of` takes ten pairs.
const MAX_RUN: usize = 32;

/// Whether bytes begin like a class file. Universal Mach-O has the same number, then a small count where a class has its
/// major version, 45 or more.
pub fn is_class(head: &[u8]) -> bool {
    matches!(head, [0xCA, 0xFE, 0xBA, 0xBE, _, _, 0, 45..=255, ..])
}

/// Writes down the strings of a class file.
pub fn read(bytes: &[u8], out: &mut Transcript) {
    let mut cursor = Cursor::new(bytes, 8);
    let Some(pool) = Pool::read(&mut cursor) else { return };
    let mut class = Class { bytes, pool: &pool, out };
    // Where it ends too early, what was read until then is written already.
    let _ = class.members(&mut cursor);
    for index in 0..pool.0.len() {
        if let Some(range) = pool.string(index) {
            class.out.value(bytes, &[range]);
        }
    }
}

/// A constant, as far as it matters here.
#[derive(Clone, Debug)]
enum Constant {
    Utf8(Range<usize>),
    /// An index of a text.
    String(usize),
    /// The index of a name and type.
    Member(usize),
    /// The index of a name.
    NameAndType(usize),
    Other,
}

struct Pool(Vec<Constant>);

impl Pool {
    fn read(cursor: &mut Cursor<'_>) -> Option<Pool> {
        let count = usize::from(cursor.u16()?);
        let mut pool = vec![Constant::Other];
        while pool.len() < count {
            let tag = cursor.u8()?;
            let constant = match tag {
                1 => {
                    let len = cursor.u16()?;
                    Constant::Utf8(cursor.range(len.into())?)
                }
                8 => Constant::String(cursor.u16()?.into()),
                9..=11 => {
                    cursor.skip(2)?;
                    Constant::Member(cursor.u16()?.into())
                }
                12 => {
                    let name = cursor.u16()?;
                    cursor.skip(2)?;
                    Constant::NameAndType(name.into())
                }
                3 | 4 | 17 | 18 => Self::other(cursor, 4)?,
                5 | 6 => {
                    // Eight bytes take two places.
                    pool.push(Constant::Other);
                    Self::other(cursor, 8)?
                }
                7 | 16 | 19 | 20 => Self::other(cursor, 2)?,
                15 => Self::other(cursor, 3)?,
                _ => return None,
            };
            pool.push(constant);
        }
        Some(Pool(pool))
    }

    fn other(cursor: &mut Cursor<'_>, len: usize) -> Option<Constant> {
        cursor.skip(len).map(|()| Constant::Other)
    }

    fn utf8(&self, index: usize) -> Option<Range<usize>> {
        match self.0.get(index)? {
            Constant::Utf8(range) => Some(range.clone()),
            _ => None,
        }
    }

    fn string(&self, index: usize) -> Option<Range<usize>> {
        match self.0.get(index)? {
            Constant::String(text) => self.utf8(*text),
            _ => None,
        }
    }

    /// The name of a field or method that an instruction speaks of.
    fn member(&self, index: usize) -> Option<Range<usize>> {
        let Constant::Member(index) = self.0.get(index)? else { return None };
        let Constant::NameAndType(name) = self.0.get(*index)? else { return None };
        self.utf8(*name)
    }
}

struct Class<'a> {
    bytes: &'a [u8],
    pool: &'a Pool,
    out: &'a mut Transcript,
}

/// A local variable: where its life begins, its number and its name.
struct Variable {
    start: usize,
    slot: usize,
    name: Range<usize>,
}

impl Class<'_> {
    /// Fields and methods, from behind the constant pool on.
    fn members(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        // Access, this class, its parent.
        cursor.skip(6)?;
        let interfaces = cursor.u16()?;
        cursor.skip(2 * usize::from(interfaces))?;
        // First all fields, then all methods, written alike.
        for _ in 0..2 {
            for _ in 0..cursor.u16()? {
                cursor.skip(2)?;
                let name = cursor.u16()?;
                cursor.skip(2)?;
                self.attributes(cursor, name.into())?;
            }
        }
        Some(())
    }

    fn attributes(&mut self, cursor: &mut Cursor<'_>, member: usize) -> Option<()> {
        for _ in 0..cursor.u16()? {
            let kind = cursor.u16()?;
            let len = cursor.u32()?;
            let body = cursor.range(len)?;
            let kind = self.pool.utf8(kind.into()).map(|range| &self.bytes[range]);
            let mut inner = Cursor::new(&self.bytes[..body.end], body.start);
            match kind {
                Some(b"ConstantValue") => {
                    let value = self.pool.string(inner.u16()?.into());
                    self.pair(self.pool.utf8(member), value);
                }
                // Whatever is wrong with one method, the next begins where its length says.
                Some(b"Code") => drop(self.code(&mut inner)),
                _ => {}
            }
        }
        Some(())
    }

    fn code(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        cursor.skip(4)?;
        let len = cursor.u32()?;
        let code = cursor.range(len)?;
        let variables = self.variables(cursor).unwrap_or_default();
        let bytes = self.bytes;
        let mut walk = Cursor::new(&bytes[..code.end], code.start);
        let mut run: Vec<Range<usize>> = Vec::new();
        loop {
            let at = walk.at() - code.start;
            let opcode = walk.u8()?;
            let string = match opcode {
                0x12 => self.pool.string(walk.u8()?.into()),
                0x13 => self.pool.string(walk.u16()?.into()),
                // A store into a local variable: numbered, or one of the first four.
                0x3A => {
                    let slot = walk.u8()?.into();
                    self.local(&variables, walk.at() - code.start, slot, run.last());
                    None
                }
                0x4B..=0x4E => {
                    self.local(&variables, walk.at() - code.start, usize::from(opcode - 0x4B), run.last());
                    None
                }
                // putstatic and putfield; calls, whose last argument is the string before.
                0xB3 | 0xB5..=0xBA => {
                    let name = self.pool.member(walk.u16()?.into());
                    self.pair(name, run.last().cloned());
                    if opcode >= 0xB6 {
                        for pair in run.windows(2) {
                            self.pair(Some(pair[0].clone()), Some(pair[1].clone()));
                        }
                    }
                    walk.skip(if opcode >= 0xB9 { 2 } else { 0 })?;
                    None
                }
                _ => {
                    walk.skip(operands(opcode, walk, at)?)?;
                    None
                }
            };
            match string {
                Some(range) if run.len() < MAX_RUN => run.push(range),
                _ => run.clear(),
            }
        }
    }

    /// The table of local variables behind the code, which compilers write when asked to.
    fn variables(&self, cursor: &mut Cursor<'_>) -> Option<Vec<Variable>> {
        let handlers = cursor.u16()?;
        cursor.skip(8 * usize::from(handlers))?;
        for _ in 0..cursor.u16()? {
            let kind = cursor.u16()?;
            let len = cursor.u32()?;
            let body = cursor.range(len)?;
            if self.pool.utf8(kind.into()).map(|range| &self.bytes[range]) == Some(b"LocalVariableTable") {
                return self.variable_table(Cursor::new(&self.bytes[..body.end], body.start));
            }
        }
        None
    }

    fn variable_table(&self, mut cursor: Cursor<'_>) -> Option<Vec<Variable>> {
        let count = usize::from(cursor.u16()?).min(MAX_VARIABLES);
        let mut variables = Vec::new();
        for _ in 0..count {
            let start = usize::from(cursor.u16()?);
            cursor.skip(2)?;
            let name = self.pool.utf8(cursor.u16()?.into());
            cursor.skip(2)?;
            let slot = usize::from(cursor.u16()?);
            variables.extend(name.map(|name| Variable { start, slot, name }));
        }
        variables.sort_by_key(|variable| (variable.start, variable.slot));
        Some(variables)
    }

    /// A variable's life begins behind the instruction that stores its first value.
    fn local(&mut self, variables: &[Variable], start: usize, slot: usize, value: Option<&Range<usize>>) {
        let found = variables.binary_search_by_key(&(start, slot), |variable| (variable.start, variable.slot));
        if let Ok(index) = found {
            self.pair(Some(variables[index].name.clone()), value.cloned());
        }
    }

    fn pair(&mut self, name: Option<Range<usize>>, value: Option<Range<usize>>) {
        if let (Some(name), Some(value)) = (name, value) {
            self.out.pair(&self.bytes[name], self.bytes, &[value]);
        }
    }
}

/// Bytes behind an opcode; `walk` stands behind it, `at` is its place in the method.
fn operands(opcode: u8, mut walk: Cursor<'_>, at: usize) -> Option<usize> {
    Some(match opcode {
        0x10 | 0x12 | 0x15..=0x19 | 0x36..=0x3A | 0xA9 | 0xBC => 1,
        0x11 | 0x13 | 0x14 | 0x84 | 0x99..=0xA8 | 0xB2..=0xB8 | 0xBB | 0xBD | 0xC0 | 0xC1 | 0xC6 | 0xC7 => 2,
        0xC5 => 3,
        0xB9 | 0xBA | 0xC8 | 0xC9 => 4,
        // tableswitch and lookupswitch: padded to four, then a default and a table.
        0xAA | 0xAB => {
            let padding = 3 - at % 4;
            walk.skip(padding + 4)?;
            let first = walk.u32()?;
            let rest = if opcode == 0xAA {
                // Bounds have a sign; their distance does not.
                let span = u32::try_from(walk.u32()?).ok()?.wrapping_sub(u32::try_from(first).ok()?);
                usize::try_from(span).ok()?.checked_add(1)?.checked_mul(4)?.checked_add(4)?
            } else {
                first.checked_mul(8)?
            };
            (padding + 8).checked_add(rest)?
        }
        // wide: the next instruction's operand takes two bytes; iinc has a second one.
        0xC4 => {
            if walk.u8()? == 0x84 {
                5
            } else {
                3
            }
        }
        0..=0xC3 => 0,
        _ => return None,
    })
}
