//! A value together with the metrics that show it.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Metrics that show one value.
pub trait ShowValue {
    /// What they show.
    type Value: Copy + Default + PartialEq;

    /// Shows `value`.
    fn show(&self, value: Self::Value);
}

/// A value and the metrics that show it. The value is read from here, never from the metrics.
#[derive(Debug)]
pub struct Shown<M: ShowValue> {
    pub(crate) metrics: M,
    value: Mutex<M::Value>,
}

impl<M: ShowValue> Shown<M> {
    /// The default value, which is not shown yet.
    pub(crate) fn of(metrics: M) -> Self {
        let value = Mutex::default();
        Self { metrics, value }
    }

    /// The value.
    pub fn get(&self) -> M::Value {
        *self.lock()
    }

    /// Shows `value` from now on.
    pub fn set(&self, value: M::Value) {
        *self.lock() = value;
        self.metrics.show(value);
    }

    fn lock(&self) -> MutexGuard<'_, M::Value> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
