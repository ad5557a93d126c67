//! CPython's compiled modules: the objects of `marshal`
//! (<https://github.com/python/cpython/blob/main/Python/marshal.c>), as far as names and constants need them.
//!
//! Each code object is handed on as soon as it was read, so that a file that is cut gives what came before. Versions
//! before 3.8, and those that are not released yet, are not read: their fields stand in another order.

use std::cell::Cell;
use std::ops::Range;
use std::rc::Rc;

use super::cursor::Cursor;
use super::python;
use super::transcript::Transcript;

/// Bytes before the first object (PEP 552).
const HEADER: usize = 16;
/// Nesting of objects. Functions within functions rarely pass 10; the interpreter's own limit is 2000.
const DEPTH: u32 = 200;
/// Objects read of one file; an object takes 24 bytes in memory, and perhaps one in the file.
const MAX_OBJECTS: usize = 1 << 21;

/// A version of Python, as far as its compiled modules differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    Py38,
    Py39,
    Py310,
    Py311,
    Py312,
    Py313,
    Py314,
}

/// By the magic number in a module's first two bytes
/// (<https://github.com/python/cpython/blob/main/Include/internal/pycore_magic_number.h>).
pub fn version(bytes: &[u8]) -> Option<Version> {
    let &[low, high, b'\r', b'\n', ..] = bytes else { return None };
    match u16::from_le_bytes([low, high]) {
        3411..=3413 => Some(Version::Py38),
        3420..=3425 => Some(Version::Py39),
        3435..=3439 => Some(Version::Py310),
        3490..=3495 => Some(Version::Py311),
        3525..=3531 => Some(Version::Py312),
        3565..=3571 => Some(Version::Py313),
        3620..=3627 => Some(Version::Py314),
        _ => None,
    }
}

/// An object, as far as it matters here.
#[derive(Clone, Debug)]
pub enum Object {
    /// Text or bytes: its place in the file.
    Text(Range<usize>),
    /// A tuple, list or set.
    Tuple(Rc<Tuple>),
    /// A code object.
    Code(Rc<Signature>),
    /// Anything else.
    Other,
}

/// A sequence of objects.
#[derive(Debug)]
pub struct Tuple {
    /// Its items; what is nested deeper than twice is left out, so that no chain of references is long.
    pub items: Vec<Object>,
    /// Whether its items were written down.
    pub written: Cell<bool>,
    depth: u32,
}

/// What the caller of a function may name.
#[derive(Debug)]
pub struct Signature {
    /// Parameters that can be given by position.
    pub positional: usize,
    /// Its local variables, parameters first.
    pub locals: Rc<Tuple>,
}

/// A code object.
#[derive(Debug)]
pub struct Code {
    /// Its instructions.
    pub code: Range<usize>,
    /// Its constants.
    pub constants: Rc<Tuple>,
    /// Names of globals and attributes.
    pub names: Rc<Tuple>,
    /// Names of local variables; from 3.11 on those of cells as well.
    pub locals: Rc<Tuple>,
    /// Names of cells, as instructions count them.
    pub cells: Vec<Object>,
}

/// Writes down the constants of a compiled module.
pub fn read(bytes: &[u8], version: Version, out: &mut Transcript) {
    let mut reader = Reader { cursor: Cursor::new(bytes, HEADER), version, references: Vec::new(), objects: 0, out };
    // Where it ends too early, what was read until then is written already.
    let _ = reader.object(0);
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    version: Version,
    references: Vec<Object>,
    objects: usize,
    out: &'a mut Transcript,
}

impl Reader<'_> {
    /// The next object; `None` where the bytes are no object, or too many.
    fn object(&mut self, depth: u32) -> Option<Object> {
        self.objects += 1;
        if depth > DEPTH || self.objects > MAX_OBJECTS {
            return None;
        }
        let tag = self.cursor.u8()?;
        // An object that is referred to later takes its number before its parts do.
        let slot = (tag & 0x80 != 0).then(|| {
            self.references.push(Object::Other);
            self.references.len() - 1
        });
        let object = self.body(tag & 0x7F, depth)?;
        if let Some(slot) = slot {
            self.references[slot] = object.clone();
        }
        Some(object)
    }

    fn body(&mut self, tag: u8, depth: u32) -> Option<Object> {
        match tag {
            b'0' | b'N' | b'F' | b'T' | b'S' | b'.' => {}
            b'i' => self.cursor.skip(4)?,
            b'I' | b'g' => self.cursor.skip(8)?,
            b'y' => self.cursor.skip(16)?,
            b'f' => self.skip_short()?,
            b'x' => {
                self.skip_short()?;
                self.skip_short()?;
            }
            b'l' => {
                let digits = self.cursor.i32_le()?.unsigned_abs();
                self.cursor.skip(usize::try_from(digits).ok()?.checked_mul(2)?)?;
            }
            b's' | b't' | b'a' | b'A' | b'u' => {
                let len = self.cursor.u32_le()?;
                return self.cursor.range(len).map(Object::Text);
            }
            b'z' | b'Z' => {
                let len = self.cursor.u8()?;
                return self.cursor.range(len.into()).map(Object::Text);
            }
            b')' => {
                let len = self.cursor.u8()?;
                return self.items(len.into(), depth);
            }
            b'(' | b'[' | b'<' | b'>' => {
                let len = self.cursor.u32_le()?;
                return self.items(len, depth);
            }
            b':' => return self.items(3, depth),
            b'{' => while !self.is_null(depth)? {},
            b'r' => {
                let index = self.cursor.u32_le()?;
                return self.references.get(index).cloned();
            }
            b'c' => return self.code(depth).map(|signature| Object::Code(Rc::new(signature))),
            _ => return None,
        }
        Some(Object::Other)
    }

    fn skip_short(&mut self) -> Option<()> {
        let len = self.cursor.u8()?;
        self.cursor.skip(len.into())
    }

    /// Reads one object of a dictionary; whether it was the mark of its end.
    fn is_null(&mut self, depth: u32) -> Option<bool> {
        let end = self.cursor.bytes().get(self.cursor.at()) == Some(&b'0');
        self.object(depth + 1).map(|_| end)
    }

    fn items(&mut self, len: usize, depth: u32) -> Option<Object> {
        // The declared length is not believed: memory is taken as items come.
        let mut tuple = Tuple { items: Vec::new(), written: Cell::new(false), depth: 1 };
        for _ in 0..len {
            let item = match self.object(depth + 1)? {
                Object::Tuple(inner) if inner.depth > 1 => Object::Other,
                item => item,
            };
            if matches!(item, Object::Tuple(_)) {
                tuple.depth = 2;
            }
            tuple.items.push(item);
        }
        Some(Object::Tuple(Rc::new(tuple)))
    }

    fn tuple(&mut self, depth: u32) -> Option<Rc<Tuple>> {
        match self.object(depth + 1)? {
            Object::Tuple(tuple) => Some(tuple),
            _ => None,
        }
    }

    fn code(&mut self, depth: u32) -> Option<Signature> {
        let positional = self.cursor.u32_le()?;
        let old = self.version < Version::Py311;
        // Parameters by position and by name only; local variables, until 3.10; size of the stack; flags.
        self.cursor.skip(if old { 20 } else { 16 })?;
        let Object::Text(code) = self.object(depth + 1)? else { return None };
        let constants = self.tuple(depth)?;
        let names = self.tuple(depth)?;
        let locals = self.tuple(depth)?;
        let mut cells = Vec::new();
        if old {
            let free = self.tuple(depth)?;
            cells.extend(self.tuple(depth)?.items.iter().chain(&free.items).cloned());
        } else {
            self.object(depth + 1)?;
        }
        let code = Code { code, constants, names, locals: Rc::clone(&locals), cells };
        python::write(self.cursor.bytes(), &code, self.version, self.out);
        // File, name and, from 3.11 on, qualified name.
        for _ in 0..if old { 2 } else { 3 } {
            self.object(depth + 1)?;
        }
        self.cursor.skip(4)?;
        // Tables of lines and, from 3.11 on, of exceptions.
        for _ in 0..if old { 1 } else { 2 } {
            self.object(depth + 1)?;
        }
        Some(Signature { positional, locals })
    }
}
