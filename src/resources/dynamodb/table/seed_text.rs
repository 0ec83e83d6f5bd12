//! A seed file's text: JSON whose numbers keep their digits, whose items know their place, and in
//! which no name is given twice.

use crate::model::character;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A JSON value as written.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    /// The number's own text: a float would lose digits.
    Number(String),
    Text(String),
    List(Vec<Json>),
    /// In the order of the file; a name may stand twice.
    Object(Vec<(String, Json)>),
}

/// An element of the outermost array, and where it begins: line and column from 1, in characters.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    pub place: (usize, usize),
    pub json: Json,
}

/// Line and column, where they are known, and the end of a sentence ("is not ...").
pub type Refusal = (Option<(usize, usize)>, String);

/// The elements of a JSON array.
///
/// Errors: a sentence's end ("is not ..."), and the place it speaks of.
pub fn read(text: &str) -> Result<Vec<Element>, Refusal> {
    // Read once as it stands, so that an error tells the right place.
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        return Err(refusal(text, &error));
    }
    let (tagged, places) = tag(text);
    let json: Json = serde_json::from_str(&tagged).map_err(|e| refusal(text, &e))?;
    let Json::List(elements) = json else {
        return Err((None, "is not a JSON array of objects".into()));
    };
    Ok(elements.into_iter().zip(places).map(|(json, place)| Element { place, json }).collect())
}

/// The parser's message, or the hidden character that it stumbled over.
fn refusal(text: &str, error: &serde_json::Error) -> (Option<(usize, usize)>, String) {
    let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
    // The parser counts bytes, and speaks of the last one it took.
    let column = line.char_indices().take_while(|(at, _)| at + 1 < error.column()).count() + 1;
    let mut place = (error.line().max(1), column);
    let mut why = error.to_string();
    if let Some((words, _)) = why.rsplit_once(" at line ") {
        why = words.to_string();
    }
    // The stray may be the very character that the parser accepted last.
    if let Some((at, c)) = stray(text).filter(|(at, _)| *at <= (place.0, place.1 + 1)) {
        place = at;
        why = format!("{} stands where no such character may", character::describe(c));
    }
    (Some(place), format!("is not JSON: {why}"))
}

/// The first character that JSON has no place for: outside of strings whatever is not ASCII, inside
/// of them a control character.
fn stray(text: &str) -> Option<((usize, usize), char)> {
    let (mut inside, mut escaped) = (false, false);
    let mut place = (1, 1);
    for c in text.chars() {
        let allowed = if inside {
            !c.is_control() || c >= '\u{7f}'
        } else {
            c.is_ascii_graphic() || " \t\r\n".contains(c)
        };
        if !allowed {
            return Some((place, c));
        }
        if inside {
            inside = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else {
            inside = c == '"';
        }
        place = if c == '\n' { (place.0 + 1, 1) } else { (place.0, place.1 + 1) };
    }
    None
}

/// Valid JSON with a letter before each string and number, which then are all strings: `s` and `n`.
/// Beside it the places of the outermost array's elements.
fn tag(text: &str) -> (String, Vec<(usize, usize)>) {
    let mut tagged = String::with_capacity(text.len() + 64);
    let mut places = Vec::new();
    let (mut inside, mut escaped, mut depth, mut expected) = (false, false, 0_usize, false);
    let mut place = (1, 1);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let here = place;
        place = if c == '\n' { (place.0 + 1, 1) } else { (place.0, place.1 + 1) };
        if inside {
            tagged.push(c);
            inside = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        if expected && !" \t\r\n]".contains(c) {
            places.push(here);
            expected = false;
        }
        match c {
            '"' => {
                inside = true;
                tagged.push_str("\"s");
                continue;
            }
            '[' | '{' => {
                depth += 1;
                expected = depth == 1 && c == '[';
            }
            ']' | '}' => depth = depth.saturating_sub(1),
            ',' => expected = depth == 1,
            _ => {}
        }
        if c != '-' && !c.is_ascii_digit() {
            tagged.push(c);
            continue;
        }
        tagged.push_str("\"n");
        tagged.push(c);
        while let Some(next) = characters.next_if(|n| n.is_ascii_digit() || "+-.eE".contains(*n)) {
            tagged.push(next);
            place.1 += 1;
        }
        tagged.push('"');
    }
    (tagged, places)
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Json, E> {
        match (value.strip_prefix('n'), value.strip_prefix('s')) {
            (Some(number), _) => Ok(Json::Number(number.to_string())),
            (None, Some(text)) => Ok(Json::Text(text.to_string())),
            (None, None) => Err(E::custom("a string without its mark")),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Json>()? {
            members.push((name.strip_prefix('s').unwrap_or(&name).to_string(), value));
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Json {
        Json::Text(text.into())
    }

    fn number(text: &str) -> Json {
        Json::Number(text.into())
    }

    #[test]
    fn values_stay_as_written_and_know_their_place() {
        let source = "[\n  {\"n1\": 18.50, \"s\": \"n1\", \"q\\\"-7\": \"a \\\\\\\" 8\"},\n\n  \
                      [-1e-7, 12345678901234567890.5, [], {}, null, true], \"é\", 7]";
        let read = read(source).unwrap();
        let places: Vec<_> = read.iter().map(|e| e.place).collect();
        assert_eq!(places, [(2, 3), (4, 3), (4, 56), (4, 61)]);
        assert_eq!(
            read[0].json,
            Json::Object(vec![
                ("n1".into(), number("18.50")),
                ("s".into(), text("n1")),
                ("q\"-7".into(), text("a \\\" 8")),
            ])
        );
        let list = vec![
            number("-1e-7"),
            number("12345678901234567890.5"),
            Json::List(vec![]),
            Json::Object(vec![]),
            Json::Null,
            Json::Bool(true),
        ];
        assert_eq!(read[1].json, Json::List(list));
        assert_eq!((&read[2].json, &read[3].json), (&text("é"), &number("7")));
    }

    #[test]
    fn what_is_no_json_is_told_with_its_place() {
        for (source, place, says) in [
            ("", (1, 1), "EOF"),
            ("[{\"a\": 01}]", (1, 9), "number"),
            ("[{\"ö\": 1,}]", (1, 10), "key must be a string"),
            ("[\n\u{a0}{}]", (2, 1), "U+00A0 (no-break space)"),
            ("[{“id”: 1}]", (1, 3), "U+201C (left double quotation mark)"),
            ("[{\"a\": \"x\u{1}\"}]", (1, 10), "U+0001 (control character)"),
            ("[{\"a\"\u{200b}: 1}]", (1, 6), "U+200B (zero width space)"),
            ("[{\"a\"：1}]", (1, 6), "U+FF1A (fullwidth colon)"),
        ] {
            let (at, why) = read(source).unwrap_err();
            assert!(why.contains(says), "{source}: {why}");
            assert_eq!(at, Some(place), "{source}: {why}");
        }
        assert_eq!(read("{}").unwrap_err().1, "is not a JSON array of objects");
    }
}
