//! Generators: functions that hand out values one by one, and take one in between.
//!
//! A generator's body is an `async` block that nobody but the generator polls. A yield point hands its value over by way of the waker that the body is
//! polled with: the waker's data is the [`slot`], which lies on the stack of whoever resumes.
//!
//! ```text
//!  Generator -- start --> Started -- send, throw, next --> .. -- returned --> finished
//!      \---- next (resume = ()) --> ..      \------------------ close -----------^
//! ```

mod asynchronous;
mod boxed;
mod inline;
mod into_iter;
mod phase;
mod serial;
mod slot;
mod started;
mod state;

pub use asynchronous::{AsyncGenerator, Ending};
pub use boxed::BoxedGenerator;
pub use inline::Generator;
pub use into_iter::IntoIter;
pub use slot::{Item, Yielder};
pub use started::{Home, Started};
pub use state::{GeneratorState, SendError};
