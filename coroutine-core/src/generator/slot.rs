//! Where a yield point and whoever resumes the generator hand values over to each other.

use std::cell::Cell;
use std::future::Future as StdFuture;
use std::marker::PhantomData;
use std::mem::{self, ManuallyDrop, MaybeUninit};
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

use super::serial::Serial;

/// In place of a yield point's number: nothing was yielded.
const NO_SITE: u32 = 1 << 16;

/// The part of a slot that a yield point may look at before it knows whose the slot is.
#[repr(C)]
struct Head<'a> {
    /// The generator that is resumed.
    serial: Serial,
    /// Whom the body's own wakers wake.
    outer: &'a Waker,
}

/// One resumption: the argument on its way in, then the value on its way out.
///
/// It lies on the stack of whoever resumes, and the waker that the body is polled with points at it.
#[repr(C)]
pub(super) struct Slot<'a, Y, R> {
    head: Head<'a>,
    /// Whether the argument is there.
    has_argument: Cell<bool>,
    argument: Cell<MaybeUninit<R>>,
    /// The number of the yield point whose value is there, or [`NO_SITE`].
    ///
    /// Beside the argument's flag, though never both are there: what the compiler can follow apart it leaves out where a body is inlined.
    site: Cell<u32>,
    value: Cell<MaybeUninit<Y>>,
}

impl<'a, Y, R> Slot<'a, Y, R> {
    #[inline]
    pub(super) fn new(serial: Serial, outer: &'a Waker, argument: Option<R>) -> Self {
        Self {
            head: Head { serial, outer },
            has_argument: Cell::new(argument.is_some()),
            argument: Cell::new(argument.map_or_else(MaybeUninit::uninit, MaybeUninit::new)),
            site: Cell::new(NO_SITE),
            value: Cell::new(MaybeUninit::uninit()),
        }
    }

    /// Polls the body of the generator that the slot was made for.
    #[inline]
    pub(super) fn poll<F: StdFuture>(&self, body: Pin<&mut F>) -> Poll<F::Output> {
        let data = (&raw const *self).cast();
        // SAFETY: the functions of `VTABLE` ask for a pointer to a live `Head`. The slot is borrowed for longer than the waker is there: the
        // body sees no more than a reference to it, and a clone of it does not point at the slot.
        let waker = ManuallyDrop::new(unsafe { Waker::new(data, &VTABLE) });
        body.poll(&mut Context::from_waker(&waker))
    }

    /// The value that the body has yielded, and the number of the yield point.
    #[inline]
    pub(super) fn take_value(&self) -> Option<(Y, u16)> {
        let site = u16::try_from(self.site.get()).ok()?;
        self.site.set(NO_SITE);
        // SAFETY: there was a number, so the value is there, and it is taken out once.
        let value = unsafe { self.value.replace(MaybeUninit::uninit()).assume_init() };
        Some((value, site))
    }

    #[inline]
    fn put_value(&self, value: Y, site: u16) {
        if self.site.get() != NO_SITE {
            second_yield();
        }
        self.value.set(MaybeUninit::new(value));
        self.site.set(site.into());
    }

    #[inline]
    fn take_argument(&self) -> R {
        if !self.has_argument.replace(false) {
            no_argument();
        }
        // SAFETY: the flag told that the argument is there, and it is taken out once.
        unsafe { self.argument.replace(MaybeUninit::uninit()).assume_init() }
    }
}

/// A body that unwinds, or waits for something else, leaves behind what was handed over.
impl<Y, R> Drop for Slot<'_, Y, R> {
    #[inline]
    fn drop(&mut self) {
        if mem::needs_drop::<R>() && self.has_argument.get() {
            // SAFETY: the flag tells that the argument is there.
            unsafe { self.argument.get_mut().assume_init_drop() };
        }
        if mem::needs_drop::<Y>() && self.site.get() != NO_SITE {
            // SAFETY: the number tells that the value is there.
            unsafe { self.value.get_mut().assume_init_drop() };
        }
    }
}

/// What a generator's yield points are made from: it tells whose they are.
///
/// It is invariant in both types, as the generator is, so that a yield point's types are those of the slot with the same serial number, lifetimes
/// included. It stays on its thread, as the yield points do, so that a slot is used by one thread alone.
pub struct Yielder<Y, R> {
    serial: Serial,
    types: PhantomData<*mut (Y, R)>,
}

impl<Y, R> Clone for Yielder<Y, R> {
    #[inline]
    fn clone(&self) -> Self {
        *self
    }
}

impl<Y, R> Copy for Yielder<Y, R> {}

/// What is yielded. A struct of its own, so that a wrong type is reported on the field's value, and with no word about our methods.
pub struct Item<Y> {
    /// The value.
    pub value: Y,
}

impl<Y, R> Yielder<Y, R> {
    #[inline]
    pub(super) fn new(serial: Serial) -> Self {
        Self {
            serial,
            types: PhantomData,
        }
    }

    /// What the macro makes in the place of a yield point: `yielder.at::<3>(Item { value })`.
    #[inline]
    pub fn at<const SITE: u16>(self, item: Item<Y>) -> Yield<SITE, Y, R> {
        Yield {
            yielder: self,
            value: Some(item.value),
        }
    }

    /// What the macro awaits: a call around the statement that makes the yield point, so that errors have a call to point at.
    #[inline]
    pub fn wait<const SITE: u16>(self, point: Yield<SITE, Y, R>) -> Yield<SITE, Y, R> {
        point
    }

    /// The slot behind a context, which must be this generator's own.
    #[inline]
    fn slot<'a>(&'a self, cx: &'a Context<'_>) -> &'a Slot<'a, Y, R> {
        let waker = cx.waker();
        // The vtable is a static that has an address of its own, and `Slot::poll` alone makes wakers with it.
        if !ptr::eq(waker.vtable(), &raw const VTABLE) {
            smuggled();
        }
        let head = waker.data().cast::<Head<'_>>();
        // SAFETY: the data of a waker with this vtable is a slot, which begins with its head and is there for as long as the waker. The head never changes.
        if unsafe { (*head).serial } != self.serial {
            smuggled();
        }
        // SAFETY: the serial number is that of this very generator, so the types are the slot's (`Yielder` is invariant, and made with its generator only).
        // This is the slot's thread, since `Yielder` has not left it and no other thread's generator has the number.
        unsafe { &*head.cast() }
    }
}

/// A yield point.
#[must_use = "a yield point is to be awaited"]
pub struct Yield<const SITE: u16, Y, R> {
    yielder: Yielder<Y, R>,
    /// The value, until it is handed over.
    value: Option<Y>,
}

// The value is never pinned.
impl<const SITE: u16, Y, R> Unpin for Yield<SITE, Y, R> {}

impl<const SITE: u16, Y, R> StdFuture for Yield<SITE, Y, R> {
    type Output = R;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        let this = &mut *self;
        // Taken before the slot is looked at, and so kept out of the body's memory where the body is inlined.
        if let Some(value) = this.value.take() {
            this.yielder.slot(cx).put_value(value, SITE);
            Poll::Pending
        } else {
            Poll::Ready(this.yielder.slot(cx).take_argument())
        }
    }
}

#[cold]
#[inline(never)]
fn smuggled() -> ! {
    panic!(
        "a generator's yield point was polled by somebody else: it can stand in the generator's own body only, not in what another macro makes of it"
    );
}

#[cold]
#[inline(never)]
fn second_yield() -> ! {
    panic!(
        "a generator has yielded twice at a time: a combinator polls several of its yield points"
    );
}

#[cold]
#[inline(never)]
fn no_argument() -> ! {
    panic!("a generator's yield point was polled once more before the generator was resumed");
}

/// The waker of a slot. Its data is the slot's head.
///
/// A `&Waker` may be used on another thread while the body is polled, so these functions read only what never changes meanwhile.
static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake, |_| {});

unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: the data is a live head.
    let head = unsafe { &*data.cast::<Head<'_>>() };
    let outer = ManuallyDrop::new(head.outer.clone());
    RawWaker::new(outer.data(), outer.vtable())
}

unsafe fn wake(data: *const ()) {
    // SAFETY: the data is a live head.
    unsafe { &*data.cast::<Head<'_>>() }.outer.wake_by_ref();
}
