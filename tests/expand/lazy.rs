impl Buffer {
    #[co::coroutine(lazy)]
    fn fill(&mut self, source: &[u8]) -> usize {
        yield_!(co::moment());
        self.bytes.extend_from_slice(source);
        source.len()
    }
}
