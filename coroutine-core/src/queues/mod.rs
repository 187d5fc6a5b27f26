//! Queues between coroutines: Tornado's `tornado.queues`.
//!
//! [`Queue`] gives items in the order in which they came, [`PriorityQueue`] the least first, [`LifoQueue`] the latest first. A queue with a `maxsize` has those who put wait
//! while it is full; zero is no bound. A clone is the same queue. Iteration, Tornado's `async for`, is a loop around [`get`](OrderedQueue::get).
//!
//! As with [locks](crate::locks), who comes first is served first, and a coroutine that is dropped or cancelled while it waits takes nothing along.
//!
//! ```
//! use coroutine_core::queues::Queue;
//! use coroutine_core::{self as co, IoLoop};
//!
//! #[co::coroutine]
//! fn consume(queue: Queue<u32>) {
//!     loop {
//!         let item = yield_!(queue.get());
//!         println!("working on {item}");
//!         queue.task_done().expect("an item was got");
//!     }
//! }
//!
//! #[co::coroutine]
//! fn produce() {
//!     let queue = Queue::new(2);
//!     let consumer = consume(queue.clone());
//!     for item in 0..5 {
//!         yield_!(queue.put(item));
//!     }
//!     yield_!(queue.join()); // until all of them are worked on
//!     consumer.cancel();
//! }
//!
//! IoLoop::current().run_sync(produce)?;
//! # Ok::<(), co::LoopError>(())
//! ```

mod error;
mod get;
mod order;
mod put;
mod queue;

pub use error::{PutError, TaskDoneError};
pub use get::Get;
pub use order::{Heap, Storage};
pub use put::TimedPut;
pub use queue::{LifoQueue, OrderedQueue, PriorityQueue, Queue};
