//! Noticing the end of a stream that nobody reads.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::reader::Claim;
use super::shared::{self, Shared};

/// How many bytes are read ahead, at most, to see whether the stream has ended.
const AHEAD: usize = 8 << 10;

/// Waits for the end of the stream. While nobody reads, and nothing is there to be read, it reads ahead.
pub(super) async fn watch(shared: Rc<Shared>) {
    poll_fn(|cx| poll_watch(&shared, cx)).await;
}

fn poll_watch(shared: &Rc<Shared>, cx: &mut Context<'_>) -> Poll<()> {
    while !shared.is_over() {
        if !poll_ahead(shared, cx) {
            // Only now, since giving back a claim wakes this.
            return Shared::wait(&shared.watcher, cx);
        }
    }
    Poll::Ready(())
}

/// Reads some bytes, unless somebody else does, or there are some. Says whether it did.
fn poll_ahead(shared: &Rc<Shared>, cx: &mut Context<'_>) -> bool {
    let Ok(claim) = Claim::new(shared) else {
        return false;
    };
    let limit = shared.max_buffer_size.get().clamp(1, AHEAD);
    if claim.buffered() > 0 || claim.poll_fill(cx, limit).is_pending() {
        return false;
    }
    // A read through `AsyncRead` waits without a claim.
    shared::wake(&shared.reader);
    true
}
