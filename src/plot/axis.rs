//! One axis: which range of numbers it shows, where its ticks stand, and how they are written.
//!
//! No logarithm or power of the standard library is used: a tick is the integer `n` and the
//! exponent `e` of n·10ᵉ, and log₁₀ comes from `libm`, so a figure has the same bytes everywhere.

/// Numbers beyond this size are treated like infinities, and intervals shorter than its inverse
/// like a point, so that no quotient overflows.
const LARGEST: f64 = 1e150;

/// Whether a value has a place on an axis: NaN and infinities have none, nor has v ≤ 0 on a
/// logarithmic axis.
pub(super) fn drawable(v: f64, log: bool) -> bool {
    v.abs() <= LARGEST && (v > 0.0 || !log)
}

/// Whether an axis can show just this interval.
pub(super) fn is_interval(low: f64, high: f64) -> bool {
    drawable(low, false) && drawable(high, false) && high - low >= 1.0 / LARGEST
}

/// Share of the data's extent left free at either end.
const PADDING: f64 = 0.04;

/// The shown interval, in axis coordinates u: u = v, or u = log₁₀ v on a logarithmic axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Axis {
    pub low: f64,
    pub high: f64,
    log: bool,
}

/// A tick at the fraction `at` of the axis' length, counted from its low end.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub at: f64,
    pub label: String,
}

impl Axis {
    /// The axis that shows all drawable `values` with a little air, or exactly `fixed`.
    ///
    /// Without any value it shows [0, 1] (logarithmic: [1, 10]); around a single value, ±0.5 or
    /// ±10 % of it, whichever is more.
    pub fn new(values: impl Iterator<Item = f64>, fixed: Option<[f64; 2]>, log: bool) -> Axis {
        let mut axis = Axis { low: f64::INFINITY, high: f64::NEG_INFINITY, log };
        let fixed = fixed.map(|ends| ends.map(|v| axis.coordinate(v).unwrap_or(0.0)));
        if let Some([low, high]) = fixed {
            return Axis { low, high, log };
        }
        for u in values {
            if let Some(u) = axis.coordinate(u) {
                axis.low = axis.low.min(u);
                axis.high = axis.high.max(u);
            }
        }
        if axis.low > axis.high {
            return Axis { low: 0.0, high: 1.0, log };
        }
        let air = if is_interval(axis.low, axis.high) {
            PADDING * axis.extent()
        } else {
            (0.1 * axis.low.abs()).max(0.5)
        };
        Axis { low: axis.low - air, high: axis.high + air, log }
    }

    /// u of a drawable value.
    fn coordinate(&self, v: f64) -> Option<f64> {
        drawable(v, self.log).then(|| if self.log { libm::log10(v) } else { v })
    }

    /// Where a value stands, 0 at the low end and 1 at the high end; outside [0, 1] it is not seen.
    pub fn fraction(&self, v: f64) -> Option<f64> {
        self.coordinate(v).map(|u| (u - self.low) / self.extent())
    }

    /// The length of the interval, in axis coordinates.
    pub fn extent(&self) -> f64 {
        self.high - self.low
    }

    /// The same centre, with another extent.
    pub fn widened(self, extent: f64) -> Axis {
        let air = (extent - self.extent()) / 2.0;
        Axis { low: self.low - air, high: self.high + air, ..self }
    }

    /// The densest round ticks that `fit`; when none does, a single one.
    pub fn ticks(&self, fit: impl Fn(&[Tick]) -> bool) -> Vec<Tick> {
        let mut ticks = Vec::new();
        for numbers in self.candidates() {
            ticks = self.write(&numbers);
            if fit(&ticks) {
                return ticks;
            }
        }
        ticks.truncate(1);
        ticks
    }

    /// Sets of round numbers (n, e), the dense ones first.
    fn candidates(&self) -> Vec<Vec<(i64, i32)>> {
        let counts = (2..=8).rev().map(f64::from);
        if !self.log {
            return counts.map(|count| round_numbers(self.low, self.high, count)).collect();
        }
        let decades = self.low.floor() as i32..=self.high.ceil() as i32;
        let ones = |stride: i32| {
            let whole = decades.clone().filter(move |e| e.rem_euclid(stride) == 0);
            self.shown(whole.map(|e| (1, e)).collect())
        };
        let fine = self.shown(decades.clone().flat_map(|e| [(1, e), (2, e), (5, e)]).collect());
        if fine.len() < 3 {
            let [low, high] = [self.low, self.high].map(|u| libm::pow(10.0, u));
            return counts.map(|count| self.shown(round_numbers(low, high, count))).collect();
        }
        let mut sets: Vec<_> = [1, 2, 5, 10, 20, 50, 100].map(ones).into();
        if fine.len() <= 7 {
            sets.insert(0, fine);
        }
        sets.retain(|set| !set.is_empty());
        sets
    }

    /// Those of the numbers that lie within the axis.
    fn shown(&self, mut numbers: Vec<(i64, i32)>) -> Vec<(i64, i32)> {
        let inside = |u: f64| self.low <= u && u <= self.high;
        numbers.retain(|&(n, e)| self.coordinate(decimal(n, e)).is_some_and(inside));
        numbers
    }

    /// Ticks with one notation for all: plain decimals, or powers of ten where those get long.
    fn write(&self, numbers: &[(i64, i32)]) -> Vec<Tick> {
        let long = |&(n, e): &(i64, i32)| e < -4 || decimal(n, e).abs() >= 1e6;
        let powers = numbers.iter().any(long);
        let tick = |&(n, e): &(i64, i32)| {
            let at = self.fraction(decimal(n, e))?;
            Some(Tick { at, label: label(n, e, powers) })
        };
        numbers.iter().filter_map(tick).collect()
    }
}

/// n·10ᵉ, correctly rounded: the parser of decimal numbers is exact where a power would not be.
fn decimal(n: i64, e: i32) -> f64 {
    format!("{n}e{e}").parse().expect("an integer and an exponent make a number")
}

/// Multiples of a step 1, 2 or 5 times a power of ten within [low, high], about `count` of them.
fn round_numbers(low: f64, high: f64, count: f64) -> Vec<(i64, i32)> {
    let raw = (high - low) / count;
    if !raw.is_normal() {
        return Vec::new(); // the ends are equal but for rounding
    }
    let exponent = libm::log10(raw).floor() as i32;
    let steps = [(1, exponent), (2, exponent), (5, exponent), (1, exponent + 1)];
    let enough = |&(n, e): &(i64, i32)| decimal(n, e) >= raw;
    let (factor, e) = steps.into_iter().find(enough).unwrap_or((2, exponent + 1));
    let step = decimal(factor, e);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    (first..=last).map(|i| (i * factor, e)).collect()
}

/// n·10ᵉ in print: "−0.50", or "5×10⁻⁷" when `powers` of ten are asked for.
fn label(n: i64, e: i32, powers: bool) -> String {
    let value = decimal(n, e);
    if n == 0 {
        return "0".into();
    }
    if !powers {
        return format!("{value:.*}", (-e).max(0) as usize).replace('-', "−");
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').expect("the format {:e} writes an e");
    let power: String = exponent.chars().map(superscript).collect();
    match mantissa {
        "1" => format!("10{power}"),
        "-1" => format!("−10{power}"),
        _ => format!("{}×10{power}", mantissa.replace('-', "−")),
    }
}

/// The raised form of a digit or of the minus sign.
fn superscript(c: char) -> char {
    const RAISED: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    c.to_digit(10).map_or('⁻', |digit| RAISED[digit as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number a label stands for.
    fn read(label: &str) -> f64 {
        let plain: String = label.chars().map(lowered).collect();
        let (mantissa, power) = match plain.split_once("×10") {
            Some((mantissa, power)) => (mantissa, power),
            None if label.chars().any(|c| lowered(c) != c && c != '−') => {
                let (sign, power) = plain.split_once("10").unwrap();
                return format!("{sign}1e{power}").parse().unwrap();
            }
            None => (plain.as_str(), "0"),
        };
        format!("{mantissa}e{power}").parse().unwrap()
    }

    fn lowered(c: char) -> char {
        match "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().position(|raised| raised == c) {
            Some(digit) => char::from(b'0' + digit as u8),
            None if c == '−' || c == '⁻' => '-',
            None => c,
        }
    }

    fn shown(values: &[f64], log: bool) -> [f64; 2] {
        let axis = Axis::new(values.iter().copied(), None, log);
        [axis.low, axis.high]
    }

    #[test]
    fn ranges() {
        assert_eq!(shown(&[], false), [0.0, 1.0]);
        assert_eq!(shown(&[], true), [0.0, 1.0]);
        assert_eq!(shown(&[3.0], false), [2.5, 3.5]);
        assert_eq!(shown(&[-100.0, -100.0], false), [-110.0, -90.0]);
        assert_eq!(shown(&[0.0, 100.0], false), [-4.0, 104.0]);
        let undrawable = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX];
        assert_eq!(shown(&[0.0, f64::MIN_POSITIVE], false), [-0.5, 0.5]);
        assert_eq!(shown(&undrawable, false), [0.0, 1.0]);
        assert_eq!(shown(&[undrawable.as_slice(), &[3.0]].concat(), false), [2.5, 3.5]);
        assert_eq!(shown(&[0.0, -5.0, 10.0], true), [0.5, 1.5]);
    }

    /// Ranges from tiny to huge, around zero and far from it.
    const ENDS: [[f64; 2]; 12] = [
        [0.0, 1.0],
        [-3.1, 2.9],
        [-0.04, 0.03],
        [999.7, 1000.2],
        [0.0, 123_456.0],
        [-2e6, 3e6],
        [1e-9, 7e-9],
        [-1e150, 1e150],
        [1e15, 1e15 + 4.0],
        [3e-150, 9e-150],
        [0.1, 0.1 + 1e-15],
        [1.0, 1e12],
    ];

    #[test]
    fn a_tick_stands_where_its_label_says() {
        for ends in ENDS {
            for log in [false, true] {
                let positive = ends.map(|v| if log { v.abs().max(1e-150) } else { v });
                let axis = Axis::new(positive.into_iter(), None, log);
                for numbers in axis.candidates() {
                    for tick in axis.write(&numbers) {
                        let value = read(&tick.label);
                        assert!((0.0..=1.0).contains(&tick.at), "{ends:?} {tick:?}");
                        // Equal, not close: a label is the shortest number with its value.
                        assert_eq!(axis.fraction(value), Some(tick.at), "{ends:?} {tick:?}");
                        assert!(tick.label != "−0" && !tick.label.contains('-'), "{tick:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn ticks_are_few_and_rise() {
        for ends in ENDS {
            let axis = Axis::new(ends.into_iter(), None, false);
            let ticks = axis.ticks(|_| true);
            assert!((2..=10).contains(&ticks.len()), "{ends:?} {ticks:?}");
            assert!(ticks.windows(2).all(|pair| pair[0].at < pair[1].at), "{ends:?} {ticks:?}");
        }
    }

    #[test]
    fn neighbouring_numbers_have_ticks_or_none() {
        for log in [false, true] {
            for value in [1.0, 1e150, 1e-150, 7e15] {
                let axis = Axis::new([value, f64::next_up(value)].into_iter(), None, log);
                assert!(axis.ticks(|ticks| ticks.len() <= 4).len() <= 4);
            }
        }
    }

    #[test]
    fn labels_as_printed() {
        let labels = |values: &[f64], log| {
            let axis = Axis::new(values.iter().copied(), None, log);
            axis.ticks(|ticks| ticks.len() <= 5).into_iter().map(|tick| tick.label).collect()
        };
        let labels: [Vec<String>; 5] = [
            labels(&[-1.0, 1.0], false),
            labels(&[0.0, 3e6], false),
            labels(&[0.3, 40.0], true),
            labels(&[1e-7, 1.0], true),
            labels(&[1.2, 1.5], true),
        ];
        assert_eq!(labels[0], ["−1.0", "−0.5", "0", "0.5", "1.0"][..]);
        assert_eq!(labels[1], ["0", "10⁶", "2×10⁶", "3×10⁶"]);
        assert_eq!(labels[2], ["1", "10"]);
        assert_eq!(labels[3], ["10⁻⁶", "10⁻⁴", "10⁻²", "10⁰"]);
        assert_eq!(labels[4], ["1.2", "1.3", "1.4", "1.5"]);
    }
}
