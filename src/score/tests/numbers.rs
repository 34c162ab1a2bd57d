//! Whole numbers of any size, rounding, credit, and what does not fit 128 bits.

use num_traits::CheckedAdd;
use proptest::prelude::*;

use super::*;
use crate::score::number::{Whole, gcd};

fn whole(value: u128) -> Whole {
    Whole::from(value)
}

fn ratio(numerator: u128, denominator: u128) -> Number {
    Number::from_exact(Exact::new(i128::try_from(numerator).unwrap(), i128::try_from(denominator).unwrap()))
}

proptest! {
    #[test]
    fn whole_numbers_agree_with_machine_numbers(a in any::<u128>(), b in any::<u128>(), small in 1..u64::MAX) {
        let (half_a, half_b) = (a >> 1, b >> 1);
        let mut sum = whole(half_a);
        sum.add(&whole(half_b));
        prop_assert_eq!(sum, whole(half_a + half_b));
        prop_assert_eq!(whole(a).less(&whole(b)), whole(a.saturating_sub(b)));
        prop_assert_eq!(whole(a >> 64).times(&whole(b >> 64)), whole((a >> 64) * (b >> 64)));
        prop_assert_eq!(whole(a).cmp(&whole(b)), a.cmp(&b));
        prop_assert_eq!(whole(a).over(&[small]), whole(a / u128::from(small)));
    }

    #[test]
    fn what_is_multiplied_is_divided_again(a in 1..u128::MAX, b in 1..u128::MAX, c in 1..u64::MAX, d in 1..u64::MAX) {
        let product = whole(a).times(&whole(b)).scaled(c).scaled(d);
        prop_assert_eq!(product.over(&[c, d]), whole(a).times(&whole(b)));
        let mut grown = product.clone();
        grown.add(&whole(a));
        prop_assert_eq!(grown.less(&product), whole(a));
        prop_assert!(grown > product);
    }

    #[test]
    fn fractions_agree_with_plain_ones(a in 0..1_i128 << 50, b in 1..1_i128 << 50, c in 0..1_i128 << 50, d in 1..1_i128 << 50) {
        let (x, y) = (Exact::new(a, b), Exact::new(c, d));
        let (left, right) = (Number::from_exact(x), Number::from_exact(y));
        prop_assert_eq!(left.plus(&right).exact(), Some(x + y));
        prop_assert_eq!(left.minus(&right).exact(), Some((x - y).max(Exact::default())));
        prop_assert_eq!(left.cmp(&right), x.cmp(&y));
        prop_assert_eq!(left.times(7).exact(), Some(x * Exact::from_integer(7)));
        let rounded = (x * Exact::from_integer(100) + Exact::new(1, 2)).floor().to_integer();
        prop_assert_eq!(i128::from(left.hundredths()), rounded);
    }

    #[test]
    fn the_least_multiple_is_one(numbers in proptest::collection::vec(1_u64..5_000, 1..9)) {
        let least = numbers.iter().fold(1_u128, |least, number| {
            least / u128::from(gcd(u64::try_from(least % u128::from(*number)).unwrap(), *number)) * u128::from(*number)
        });
        prop_assert_eq!(Whole::least_multiple(numbers.iter().copied()), whole(least));
        prop_assert!(numbers.iter().all(|number| least % u128::from(*number) == 0));
    }

    #[test]
    fn credit_falls_with_the_measure(a in 0_i64..5_000, b in 0_i64..5_000, objective in 1_i64..600) {
        let worth = |measure: i64| match Outcome::graded(measure, objective, String::new()) {
            Outcome::Pass => grade::PARTS,
            Outcome::Partial(numerator, denominator, _) => grade::parts((numerator, denominator)),
            other => panic!("{other:?}"),
        };
        prop_assert!(a > b || worth(a) >= worth(b));
        prop_assert_eq!(worth(a) == grade::PARTS, a <= objective);
    }
}

#[test]
fn rounding_is_half_up_at_two_decimals() {
    for (number, text) in [
        (ratio(2765, 36), "76.81"),
        (ratio(1, 200), "0.01"),
        (ratio(1, 201), "0.00"),
        (ratio(84_995, 1_000), "85.00"),
        (ratio(100, 1), "100.00"),
        (Number::zero(), "0.00"),
    ] {
        assert_eq!(number.to_string(), text);
        assert_eq!(format!("{:.2}", number.rounded()), text);
    }
    assert!(ratio(84_995, 1_000) < ratio(85, 1), "what is printed alike is not taken for alike");
}

#[test]
fn credit_follows_straight_lines_between_its_corners() {
    let worth = |quarters: i64| match Outcome::graded(quarters, 4, String::new()) {
        Outcome::Partial(numerator, denominator, _) => grade::parts((numerator, denominator)),
        outcome => panic!("{outcome:?}"),
    };
    let expected =
        [(6, 750_000), (8, 500_000), (12, 375_000), (16, 250_000), (24, 125_000), (32, 0), (36, 0)];
    for (quarters, parts) in expected {
        assert_eq!(worth(quarters), parts, "{quarters} quarters of the objective");
    }
}

#[test]
fn a_credit_below_one_is_no_pass() {
    assert_eq!(grade::parts((2, 3)), 666_666, "six digits, rounded down");
    assert_eq!(grade::parts((3, 3)), 999_999, "a partial never counts as whole");
    assert_eq!((grade::parts((-1, 3)), grade::parts((1, 0))), (0, 0));
}

/// Checks with these numbers of resources, one of which fails.
fn with_counts(counts: &[usize]) -> Vec<Finding<'static>> {
    let rows = counts.iter().map(|count| {
        let id = Box::leak(format!("C{count}").into_boxed_str());
        row(check(id, "storage", Category::Backup, Severity::High), &format!("f{}", "p".repeat(count - 1)))
    });
    rows.collect::<Vec<_>>().concat()
}

/// Twenty-seven checks, each over its own kind of resource: an ordinary estate.
const COPRIME: [usize; 27] = [
    2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103,
];

#[test]
fn an_ordinary_component_does_not_fit_128_bits_and_is_exact_all_the_same() {
    let rate = |count: &usize| Exact::new(*count as i128 - 1, *count as i128);
    let naive = COPRIME.iter().map(rate).try_fold(Exact::default(), |sum, rate| sum.checked_add(&rate));
    assert_eq!(naive, None, "a sum of plain fractions overflows here");

    let all = with_counts(&COPRIME);
    let card = scored(&all, &profile());
    let score = component(&card, "storage").score.clone().unwrap();
    // 100 · mean of 7/10 · (1 − 1/n): the sum of the reciprocals, put on one denominator piece by piece.
    let mut expected = Number::zero();
    for count in COPRIME {
        let one = Exact::new(70 * (count as i128 - 1), 27 * count as i128);
        expected = expected.plus(&Number::from_exact(one));
    }
    assert_eq!(score.evidenced, expected);
    assert_eq!(score.evidenced.exact(), None, "it has no form in 127 bits");
    let sum =
        card.findings.iter().fold(Number::zero(), |sum, finding| sum.plus(&finding.component_points_lost));
    assert_eq!(sum.plus(&score.evidenced), ratio(100, 1));
}

#[test]
fn a_hundred_thousand_findings_in_each_check_are_exact() {
    let counts = [100_003, 99_991, 99_989];
    let card = scored(&with_counts(&counts), &profile());
    let score = component(&card, "storage").score.clone().unwrap();
    let mean: Exact = counts.iter().map(|count| Exact::new(*count as i128 - 1, *count as i128)).sum();
    assert_eq!(exact(&score.evidenced), Exact::new(70, 3) * mean);
    let sum =
        card.findings.iter().fold(Number::zero(), |sum, finding| sum.plus(&finding.component_points_lost));
    assert_eq!(sum.plus(&score.evidenced), ratio(100, 1));
}

#[test]
fn a_hundred_thousand_measured_credits_stay_finite() {
    let lag = check("LAG", "dr", Category::Dr, Severity::High);
    let all: Vec<Finding<'static>> = (1..=100_000_i64)
        .map(|at| Finding {
            credit: Some((at, 100_001 + at)),
            ..finding(lag, &at.to_string(), Status::Partial)
        })
        .collect();
    let card = scored(&all, &profile_with("[score]\nminimum_checks = 1\n"));
    let parts: i128 = (1..=100_000_i128).map(|at| at * 1_000_000 / (100_001 + at)).sum();
    let rate = Exact::new(parts, 100_000 * 1_000_000);
    assert_eq!(interval(&card, "dr").0, Exact::from_integer(70) * rate);
}
