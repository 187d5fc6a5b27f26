#[co::coroutine]
fn show<T, const N: usize>(values: [T; N], separator: impl Display + 'static) -> impl Display
where
    T: Display + 'static,
{
    yield_!(co::moment());
    values.map(|value| format!("{value}{separator}")).concat()
}
