//! Which name a constant of compiled Python goes by.
//!
//! The instructions are followed from first to last with a stack of what is known. Jumps are not followed: what lies on
//! the stack across one is forgotten, so a constant that a branch chooses has no name, but is written all the same.

use std::ops::Range;
use std::rc::Rc;

use super::marshal::{Code, Object, Signature, Tuple, Version};
use super::opcodes::{Act, acts};
use super::transcript::Transcript;

/// Things kept on the stack; a hostile function can push one with every two bytes.
const STACK: usize = 4096;
/// Items looked at of one tuple that is unpacked, or that holds defaults: both cost a hostile function a few bytes.
const UNPACKED: usize = 64;

/// What lies on the stack.
#[derive(Clone, Debug)]
enum Item {
    Text(Range<usize>),
    Tuple(Rc<Tuple>),
    Built(Rc<[Item]>),
    Function(Rc<Signature>),
    Unknown,
}

impl From<&Object> for Item {
    fn from(object: &Object) -> Item {
        match object {
            Object::Text(range) => Item::Text(range.clone()),
            Object::Tuple(tuple) => Item::Tuple(Rc::clone(tuple)),
            Object::Code(signature) => Item::Function(Rc::clone(signature)),
            Object::Other => Item::Unknown,
        }
    }
}

/// Writes down the constants of a code object, with their names where they have one.
pub fn write(bytes: &[u8], code: &Code, version: Version, out: &mut Transcript) {
    let mut walk = Walk { bytes, code, version, stack: Vec::new(), names_of_call: None, out };
    let mut argument = 0usize;
    for instruction in bytes[code.code.clone()].chunks_exact(2) {
        let act = acts(version)[usize::from(instruction[0])];
        argument = argument << 8 | usize::from(instruction[1]);
        if act == Act::Extend {
            // Four bytes at most, as in the interpreter.
            argument &= 0xFF_FFFF;
            continue;
        }
        walk.step(act, argument);
        argument = 0;
    }
    walk.write_unnamed();
}

struct Walk<'a> {
    bytes: &'a [u8],
    code: &'a Code,
    version: Version,
    stack: Vec<Item>,
    /// The keyword arguments of the call to come, in 3.11 and 3.12.
    names_of_call: Option<Rc<Tuple>>,
    out: &'a mut Transcript,
}

impl Walk<'_> {
    fn step(&mut self, act: Act, n: usize) {
        match act {
            Act::Unknown => self.stack.clear(),
            Act::Extend | Act::Nothing => {}
            Act::Const => {
                let item = self.code.constants.items.get(n).map_or(Item::Unknown, Item::from);
                self.push(item);
            }
            Act::Push => self.push(Item::Unknown),
            Act::PushTwo => self.replace(0, 2),
            Act::Global => self.replace(0, 1 + usize::from(self.version >= Version::Py311 && n & 1 == 1)),
            Act::Attr => self.replace(1, 1 + usize::from(self.version >= Version::Py312 && n & 1 == 1)),
            Act::Method => self.replace(1, 2),
            Act::Replace => self.replace(1, 1),
            Act::Binary => self.replace(2, 1),
            Act::Pop => self.replace(1, 0),
            Act::MapAdd => {
                let value = self.pop();
                let key = self.pop();
                self.pair_items(&key, &value);
            }
            Act::StoreName => self.store(self.code.names.items.get(n)),
            Act::StoreFast => self.store(self.code.locals.items.get(n)),
            Act::StoreDeref => {
                let cells = if self.version < Version::Py311 { &self.code.cells } else { &self.code.locals.items };
                self.store(cells.get(n));
            }
            Act::StoreTwo => {
                self.store(self.code.locals.items.get(n >> 4));
                self.store(self.code.locals.items.get(n & 15));
            }
            Act::StoreLoad => {
                self.store(self.code.locals.items.get(n >> 4));
                self.push(Item::Unknown);
            }
            Act::StoreAttr => {
                self.pop();
                self.store(self.code.names.items.get(n));
            }
            Act::StoreItem => {
                let key = self.pop();
                self.pop();
                let value = self.pop();
                self.pair_items(&key, &value);
            }
            Act::Tuple => {
                let items = self.pop_many(n).into_iter();
                // One level is all that defaults need.
                let flat = items.map(|item| if matches!(item, Item::Built(_)) { Item::Unknown } else { item });
                let built = Item::Built(flat.collect());
                self.push(built);
            }
            Act::Gather => self.replace(n, 1),
            Act::Map => {
                let items = self.pop_many(n.saturating_mul(2));
                for pair in items.rchunks_exact(2) {
                    self.pair_items(&pair[0], &pair[1]);
                }
                self.push(Item::Unknown);
            }
            Act::KeyMap => {
                let keys = self.pop();
                let values = self.pop_many(n);
                self.name_last(&keys, &values);
                self.push(Item::Unknown);
            }
            Act::Unpack => match self.pop() {
                Item::Tuple(tuple) if tuple.items.len() == n && n <= UNPACKED => {
                    tuple.items.iter().rev().for_each(|item| self.push(item.into()));
                }
                _ => self.stack.clear(),
            },
            Act::Swap => self.swap(n),
            Act::SwapTwo => self.swap(2),
            Act::Copy => self.copy(n),
            Act::CopyTop => self.copy(1),
            Act::KwNames => {
                self.names_of_call = match self.code.constants.items.get(n) {
                    Some(Object::Tuple(names)) => Some(Rc::clone(names)),
                    _ => None,
                };
            }
            Act::Call => {
                let names = self.names_of_call.take().map_or(Item::Unknown, Item::Tuple);
                self.call(n, &names, 2);
            }
            Act::CallFunction => self.call(n, &Item::Unknown, 1),
            Act::CallKw => {
                let names = self.pop();
                self.call(n, &names, 2);
            }
            Act::CallFunctionKw => {
                let names = self.pop();
                self.call(n, &names, 1);
            }
            Act::MakeFunction => self.make_function(n),
            Act::Attribute => {
                let function = self.pop();
                let attribute = self.pop();
                if n == 1 {
                    self.name_defaults(&function, &attribute);
                }
                self.push(function);
            }
        }
    }

    fn push(&mut self, item: Item) {
        if self.stack.len() >= STACK {
            self.stack.clear();
        }
        self.stack.push(item);
    }

    fn pop(&mut self) -> Item {
        self.stack.pop().unwrap_or(Item::Unknown)
    }

    /// The upmost `n`, or as many as are known, the top last.
    fn pop_many(&mut self, n: usize) -> Vec<Item> {
        self.stack.split_off(self.stack.len().saturating_sub(n))
    }

    fn replace(&mut self, old: usize, new: usize) {
        self.stack.truncate(self.stack.len().saturating_sub(old));
        (0..new).for_each(|_| self.push(Item::Unknown));
    }

    fn swap(&mut self, n: usize) {
        let len = self.stack.len();
        match len.checked_sub(n) {
            Some(other) if n > 0 => self.stack.swap(other, len - 1),
            // The other one lies below what is known.
            _ => self.replace(1, 1),
        }
    }

    fn copy(&mut self, n: usize) {
        let index = self.stack.len().wrapping_sub(n);
        let item = self.stack.get(index).cloned().unwrap_or(Item::Unknown);
        self.push(item);
    }

    fn store(&mut self, name: Option<&Object>) {
        let value = self.pop();
        if let Some(Object::Text(name)) = name {
            self.pair(&name.clone(), &value);
        }
    }

    fn pair_items(&mut self, name: &Item, value: &Item) {
        if let Item::Text(name) = name {
            self.pair(name, value);
        }
    }

    fn pair(&mut self, name: &Range<usize>, value: &Item) {
        if let Item::Text(value) = value {
            self.out.pair(&self.bytes[name.clone()], self.bytes, std::slice::from_ref(value));
        }
    }

    /// Gives the last of `values` the names of a tuple.
    fn name_last(&mut self, names: &Item, values: &[Item]) {
        let Item::Tuple(names) = names else { return };
        let named: Vec<_> = names.items.iter().rev().zip(values.iter().rev()).collect();
        for (name, value) in named.into_iter().rev() {
            self.pair_items(&name.into(), value);
        }
    }

    /// Arguments by keyword have names; of two literals side by side, as in `put("password", "...")`, the first names
    /// the second.
    fn call(&mut self, n: usize, names: &Item, below: usize) {
        let arguments = self.pop_many(n);
        self.name_last(names, &arguments);
        let by_name = if let Item::Tuple(names) = names { names.items.len() } else { 0 };
        let by_position = &arguments[..arguments.len().saturating_sub(by_name)];
        for pair in by_position.windows(2) {
            self.pair_items(&pair[0], &pair[1]);
        }
        self.replace(below, 1);
    }

    /// Until 3.12 what a function is made with lies below its code, defaults lowest.
    fn make_function(&mut self, flags: usize) {
        if self.version < Version::Py311 {
            // Its qualified name.
            self.pop();
        }
        let function = self.pop();
        if self.version < Version::Py313 {
            self.replace((flags & 0b1110).count_ones() as usize, 0);
            if flags & 1 == 1 {
                let defaults = self.pop();
                self.name_defaults(&function, &defaults);
            }
        }
        self.push(function);
    }

    fn name_defaults(&mut self, function: &Item, defaults: &Item) {
        let Item::Function(signature) = function else { return };
        let values: Vec<Item> = match defaults {
            Item::Tuple(tuple) if tuple.items.len() <= UNPACKED => tuple.items.iter().map(Item::from).collect(),
            Item::Built(items) if items.len() <= UNPACKED => items.to_vec(),
            _ => return,
        };
        let signature = Rc::clone(signature);
        let Some(parameters) = signature.locals.items.get(..signature.positional) else { return };
        let skipped = parameters.len().saturating_sub(values.len());
        for (name, value) in parameters[skipped..].iter().zip(&values) {
            self.pair_items(&name.into(), value);
        }
    }

    fn write_unnamed(&mut self) {
        let code = self.code;
        self.values(&code.constants);
    }

    /// A tuple may be shared by any number of functions: what was written is not looked at again.
    fn values(&mut self, tuple: &Tuple) {
        if tuple.written.replace(true) {
            return;
        }
        for item in &tuple.items {
            match item {
                Object::Text(range) => self.out.value(self.bytes, std::slice::from_ref(range)),
                Object::Tuple(inner) => self.values(inner),
                Object::Code(_) | Object::Other => {}
            }
        }
    }
}
