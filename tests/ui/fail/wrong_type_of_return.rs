use coroutine_core as co;

#[co::coroutine]
fn number(early: bool) -> u32 {
    if early {
        return "five";
    }
    5
}

fn main() {}
