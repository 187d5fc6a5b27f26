#[co::coroutine]
fn distance(
    (x, y): (f64, f64),
    Point { x: to_x, .. }: Point,
    _: Guard,
    mut steps: u32,
    unused: u32,
) -> f64 {
    steps += 1;
    (x - to_x) / f64::from(steps)
}
