//! What may be used once it was found to work.

use std::fmt;

/// Finds out why something can't be used; none if it can.
pub(crate) type AskTrial = Box<dyn FnOnce() -> Option<String>>;

/// Something that is tried when it is first needed.
#[derive(Default)]
pub(crate) enum OnTrial {
    /// It works.
    #[default]
    Works,
    /// Nobody has asked yet.
    Unknown(AskTrial),
    /// It does not work, for this reason.
    Off(String),
}

impl fmt::Debug for OnTrial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OnTrial::Works => f.write_str("Works"),
            OnTrial::Unknown(_) => f.write_str("Unknown"),
            OnTrial::Off(why) => write!(f, "Off: {why}"),
        }
    }
}

impl OnTrial {
    /// Why it can't be used; none if it can.
    pub(crate) fn off(&mut self) -> Option<&str> {
        if let OnTrial::Unknown(_) = self
            && let OnTrial::Unknown(ask) = std::mem::take(self)
            && let Some(why) = ask()
        {
            *self = OnTrial::Off(why);
        }
        match self {
            OnTrial::Off(why) => Some(why),
            OnTrial::Works | OnTrial::Unknown(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::rc::Rc;

    #[test]
    fn it_is_asked_once_and_only_when_it_is_needed() {
        let asked = Rc::new(Cell::new(0));
        let count = asked.clone();
        let mut tried = OnTrial::Unknown(Box::new(move || {
            count.set(count.get() + 1);
            Some("it crashes".into())
        }));
        assert_eq!(asked.get(), 0);
        assert_eq!((tried.off().map(str::to_owned), tried.off()), (Some("it crashes".into()), Some("it crashes")));
        assert_eq!(asked.get(), 1);
        assert_eq!(OnTrial::Unknown(Box::new(|| None)).off(), None);
    }
}
