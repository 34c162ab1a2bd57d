//! Exact numbers of any size: whole numbers, and fractions over a shared denominator.
//!
//! A rational over 128 bits does not hold a component: the common denominator of thirty checks with 7, 11, 13, … resources
//! is longer than that. So a scorecard picks one denominator that every quantity is a multiple of, and computes with
//! whole numbers. Nothing is rounded, nothing overflows, and sums do not depend on their order.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use crate::profile::Exact;

/// A whole number from zero upward, least significant limb first, without leading zeros.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Whole(Vec<u64>);

impl Whole {
    pub(super) fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    fn trimmed(mut limbs: Vec<u64>) -> Self {
        while limbs.last() == Some(&0) {
            limbs.pop();
        }
        Self(limbs)
    }

    pub(super) fn add(&mut self, other: &Self) {
        let mut carry = false;
        for at in 0..other.0.len().max(self.0.len()) {
            if at == self.0.len() {
                self.0.push(0);
            }
            let (sum, first) = self.0[at].overflowing_add(other.0.get(at).copied().unwrap_or(0));
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            self.0[at] = sum;
            carry = first | second;
        }
        if carry {
            self.0.push(1);
        }
    }

    /// The difference, or zero where it would be negative.
    pub(super) fn less(&self, other: &Self) -> Self {
        if *self <= *other {
            return Self::default();
        }
        let mut borrow = false;
        let limbs = self.0.iter().enumerate().map(|(at, limb)| {
            let (rest, first) = limb.overflowing_sub(other.0.get(at).copied().unwrap_or(0));
            let (rest, second) = rest.overflowing_sub(u64::from(borrow));
            borrow = first | second;
            rest
        });
        Self::trimmed(limbs.collect())
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        let mut limbs = vec![0_u64; self.0.len() + other.0.len()];
        for (i, a) in self.0.iter().enumerate() {
            let mut carry = 0_u128;
            for (j, b) in other.0.iter().enumerate() {
                let sum = u128::from(*a) * u128::from(*b) + u128::from(limbs[i + j]) + carry;
                limbs[i + j] = sum as u64;
                carry = sum >> 64;
            }
            limbs[i + other.0.len()] = carry as u64;
        }
        Self::trimmed(limbs)
    }

    pub(super) fn scaled(&self, factor: u64) -> Self {
        self.times(&Self::from(factor))
    }

    /// Quotient and remainder by a divisor above zero.
    fn divided(&self, divisor: u64) -> (Self, u64) {
        let mut rest = 0_u128;
        let mut limbs = vec![0; self.0.len()];
        for (at, limb) in self.0.iter().enumerate().rev() {
            let value = (rest << 64) | u128::from(*limb);
            limbs[at] = (value / u128::from(divisor)) as u64;
            rest = value % u128::from(divisor);
        }
        (Self::trimmed(limbs), rest as u64)
    }

    /// What is left after dividing by each of `divisors`, which have to divide it.
    pub(super) fn over(&self, divisors: &[u64]) -> Self {
        divisors.iter().fold(self.clone(), |rest, divisor| rest.divided(*divisor).0)
    }

    /// The least common multiple of all; zeros are passed over.
    pub(super) fn least_multiple(numbers: impl IntoIterator<Item = u64>) -> Self {
        let mut multiple = Self::from(1_u64);
        for number in numbers.into_iter().filter(|number| *number > 0) {
            let common = gcd(multiple.divided(number).1, number);
            multiple = multiple.scaled(number / common);
        }
        multiple
    }

    fn bits(&self) -> u64 {
        let full = 64 * self.0.len() as u64;
        self.0.last().map_or(0, |top| full - u64::from(top.leading_zeros()))
    }

    fn halved(&self) -> Self {
        self.divided(2).0
    }

    fn shifted(&self, bits: u64) -> Self {
        let mut limbs = vec![0; (bits / 64) as usize];
        limbs.extend(self.scaled(1 << (bits % 64)).0);
        Self::trimmed(limbs)
    }

    /// The quotient by a number above zero, by long division in base two.
    fn quotient(&self, divisor: &Self) -> Self {
        let mut quotient = Self::default();
        let mut rest = self.clone();
        for bit in (0..=self.bits().saturating_sub(divisor.bits())).rev() {
            let part = divisor.shifted(bit);
            if part <= rest {
                rest = rest.less(&part);
                quotient.add(&Self::from(1_u64).shifted(bit));
            }
        }
        quotient
    }

    /// The greatest common divisor, by halving and subtracting.
    fn common_divisor(&self, other: &Self) -> Self {
        let (mut a, mut b) = (self.clone(), other.clone());
        let mut twos = Self::from(1_u64);
        let is_even = |number: &Self| number.0.first().is_none_or(|limb| limb % 2 == 0);
        while !a.is_zero() && !b.is_zero() {
            match (is_even(&a), is_even(&b)) {
                (true, true) => {
                    twos = twos.scaled(2);
                    (a, b) = (a.halved(), b.halved());
                }
                (true, false) => a = a.halved(),
                (false, true) => b = b.halved(),
                (false, false) if a >= b => a = a.less(&b),
                (false, false) => b = b.less(&a),
            }
        }
        let odd = if a.is_zero() { b } else { a };
        odd.times(&twos)
    }

    fn small(&self) -> Option<u128> {
        match self.0[..] {
            [] => Some(0),
            [low] => Some(u128::from(low)),
            [low, high] => Some(u128::from(low) | (u128::from(high) << 64)),
            _ => None,
        }
    }
}

impl From<u64> for Whole {
    fn from(value: u64) -> Self {
        Self::trimmed(vec![value])
    }
}

impl From<u128> for Whole {
    fn from(value: u128) -> Self {
        Self::trimmed(vec![value as u64, (value >> 64) as u64])
    }
}

impl Ord for Whole {
    fn cmp(&self, other: &Self) -> Ordering {
        let limbs = || self.0.iter().rev().cmp(other.0.iter().rev());
        self.0.len().cmp(&other.0.len()).then_with(limbs)
    }
}

impl PartialOrd for Whole {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x?}", self.0)
    }
}

/// The greatest common divisor of two small numbers.
pub(super) fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// An exact number from zero upward: points, percent, a gain. Equal values are equal however they were computed.
#[derive(Clone)]
pub struct Number {
    pub(super) numerator: Whole,
    pub(super) denominator: Arc<Whole>,
}

impl Number {
    pub(super) fn new(numerator: Whole, denominator: &Arc<Whole>) -> Self {
        Self { numerator, denominator: Arc::clone(denominator) }
    }

    /// The number of an exact value; a negative one becomes zero.
    pub fn from_exact(value: Exact) -> Self {
        let part = |part: i128| Whole::from(u128::try_from(part).unwrap_or(0));
        Self { numerator: part(*value.numer()), denominator: Arc::new(part(*value.denom())) }
    }

    /// Zero.
    pub fn zero() -> Self {
        Self::from_exact(Exact::from_integer(0))
    }

    /// True for zero.
    pub fn is_zero(&self) -> bool {
        self.numerator.is_zero()
    }

    /// The sum.
    pub fn plus(&self, other: &Self) -> Self {
        self.combined(other, |a, b| {
            let mut sum = a.clone();
            sum.add(b);
            sum
        })
    }

    /// The difference, or zero where it would be negative.
    pub fn minus(&self, other: &Self) -> Self {
        self.combined(other, Whole::less)
    }

    fn combined(&self, other: &Self, operation: impl Fn(&Whole, &Whole) -> Whole) -> Self {
        if self.denominator == other.denominator {
            return Self::new(operation(&self.numerator, &other.numerator), &self.denominator);
        }
        let (left, right) = self.crossed(other);
        let denominator = Arc::new(self.denominator.times(&other.denominator));
        Self { numerator: operation(&left, &right), denominator }
    }

    /// The product with a whole number.
    pub fn times(&self, factor: u64) -> Self {
        Self::new(self.numerator.scaled(factor), &self.denominator)
    }

    fn crossed(&self, other: &Self) -> (Whole, Whole) {
        (self.numerator.times(&other.denominator), other.numerator.times(&self.denominator))
    }

    /// Rounded half up to two decimals, in hundredths. The only place where anything is rounded.
    pub fn hundredths(&self) -> u64 {
        let mut doubled = self.numerator.scaled(200);
        doubled.add(&self.denominator);
        let quotient = doubled.quotient(&self.denominator.scaled(2));
        quotient.small().and_then(|small| u64::try_from(small).ok()).unwrap_or(u64::MAX)
    }

    /// The rounded value as the JSON number that prints with at most two decimals.
    pub fn rounded(&self) -> f64 {
        self.hundredths() as f64 / 100.0
    }

    /// The value as a reduced fraction, where numerator and denominator fit 127 bits.
    pub fn exact(&self) -> Option<Exact> {
        let common = self.numerator.common_divisor(&self.denominator);
        let part = |part: &Whole| i128::try_from(part.quotient(&common).small()?).ok();
        Some(Exact::new_raw(part(&self.numerator)?, part(&self.denominator)?))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.denominator == other.denominator {
            return self.numerator.cmp(&other.numerator);
        }
        let (left, right) = self.crossed(other);
        left.cmp(&right)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

/// Two decimals: `76.81`.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hundredths = self.hundredths();
        f.pad(&format!("{}.{:02}", hundredths / 100, hundredths % 100))
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.exact() {
            Some(exact) => write!(f, "{exact}"),
            None => write!(f, "≈{self}"),
        }
    }
}
