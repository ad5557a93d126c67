//! Which functions are looked at: by name and by tag.

use std::collections::HashMap;

use globset::{Glob, GlobSet, GlobSetBuilder};

use super::super::SourceError;

/// A choice among an account's functions.
pub(super) struct Selection {
    /// Empty for every name.
    names: GlobSet,
    /// All of them must fit.
    tags: Vec<(String, String)>,
}

impl Selection {
    /// # Errors
    /// For a pattern that is none.
    pub(super) fn new(names: &[String], tags: &[(String, String)]) -> Result<Selection, SourceError> {
        let mut globs = GlobSetBuilder::new();
        for name in names {
            globs.add(Glob::new(name).map_err(|error| SourceError(error.to_string()))?);
        }
        let names = globs.build().map_err(|error| SourceError(error.to_string()))?;
        Ok(Selection { names, tags: tags.to_vec() })
    }

    pub(super) fn admits(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.is_match(name)
    }

    /// Whether a choice takes tags, which no listing tells.
    pub(super) fn needs_tags(&self) -> bool {
        !self.tags.is_empty()
    }

    pub(super) fn admits_tags(&self, tags: Option<&HashMap<String, String>>) -> bool {
        self.tags.iter().all(|(key, value)| tags.and_then(|tags| tags.get(key)) == Some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_and_every_tag() {
        let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let names = ["orders-*".to_owned(), "billing".to_owned()];
        let selection = Selection::new(&names, &[tag("stage", "prod"), tag("team", "a")]).unwrap();
        assert!(selection.admits("orders-1") && selection.admits("billing") && !selection.admits("billing-1"));
        let both = HashMap::from([tag("stage", "prod"), tag("team", "a"), tag("more", "")]);
        assert!(selection.admits_tags(Some(&both)));
        assert!(!selection.admits_tags(Some(&HashMap::from([tag("stage", "prod")]))));
        assert!(!selection.admits_tags(None));
        assert!(Selection::new(&[], &[]).unwrap().admits_tags(None));
        assert!(Selection::new(&["[".to_owned()], &[]).is_err());
    }
}
