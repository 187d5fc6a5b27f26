//! Resuming a generator with a number, and getting one from its next yield: where all of it can be inlined into the loop,
//! and behind a call.

use std::pin::pin;

use corosensei::stack::DefaultStack;
use genawaiter::stack::let_gen_using;

use super::native;
use super::running_sum::{self, drive};
use crate::measure::cpu_ns_per_call;
use crate::work::{Contest, Contestant, GENERATORS, Goal, Scale, Unavailable, Work};

pub const RESUME: Work = Work {
    name: "resume",
    what: "generator: resume + yield, inlined",
    unit: "ns/resume",
    columns: GENERATORS,
    goal: Goal::Against(&[(Contestant::Native, 1.0), (Contestant::Genawaiter, 0.25)]),
    remark: None,
    contest: Contest::Measured(&[
        (Contestant::Ours, ours::<INLINED>),
        (Contestant::Native, native::resume::<INLINED>),
        (Contestant::Genawaiter, genawaiter::<INLINED>),
        (Contestant::Fauxgen, fauxgen::<INLINED>),
        (Contestant::Corosensei, corosensei::<INLINED>),
    ]),
};

pub const RESUME_CALL: Work = Work {
    name: "resume_call",
    what: "generator: resume + yield, not inlined",
    goal: Goal::Against(&[(Contestant::Native, 1.1)]),
    contest: Contest::Measured(&[
        (Contestant::Ours, ours::<CALLED>),
        (Contestant::Native, native::resume::<CALLED>),
        (Contestant::Genawaiter, genawaiter::<CALLED>),
        (Contestant::Fauxgen, fauxgen::<CALLED>),
        (Contestant::Corosensei, corosensei::<CALLED>),
    ]),
    ..RESUME
};

pub const RESUMES: usize = 150_000_000;

const INLINED: bool = true;
const CALLED: bool = false;

fn ours<const INLINED: bool>(scale: Scale) -> Result<f64, Unavailable> {
    let resumes = scale.of(RESUMES);
    Ok(cpu_ns_per_call(resumes, || {
        let sums = pin!(running_sum::ours());
        let (mut sums, _) = sums.start();
        drive(resumes, |n| {
            send::<INLINED, _>(&mut sums, n, running_sum::send_ours)
        });
    }))
}

fn genawaiter<const INLINED: bool>(scale: Scale) -> Result<f64, Unavailable> {
    let resumes = scale.of(RESUMES);
    Ok(cpu_ns_per_call(resumes, || {
        let_gen_using!(sums, running_sum::genawaiter);
        running_sum::send_genawaiter(sums, 0);
        drive(resumes, |n| {
            send::<INLINED, _>(sums, n, running_sum::send_genawaiter)
        });
    }))
}

fn fauxgen<const INLINED: bool>(scale: Scale) -> Result<f64, Unavailable> {
    let resumes = scale.of(RESUMES);
    Ok(cpu_ns_per_call(resumes, || {
        let mut sums = pin!(running_sum::fauxgen());
        running_sum::send_fauxgen(&mut sums, 0);
        drive(resumes, |n| {
            send::<INLINED, _>(&mut sums, n, running_sum::send_fauxgen)
        });
    }))
}

fn corosensei<const INLINED: bool>(scale: Scale) -> Result<f64, Unavailable> {
    let resumes = scale.of(RESUMES);
    Ok(cpu_ns_per_call(resumes, || {
        let mut sums = running_sum::corosensei(DefaultStack::default());
        running_sum::send_corosensei(&mut sums, 0);
        drive(resumes, |n| {
            send::<INLINED, _>(&mut sums, n, running_sum::send_corosensei)
        });
    }))
}

/// Resumes here, or behind a call.
#[inline(always)]
pub fn send<const INLINED: bool, G>(
    generator: &mut G,
    argument: u64,
    resume: impl FnOnce(&mut G, u64) -> u64,
) -> u64 {
    if INLINED {
        resume(generator, argument)
    } else {
        call(generator, argument, resume)
    }
}

#[inline(never)]
fn call<G>(generator: &mut G, argument: u64, resume: impl FnOnce(&mut G, u64) -> u64) -> u64 {
    resume(generator, argument)
}
