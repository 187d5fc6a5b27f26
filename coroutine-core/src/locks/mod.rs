//! Coroutines that wait for one another: Tornado's `tornado.locks`.
//!
//! They are for coroutines of one thread, and take no part in what threads do. All of them serve first come, first served: whoever releases a permit gives it to the
//! first in line, so one that comes later cannot snatch it. To wait begins with the call, not with the yield.
//!
//! Each is a handle: a clone is the same lock. So guards and what is waited for borrow nothing, and a coroutine may keep them across its yields.
//!
//! A guard gives back what it stands for when it is dropped: at the end of its block, when a panic goes through, and when its coroutine is cancelled. One that waits
//! and is dropped leaves the line, and what it was given but never got is passed on.
//!
//! None of these wakes a loop: when all of a loop's coroutines wait for one another, [`IoLoop::start`](crate::IoLoop::start) says where.
//!
//! ```
//! use coroutine_core::locks::Lock;
//! use coroutine_core::{self as co, IoLoop};
//!
//! #[co::coroutine]
//! fn deposit(account: Lock<u32>, amount: u32) {
//!     let mut balance = yield_!(account.acquire());
//!     let before = *balance;
//!     yield_!(co::moment()); // nobody else gets at the account meanwhile
//!     *balance = before + amount;
//! }
//!
//! let account = Lock::new(0);
//! let for_both = account.clone();
//! IoLoop::current().run_sync(move || vec![deposit(for_both.clone(), 1), deposit(for_both, 2)])?;
//! assert_eq!(*account.try_acquire().unwrap(), 3);
//! # Ok::<(), co::LoopError>(())
//! ```

mod condition;
mod error;
mod event;
mod line;
mod lock;
mod semaphore;

pub use condition::{Condition, Notified};
pub use error::ReleaseError;
pub use event::Event;
pub(crate) use line::Line;
pub use line::Wait;
pub use lock::{Lock, LockGuard};
pub use semaphore::{BoundedSemaphore, Permit, Semaphore};
