//! Clocks and memory.
//!
//! Times are CPU time of the whole process, helper threads included: it is what the work costs, and other programs on
//! the machine disturb it less than they disturb wall time.

use std::io;

use futures_lite::future::block_on;

/// How often a batch is measured within one process.
const SAMPLES: usize = 5;

/// CPU time per operation in nanoseconds: the median over some batches of `operations`, after one to warm up.
pub async fn cpu_ns_per_operation(operations: usize, mut batch: impl AsyncFnMut()) -> f64 {
    batch().await;
    let mut samples = Vec::with_capacity(SAMPLES);
    for _ in 0..SAMPLES {
        let begin = process_cpu_ns();
        batch().await;
        samples.push((process_cpu_ns() - begin) / operations as f64);
    }
    median(samples)
}

/// The same for work that never waits, and wants no runtime.
pub fn cpu_ns_per_call(operations: usize, mut batch: impl FnMut()) -> f64 {
    block_on(cpu_ns_per_operation(operations, async || batch()))
}

/// The middle of the figures, of which there is at least one.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// CPU time of this process so far, in nanoseconds.
pub fn process_cpu_ns() -> f64 {
    clock_ns(libc::CLOCK_PROCESS_CPUTIME_ID).expect("a process has a CPU clock of its own")
}

/// CPU time of another process so far, in nanoseconds.
pub fn cpu_ns_of(pid: u32) -> io::Result<f64> {
    let mut clock = 0;
    // SAFETY: `clock` is a valid place to write to during the call.
    match unsafe { libc::clock_getcpuclockid(pid as libc::pid_t, &mut clock) } {
        0 => clock_ns(clock),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

fn clock_ns(clock: libc::clockid_t) -> io::Result<f64> {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a valid place to write to during the call.
    if unsafe { libc::clock_gettime(clock, &mut time) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(time.tv_sec as f64 * 1e9 + time.tv_nsec as f64)
}

/// Memory of this process that is resident now, in bytes.
pub fn resident_bytes() -> f64 {
    resident_bytes_of(std::process::id()).expect("Linux has /proc")
}

/// Memory of a process that is resident now, in bytes.
pub fn resident_bytes_of(pid: u32) -> io::Result<f64> {
    let statm = std::fs::read_to_string(format!("/proc/{pid}/statm"))?;
    let pages = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<f64>().ok());
    // SAFETY: sysconf has no preconditions.
    let page_size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    Ok(pages.expect("the second field of statm counts resident pages") * page_size as f64)
}

/// How many descriptors this process has open, with the one that it takes to see that.
pub fn open_descriptors() -> io::Result<usize> {
    Ok(std::fs::read_dir("/proc/self/fd")?.count())
}
