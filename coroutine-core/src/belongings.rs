//! What libraries keep with a loop, and what goes when the loop is closed.

use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;

use crate::io_loop::IoLoop;
use crate::log;

/// One value of each type; there are few.
#[derive(Default)]
pub(crate) struct Belongings(RefCell<Vec<Rc<dyn Any>>>);

impl Belongings {
    fn find<T: 'static>(&self) -> Option<Rc<T>> {
        let values = self.0.borrow();
        let value = values.iter().find(|value| value.is::<T>())?;
        Rc::clone(value).downcast().ok()
    }

    /// Drops them, and what their destructors add. A panic of a destructor is logged.
    pub(crate) fn drop_all(&self) {
        while let Some(value) = self.pop() {
            log::catching("a destructor of what belongs to a loop", || drop(value));
        }
    }

    fn pop(&self) -> Option<Rc<dyn Any>> {
        self.0.borrow_mut().pop()
    }
}

/// What belongs to a loop.
impl IoLoop {
    /// The value of this type that belongs to the loop. It is made when it is first asked for, and dropped when the loop is closed; a closed loop keeps none, so there
    /// each call makes another.
    ///
    /// For libraries that have one of a thing on each loop, such as a client with its connections. It must not hold the loop itself, which would never be closed then.
    ///
    /// ```
    /// use std::cell::Cell;
    /// use coroutine_core::IoLoop;
    ///
    /// #[derive(Default)]
    /// struct Counter(Cell<u32>);
    ///
    /// let io_loop = IoLoop::current();
    /// io_loop.belonging(Counter::default).0.set(3);
    /// assert_eq!(io_loop.belonging(Counter::default).0.get(), 3);
    /// ```
    pub fn belonging<T: 'static>(&self, make: impl FnOnce() -> T) -> Rc<T> {
        let belongings = self.core().belongings();
        if let Some(value) = belongings.find() {
            return value;
        }
        let value = Rc::new(make());
        // It may have been made meanwhile, by the making of this one.
        if let Some(first) = belongings.find() {
            return first;
        }
        if !self.core().is_closed() {
            belongings.0.borrow_mut().push(value.clone());
        }
        value
    }
}
