use coroutine_core as co;

struct Buffer {
    bytes: Vec<u8>,
}

impl Buffer {
    #[co::coroutine(lazy)]
    fn fill(&mut self, source: &[u8]) -> usize {
        yield_!(co::moment());
        self.bytes.extend_from_slice(source);
        source.len()
    }

    #[co::coroutine(lazy)]
    fn first(&self) -> Option<&u8> {
        yield_!(co::moment());
        self.bytes.first()
    }
}

trait Source {
    #[co::coroutine(lazy)]
    fn read(&self, at: usize) -> u8;
}

impl Source for Buffer {
    #[co::coroutine(lazy)]
    fn read(&self, at: usize) -> u8 {
        yield_!(co::moment());
        self.bytes[at]
    }
}

#[co::coroutine(lazy)]
fn longer<'a>(left: &'a str, right: &'a str) -> &'a str {
    yield_!(co::moment());
    if left.len() > right.len() {
        left
    } else {
        right
    }
}

#[co::main]
pub(crate) fn main() {
    let mut buffer = Buffer { bytes: Vec::new() };
    let not_started = buffer.fill(&[9, 9]);
    drop(not_started);
    let source = vec![1, 2, 3];
    assert_eq!(yield_!(buffer.fill(&source)), 3);
    assert_eq!(yield_!(buffer.first()), Some(&1));
    assert_eq!(yield_!(buffer.read(2)), 3);
    assert_eq!(yield_!(longer("one", "three")), "three");
}
