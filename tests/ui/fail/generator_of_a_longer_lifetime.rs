use coroutine_core::BoxedGenerator;

fn shorter<'a>(
    longer: BoxedGenerator<'a, &'static str>,
) -> BoxedGenerator<'a, &'a str> {
    longer
}

fn main() {}
