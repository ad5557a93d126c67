//! Reading the wanted fields of JSON and YAML that nobody promised to write well.
//!
//! A derived `Deserialize` refuses a whole document for one field of the wrong type and for a field that comes twice,
//! and a tree of values takes up to a hundred times the memory of a document made for that (`{"":1}` becomes a map).
//! Here a [`Lenient`] value is filled in place with what suits it; anything else is walked over, not stored. What was
//! read before a syntax error stays. It cannot tell a field of the wrong type from a missing one.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, IgnoredAny, MapAccess, SeqAccess, VariantAccess, Visitor};

/// A value that takes what suits it and ignores the rest. Every method is free to be called more than once: a key that
/// comes twice is not an error.
pub trait Lenient<'de> {
    /// Takes a text, or a number as it prints.
    fn text(&mut self, _text: Cow<'de, str>) {}

    /// Takes a truth value.
    fn flag(&mut self, _flag: bool) {}

    /// Takes a map.
    ///
    /// # Errors
    /// Those of the syntax.
    fn map<A: MapAccess<'de>>(&mut self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }

    /// Takes a sequence.
    ///
    /// # Errors
    /// Those of the syntax.
    fn seq<A: SeqAccess<'de>>(&mut self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

/// Anything that is not a text leaves it as it was.
pub type Text<'de> = Option<Cow<'de, str>>;

/// A map in the order of the document, repeated keys included.
pub type Entries<'de, V> = Vec<(Cow<'de, str>, V)>;

/// The keys of a map, whatever its values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys<'de>(pub Vec<Cow<'de, str>>);

/// The elements of a sequence, up to a bound: one of them takes a hundred times the bytes of the `0` it was made for.
#[derive(Clone, Debug, Default)]
pub struct List<V> {
    /// The first ones.
    pub items: Vec<V>,
    /// There are more.
    pub cut: bool,
}

/// A map that may not be there: a record of defaults does not tell.
#[derive(Debug, Default)]
pub struct Object<T>(pub Option<T>);

/// Elements of a [`List`] that are kept.
const MOST_ELEMENTS: usize = 100_000;

/// Whether a value is there at all, other than `null`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Present(pub bool);

impl<'de> Lenient<'de> for Text<'de> {
    fn text(&mut self, text: Cow<'de, str>) {
        *self = Some(text);
    }
}

impl<'de> Lenient<'de> for bool {
    fn flag(&mut self, flag: bool) {
        *self = flag;
    }
}

impl Lenient<'_> for Option<bool> {
    fn flag(&mut self, flag: bool) {
        *self = Some(flag);
    }
}

impl<'de, V: Lenient<'de> + Default> Lenient<'de> for Entries<'de, V> {
    fn map<A: MapAccess<'de>>(&mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(Key)? {
            self.push((key, V::default()));
            if let Some((_, value)) = self.last_mut() {
                map.next_value_seed(Fill(value))?;
            }
        }
        Ok(())
    }
}

impl<'de, V: Lenient<'de> + Default> Lenient<'de> for List<V> {
    fn seq<A: SeqAccess<'de>>(&mut self, mut seq: A) -> Result<(), A::Error> {
        loop {
            let mut item = V::default();
            if seq.next_element_seed(Fill(&mut item))?.is_none() {
                return Ok(());
            }
            if self.items.len() < MOST_ELEMENTS {
                self.items.push(item);
            } else {
                self.cut = true;
            }
        }
    }
}

impl<'de> Lenient<'de> for Keys<'de> {
    fn map<A: MapAccess<'de>>(&mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(Key)? {
            self.0.push(key);
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

impl<'de> Lenient<'de> for Present {
    fn text(&mut self, _: Cow<'de, str>) {
        self.0 = true;
    }

    fn flag(&mut self, _: bool) {
        self.0 = true;
    }

    fn map<A: MapAccess<'de>>(&mut self, map: A) -> Result<(), A::Error> {
        self.0 = true;
        ().map(map)
    }

    fn seq<A: SeqAccess<'de>>(&mut self, seq: A) -> Result<(), A::Error> {
        self.0 = true;
        ().seq(seq)
    }
}

impl<'de, T: Lenient<'de> + Default> Lenient<'de> for Object<T> {
    fn map<A: MapAccess<'de>>(&mut self, map: A) -> Result<(), A::Error> {
        self.0.insert(T::default()).map(map)
    }
}

impl Lenient<'_> for () {}

/// Defines a struct that [`Lenient`] fills: its fields with the keys that they are read from.
///
/// ```ignore
/// record! {
///     struct Entry<'de> {
///         "version" => version: Text<'de>,
///         "dev" => dev: bool,
///     }
/// }
/// ```
macro_rules! record {
    (
        $(#[$doc:meta])*
        $scope:vis struct $name:ident $(<$life:lifetime>)? {
            $($(#[$field_doc:meta])* $key:literal => $field_scope:vis $field:ident: $type:ty),* $(,)?
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        $scope struct $name $(<$life>)? {
            $($(#[$field_doc])* $field_scope $field: $type,)*
        }

        impl<'de> $crate::formats::lenient::Lenient<'de> for $name $(<$life>)? {
            fn map<A: serde::de::MapAccess<'de>>(&mut self, mut map: A) -> Result<(), A::Error> {
                while let Some(key) = map.next_key_seed($crate::formats::lenient::Key)? {
                    match &*key {
                        $($key => map.next_value_seed($crate::formats::lenient::Fill(&mut self.$field))?,)*
                        _ => { map.next_value::<serde::de::IgnoredAny>()?; }
                    }
                }
                Ok(())
            }
        }
    };
}
pub(crate) use record;

/// Reads the first JSON value of a text into `value`; what follows it is not looked at.
///
/// # Errors
/// A syntax error. What was read before it is in `value`.
pub fn json<'de, T: Lenient<'de>>(text: &'de str, value: &mut T) -> Result<(), serde_json::Error> {
    Fill(value).deserialize(&mut serde_json::Deserializer::from_str(text))
}

/// Fills a value in place.
pub struct Fill<'a, T>(pub &'a mut T);

impl<'de, T: Lenient<'de>> DeserializeSeed<'de> for Fill<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Lenient<'de>> Visitor<'de> for Fill<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<(), E> {
        self.0.flag(flag);
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.0.text(Cow::Owned(number.to_string()));
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.0.text(Cow::Owned(number.to_string()));
        Ok(())
    }

    fn visit_i128<E>(self, number: i128) -> Result<(), E> {
        self.0.text(Cow::Owned(number.to_string()));
        Ok(())
    }

    fn visit_u128<E>(self, number: u128) -> Result<(), E> {
        self.0.text(Cow::Owned(number.to_string()));
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.0.text(Cow::Owned(number.to_string()));
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.0.text(Cow::Owned(text.to_owned()));
        Ok(())
    }

    fn visit_string<E>(self, text: String) -> Result<(), E> {
        self.0.text(Cow::Owned(text));
        Ok(())
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<(), E> {
        self.0.text(Cow::Borrowed(text));
        Ok(())
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.0.map(map)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        self.0.seq(seq)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<(), A::Error> {
        tagged.variant::<IgnoredAny>()?.1.newtype_variant_seed(self)
    }
}

/// Reads the key of a map; a key that is no text becomes what it prints as, or nothing.
pub struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        let mut key = Text::default();
        deserializer.deserialize_any(Fill(&mut key))?;
        Ok(key.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    record! {
        struct Sample<'de> {
            "name" => name: Text<'de>,
            "dev" => dev: bool,
            "wants" => wants: Entries<'de, Text<'de>>,
        }
    }

    fn read(text: &str) -> (Sample<'_>, bool) {
        let mut sample = Sample::default();
        let ok = json(text, &mut sample).is_ok();
        (sample, ok)
    }

    #[test]
    fn a_field_of_the_wrong_type_spoils_nothing() {
        let (sample, ok) = read(r#"{"name":"a","dev":"yes","people":[{"x":1}],"wants":{"b":"1","c":{"d":[]},"e":2}}"#);
        assert!(ok && !sample.dev);
        assert_eq!(sample.name.as_deref(), Some("a"));
        let wants: Vec<_> = sample.wants.iter().map(|(name, want)| (&**name, want.as_deref())).collect();
        assert_eq!(wants, [("b", Some("1")), ("c", None), ("e", Some("2"))]);
    }

    #[test]
    fn a_list_takes_what_suits_it_and_ends() {
        let mut list = List::<Text<'_>>::default();
        json(r#"["a",{},["b"],2]"#, &mut list).unwrap();
        let items: Vec<_> = list.items.iter().map(Option::as_deref).collect();
        assert_eq!((items, list.cut), (vec![Some("a"), None, None, Some("2")], false));
        let long = format!("[{}0]", "0,".repeat(MOST_ELEMENTS));
        let mut list = List::<Text<'_>>::default();
        json(&long, &mut list).unwrap();
        assert_eq!((list.items.len(), list.cut), (MOST_ELEMENTS, true));
    }

    #[test]
    fn the_last_of_two_equal_keys_counts() {
        assert_eq!(read(r#"{"name":"a","name":"b","name":{}}"#).0.name.as_deref(), Some("b"));
    }

    #[test]
    fn what_came_before_an_error_stays() {
        let (sample, ok) = read(r#"{"name":"a","wants":{"b":"1","c":"#);
        assert!(!ok);
        assert_eq!(sample.name.as_deref(), Some("a"));
        assert_eq!(sample.wants[0].0, "b");
    }

    #[test]
    fn ignored_depth_costs_no_stack() {
        let deep = format!(r#"{{"people":{}{},"name":"a"}}"#, "[".repeat(1_000_000), "]".repeat(1_000_000));
        let (sample, ok) = read(&deep);
        assert!(ok);
        assert_eq!(sample.name.as_deref(), Some("a"));
    }
}
