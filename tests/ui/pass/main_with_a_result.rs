use coroutine_core as co;

#[co::main]
pub(crate) fn main() -> Result<(), std::num::ParseIntError> {
    let text = yield_!(async { "5" });
    assert_eq!(text.parse::<u32>()?, 5);
    Ok(())
}
