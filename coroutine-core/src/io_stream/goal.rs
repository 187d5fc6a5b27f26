//! What a read waits for.

/// Tells how much of what has arrived is what a read waits for.
pub(super) trait Goal {
    /// How many of the bytes, from the first one, make the read complete. It is asked again each time there are more.
    fn find(&mut self, bytes: &[u8]) -> Option<usize>;

    /// The most bytes that may be there without the read being complete.
    fn limit(&self) -> usize {
        usize::MAX
    }

    /// Whether it is worth looking when so many bytes are there, while there are more to be had.
    fn is_due(&self, _count: usize) -> bool {
        true
    }

    /// Whether the end of the stream completes the read, with whatever is there.
    fn ends_with_stream(&self) -> bool {
        false
    }
}

/// So many bytes.
pub(super) struct Count(pub(super) usize);

impl Goal for Count {
    fn find(&mut self, bytes: &[u8]) -> Option<usize> {
        (bytes.len() >= self.0).then_some(self.0)
    }

    fn is_due(&self, count: usize) -> bool {
        count >= self.0
    }
}

/// Some bytes, so many at most.
pub(super) struct AtMost(pub(super) usize);

impl Goal for AtMost {
    fn find(&mut self, bytes: &[u8]) -> Option<usize> {
        let count = bytes.len().min(self.0);
        (count > 0 || self.0 == 0).then_some(count)
    }
}

/// Everything.
pub(super) struct Everything;

impl Goal for Everything {
    fn find(&mut self, _bytes: &[u8]) -> Option<usize> {
        None
    }

    fn ends_with_stream(&self) -> bool {
        true
    }
}

/// Bytes up to a delimiter and with it, so many at most.
pub(super) struct Delimiter {
    delimiter: Vec<u8>,
    limit: usize,
    /// The delimiter does not begin before here.
    searched: usize,
}

impl Delimiter {
    pub(super) fn new(delimiter: &[u8], limit: usize) -> Self {
        Self {
            delimiter: delimiter.to_owned(),
            limit,
            searched: 0,
        }
    }
}

impl Goal for Delimiter {
    fn find(&mut self, bytes: &[u8]) -> Option<usize> {
        let allowed = &bytes[..bytes.len().min(self.limit)];
        let length = self.delimiter.len();
        if let Some(at) = position(&allowed[self.searched..], &self.delimiter) {
            return Some(self.searched + at + length);
        }
        // The delimiter may have begun at the end.
        self.searched = self
            .searched
            .max((allowed.len() + 1).saturating_sub(length));
        None
    }

    fn limit(&self) -> usize {
        self.limit
    }
}

/// Where `needle` first begins in `bytes`.
fn position(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    let Some(&first) = needle.first() else {
        return Some(0);
    };
    let mut from = 0;
    loop {
        let at = from + bytes[from..].iter().position(|&byte| byte == first)?;
        if bytes[at..].starts_with(needle) {
            return Some(at);
        }
        from = at + 1;
    }
}
