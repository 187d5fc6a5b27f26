//! How each contestant is set up: its fastest usual single-threaded configuration.

use std::future::Future;
use std::io;

use async_executor::{LocalExecutor, StaticLocalExecutor};
use coroutine_core::IoLoop;
use glommio::{LocalExecutorBuilder, Placement};
use monoio::{FusionDriver, RuntimeBuilder};

use crate::work::Unavailable;

/// Runs the future on this thread's loop.
pub fn ours<T: 'static>(future: impl Future<Output = T> + 'static) -> Result<T, Unavailable> {
    Ok(IoLoop::current().run_sync(|| future)?)
}

/// Runs the future on a tokio runtime whose tasks stay on this thread, with timers and sockets.
pub fn tokio<T>(future: impl Future<Output = T>) -> Result<T, Unavailable> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok(tokio::task::LocalSet::new().block_on(&runtime, future))
}

/// Runs the future on a tokio runtime of one thread whose tasks could move to another: for servers, which do not mind,
/// this is less to do than a `LocalSet`.
pub fn tokio_io<T>(future: impl Future<Output = T>) -> Result<T, Unavailable> {
    Ok(tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(future))
}

/// Runs the future on a leaked async-executor (its tasks cost less than those of one that can be dropped), driven by
/// async-io.
pub fn async_executor<T, F: Future<Output = T>>(
    main: impl FnOnce(&'static StaticLocalExecutor) -> F,
) -> Result<T, Unavailable> {
    let executor = LocalExecutor::new().leak();
    Ok(async_io::block_on(executor.run(main(executor))))
}

/// Runs the future on monoio: io_uring where the kernel has it, else epoll.
pub fn monoio<T>(future: impl Future<Output = T>) -> Result<T, Unavailable> {
    Ok(RuntimeBuilder::<FusionDriver>::new()
        .enable_timer()
        .build()?
        .block_on(future))
}

/// Runs the future on glommio, which exists on io_uring only, and panics without it.
pub fn glommio<T>(future: impl Future<Output = T>) -> Result<T, Unavailable> {
    io_uring()?;
    let executor = LocalExecutorBuilder::new(Placement::Unbound).make();
    Ok(executor.map_err(|error| error.to_string())?.run(future))
}

/// Whether the kernel lets us have io_uring, and why not.
pub fn io_uring() -> io::Result<()> {
    let no_parameters = std::ptr::null_mut::<libc::c_void>();
    // SAFETY: the kernel checks the address of the parameters, and refuses this one.
    unsafe { libc::syscall(libc::SYS_io_uring_setup, 1, no_parameters) };
    match io::Error::last_os_error() {
        error if error.raw_os_error() == Some(libc::EFAULT) => Ok(()),
        error => Err(io::Error::new(
            error.kind(),
            format!("no io_uring: {error}"),
        )),
    }
}
