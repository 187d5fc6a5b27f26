//! Those that one coroutine waits for all at once, each of which is woken by itself.
//!
//! A member is polled as if it were a task of its own: with a waker that leads to its [`Member`], a node that takes down which one was woken and wakes
//! whoever waits for the crew. So only members that were woken are polled, and many cost no more than each by itself. Since the node poses as a task, all that
//! a task can be asked holds for it as well: clones of its waker work on any thread, and are counted while it waits.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::iter;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::asker;
use crate::context_var;
use crate::loop_core::LoopCore;
use crate::node::{self, AnyNode, Kind, Local, Node, TaskRef};
use crate::scope::{Part, Scope};
use crate::site::StateCode;
use crate::task::{self, ASKED, ENDED, QUEUED, TaskPart};
use crate::waker;

/// The members of a list or of a `WaitIterator`, known by their indices. Their futures lie with whoever owns the crew.
pub(crate) struct Crew {
    bell: Rc<Bell>,
    /// Each member's node, once it was polled. None after it has left, too.
    posts: Vec<Option<Post>>,
    /// The loop of the task that has polled the crew last. Where that was no task of ours (another crate's combinator with wakers of its own), nobody can be
    /// told which member was woken: then they are polled with the waker that the crew is polled with, all of them each time, in the order of their indices.
    home: Option<Rc<LoopCore>>,
}

/// Who was woken, and whom to tell.
struct Bell {
    /// The task that waits for the crew.
    waiter: Cell<Option<AnyNode>>,
    /// At which of its runs it has polled the crew. It may wait for something else since.
    run: Cell<u32>,
    /// In the order of their waking. May contain members that have left.
    woken: RefCell<VecDeque<usize>>,
}

impl Bell {
    fn ring(&self, index: usize) {
        self.woken.borrow_mut().push_back(index);
        let waiter = self.waiter.take();
        if let Some(waiter) = &waiter {
            waiter.schedule();
        }
        self.waiter.set(waiter);
    }

    /// Whether the crew is what its waiter waits for.
    fn is_waited_for(&self) -> bool {
        // A list may be polled by a member of its own, and comes back to here then.
        let waiter = self.waiter.take();
        let waits = |waiter| asker::stands_at(waiter, self.run.get());
        let is_waited_for = waiter.as_ref().is_some_and(waits);
        self.waiter.set(waiter);
        is_waited_for
    }

    /// Takes out a member that was woken in its last poll. Whoever comes to its place would be polled for it, and of one who leaves so each time there would be
    /// more and more.
    fn forget(&self, index: usize) {
        let mut woken = self.woken.borrow_mut();
        // It stands near the end: what is behind it was woken during that poll, too.
        if let Some(at) = woken.iter().rposition(|&woken| woken == index) {
            woken.remove(at);
        }
    }
}

impl Crew {
    /// A crew with so many members, all of which are polled first.
    pub(crate) fn new(count: usize) -> Self {
        let bell = Bell {
            waiter: Cell::new(None),
            run: Cell::new(0),
            woken: RefCell::new(VecDeque::new()),
        };
        Self {
            bell: Rc::new(bell),
            posts: iter::repeat_with(|| None).take(count).collect(),
            home: None,
        }
    }

    /// Adds a member that is to be polled, at an index that is free.
    pub(crate) fn join(&mut self, index: usize) {
        if index == self.posts.len() {
            self.posts.push(None);
        }
        self.bell.woken.borrow_mut().push_back(index);
    }

    /// A member is done, and nothing that it had waited for concerns the crew any more.
    pub(crate) fn leave(&mut self, index: usize) {
        let post = self.posts[index].take();
        if post.is_some_and(|post| post.is_woken()) {
            self.bell.forget(index);
        }
    }

    /// Has whoever polls with `cx` wait for the crew. Says how many members are to be polled now; those that are woken meanwhile come in a later poll.
    pub(crate) fn begin(&mut self, cx: &Context<'_>) -> usize {
        let waiter = Some(waker::waiter(cx)).filter(|node| node.kind() == Kind::Task);
        let home = waiter.as_ref().and_then(task::loop_of).cloned();
        let stays = self
            .home
            .as_ref()
            .zip(home.as_ref())
            .is_some_and(|(old, new)| Rc::ptr_eq(old, new));
        if !stays {
            self.start_anew();
        }
        self.home = home;
        self.bell.run.set(waiter.as_ref().map_or(0, asker::run_of));
        drop(self.bell.waiter.replace(waiter));
        self.bell.woken.borrow().len()
    }

    /// Has every member polled, since what they have registered leads nowhere.
    fn start_anew(&mut self) {
        self.posts.fill_with(|| None);
        let mut woken = self.bell.woken.borrow_mut();
        woken.clear();
        woken.extend(0..self.posts.len());
    }

    /// The member that was woken first. It may have left.
    pub(crate) fn next(&mut self) -> Option<usize> {
        self.bell.woken.borrow_mut().pop_front()
    }

    /// Calls `poll` with a context that wakes this member alone. It must not unwind.
    pub(crate) fn poll<R>(
        &mut self,
        index: usize,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        let Some(home) = &self.home else {
            return poll(cx);
        };
        let post = self.posts[index].get_or_insert_with(|| Post::new(home, &self.bell, index));
        post.run(poll)
    }

    /// Nobody waits for the crew for now.
    pub(crate) fn rest(&mut self) {
        drop(self.bell.waiter.take());
    }
}

/// Members may be woken as long as somebody has their wakers; nobody cares then.
impl Drop for Crew {
    fn drop(&mut self) {
        self.rest();
    }
}

/// A member's node as its crew owns it. When it goes, the node has ended.
struct Post(Local<Member>);

impl Post {
    fn new(home: &Rc<LoopCore>, bell: &Rc<Bell>, index: usize) -> Self {
        Self(Local::new(Member {
            // A member runs with the variables of whoever yields the list.
            part: TaskPart::new(Rc::clone(home), context_var::Context::default()),
            bell: Rc::clone(bell),
            index,
            scope: Scope::new(),
        }))
    }

    fn is_woken(&self) -> bool {
        self.0.flags().get() & QUEUED != 0
    }

    fn run<R>(&self, poll: impl FnOnce(&mut Context<'_>) -> Poll<R>) -> Poll<R> {
        let flags = self.0.flags();
        flags.set(flags.get() & !QUEUED);
        self.0.part.count_run();
        let header = self.0.header_ptr();
        let entered = self.0.scope.enter_as(header);
        let result = waker::with_running(&self.0, |waker| poll(&mut Context::from_waker(waker)));
        if result.is_pending() {
            entered.suspend(StateCode::ELSEWHERE, || Part::Member {
                index: self.0.index,
                node: header.addr(),
            });
        }
        // One that was asked may take several turns to come to where it waits.
        if flags.get() & QUEUED == 0 {
            flags.set(flags.get() & !ASKED);
        }
        result
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        let flags = self.0.flags();
        flags.set(flags.get() | ENDED);
        self.0.scope.end();
        self.0.part.count_run();
        waker::release(&self.0.part);
    }
}

/// What a member's wakers lead to. It begins as a task does, and is taken for one.
#[repr(C)]
pub(crate) struct Member {
    /// First, so that it is found without knowing the type.
    part: TaskPart,
    bell: Rc<Bell>,
    index: usize,
    scope: Scope,
}

// SAFETY: `Member` is `repr(C)` and begins with a `TaskPart`.
unsafe impl Node for Member {
    const KIND: Kind = Kind::Task;

    fn schedule(this: &Local<Self>) {
        let flags = this.flags();
        if flags.get() & (QUEUED | ENDED) == 0 {
            flags.set(flags.get() | QUEUED);
            this.bell.ring(this.index);
        }
    }

    /// A member runs when its crew is polled.
    fn run(this: &Local<Self>) {
        Self::schedule(this);
    }

    /// Whoever waits for the crew is woken by each of its members.
    fn show_waiters(this: &Local<Self>, show: &mut dyn FnMut(&AnyNode)) {
        node::show(&this.bell.waiter, show);
    }

    fn owner(this: &Local<Self>) -> Option<TaskRef> {
        let mut owner = None;
        node::show(&this.bell.waiter, &mut |waiter| owner = waiter.owner());
        owner
    }

    fn is_waited_for(this: &Local<Self>) -> bool {
        this.bell.is_waited_for()
    }
}
