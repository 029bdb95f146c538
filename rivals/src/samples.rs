//! Repeated measurements of one thing.

/// Samples in ascending order; never empty.
pub struct Samples(Vec<f64>);

impl Samples {
    /// Takes the samples of all rounds. None at all count as one that is not a number, which no goal accepts.
    pub fn new(mut samples: Vec<f64>) -> Self {
        if samples.is_empty() {
            samples.push(f64::NAN);
        }
        samples.sort_by(f64::total_cmp);
        Self(samples)
    }

    /// Gives the number of samples.
    #[expect(clippy::len_without_is_empty, reason = "never empty")]
    pub fn len(&self) -> u64 {
        self.0.len() as u64
    }

    /// Gives the median.
    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// Gives half the distance between the quartiles.
    pub fn spread(&self) -> f64 {
        (self.quantile(0.75) - self.quantile(0.25)) / 2.0
    }

    /// Gives a quantile between 0 and 1, interpolated between neighbours.
    pub fn quantile(&self, q: f64) -> f64 {
        let last = self.0.len() - 1;
        let at = q.clamp(0.0, 1.0) * last as f64;
        let low = (at.floor() as usize).min(last);
        let high = (low + 1).min(last);
        self.0[low] + (self.0[high] - self.0[low]) * (at - low as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_sorted_samples() {
        let samples = Samples::new(vec![5.0, 1.0, 4.0, 2.0, 3.0]);
        assert_eq!(samples.median(), 3.0);
        assert_eq!(samples.quantile(0.0), 1.0);
        assert_eq!(samples.quantile(1.0), 5.0);
        assert_eq!(samples.spread(), 1.0);
        assert_eq!(Samples::new(vec![1.0, 2.0]).median(), 1.5);
    }

    #[test]
    fn no_sample_meets_no_goal() {
        assert!(Samples::new(Vec::new()).median().is_nan());
    }
}
