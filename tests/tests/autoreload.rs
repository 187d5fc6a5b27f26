//! A program that executes itself anew: `src/reloading.rs`, built twice.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio, id};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use coroutine_core as co;
use coroutine_http::{HttpClient, WebSocketError, websocket_connect};
use coroutine_tests::{LIMIT, wait_until, watchdog};

const OLD: &str = env!("CARGO_BIN_EXE_reloading");
const NEW: &str = env!("CARGO_BIN_EXE_reloading_too");

/// Held while a program is written or started: a process that is being started has the files of this one open for a moment, and a program that is open for
/// writing cannot be executed.
static WRITING: Mutex<()> = Mutex::new(());

fn copy(from: &str, to: &Path) {
    let _alone = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    fs::copy(from, to).expect("a copy");
}

/// A program in a folder of its own, which serves.
struct Program {
    folder: PathBuf,
    child: Child,
    output: BufReader<ChildStdout>,
    address: String,
    /// Where only the old version listens.
    extra: String,
}

impl Program {
    fn start(name: &str, file: Option<&str>) -> Self {
        let folder = std::env::temp_dir().join(format!("coroutine-{name}-{}", id()));
        fs::create_dir_all(&folder).expect("a folder");
        let program = folder.join("program");
        copy(OLD, &program);
        // A port that is free just now.
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = free.local_addr().expect("an address").to_string();
        drop(free);
        let mut command = Command::new(&program);
        command.arg(&address);
        if let Some(file) = file {
            command.arg(folder.join(file));
        }
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let alone = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut child = command.spawn().expect("it can be run");
        drop(alone);
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        let extra = read(&mut output).replace("extra ", "");
        assert_eq!(read(&mut output), format!("old at {address}"));
        Self {
            folder,
            child,
            output,
            address,
            extra,
        }
    }

    fn program(&self) -> PathBuf {
        self.folder.join("program")
    }

    fn line(&mut self) -> String {
        read(&mut self.output)
    }

    fn get(&self, path: &str) -> String {
        get(&self.address, path)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // They fail where it has gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn read(output: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    output.read_line(&mut line).expect("text");
    line.trim_end().to_owned()
}

fn get(address: &str, path: &str) -> String {
    let client = HttpClient::new();
    let response = client.fetch(format!("http://{address}{path}"));
    response.expect("an answer").text().into_owned()
}

/// Puts the file into the place of another, as a build does: half of it first, then another file.
fn replace(program: &Path) {
    fs::remove_file(program).expect("a file");
    let new = fs::read(NEW).expect("a file");
    fs::write(program, &new[..new.len() / 2]).expect("a file");
    thread::sleep(Duration::from_millis(700));
    fs::remove_file(program).expect("a file");
    copy(NEW, program);
}

/// A client that asks without a pause, and how often it had an answer.
fn hammer(address: &str) -> (Arc<AtomicBool>, Arc<AtomicUsize>, JoinHandle<Vec<String>>) {
    let (stop, count) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let (told, counted, address) = (Arc::clone(&stop), Arc::clone(&count), address.to_owned());
    let client = thread::spawn(move || {
        let mut answers = Vec::new();
        while !told.load(Ordering::Relaxed) {
            let answer = get(&address, "/");
            if answers.last() != Some(&answer) {
                answers.push(answer);
            }
            counted.fetch_add(1, Ordering::Relaxed);
        }
        answers
    });
    (stop, count, client)
}

#[test]
fn a_new_build_answers_at_the_same_port_and_no_connection_is_refused() {
    watchdog(LIMIT, || {
        let mut program = Program::start("reload", None);
        let pid = program.child.id();
        let (stop, count, client) = hammer(&program.address);
        wait_until(|| count.load(Ordering::Relaxed) > 10);
        let extra = program.extra.clone();
        replace(&program.program());
        assert_eq!(program.line(), "old goes");
        let address = program.address.clone();
        assert_eq!(program.line(), format!("new at {address}"));
        let before = count.load(Ordering::Relaxed);
        wait_until(|| count.load(Ordering::Relaxed) > before + 10);
        stop.store(true, Ordering::Relaxed);
        // The same process; and the client panics if one of its requests fails.
        let answers = client.join().expect("a client whose requests are answered");
        assert_eq!(answers, [format!("old {pid}"), format!("new {pid}")]);
        // What nobody asks for is closed after a while.
        wait_until(|| TcpStream::connect(&extra).is_err());
    });
}

#[test]
fn a_request_that_is_being_answered_comes_to_its_end() {
    watchdog(LIMIT, || {
        let mut program = Program::start("graceful", None);
        let address = program.address.clone();
        fs::remove_file(program.program()).expect("a file");
        copy(NEW, &program.program());
        // Until after the file was seen to be another.
        thread::sleep(Duration::from_millis(300));
        let slow = thread::spawn(move || get(&address, "/slow"));
        assert_eq!(program.line(), "old goes");
        assert_eq!(slow.join().expect("an answer"), "slow old");
        assert!(program.line().starts_with("new at"));
        assert_eq!(program.get("/slow"), "slow new");
    });
}

#[co::coroutine]
fn close_code(url: String) -> Result<Option<u16>, WebSocketError> {
    let socket = yield_!(websocket_connect(url))?;
    assert_eq!(yield_!(socket.read_message())?, None);
    Ok(socket.close_code())
}

#[test]
fn a_file_that_is_watched_reloads_as_well_and_websockets_are_told() {
    watchdog(LIMIT, || {
        let mut program = Program::start("watch", Some("page.html"));
        let url = format!("ws://{}/socket", program.address);
        let page = program.folder.join("page.html");
        let talk = thread::spawn(move || {
            let io_loop = co::IoLoop::new().expect("descriptors");
            io_loop.run_sync(|| close_code(url)).expect("an end")
        });
        thread::sleep(Duration::from_millis(200));
        fs::write(page, "a page").expect("a file");
        assert_eq!(program.line(), "old goes");
        let code = talk
            .join()
            .expect("no panic")
            .expect("a server that closes");
        assert_eq!(code, Some(1001));
        // It is the same version, which asks for a port of its own once more.
        assert!(program.line().starts_with("extra "));
        assert_eq!(program.line(), format!("old at {}", program.address));
    });
}

#[test]
fn a_file_that_cannot_be_executed_leaves_the_program_as_it_is() {
    watchdog(LIMIT, || {
        let mut program = Program::start("broken", None);
        fs::remove_file(program.program()).expect("a file");
        // It is executable, and no program.
        fs::write(program.program(), [0x7F, b'E', b'L', b'F', 0, 0]).expect("a file");
        let permissions = fs::metadata(OLD).expect("a file").permissions();
        fs::set_permissions(program.program(), permissions).expect("it is ours");
        assert_eq!(program.line(), "old goes");
        assert!(program.get("/").starts_with("old"));
        // The next build is another chance.
        fs::remove_file(program.program()).expect("a file");
        copy(NEW, &program.program());
        assert_eq!(program.line(), "old goes");
        assert!(program.line().starts_with("new at"));
        assert!(program.get("/").starts_with("new"));
    });
}

#[test]
fn a_worker_process_is_not_reloaded() {
    watchdog(LIMIT, || {
        let output = Command::new(OLD).args(["", "fork"]).output();
        let output = String::from_utf8(output.expect("it can be run").stdout).expect("text");
        assert!(
            output.starts_with("refused: worker process 0 cannot be reloaded"),
            "{output}"
        );
    });
}
