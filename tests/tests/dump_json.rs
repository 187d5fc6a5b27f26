//! Dumps as other programs read them.

use std::time::Duration;

use coroutine_core::locks::Lock;
use coroutine_core::{self as co, Future, IoLoop, promise};
use coroutine_tests::with_loop;
use serde_json::{Value, json};

const HOUR: Duration = Duration::from_secs(3600);

#[co::coroutine]
fn child(of: Future<()>) {
    yield_!(of);
}

#[co::coroutine]
fn parent(of: Future<()>) {
    yield_!((child(of), co::sleep(HOUR)));
}

#[co::coroutine(name = "say \"{word}\"")]
fn locks(word: &'static str, lock: Lock) {
    let _held = yield_!(lock.acquire());
    yield_!(std::future::pending::<()>());
    assert!(!word.is_empty());
}

fn dump(io_loop: &IoLoop) -> Value {
    let text = serde_json::to_string(&io_loop.dump()).expect("it can be written");
    serde_json::from_str(&text).expect("it can be read")
}

/// The coroutine that is known by `id`.
fn node(dump: &Value, id: &Value) -> Value {
    let mut nodes = dump["coroutines"].as_array().into_iter().flatten();
    nodes
        .find(|node| node["id"] == *id)
        .cloned()
        .expect("it is there")
}

#[test]
fn a_tree_is_a_list_of_nodes_that_name_each_other() {
    with_loop(|io_loop| {
        let (_promise, of) = promise();
        let made_at = line!() - 1;
        let _parent = parent(of);
        let dump = dump(&io_loop);
        assert_eq!(dump["roots"].as_array().map(Vec::len), Some(1));
        assert_eq!(dump["coroutines"].as_array().map(Vec::len), Some(4));
        let root = node(&dump, &dump["roots"][0]);
        assert_eq!(
            [
                &root["kind"],
                &root["name"],
                &root["module"],
                &root["status"]
            ],
            ["coroutine", "parent", "dump_json", "suspended"]
        );
        assert_eq!(root["operand"], "(child(of), co::sleep(HOUR))");
        assert_eq!([&root["site"], &root["line"]], [0, 19]);
        assert!(root["bytes"].as_u64() > Some(0) && root["waited_ms"].is_u64());
        let [first, second] = [0, 1].map(|index| node(&dump, &root["children"][index]));
        assert_eq!(
            (&first["kind"], &first["member"]),
            (&json!("member"), &json!(0))
        );
        assert_eq!((&first["name"], &first["file"]), (&json!(""), &Value::Null));
        assert_eq!(second["waits_for"][0]["kind"], "timer");
        assert!(second["waits_for"][0]["due_in_ms"].as_u64() > Some(3_590_000));
        let child = node(&dump, &first["children"][0]);
        let promise = &child["waits_for"][0];
        assert_eq!(promise["kind"], "promise");
        assert_eq!(promise["made_at"]["line"], made_at);
        assert_eq!(promise["shared"], false);
    });
}

#[test]
fn names_are_escaped_and_holders_are_named() {
    with_loop(|io_loop| {
        let lock = Lock::new(());
        let _both = [locks("a\\b", lock.clone()), locks("\u{1}\n", lock)];
        let dump = dump(&io_loop);
        let holder = node(&dump, &dump["roots"][0]);
        let waiter = node(&dump, &dump["roots"][1]);
        assert_eq!(holder["name"], "say \"a\\b\"");
        assert_eq!(waiter["name"], "say \"\u{1}\n\"");
        assert_eq!(holder["waits_for"][0]["kind"], "future");
        let line = &waiter["waits_for"][0];
        assert_eq!(
            (&line["kind"], &line["what"]),
            (&json!("line"), &json!("a lock"))
        );
        assert_eq!(line["holder"], holder["id"]);
    });
}
