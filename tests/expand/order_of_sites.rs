#[co::coroutine]
fn chain(client: Client) -> Response {
    while yield_!(client.busy()) {}
    let Some(user) = client.login().await.user().await else {
        return yield_!(refuse(yield_!(reason())));
    };
    match yield_!(client.get(user)) {
        response if response.is_ok() => response,
        _ => yield_! { client.retry() },
    }
}
