//! Values that go with a coroutine: what it sets stays set across its yields, and whatever it starts begins with the same values.
//!
//! The variables that are set are a small table, shared by everybody who sees the same values and copied by whoever sets one. The table of whoever runs
//! lies in [`CURRENT`]; the others keep theirs in a [`Context`], and exchange the two when they run and when they are done. While nobody on the thread has ever
//! set a variable there is nothing to exchange, and a switch costs no more than a look at a flag.

use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::future::Future as StdFuture;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context as TaskContext, Poll};

use pin_project_lite::pin_project;

use crate::here::HERE;
use crate::log;

/// A variable's value. Of which type it is, the variable knows.
type Value = Rc<dyn Any>;

/// The variables that are set, by number; there are few. None where there is none.
type Table = Option<Rc<Vec<(usize, Value)>>>;

thread_local! {
    /// The variables of whoever runs; nothing between the callbacks of a loop.
    ///
    /// It has no destructor, so that it can be asked from those of other thread-locals; [`KEEPER`] has.
    static CURRENT: Cell<ManuallyDrop<Table>> = const { Cell::new(ManuallyDrop::new(None)) };

    /// Drops what is set outside of any coroutine when the thread ends.
    static KEEPER: Keeper = const { Keeper };
}

/// Whether a variable was ever set on this thread.
#[inline]
fn are_used() -> bool {
    HERE.with(|here| here.has_variables.get())
}

struct Keeper;

impl Drop for Keeper {
    fn drop(&mut self) {
        let table = ManuallyDrop::into_inner(CURRENT.take());
        log::catching("a destructor of a variable's value", || drop(table));
    }
}

/// Looks at the variables of whoever runs. Nothing foreign may run meanwhile: it would find none.
fn with_current<R>(look: impl FnOnce(&mut Table) -> R) -> R {
    let mut table = CURRENT.take();
    let result = look(&mut table);
    CURRENT.set(table);
    result
}

/// Sets a variable for whoever runs, or unsets it, and gives back what it was before. Runs no foreign code.
fn replace(variable: usize, value: Option<Value>) -> Option<Value> {
    if KEEPER.try_with(|_| ()).is_err() {
        // The thread is ending, and nobody would drop the value any more.
        return value;
    }
    HERE.with(|here| here.has_variables.set(true));
    with_current(|table| {
        let entries = Rc::make_mut(table.get_or_insert_default());
        let at = entries.iter().position(|(number, _)| *number == variable);
        let before = match (at, value) {
            (Some(at), Some(value)) => Some(std::mem::replace(&mut entries[at].1, value)),
            (Some(at), None) => Some(entries.swap_remove(at).1),
            (None, Some(value)) => {
                entries.push((variable, value));
                None
            }
            (None, None) => None,
        };
        if entries.is_empty() {
            *table = None;
        }
        before
    })
}

fn find(variable: usize) -> Option<Value> {
    with_current(|table| {
        let mut entries = table.iter().flat_map(|entries| entries.iter());
        let entry = entries.find(|(number, _)| *number == variable);
        entry.map(|(_, value)| Rc::clone(value))
    })
}

/// The variables of a coroutine or callback that does not run. While it runs, those of whoever ran before.
#[derive(Default)]
pub(crate) struct Context(Cell<ManuallyDrop<Table>>);

impl Context {
    /// The variables of whoever runs, for somebody whom it starts.
    #[inline]
    pub(crate) fn inherit() -> Self {
        let context = Self::default();
        if are_used() {
            let table = with_current(|table| table.clone());
            context.0.set(ManuallyDrop::new(table));
        }
        context
    }

    /// Makes these the variables of whoever runs, until the result is dropped.
    #[inline]
    pub(crate) fn enter(&self) -> Entered<'_> {
        self.exchange();
        Entered(self)
    }

    /// Calls `last`, which does not unwind, with these variables, and drops them.
    #[inline]
    pub(crate) fn end(&self, last: impl FnOnce()) {
        self.exchange();
        last();
        // Also where `last` was the first on this thread to set a variable.
        if are_used() {
            self.leave_for_good();
        }
    }

    #[cold]
    fn leave_for_good(&self) {
        self.exchange();
        self.clear();
    }

    /// Drops the variables. A panic of a destructor is logged.
    #[inline]
    pub(crate) fn clear(&self) {
        if are_used()
            && let Some(table) = ManuallyDrop::into_inner(self.0.take())
        {
            log::catching("a destructor of a variable's value", || drop(table));
        }
    }

    /// Exchanges these and the variables of whoever runs.
    #[inline]
    pub(crate) fn exchange(&self) {
        if are_used() {
            CURRENT.with(|current| current.swap(&self.0));
        }
    }
}

impl Drop for Context {
    #[inline]
    fn drop(&mut self) {
        self.clear();
    }
}

/// Ends what [`Context::enter`] has begun.
pub(crate) struct Entered<'a>(&'a Context);

impl Drop for Entered<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.exchange();
    }
}

/// A variable that every coroutine has for itself, such as the user on whose behalf it works. Python's `contextvars.ContextVar`, which Tornado keeps
/// across yields.
///
/// What a coroutine sets it keeps across its yields. A coroutine begins with the values of whoever starts it, and so does a callback with those of
/// whoever adds it: with `add_callback`, `call_later`, `add_done_callback` and their like. What either sets from then on, nobody else sees. A lazy coroutine and
/// any other future is a part of the coroutine that yields it. A callback from another thread, through a [`Handle`](crate::Handle), begins without values.
///
/// ```
/// use coroutine_core::{self as co, ContextVar, IoLoop};
///
/// static USER: ContextVar<String> = ContextVar::new(|| "nobody".to_owned());
///
/// #[co::coroutine]
/// fn greeting() -> String {
///     yield_!(co::moment());
///     USER.with(|user| format!("hello, {user}"))
/// }
///
/// #[co::coroutine]
/// fn request(user: &'static str) -> String {
///     USER.set(user.to_owned());
///     yield_!(greeting())
/// }
///
/// #[co::coroutine]
/// fn requests() -> Vec<String> {
///     let greetings = yield_!(vec![request("Ada"), request("Grace")]);
///     assert_eq!(USER.get(), "nobody");
///     greetings
/// }
///
/// let greetings = IoLoop::current().run_sync(requests)?;
/// assert_eq!(greetings, ["hello, Ada", "hello, Grace"]);
/// # Ok::<(), co::LoopError>(())
/// ```
pub struct ContextVar<T: 'static> {
    /// The number by which tables know it; zero until it is first asked for.
    number: AtomicUsize,
    default: fn() -> T,
}

impl<T: 'static> ContextVar<T> {
    /// A variable whose value is what `default` gives, made anew each time, where none is set. For a `static`.
    #[must_use]
    pub const fn new(default: fn() -> T) -> Self {
        Self {
            number: AtomicUsize::new(0),
            default,
        }
    }

    /// Calls `look` with the value.
    pub fn with<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        let value = find(self.number());
        match value.as_ref().and_then(|value| value.downcast_ref()) {
            Some(value) => look(value),
            None => look(&(self.default)()),
        }
    }

    /// A copy of the value.
    #[must_use]
    pub fn get(&self) -> T
    where
        T: Clone,
    {
        self.with(T::clone)
    }

    /// Sets the value, for the running coroutine or callback and what it starts from now on; outside of both, for the thread.
    pub fn set(&self, value: T) {
        drop(replace(self.number(), Some(Rc::new(value))));
    }

    /// The same future, with the variable set to `value` for as long as it runs. What the future sets itself ends with it as well.
    ///
    /// ```
    /// # use coroutine_core::{self as co, ContextVar, IoLoop};
    /// static DEPTH: ContextVar<u32> = ContextVar::new(|| 0);
    ///
    /// #[co::coroutine]
    /// fn measured() -> (u32, u32) {
    ///     (yield_!(DEPTH.scope(1, async { DEPTH.get() })), DEPTH.get())
    /// }
    ///
    /// assert_eq!(IoLoop::current().run_sync(measured)?, (1, 0));
    /// # Ok::<(), co::LoopError>(())
    /// ```
    pub fn scope<F: StdFuture>(&self, value: T, future: F) -> Scoped<F> {
        Scoped {
            variable: self.number(),
            value: Some(Rc::new(value)),
            future: Some(future),
        }
    }

    /// Calls `function` with the variable set to `value`.
    pub fn sync_scope<R>(&self, value: T, function: impl FnOnce() -> R) -> R {
        let mut value: Option<Value> = Some(Rc::new(value));
        let _set = Exchanged::new(self.number(), &mut value);
        function()
    }

    fn number(&self) -> usize {
        match self.number.load(Ordering::Relaxed) {
            0 => self.new_number(),
            number => number,
        }
    }

    #[cold]
    fn new_number(&self) -> usize {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        let new = NEXT.fetch_add(1, Ordering::Relaxed);
        let set = self
            .number
            .compare_exchange(0, new, Ordering::Relaxed, Ordering::Relaxed);
        set.map_or_else(|first| first, |_| new)
    }
}

impl<T: 'static> fmt::Debug for ContextVar<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContextVar").finish_non_exhaustive()
    }
}

/// A variable that has the value from `place`, which has the variable's meanwhile.
struct Exchanged<'a> {
    variable: usize,
    place: &'a mut Option<Value>,
}

impl<'a> Exchanged<'a> {
    fn new(variable: usize, place: &'a mut Option<Value>) -> Self {
        *place = replace(variable, place.take());
        Self { variable, place }
    }
}

impl Drop for Exchanged<'_> {
    fn drop(&mut self) {
        *self.place = replace(self.variable, self.place.take());
    }
}

pin_project! {
    /// What [`ContextVar::scope`] gives.
    #[must_use = "a future does nothing unless it is yielded"]
    pub struct Scoped<F> {
        variable: usize,
        // The scope's own value, and that from outside while the future runs.
        value: Option<Value>,
        // Away once it is dropped.
        #[pin]
        future: Option<F>,
    }

    /// The future's destructors see the scope's value too.
    impl<F> PinnedDrop for Scoped<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _set = Exchanged::new(*this.variable, this.value);
            this.future.set(None);
        }
    }
}

impl<F: StdFuture> StdFuture for Scoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<F::Output> {
        let this = self.project();
        let future = this.future.as_pin_mut();
        let future = future.expect("it is away only when this is dropped");
        let _set = Exchanged::new(*this.variable, this.value);
        future.poll(cx)
    }
}

impl<F> fmt::Debug for Scoped<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scoped").finish_non_exhaustive()
    }
}
