//! Properties of all schedules, tested on random fields, budgets and failures.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

const KINDS: [Kind; 4] = [
    Kind::Swiss,
    Kind::RoundRobin,
    Kind::Random,
    Kind::Information,
];

fn settings(kind: Kind, seed: u64, slack: u32, prompts_per_pairing: u32) -> Settings {
    Settings {
        kind,
        seed,
        slack,
        prompts_per_pairing,
        elo_k: 32.0,
        prior: 0.1,
    }
}

/// An event of a tournament.
#[derive(Clone, Debug)]
enum Event {
    /// A round with at most this many comparisons.
    Round(u64),
    /// Verdicts for all unrecorded comparisons except those of the last rounds. A bit determines
    /// which ones fail.
    Record {
        behind: usize,
        failed: u64,
        scores: u64,
    },
    /// A comparison that took place elsewhere or that cannot take place, modulo the field.
    Take {
        first: u32,
        step: u32,
        prompt: u32,
        played: bool,
    },
    /// Further contestants and prompts.
    Extend(u32, u32),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        4 => prop_oneof![Just(0_u64), 1_u64..6, Just(u64::MAX)].prop_map(Event::Round),
        3 => (0_usize..3, any::<u64>(), any::<u64>()).prop_map(|(behind, failed, scores)| {
            Event::Record { behind, failed: failed & failed >> 1, scores }
        }),
        2 => (any::<u32>(), any::<u32>(), any::<u32>(), any::<bool>()).prop_map(
            |(first, step, prompt, played)| Event::Take { first, step, prompt, played }
        ),
        1 => (0_u32..3, 0_u32..3).prop_map(|(contestants, prompts)| {
            Event::Extend(contestants, prompts)
        }),
    ];
    proptest::collection::vec(event, 0..40)
}

/// The verdicts of rounds, in the order of the schedule: first, second, score.
type Verdicts = Vec<(u32, u32, f64)>;

/// A call, as a store would record it.
#[derive(Clone, Debug)]
enum Kept {
    Scheduled(Comparison),
    Verdicts(Verdicts),
    Taken(Comparison, bool),
    Extended(u32, u32),
}

struct Played {
    scheduler: Scheduler,
    kept: Vec<Kept>,
    used: HashSet<(u32, u32, u32)>,
    made: u64,
    unrecorded: Vec<Round>,
}

fn key(comparison: Comparison) -> (u32, u32, u32) {
    let Comparison {
        first,
        second,
        prompt,
    } = comparison;
    (first.min(second), first.max(second), prompt)
}

fn comparisons(round: &Round) -> impl Iterator<Item = Comparison> + '_ {
    (0..round.len()).map(|i| Comparison {
        first: round.first[i],
        second: round.second[i],
        prompt: round.prompt[i],
    })
}

impl Played {
    fn new(contestants: u32, prompts: u32, settings: &Settings) -> Self {
        Self {
            scheduler: Scheduler::new(contestants, prompts, settings).unwrap(),
            kept: Vec::new(),
            used: HashSet::new(),
            made: 0,
            unrecorded: Vec::new(),
        }
    }

    fn round(&mut self, budget: u64, settings: &Settings) -> Round {
        let left = self.scheduler.possible();
        let round = self.scheduler.next_round(budget);
        assert!(round.len() as u64 <= budget);
        assert_eq!(round.is_empty(), budget == 0 || left == 0);
        let mut partners = std::collections::HashMap::new();
        let mut pairings = std::collections::HashMap::new();
        for comparison in comparisons(&round) {
            let Comparison {
                first,
                second,
                prompt,
            } = comparison;
            assert!(first != second && first.max(second) < self.scheduler.contestants());
            assert!(prompt < self.scheduler.prompts());
            assert!(self.used.insert(key(comparison)), "{comparison:?} twice");
            if settings.kind != Kind::Random {
                assert_eq!(*partners.entry(first).or_insert(second), second);
                assert_eq!(*partners.entry(second).or_insert(first), first);
                *pairings.entry((first, second)).or_insert(0) += 1;
            }
            self.kept.push(Kept::Scheduled(comparison));
        }
        assert!(
            pairings
                .values()
                .all(|&prompts| prompts <= settings.prompts_per_pairing)
        );
        assert!(round.byes.iter().all(|bye| !partners.contains_key(bye)));
        self.made += round.len() as u64;
        self.unrecorded.push(round.clone());
        self.check();
        round
    }

    fn check(&self) {
        let scheduler = &self.scheduler;
        let all = ledger::pairs(scheduler.contestants()) * u64::from(scheduler.prompts());
        assert_eq!(scheduler.possible(), all - self.used.len() as u64);
        assert_eq!(scheduler.played(), self.made);
    }

    fn apply(&mut self, event: &Event, settings: &Settings) -> Round {
        match *event {
            Event::Round(budget) => return self.round(budget, settings),
            Event::Record {
                behind,
                failed,
                scores,
            } => {
                let known = self.unrecorded.len().saturating_sub(behind);
                let mut verdicts = Verdicts::new();
                for (i, made) in
                    (0_u32..).zip(self.unrecorded[..known].iter().flat_map(comparisons))
                {
                    if failed >> (i % 64) & 1 == 0 {
                        let score = [1.0, 0.0, 0.5, 1.0][(scores >> (2 * (i % 32)) & 3) as usize];
                        verdicts.push((made.first, made.second, score));
                    }
                }
                self.unrecorded.drain(..known);
                record(&mut self.scheduler, &verdicts);
                self.kept.push(Kept::Verdicts(verdicts));
            }
            Event::Take {
                first,
                step,
                prompt,
                played,
            } => {
                let (contestants, prompts) =
                    (self.scheduler.contestants(), self.scheduler.prompts());
                if contestants < 2 || prompts == 0 {
                    return Round::default();
                }
                let first = first % contestants;
                let comparison = Comparison {
                    first,
                    second: (first + 1 + step % (contestants - 1)) % contestants,
                    prompt: prompt % prompts,
                };
                let new = self.scheduler.take(comparison, played).unwrap();
                assert_eq!(new, self.used.insert(key(comparison)));
                self.made += u64::from(new && played);
                self.kept.push(Kept::Taken(comparison, played));
            }
            Event::Extend(contestants, prompts) => {
                let contestants = self.scheduler.contestants() + contestants;
                let prompts = self.scheduler.prompts() + prompts;
                self.scheduler.extend(contestants, prompts).unwrap();
                self.kept.push(Kept::Extended(contestants, prompts));
            }
        }
        self.check();
        Round::default()
    }

    /// Replays the recorded calls on a new scheduler.
    fn resumed(&self, contestants: u32, prompts: u32, settings: &Settings) -> Scheduler {
        let mut scheduler = Scheduler::new(contestants, prompts, settings).unwrap();
        for kept in &self.kept {
            match kept {
                Kept::Scheduled(comparison) => {
                    assert!(scheduler.take(*comparison, true).unwrap());
                }
                Kept::Verdicts(verdicts) => record(&mut scheduler, verdicts),
                Kept::Taken(comparison, played) => {
                    scheduler.take(*comparison, *played).unwrap();
                }
                Kept::Extended(contestants, prompts) => {
                    scheduler.extend(*contestants, *prompts).unwrap();
                }
            }
        }
        scheduler
    }
}

fn record(scheduler: &mut Scheduler, verdicts: &Verdicts) {
    for &(first, second, score) in verdicts {
        scheduler.record(first, second, score).unwrap();
    }
}

fn any_settings() -> impl Strategy<Value = Settings> {
    let kind = proptest::sample::select(&KINDS[..]);
    let slack = prop_oneof![0_u32..4, Just(u32::MAX)];
    (kind, any::<u64>(), slack, 1_u32..4).prop_map(|(kind, seed, slack, prompts_per_pairing)| {
        settings(kind, seed, slack, prompts_per_pairing)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// No comparison occurs twice, no contestant occurs in two pairings of a round, and no budget
    /// is exceeded. The schedule ends, and then every pair has played every available prompt. A
    /// scheduler that replays the recorded rounds continues like the original one.
    #[test]
    fn schedules_keep_their_promises(
        settings in any_settings(),
        contestants in 0_u32..9,
        prompts in 0_u32..6,
        events in events(),
    ) {
        let mut played = Played::new(contestants, prompts, &settings);
        let mut again = Scheduler::new(contestants, prompts, &settings).unwrap();
        for event in &events {
            let kept = played.kept.len();
            let round = played.apply(event, &settings);
            // The same calls give the same rounds.
            match event {
                Event::Round(budget) => prop_assert_eq!(&again.next_round(*budget), &round),
                _ => for call in &played.kept[kept..] {
                    match call {
                        Kept::Verdicts(verdicts) => record(&mut again, verdicts),
                        Kept::Taken(comparison, played) => {
                            again.take(*comparison, *played).unwrap();
                        }
                        Kept::Extended(contestants, prompts) => {
                            again.extend(*contestants, *prompts).unwrap();
                        }
                        Kept::Scheduled(_) => unreachable!(),
                    }
                },
            }
        }
        let mut resumed = played.resumed(contestants, prompts, &settings);
        prop_assert_eq!(resumed.elo(), played.scheduler.elo());
        prop_assert_eq!(resumed.played(), played.scheduler.played());
        prop_assert_eq!(resumed.possible(), played.scheduler.possible());
        while played.scheduler.possible() > 0 {
            let round = played.round(7, &settings);
            prop_assert_eq!(&resumed.next_round(7), &round);
            for made in comparisons(&round).step_by(2) {
                played.scheduler.record(made.first, made.second, 1.0).unwrap();
                resumed.record(made.first, made.second, 1.0).unwrap();
            }
        }
        prop_assert!(played.scheduler.next_round(u64::MAX).is_empty());
    }

    /// If no comparison is taken from elsewhere, no pair exceeds the least-played one by more than
    /// the slack and one pairing.
    #[test]
    fn no_pair_of_the_swiss_schedule_runs_ahead(
        seed in any::<u64>(),
        contestants in 2_u32..10,
        slack in 0_u32..5,
        prompts_per_pairing in 1_u32..4,
        scores in any::<u64>(),
    ) {
        let settings = settings(Kind::Swiss, seed, slack, prompts_per_pairing);
        let mut scheduler = Scheduler::new(contestants, 12, &settings).unwrap();
        let mut counts = vec![0; ledger::pairs(contestants) as usize];
        for turn in 0..30 {
            let before: Vec<u32> = counts.clone();
            let least = before.iter().copied().filter(|&count| count < 12).min();
            for made in comparisons(&scheduler.next_round(u64::MAX)) {
                let [low, high] = ledger::pair(made.first, made.second);
                let pair = (high * (high - 1) / 2 + low) as usize;
                prop_assert!(before[pair] <= least.unwrap() + slack);
                counts[pair] += 1;
                let score = f64::from((scores >> ((pair + turn) % 64)) as u32 & 1);
                scheduler.record(made.first, made.second, score).unwrap();
            }
        }
    }
}

/// A literal implementation of algorithm 1: the highest-rated unmatched contestant meets the
/// eligible unmatched one with the nearest rating.
#[test]
fn a_swiss_round_is_that_of_the_paper() {
    for seed in 0..200 {
        let settings = settings(Kind::Swiss, seed, 1, 1);
        let contestants = 3 + (seed % 9) as u32;
        let mut scheduler = Scheduler::new(contestants, 5, &settings).unwrap();
        let mut counts = std::collections::HashMap::new();
        let mut random = stream(seed, Purpose::Simulation, 0, 0);
        // Enough irregular scores that no two ratings are equal from the second round on.
        for turn in 0..20 {
            let elo = scheduler.elo().to_vec();
            let round = scheduler.next_round(u64::MAX);
            let count = |a: u32, b: u32| counts.get(&ledger::pair(a, b)).copied().unwrap_or(0);
            let pairs = (0..contestants).flat_map(|b| (0..b).map(move |a| (a, b)));
            let least = pairs
                .map(|(a, b)| count(a, b))
                .filter(|&count| count < 5)
                .min();
            let allowed =
                |a, b| count(a, b) < 5 && Some(count(a, b)) <= least.map(|least| least + 1);
            let mut unmatched: Vec<u32> = (0..contestants).collect();
            let mut expected = Vec::new();
            unmatched.sort_by(|&a, &b| elo[b as usize].total_cmp(&elo[a as usize]));
            while !unmatched.is_empty() {
                let top = unmatched.remove(0);
                let gap = |other: u32| (elo[top as usize] - elo[other as usize]).abs();
                let nearest = (0..unmatched.len())
                    .filter(|&i| allowed(top, unmatched[i]))
                    .min_by(|&a, &b| gap(unmatched[a]).total_cmp(&gap(unmatched[b])));
                if let Some(nearest) = nearest {
                    expected.push((top, unmatched.remove(nearest)));
                }
            }
            let made: Vec<_> = comparisons(&round)
                .map(|made| (made.first, made.second))
                .collect();
            if turn > 0 {
                assert_eq!(made, expected);
            }
            for (first, second) in made {
                *counts.entry(ledger::pair(first, second)).or_insert(0) += 1;
                let score = (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
                scheduler.record(first, second, score).unwrap();
            }
            if turn == 0 {
                // Only one contestant, which had a bye, still has the initial rating, so no two
                // ratings are equal.
                assert!(round.byes.len() < 2);
            }
        }
    }
}

#[test]
fn a_round_robin_pass_is_every_pair_on_one_prompt() {
    for contestants in 2_u32..12 {
        let settings = settings(Kind::RoundRobin, 3, 1, 1);
        let mut scheduler = Scheduler::new(contestants, 4, &settings).unwrap();
        let mut prompts = HashSet::new();
        for _ in 0..4 {
            let mut pass: Vec<Comparison> = Vec::new();
            while (pass.len() as u64) < ledger::pairs(contestants) {
                let round = scheduler.next_round(u64::MAX);
                assert_eq!(round.byes.len() as u32, contestants % 2);
                pass.extend(comparisons(&round));
            }
            let pairs: HashSet<_> = pass
                .iter()
                .map(|c| ledger::pair(c.first, c.second))
                .collect();
            assert_eq!(pairs.len() as u64, ledger::pairs(contestants));
            assert!(pass.iter().all(|c| c.prompt == pass[0].prompt));
            prompts.insert(pass[0].prompt);
        }
        assert_eq!(prompts.len(), 4);
    }
}

#[test]
fn random_comparisons_are_uniform() {
    // The first two of the 45 comparisons: chi-square over 45 x 44 cells.
    let draws = 60_000;
    let mut seen = std::collections::HashMap::new();
    for seed in 0..draws {
        let settings = settings(Kind::Random, seed, 1, 1);
        let mut scheduler = Scheduler::new(6, 3, &settings).unwrap();
        let round = scheduler.next_round(2);
        let two: Vec<_> = comparisons(&round).map(key).collect();
        *seen.entry(two).or_insert(0_u64) += 1;
    }
    let cells = 45 * 44;
    let expected = draws as f64 / f64::from(cells);
    let empty = f64::from(cells) - seen.len() as f64;
    let chi_square: f64 = empty * expected
        + (seen.values())
            .map(|&count| (count as f64 - expected).powi(2) / expected)
            .sum::<f64>();
    let freedom = f64::from(cells - 1);
    assert!(
        chi_square < freedom + 6.0 * (2.0 * freedom).sqrt(),
        "{chi_square}"
    );
}

#[test]
fn a_large_field_takes_memory_for_the_pairs_that_played_only() {
    let settings = settings(Kind::Swiss, 1, 1, 1);
    let mut scheduler = Scheduler::new(100_000, 1000, &settings).unwrap();
    assert_eq!(scheduler.possible(), 100_000 * 99_999 / 2 * 1000);
    for _ in 0..3 {
        let round = scheduler.next_round(u64::MAX);
        assert_eq!(round.len(), 50_000);
        assert!(round.byes.is_empty());
        for made in comparisons(&round) {
            scheduler.record(made.first, made.second, 1.0).unwrap();
        }
    }
}

#[test]
fn a_failed_match_of_the_information_schedule_is_given_up() {
    let settings = settings(Kind::Information, 1, 1, 1);
    let mut information = Information::new(4, 10, &settings, 7);
    let elo = [START; 4];
    let rounds = [0, 1].map(|_| information.next_round(u64::MAX, &elo));
    assert_eq!(information.on_the_way(), rounds[0].len() + rounds[1].len());
    // Only the last verdict of the first round arrives.
    let last = rounds[0].len() - 1;
    information.record(rounds[0].first[last], rounds[0].second[last], 1.0);
    assert_eq!(information.on_the_way(), rounds[1].len());
}
