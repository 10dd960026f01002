//! A straight line through points, and how much it is worth.
//!
//! Ordinary least squares. Source: any textbook, for example Draper and Smith, "Applied Regression
//! Analysis", chapter 1; quantiles of Student's t by the expansion of Abramowitz and Stegun, 26.7.5,
//! within 0.3 % from 5 degrees of freedom on.

/// Twice this probability is left out by a 95 % interval.
const Z: f64 = 1.959_964;

/// A straight line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Line {
    points: f64,
    mean_x: f64,
    mean_y: f64,
    spread_x: f64,
    /// How much it rises with each step.
    pub(super) slope: f64,
    /// The standard deviation of the points around it.
    noise: f64,
    /// The share of the differences between the points that it explains.
    pub(super) r2: f64,
}

impl Line {
    /// The line through points; `None` for fewer than three, or all at one place.
    pub(super) fn through(points: &[(f64, f64)]) -> Option<Self> {
        let n = points.len() as f64;
        if points.len() < 3 {
            return None;
        }
        let (mean_x, mean_y) = (mean(points.iter().map(|p| p.0)), mean(points.iter().map(|p| p.1)));
        let sum = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
            points.iter().map(|(x, y)| of(x - mean_x, y - mean_y)).sum()
        };
        let (spread_x, spread_y) = (sum(&|x, _| x * x), sum(&|_, y| y * y));
        if spread_x <= 0.0 {
            return None;
        }
        let slope = sum(&|x, y| x * y) / spread_x;
        let left = sum(&|x, y| (y - slope * x).powi(2));
        // A line through points of one height explains all there is.
        let r2 = if spread_y > 0.0 { (1.0 - left / spread_y).clamp(0.0, 1.0) } else { 1.0 };
        let noise = (left / (n - 2.0)).max(0.0).sqrt();
        Some(Self { points: n, mean_x, mean_y, spread_x, slope, noise, r2 })
    }

    /// Its height at `x`.
    pub(super) fn at(&self, x: f64) -> f64 {
        self.mean_y + self.slope * (x - self.mean_x)
    }

    /// How far the slope may be off, with 95 % confidence.
    pub(super) fn slope_margin(&self) -> f64 {
        self.t() * self.noise / self.spread_x.sqrt()
    }

    /// How far a new point at `x` may be off the line, with 95 % confidence.
    pub(super) fn margin_at(&self, x: f64) -> f64 {
        let away = (x - self.mean_x).powi(2) / self.spread_x;
        self.t() * self.noise * (1.0 + 1.0 / self.points + away).sqrt()
    }

    /// The quantile of Student's t for a two-sided 95 %.
    fn t(&self) -> f64 {
        let v = self.points - 2.0;
        let z3 = Z.powi(3);
        let first = (z3 + Z) / 4.0;
        let second = (5.0 * Z.powi(5) + 16.0 * z3 + 3.0 * Z) / 96.0;
        let third = (3.0 * Z.powi(7) + 19.0 * Z.powi(5) + 17.0 * z3 - 15.0 * Z) / 384.0;
        Z + first / v + second / v.powi(2) + third / v.powi(3)
    }
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64, within: f64) {
        assert!((found - expected).abs() <= within, "{found} is not {expected}");
    }

    #[test]
    fn line_through_a_known_set_has_its_textbook_figures() {
        // Anscombe's first set: y = 3.00 + 0.500 x, R² = 0.67, standard error of the slope 0.118.
        let points = [
            (10.0, 8.04),
            (8.0, 6.95),
            (13.0, 7.58),
            (9.0, 8.81),
            (11.0, 8.33),
            (14.0, 9.96),
            (6.0, 7.24),
            (4.0, 4.26),
            (12.0, 10.84),
            (7.0, 4.82),
            (5.0, 5.68),
        ];
        let line = Line::through(&points).unwrap();
        close(line.slope, 0.5001, 0.0001);
        close(line.at(0.0), 3.0001, 0.0001);
        close(line.r2, 0.6665, 0.0001);
        // t of 9 degrees of freedom is 2.262.
        close(line.slope_margin(), 0.1179 * 2.262, 0.001);
        assert!(line.margin_at(40.0) > line.margin_at(9.0));
    }

    #[test]
    fn line_through_points_of_one_height_is_certain_and_level() {
        let line = Line::through(&[(0.0, 7.0), (1.0, 7.0), (2.0, 7.0)]).unwrap();
        close(line.slope, 0.0, 1e-12);
        close(line.slope_margin(), 0.0, 1e-12);
        close(line.r2, 1.0, 1e-12);
    }

    #[test]
    fn line_through_too_few_points_is_none() {
        assert_eq!(Line::through(&[(0.0, 1.0), (1.0, 2.0)]), None);
        assert_eq!(Line::through(&[(1.0, 1.0); 5]), None);
        assert_eq!(Line::through(&[]), None);
    }
}
