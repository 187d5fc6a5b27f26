use coroutine_core as co;

macro_rules! point_of {
    ($yielder:tt . wait ($point:tt) . await) => {
        $point
    };
}

#[co::generator(yield = &'a str)]
fn smuggler<'a>(text: &'a str) {
    let point: Box<dyn Future<Output = ()> + 'static> = Box::new(point_of!(yield_!(text)));
    drop(point);
}

fn main() {}
