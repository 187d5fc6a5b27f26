impl Store {
    /// Gives out the keys, and takes the next one to go on from.
    #[co::generator(yield = &'a str, resume = Option<String>)]
    pub fn keys<'a>(&'a self, (from, to): Range, mut prefix: String) -> Result<usize, Error> {
        let mut count = 0;
        for key in self.range(from, to) {
            if let Some(next) = yield_!(key?) {
                prefix = next;
            }
            count += 1;
        }
        println!("{prefix} {:?}", yield_!("end"));
        Ok(count)
    }

    #[co::generator(yield = impl Display)]
    fn lines(&self) {
        yield_!(self.first());
        yield_!()
    }
}

trait Source {
    #[co::generator(yield = HashMap<Key, Self::Value>, name = "source", crate = crate::runtime)]
    fn maps(&mut self) -> usize;
}
