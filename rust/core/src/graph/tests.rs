#![allow(
    clippy::needless_range_loop,
    reason = "the closure is written by its indices"
)]

use super::*;
use crate::{Outcome, Tally, Ties};
use proptest::prelude::*;

fn pairs_of(contestants: usize, wins: &[(u32, u32)]) -> Pairs {
    let mut tally = Tally::new(contestants);
    for &(winner, loser) in wins {
        if winner != loser {
            tally.add(winner, loser, Outcome::First, 1).unwrap();
        }
    }
    tally.settle().unwrap();
    Pairs::from_tally(&tally, Ties::Half).unwrap()
}

proptest! {
    #[test]
    fn components_and_standings_agree_with_the_transitive_closure(
        n in 1..12_usize, wins in prop::collection::vec((0..12_u32, 0..12_u32), 0..30),
    ) {
        let wins: Vec<_> = wins
            .into_iter()
            .map(|(a, b)| (a % n as u32, b % n as u32))
            .collect();
        let mut reach = vec![vec![false; n]; n];
        for i in 0..n { reach[i][i] = true; }
        for &(a, b) in &wins { reach[a as usize][b as usize] = true; }
        for k in 0..n { for i in 0..n { for j in 0..n {
            reach[i][j] |= reach[i][k] && reach[k][j];
        } } }
        let pairs = pairs_of(n, &wins);
        let components = Components::strong(&pairs);
        for i in 0..n { for j in 0..n {
            prop_assert_eq!(
                components.of[i] == components.of[j],
                reach[i][j] && reach[j][i]
            );
        } }
        let size = |i: usize| (0..n).filter(|&j| reach[i][j] && reach[j][i]).count();
        let most = (0..n).map(size).max().unwrap();
        let anchors: Vec<usize> = (0..n)
            .filter(|&i| size(i) == most && (0..i).all(|j| !(reach[i][j] && reach[j][i])))
            .collect();
        prop_assert_eq!(components.largest().len(), anchors.len());
        let relative_to = |i: usize, anchor: usize| match (reach[i][anchor], reach[anchor][i]) {
            (true, true) => Standing::Inside,
            (true, false) => Standing::Above,
            (false, true) => Standing::Below,
            (false, false) => Standing::Unordered,
        };
        match largest(&pairs) {
            Largest::One(standings) => {
                prop_assert_eq!(anchors.len(), 1);
                for (i, standing) in standings.into_iter().enumerate() {
                    prop_assert_eq!(standing, relative_to(i, anchors[0]));
                }
            }
            Largest::Several(components) => {
                prop_assert!(anchors.len() > 1);
                for (i, place) in components.places().into_iter().enumerate() {
                    let standings: Vec<_> =
                        anchors.iter().map(|&anchor| relative_to(i, anchor)).collect();
                    let only = |known: &[Standing]| standings.iter().all(|s| known.contains(s));
                    let inside = standings.contains(&Standing::Inside);
                    let want = if only(&[Standing::Above, Standing::Inside]) {
                        if inside { Place::Top } else { Place::Above }
                    } else if only(&[Standing::Below, Standing::Inside]) {
                        if inside { Place::Bottom } else { Place::Below }
                    } else {
                        Place::Between
                    };
                    prop_assert_eq!(place, want);
                }
            }
        }
    }
}

#[test]
fn a_long_chain_does_not_overflow_the_stack() {
    let n = 200_000;
    let wins: Vec<_> = (0..n - 1).map(|i| (i, i + 1)).collect();
    let pairs = pairs_of(n as usize, &wins);
    assert_eq!(Components::strong(&pairs).sizes.len(), n as usize);
    let Largest::Several(components) = largest(&pairs) else {
        panic!("all components have one contestant");
    };
    let places = components.places();
    assert_eq!((places[0], places[1]), (Place::Top, Place::Between));
    assert_eq!(places[n as usize - 1], Place::Bottom);
    assert_eq!(outsiders(&pairs, || vec![1; pairs.len()]).len(), n as usize);
    assert_eq!(
        Components::weak(&pairs_of(n as usize, &wins)).sizes,
        [n as usize]
    );
}
