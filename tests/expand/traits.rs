trait Handler {
    #[co::coroutine]
    fn get(self: Rc<Self>, path: String) -> String;

    #[co::coroutine]
    fn head(self: Rc<Self>, path: String) -> usize
    where
        Self: 'static,
    {
        yield_!(self.get(path)).len()
    }
}

impl Handler for Files {
    #[co::coroutine]
    fn get(self: Rc<Self>, path: String) -> String {
        path
    }
}
