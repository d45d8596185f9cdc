//! The hot loops of the engine, each on a workload that is identical on every run and machine.
//!
//! `hot_loops LOOP [--matches N] [--contestants N] [--times N] [--repeats N] [--threads N]` prints
//! the median time per unit of work. `--times` is the number of times that each match of the log is
//! counted.
//! Everything that is timed runs inside [`measured`], on one thread of a separate pool, so that
//! `valgrind --tool=callgrind --toggle-collect='*measured*' hot_loops LOOP --repeats 1` counts only
//! the instructions of the loop.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use humorrank_core::{
    Cell, Kinds, Monitor, Outcome, Pairs, Tally, Ties,
    bootstrap::{Units, bootstrap},
    bradley_terry::{Settings, fit},
    elo::{self, Elo},
    random::{Purpose, stream},
    resample::Resampler,
};
use rand::RngExt;

type AnyError = Box<dyn std::error::Error>;

/// The loops: name, description, and the unit of the reported time.
const LOOPS: [(&str, &str, &str); 7] = [
    ("tally", "counting matches from codes", "match"),
    ("fit", "a certified fit", "fit"),
    (
        "draw",
        "one multinomial draw over the kinds of match",
        "kind",
    ),
    ("bootstrap", "20 replicates of the bootstrap", "replicate"),
    ("order", "one random order of the matches", "match"),
    (
        "elo",
        "Stable Elo, five shuffles per thread",
        "match and shuffle",
    ),
    ("replay", "one replay in the order of the log", "match"),
];

const REPLICATES: usize = 20;
const SHUFFLES: usize = 5;

struct Arguments {
    name: String,
    matches: usize,
    contestants: u32,
    times: u64,
    repeats: usize,
    threads: usize,
}

fn arguments() -> Result<Arguments, AnyError> {
    let mut given = std::env::args().skip(1);
    let mut out = Arguments {
        name: given.next().unwrap_or_default(),
        matches: 0,
        contestants: 100,
        times: 1,
        repeats: 5,
        threads: 1,
    };
    while let (Some(option), Some(value)) = (given.next(), given.next()) {
        match option.as_str() {
            "--matches" => out.matches = value.parse()?,
            "--contestants" => out.contestants = value.parse()?,
            "--times" => out.times = value.parse()?,
            "--repeats" => out.repeats = value.parse()?,
            "--threads" => out.threads = value.parse()?,
            _ => return Err(format!("unknown option {option}").into()),
        }
    }
    if out.matches == 0 {
        out.matches = match out.name.as_str() {
            "fit" | "draw" | "bootstrap" => 100_000,
            _ => 1_000_000,
        };
    }
    if out.contestants < 2 || out.repeats == 0 {
        return Err("at least two contestants and one repeat are required".into());
    }
    Ok(out)
}

/// A log as codes. The strengths of the contestants are evenly spaced over 500 points, contestants
/// are drawn uniformly, and one match in ten is a tie.
struct Log {
    first: Vec<u32>,
    second: Vec<u32>,
    outcome: Vec<u8>,
}

impl Log {
    fn new(matches: usize, contestants: u32) -> Self {
        let mut random = stream(1, Purpose::Simulation, 0, 0);
        let mut out = Self {
            first: Vec::with_capacity(matches),
            second: Vec::with_capacity(matches),
            outcome: Vec::with_capacity(matches),
        };
        for _ in 0..matches {
            let first = random.random_range(0..contestants);
            let second = (first + random.random_range(1..contestants)) % contestants;
            let apart = (f64::from(first) - f64::from(second)) * 2.88 / f64::from(contestants);
            let chance = 1.0 / (1.0 + (-apart).exp());
            let outcome = if random.random_range(0..10) == 0 {
                Outcome::Tie
            } else if random.random::<f64>() < chance {
                Outcome::First
            } else {
                Outcome::Second
            };
            out.first.push(first);
            out.second.push(second);
            out.outcome.push(outcome as u8);
        }
        out
    }

    fn tally(&self, contestants: u32) -> Result<Tally, AnyError> {
        let mut tally = Tally::new(contestants as usize);
        tally.add_columns(&self.first, &self.second, &self.outcome)?;
        tally.settle()?;
        Ok(tally)
    }
}

/// The function in which callgrind counts instructions.
#[inline(never)]
fn measured(work: &mut (dyn FnMut() -> Result<(), AnyError> + Send)) -> Result<Duration, AnyError> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

/// The median time of a call of `work`, which runs in `pool`.
fn median<T>(
    arguments: &Arguments,
    mut work: impl FnMut() -> Result<T, AnyError> + Send,
) -> Result<Duration, AnyError> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(arguments.threads)
        .build()?;
    let times = (0..arguments.repeats).map(|_| {
        let mut once = || work().map(|result| drop(black_box(result)));
        let run = || measured(&mut once).map_err(|error| error.to_string());
        pool.install(run)
    });
    let mut times = times.collect::<Result<Vec<_>, _>>()?;
    times.sort_unstable();
    Ok(times[times.len() / 2])
}

fn main() -> Result<(), AnyError> {
    let arguments = arguments()?;
    let Some((_, what, unit)) = LOOPS.iter().find(|(name, ..)| *name == arguments.name) else {
        for (name, what, unit) in LOOPS {
            eprintln!("{name:10} {what}, per {unit}");
        }
        return Err("the name of a loop is required".into());
    };
    let log = Log::new(arguments.matches, arguments.contestants);
    let mut tally = Tally::new(arguments.contestants as usize);
    for cell in log.tally(arguments.contestants)?.cells() {
        tally.add_cell(&Cell {
            count: cell.count * arguments.times,
            ..cell
        })?;
    }
    tally.settle()?;
    let pairs = Pairs::from_tally(&tally, Ties::Half)?;
    let kinds = Kinds::from_tally(&tally, Ties::Half)?;
    let (settings, monitor) = (Settings::default(), Monitor::new());
    let (units, time) = match arguments.name.as_str() {
        "tally" => {
            let work = || log.tally(arguments.contestants);
            (arguments.matches, median(&arguments, work)?)
        }
        "fit" => {
            let work = || Ok(fit(&pairs, None, settings, &monitor)?);
            (1, median(&arguments, work)?)
        }
        "draw" => {
            let resampler = Resampler::new(&kinds)?;
            let mut drawn = Vec::new();
            let work = || {
                resampler.draw(&mut stream(1, Purpose::Bootstrap, 0, 0), &mut drawn);
                Ok(())
            };
            (kinds.kinds.len(), median(&arguments, work)?)
        }
        "bootstrap" => {
            let strengths = fit(&pairs, None, settings, &monitor)?.strengths;
            let work = || {
                let units = Units::Matches(&kinds);
                let drawn = bootstrap(&pairs, units, &strengths, settings, REPLICATES, 1, &monitor);
                Ok(drawn?)
            };
            (REPLICATES, median(&arguments, work)?)
        }
        "order" => {
            let work = || Ok(elo::order(&kinds, 1, 0));
            (arguments.matches, median(&arguments, work)?)
        }
        "elo" => {
            let shuffles = SHUFFLES * arguments.threads;
            let work = || {
                let stable = elo::stable_elo(&pairs, &kinds, 32.0, shuffles, 1, &monitor);
                Ok(stable?)
            };
            (SHUFFLES * arguments.matches, median(&arguments, work)?)
        }
        _ => {
            let work = || {
                let mut elo = Elo::new(arguments.contestants as usize, 32.0, elo::START);
                for ((&i, &j), &outcome) in log.first.iter().zip(&log.second).zip(&log.outcome) {
                    elo.play(i, j, Outcome::SHARES[outcome as usize], 1.0);
                }
                Ok(elo.ratings)
            };
            (arguments.matches, median(&arguments, work)?)
        }
    };
    let nanoseconds = time.as_nanos() as f64 / units as f64;
    println!("{what}: {nanoseconds:.2} ns per {unit}");
    Ok(())
}
