//! Memory for nodes.
//!
//! Coroutines, promises and callbacks come and go by the thousand, in few sizes, and on one thread; the allocator's part would be more than half of what
//! they cost. So a thread keeps the blocks that were freed, by size, up to a limit, and gives them out again.
//!
//! Debug builds keep nothing, so that tools which watch the allocator see every use of a block after its end.

use std::alloc::{self, Layout, handle_alloc_error};
use std::cell::Cell;
use std::ptr::{self, NonNull};

/// Sizes are this many bytes apart, which is also the alignment of every block that is kept.
const STEP: usize = 16;

/// The smallest size. Allocators add a word to a block and round up to [`STEP`], so sizes that leave room for the word waste none.
const SMALLEST: usize = 24;

/// How many sizes are kept: blocks of up to 520 bytes.
const SIZES: usize = 32;

/// How many bytes are kept of each size.
const KEPT: usize = 256 * 1024;

/// A block that is kept.
struct Free {
    next: *mut Free,
}

/// The blocks of one size that are kept, as a list through their first words.
struct Shelf {
    first: Cell<*mut Free>,
    count: Cell<usize>,
}

struct Pool {
    shelves: [Shelf; SIZES],
    /// Whether nothing is kept any more: the thread is ending.
    closed: Cell<bool>,
}

thread_local! {
    /// It has no destructor, so that using it is a mere access to memory; [`KEEPER`] has.
    static POOL: Pool = const {
        Pool {
            shelves: [const { Shelf { first: Cell::new(ptr::null_mut()), count: Cell::new(0) } }; SIZES],
            closed: Cell::new(false),
        }
    };

    /// Empties the pool when the thread ends. It is there before the first block is, since it comes with the first one from the system.
    static KEEPER: Keeper = const { Keeper };
}

/// The number of the shelf for blocks of this layout, if there is one.
const fn shelf_of(layout: Layout) -> Option<usize> {
    if cfg!(debug_assertions) || layout.align() > STEP {
        return None;
    }
    let number = layout.size().saturating_sub(SMALLEST).div_ceil(STEP);
    if number < SIZES { Some(number) } else { None }
}

/// The layout of the blocks on a shelf.
const fn layout_of(shelf: usize) -> Layout {
    match Layout::from_size_align(SMALLEST + shelf * STEP, STEP) {
        Ok(layout) => layout,
        Err(_) => panic!("the sizes are small"),
    }
}

/// Room for a `T`, not initialised. To be given back with [`free`].
#[inline]
pub(crate) fn allocate<T>() -> NonNull<T> {
    let layout = const { Layout::new::<T>() };
    let Some(shelf) = (const { shelf_of(Layout::new::<T>()) }) else {
        return from_system(layout).cast();
    };
    let kept = POOL
        .try_with(|pool| pool.shelves[shelf].take())
        .ok()
        .flatten();
    kept.unwrap_or_else(|| from_system(layout_of(shelf))).cast()
}

/// Takes back room for a `T`.
///
/// # Safety
///
/// The room came from [`allocate`] for the same `T`, and nobody uses it any more.
#[inline]
pub(crate) unsafe fn free<T>(room: NonNull<T>) {
    let (room, layout) = (room.cast(), const { Layout::new::<T>() });
    let Some(shelf) = (const { shelf_of(Layout::new::<T>()) }) else {
        // SAFETY: a `T` with this layout has no shelf, so the room came from the system with this layout.
        return unsafe { alloc::dealloc(room.as_ptr(), layout) };
    };
    // SAFETY: the room is unused and of the shelf's layout.
    let kept = POOL.with(|pool| unsafe {
        !pool.closed.get() && pool.shelves[shelf].put(room, layout_of(shelf))
    });
    if !kept {
        // SAFETY: the room came from the system with the shelf's layout, at one time or another, and was not kept.
        unsafe { alloc::dealloc(room.as_ptr(), layout_of(shelf)) };
    }
}

// Of the C ABI since that does not unwind: callers hold what they want to put there, and need no code to drop it.
#[cold]
extern "C" fn system_block(size: usize, align: usize) -> NonNull<u8> {
    if KEEPER.try_with(|_| ()).is_err() {
        POOL.with(|pool| pool.closed.set(true));
    }
    debug_assert!(size != 0);
    // SAFETY: size and alignment are those of a layout; a node has a header, so the size is not zero.
    let (layout, room) = unsafe {
        let layout = Layout::from_size_align_unchecked(size, align);
        (layout, alloc::alloc(layout))
    };
    NonNull::new(room).unwrap_or_else(|| handle_alloc_error(layout))
}

fn from_system(layout: Layout) -> NonNull<u8> {
    system_block(layout.size(), layout.align())
}

impl Shelf {
    #[inline]
    fn take(&self) -> Option<NonNull<u8>> {
        let first = NonNull::new(self.first.get())?;
        // SAFETY: what is on the list is a block with a `Free` in it, which is nobody else's.
        self.first.set(unsafe { first.as_ref() }.next);
        self.count.set(self.count.get() - 1);
        Some(first.cast())
    }

    /// Keeps a block, and says whether there was a place for it.
    ///
    /// # Safety
    ///
    /// The block is unused, came from the system with `layout`, and that is the layout of this shelf.
    #[inline]
    unsafe fn put(&self, block: NonNull<u8>, layout: Layout) -> bool {
        let count = self.count.get();
        if count * layout.size() >= KEPT {
            return false;
        }
        let block = block.cast::<Free>();
        let next = self.first.get();
        // SAFETY: a block has room for a `Free` and its alignment, and nobody uses it.
        unsafe { block.write(Free { next }) };
        self.first.set(block.as_ptr());
        self.count.set(count + 1);
        true
    }
}

struct Keeper;

impl Drop for Keeper {
    fn drop(&mut self) {
        POOL.with(Pool::close);
    }
}

impl Pool {
    fn close(&self) {
        self.closed.set(true);
        for (number, shelf) in self.shelves.iter().enumerate() {
            while let Some(block) = shelf.take() {
                // SAFETY: the block came from the system with the shelf's layout.
                unsafe { alloc::dealloc(block.as_ptr(), layout_of(number)) };
            }
        }
    }
}
