//! CPython's instructions, as far as they move constants: what each does to the stack, and its number in each version
//! (<https://docs.python.org/3/library/dis.html#python-bytecode-instructions>, `opcode.opmap` of each version).

use std::sync::LazyLock;

use super::marshal::Version;

/// What an instruction does to the stack; `n` is its argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Something else: what lies on the stack is no longer known.
    Unknown,
    /// Gives the next instruction the upper bits of its argument.
    Extend,
    /// Leaves the stack alone.
    Nothing,
    /// Pushes a constant.
    Const,
    /// Pushes something else.
    Push,
    /// Pushes two things.
    PushTwo,
    /// Pushes a global and, from 3.11 on, something below it if the lowest bit is set.
    Global,
    /// Replaces the top; from 3.12 on the lowest bit pushes one more.
    Attr,
    /// Replaces the top by two.
    Method,
    /// Replaces the top.
    Replace,
    /// Replaces the two upmost by one.
    Binary,
    /// Drops the top.
    Pop,
    /// Drops a key and its value, which go into a dictionary below.
    MapAdd,
    /// Stores the top under a name.
    StoreName,
    /// Stores the top in a local variable.
    StoreFast,
    /// Stores the top in a cell.
    StoreDeref,
    /// Stores the two upmost in local variables.
    StoreTwo,
    /// Stores the top in a local variable and pushes another.
    StoreLoad,
    /// Stores the second in an attribute of the top.
    StoreAttr,
    /// Stores the third in the second under the key on top.
    StoreItem,
    /// Makes a tuple of `n`.
    Tuple,
    /// Makes something else of `n`.
    Gather,
    /// Makes a dictionary of `n` keys and values.
    Map,
    /// Makes a dictionary of `n` values and the tuple of keys on top.
    KeyMap,
    /// Replaces a tuple by its `n` items.
    Unpack,
    /// Swaps the top and the `n`th.
    Swap,
    /// Swaps the two upmost.
    SwapTwo,
    /// Pushes the `n`th once more.
    Copy,
    /// Pushes the top once more.
    CopyTop,
    /// Says the names of the next call's last arguments.
    KwNames,
    /// Calls with `n` arguments above what is called and one more.
    Call,
    /// Calls with `n` arguments above what is called.
    CallFunction,
    /// Calls with `n` arguments above what is called and one more; the tuple on top names the last of them.
    CallKw,
    /// The same, without the one more.
    CallFunctionKw,
    /// Makes a function of the code on top.
    MakeFunction,
    /// Gives the function on top one of its attributes.
    Attribute,
}

/// Not in that version.
const NO: u8 = u8::MAX;

/// By instruction: its numbers in 3.8, 3.9, and so on to 3.14.
#[rustfmt::skip]
const INSTRUCTIONS: &[(&str, Act, [u8; 7])] = &[
    ("EXTENDED_ARG", Act::Extend, [144, 144, 144, 144, 144, 71, 69]),
    ("CACHE", Act::Nothing, [NO, NO, NO, 0, 0, 0, 0]),
    ("NOP", Act::Nothing, [9, 9, 9, 9, 9, 30, 27]),
    ("RESUME", Act::Nothing, [NO, NO, NO, 151, 151, 149, 128]),
    ("PRECALL", Act::Nothing, [NO, NO, NO, 166, NO, NO, NO]),
    ("NOT_TAKEN", Act::Nothing, [NO, NO, NO, NO, NO, NO, 28]),
    ("COPY_FREE_VARS", Act::Nothing, [NO, NO, NO, 149, 149, 62, 60]),
    ("MAKE_CELL", Act::Nothing, [NO, NO, NO, 135, 135, 94, 97]),
    ("SETUP_ANNOTATIONS", Act::Nothing, [85, 85, 85, 85, 85, 37, 36]),
    ("GEN_START", Act::Nothing, [NO, NO, 129, NO, NO, NO, NO]),
    ("LOAD_CONST", Act::Const, [100, 100, 100, 100, 100, 83, 82]),
    ("LOAD_NAME", Act::Push, [101, 101, 101, 101, 101, 92, 93]),
    ("LOAD_FAST", Act::Push, [124, 124, 124, 124, 124, 85, 84]),
    ("LOAD_FAST_BORROW", Act::Push, [NO, NO, NO, NO, NO, NO, 86]),
    ("LOAD_FAST_CHECK", Act::Push, [NO, NO, NO, NO, 127, 87, 88]),
    ("LOAD_DEREF", Act::Push, [136, 136, 136, 137, 137, 84, 83]),
    ("LOAD_CLASSDEREF", Act::Push, [148, 148, 148, 148, NO, NO, NO]),
    ("LOAD_CLOSURE", Act::Push, [135, 135, 135, 136, 136, NO, NO]),
    ("PUSH_NULL", Act::Push, [NO, NO, NO, 2, 2, 34, 33]),
    ("LOAD_SMALL_INT", Act::Push, [NO, NO, NO, NO, NO, NO, 94]),
    ("LOAD_COMMON_CONSTANT", Act::Push, [NO, NO, NO, NO, NO, NO, 81]),
    ("LOAD_BUILD_CLASS", Act::Push, [71, 71, 71, 71, 71, 24, 21]),
    ("LOAD_LOCALS", Act::Push, [NO, NO, NO, NO, 87, 25, 22]),
    ("LOAD_ASSERTION_ERROR", Act::Push, [NO, 74, 74, 74, 74, 23, NO]),
    ("IMPORT_FROM", Act::Push, [109, 109, 109, 109, 109, 74, 72]),
    ("LOAD_FAST_LOAD_FAST", Act::PushTwo, [NO, NO, NO, NO, NO, 88, 89]),
    ("LOAD_FAST_BORROW_LOAD_FAST_BORROW", Act::PushTwo, [NO, NO, NO, NO, NO, NO, 87]),
    ("LOAD_GLOBAL", Act::Global, [116, 116, 116, 116, 116, 91, 92]),
    ("LOAD_ATTR", Act::Attr, [106, 106, 106, 106, 106, 82, 80]),
    ("LOAD_METHOD", Act::Method, [160, 160, 160, 160, NO, NO, NO]),
    ("UNARY_NEGATIVE", Act::Replace, [11, 11, 11, 11, 11, 42, 41]),
    ("UNARY_NOT", Act::Replace, [12, 12, 12, 12, 12, 43, 42]),
    ("UNARY_INVERT", Act::Replace, [15, 15, 15, 15, 15, 41, 40]),
    ("UNARY_POSITIVE", Act::Replace, [10, 10, 10, 10, NO, NO, NO]),
    ("TO_BOOL", Act::Replace, [NO, NO, NO, NO, NO, 40, 39]),
    ("FORMAT_SIMPLE", Act::Replace, [NO, NO, NO, NO, NO, 14, 12]),
    ("CONVERT_VALUE", Act::Replace, [NO, NO, NO, NO, NO, 60, 58]),
    ("GET_ITER", Act::Replace, [68, 68, 68, 68, 68, 19, 16]),
    ("GET_AWAITABLE", Act::Replace, [73, 73, 73, 131, 131, 73, 71]),
    ("CALL_INTRINSIC_1", Act::Replace, [NO, NO, NO, NO, 173, 55, 53]),
    ("LIST_TO_TUPLE", Act::Replace, [NO, 82, 82, 82, NO, NO, NO]),
    ("LOAD_FROM_DICT_OR_GLOBALS", Act::Replace, [NO, NO, NO, NO, 175, 90, 91]),
    ("LOAD_FROM_DICT_OR_DEREF", Act::Replace, [NO, NO, NO, NO, 176, 89, 90]),
    ("BINARY_OP", Act::Binary, [NO, NO, NO, 122, 122, 45, 44]),
    ("BINARY_SUBSCR", Act::Binary, [25, 25, 25, 25, 25, 5, NO]),
    ("COMPARE_OP", Act::Binary, [107, 107, 107, 107, 107, 58, 56]),
    ("CONTAINS_OP", Act::Binary, [NO, 118, 118, 118, 118, 59, 57]),
    ("IS_OP", Act::Binary, [NO, 117, 117, 117, 117, 76, 74]),
    ("BINARY_ADD", Act::Binary, [23, 23, 23, NO, NO, NO, NO]),
    ("BINARY_MODULO", Act::Binary, [22, 22, 22, NO, NO, NO, NO]),
    ("BINARY_OR", Act::Binary, [66, 66, 66, NO, NO, NO, NO]),
    ("BINARY_SUBTRACT", Act::Binary, [24, 24, 24, NO, NO, NO, NO]),
    ("BINARY_MULTIPLY", Act::Binary, [20, 20, 20, NO, NO, NO, NO]),
    ("BINARY_TRUE_DIVIDE", Act::Binary, [27, 27, 27, NO, NO, NO, NO]),
    ("BINARY_AND", Act::Binary, [64, 64, 64, NO, NO, NO, NO]),
    ("IMPORT_NAME", Act::Binary, [108, 108, 108, 108, 108, 75, 73]),
    ("FORMAT_WITH_SPEC", Act::Binary, [NO, NO, NO, NO, NO, 15, 13]),
    ("POP_TOP", Act::Pop, [1, 1, 1, 1, 1, 32, 31]),
    ("LIST_EXTEND", Act::Pop, [NO, 162, 162, 162, 162, 81, 79]),
    ("SET_UPDATE", Act::Pop, [NO, 163, 163, 163, 163, 107, 109]),
    ("DICT_UPDATE", Act::Pop, [NO, 165, 165, 165, 165, 69, 67]),
    ("DICT_MERGE", Act::Pop, [NO, 164, 164, 164, 164, 68, 66]),
    ("LIST_APPEND", Act::Pop, [145, 145, 145, 145, 145, 80, 78]),
    ("SET_ADD", Act::Pop, [146, 146, 146, 146, 146, 105, 107]),
    ("MAP_ADD", Act::MapAdd, [147, 147, 147, 147, 147, 95, 98]),
    ("STORE_NAME", Act::StoreName, [90, 90, 90, 90, 90, 114, 116]),
    ("STORE_GLOBAL", Act::StoreName, [97, 97, 97, 97, 97, 113, 115]),
    ("STORE_FAST", Act::StoreFast, [125, 125, 125, 125, 125, 110, 112]),
    ("STORE_DEREF", Act::StoreDeref, [137, 137, 137, 138, 138, 109, 111]),
    ("STORE_FAST_STORE_FAST", Act::StoreTwo, [NO, NO, NO, NO, NO, 112, 114]),
    ("STORE_FAST_LOAD_FAST", Act::StoreLoad, [NO, NO, NO, NO, NO, 111, 113]),
    ("STORE_ATTR", Act::StoreAttr, [95, 95, 95, 95, 95, 108, 110]),
    ("STORE_SUBSCR", Act::StoreItem, [60, 60, 60, 60, 60, 39, 38]),
    ("BUILD_TUPLE", Act::Tuple, [102, 102, 102, 102, 102, 52, 51]),
    ("BUILD_LIST", Act::Gather, [103, 103, 103, 103, 103, 47, 46]),
    ("BUILD_SET", Act::Gather, [104, 104, 104, 104, 104, 49, 48]),
    ("BUILD_STRING", Act::Gather, [157, 157, 157, 157, 157, 51, 50]),
    ("BUILD_SLICE", Act::Gather, [133, 133, 133, 133, 133, 50, 49]),
    ("BUILD_MAP", Act::Map, [105, 105, 105, 105, 105, 48, 47]),
    ("BUILD_CONST_KEY_MAP", Act::KeyMap, [156, 156, 156, 156, 156, 46, NO]),
    ("UNPACK_SEQUENCE", Act::Unpack, [92, 92, 92, 92, 92, 117, 119]),
    ("SWAP", Act::Swap, [NO, NO, NO, 99, 99, 115, 117]),
    ("ROT_TWO", Act::SwapTwo, [2, 2, 2, NO, NO, NO, NO]),
    ("COPY", Act::Copy, [NO, NO, NO, 120, 120, 61, 59]),
    ("DUP_TOP", Act::CopyTop, [4, 4, 4, NO, NO, NO, NO]),
    ("KW_NAMES", Act::KwNames, [NO, NO, NO, 172, 172, NO, NO]),
    ("CALL", Act::Call, [NO, NO, NO, 171, 171, 53, 52]),
    ("CALL_FUNCTION", Act::CallFunction, [131, 131, 131, NO, NO, NO, NO]),
    ("CALL_METHOD", Act::Call, [161, 161, 161, NO, NO, NO, NO]),
    ("CALL_KW", Act::CallKw, [NO, NO, NO, NO, NO, 57, 55]),
    ("CALL_FUNCTION_KW", Act::CallFunctionKw, [141, 141, 141, NO, NO, NO, NO]),
    ("MAKE_FUNCTION", Act::MakeFunction, [132, 132, 132, 132, 132, 26, 23]),
    ("SET_FUNCTION_ATTRIBUTE", Act::Attribute, [NO, NO, NO, NO, NO, 106, 108]),
];

/// What each number means in a version.
pub fn acts(version: Version) -> &'static [Act; 256] {
    static ACTS: LazyLock<[[Act; 256]; 7]> = LazyLock::new(|| {
        let mut acts = [[Act::Unknown; 256]; 7];
        for (_, act, numbers) in INSTRUCTIONS {
            for (version, number) in numbers.iter().enumerate().filter(|(_, number)| **number != NO) {
                acts[version][usize::from(*number)] = *act;
            }
        }
        acts
    });
    &ACTS[version as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_means_two_things() {
        for version in 0..7 {
            let mut numbers: Vec<u8> = INSTRUCTIONS.iter().map(|(.., numbers)| numbers[version]).collect();
            numbers.retain(|number| *number != NO);
            let all = numbers.len();
            numbers.sort_unstable();
            numbers.dedup();
            assert_eq!(numbers.len(), all, "3.{}", version + 8);
        }
        assert_eq!(acts(Version::Py311)[100], Act::Const);
        assert_eq!(acts(Version::Py314)[116], Act::StoreName);
    }
}
