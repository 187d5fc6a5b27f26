use coroutine_core as co;

#[co::coroutine]
fn number(text: Option<u32>) -> Result<u32, String> {
    let number = text?;
    Ok(number)
}

fn main() {}
