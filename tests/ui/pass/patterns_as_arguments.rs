use coroutine_core as co;

struct Point {
    x: i32,
    y: i32,
}

#[co::coroutine]
fn sum((a, mut b): (i32, i32), Point { x, .. }: Point, _: i32, ref c: i32, d: u32) -> i32 {
    yield_!(co::moment());
    b += 1;
    a + b + x + c + d as i32
}

pub(crate) fn main() {
    let point = Point { x: 3, y: 4 };
    assert_eq!(point.y, 4);
    let sum = co::IoLoop::current().run_sync(|| sum((1, 2), point, 5, 6, 7));
    assert_eq!(sum.expect("the sum"), 20);
}
