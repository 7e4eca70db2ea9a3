//! A value together with the metrics that show it.

use parking_lot::Mutex;

/// Metrics that show one value.
pub trait ShowValue {
    /// What they show.
    type Value: Copy + Default + PartialEq;

    /// Shows `value`.
    fn show(&self, value: Self::Value);
}

/// A value and the metrics that show it. The value is read from here, never from the metrics.
pub struct Shown<M: ShowValue> {
    pub(crate) metrics: M,
    value: Mutex<M::Value>,
}

impl<M: ShowValue> Shown<M> {
    /// Shows the default value.
    pub(crate) fn of(metrics: M) -> Self {
        metrics.show(M::Value::default());
        let value = Mutex::default();
        Self { metrics, value }
    }

    /// The value.
    pub fn get(&self) -> M::Value {
        *self.value.lock()
    }

    /// Shows `value` from now on.
    pub fn set(&self, value: M::Value) {
        *self.value.lock() = value;
        self.metrics.show(value);
    }
}
