#[co::main]
fn main() -> Result<(), Error> {
    let page = yield_!(fetch("http://127.0.0.1/"))?;
    println!("{page}");
    Ok(())
}
