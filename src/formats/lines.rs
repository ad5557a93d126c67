//! From byte offsets to lines and columns.

use crate::model::Span;

/// Where the lines of a text begin. Built once, asked often: counting from the start for every entry of a lock file
/// would be quadratic.
#[derive(Debug)]
pub struct Lines {
    /// Offset of the first byte of every line but the first.
    starts: Vec<usize>,
}

impl Lines {
    /// Finds every line of a text.
    pub fn new(bytes: &[u8]) -> Lines {
        Lines { starts: memchr::memchr_iter(b'\n', bytes).map(|at| at + 1).collect() }
    }

    /// The place of a range of bytes.
    pub fn span(&self, range: std::ops::Range<usize>) -> Span {
        let line = self.starts.partition_point(|&start| start <= range.start);
        let start = line.checked_sub(1).map_or(0, |index| self.starts[index]);
        Span {
            offset: range.start as u64,
            length: range.len() as u64,
            line: line as u64 + 1,
            column: (range.start - start) as u64 + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one() {
        let lines = Lines::new(b"ab\ncd\n\nef");
        let at = |offset| {
            let span = lines.span(offset..offset + 1);
            (span.line, span.column)
        };
        assert_eq!([at(0), at(2), at(3), at(6), at(8)], [(1, 1), (1, 3), (2, 1), (3, 1), (4, 2)]);
    }
}
