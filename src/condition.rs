//! A condition that is logged when it begins, when it changes and when it ends, and not in between.

/// What was logged last of one condition; `None` while it does not hold.
#[derive(Clone, Debug)]
pub(crate) struct Condition<T>(Option<T>);

impl<T> Default for Condition<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: PartialEq> Condition<T> {
    /// The condition holds with `detail`. True if that is to be logged: it began, or the detail changed.
    pub(crate) fn begin(&mut self, detail: T) -> bool {
        let changed = self.0.as_ref() != Some(&detail);
        self.0 = Some(detail);
        changed
    }

    /// The condition does not hold. True if that is to be logged: it held before.
    pub(crate) fn end(&mut self) -> bool {
        self.0.take().is_some()
    }

    /// The condition holds with `detail`, or does not hold. True if that is to be logged.
    pub(crate) fn set(&mut self, detail: Option<T>) -> bool {
        match detail {
            Some(detail) => self.begin(detail),
            None => self.end(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_logged_when_it_begins_changes_and_ends() {
        let mut condition = Condition::default();
        assert!(!condition.end());
        assert!(condition.begin(1));
        assert!(!condition.begin(1));
        assert!(condition.set(Some(2)));
        assert!(condition.set(None));
        assert!(!condition.set(None));
    }
}
