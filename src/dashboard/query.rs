//! What a request asks for: its path and its parameters, and nothing that is not known.

use super::Refusal;

/// Letters of all parameters together.
const LENGTH: usize = 4_096;
/// Letters of one value.
const VALUE: usize = 400;
/// Words that are searched for.
const WORDS: usize = 8;
/// Pages further on are asked for by nobody.
const PAGES: usize = 1_000_000;

/// Parameters of an address or a form, in their order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Reads `a=1&b=2`; parameters without a value are left out.
    ///
    /// # Errors
    /// What is too long, or is no text.
    pub fn read(text: &str) -> Result<Self, Refusal> {
        if text.len() > LENGTH {
            return Err(Refusal::Bad("the parameters are too long".to_owned()));
        }
        let mut pairs = Vec::new();
        for part in text.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (name, value) = (decoded(name)?, decoded(value)?);
            if value.chars().count() > VALUE {
                return Err(Refusal::Bad(format!("the parameter `{}` is too long", short(&name))));
            }
            if !value.trim().is_empty() {
                pairs.push((name, value.trim().to_owned()));
            }
        }
        Ok(Self(pairs))
    }

    /// The one value of a parameter.
    ///
    /// # Errors
    /// A parameter that is given twice.
    pub fn one(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut values = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(Refusal::Bad(format!("the parameter `{name}` is given twice"))),
        }
    }

    /// The same where it is one of these words.
    ///
    /// # Errors
    /// Another word.
    pub fn word(&self, name: &str, known: &[&'static str]) -> Result<Option<&'static str>, Refusal> {
        let Some(value) = self.one(name)? else { return Ok(None) };
        match known.iter().find(|word| **word == value) {
            Some(word) => Ok(Some(word)),
            None => Err(Refusal::Bad(format!("`{name}` is one of {}", known.join(", ")))),
        }
    }

    /// The number of a page, from 1.
    ///
    /// # Errors
    /// What is no such number.
    pub fn page(&self) -> Result<usize, Refusal> {
        let Some(value) = self.one("page")? else { return Ok(1) };
        let number = value.parse().ok().filter(|number| (1..=PAGES).contains(number));
        number.ok_or_else(|| Refusal::Bad("`page` is a whole number from 1".to_owned()))
    }

    /// The words that are searched for.
    ///
    /// # Errors
    /// Too many.
    pub fn words(&self, name: &str) -> Result<Vec<String>, Refusal> {
        let words: Vec<String> =
            self.one(name)?.unwrap_or_default().split_whitespace().map(str::to_owned).collect();
        match words.len() {
            0..=WORDS => Ok(words),
            _ => Err(Refusal::Bad(format!("at most {WORDS} words can be searched for"))),
        }
    }

    /// How a run is named: by its id, the beginning of it, `latest` or `latest~N`.
    ///
    /// # Errors
    /// What can be no such name.
    pub fn run(&self, name: &str) -> Result<Option<String>, Refusal> {
        let Some(value) = self.one(name)? else { return Ok(None) };
        if !is_id(value) {
            return Err(Refusal::Bad(format!("`{name}` is the id of a run, `latest` or `latest~N`")));
        }
        Ok(Some(value.to_owned()))
    }
}

/// Whether it may name a run or a fingerprint.
pub fn is_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'~' | b'_' | b':'))
}

/// A value for an address.
pub fn encoded(text: &str) -> String {
    let mut done = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                done.push(char::from(byte))
            }
            _ => done.push_str(&format!("%{byte:02X}")),
        }
    }
    done
}

/// An address with its parameters; those without a value are left out.
pub fn address(path: &str, parameters: &[(&str, &str)]) -> String {
    let given = parameters.iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<String> = given.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

fn decoded(text: &str) -> Result<String, Refusal> {
    let bad = || Refusal::Bad("a parameter is not written as addresses have it".to_owned());
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
                let (high, low) = (digit(rest.next()).ok_or_else(bad)?, digit(rest.next()).ok_or_else(bad)?);
                bytes.push(u8::try_from(high * 16 + low).map_err(|_| bad())?);
            }
            plain => bytes.push(plain),
        }
    }
    let text = String::from_utf8(bytes).map_err(|_| bad())?;
    if text.chars().any(char::is_control) { Err(bad()) } else { Ok(text) }
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Form {
        Form::read(text).unwrap()
    }

    #[test]
    fn parameters_are_read_as_they_were_meant() {
        let form = form("q=a+b%20%C3%A9&empty=&none&status=fail&run=latest~2&page=7");
        assert_eq!(form.one("q"), Ok(Some("a b é")));
        assert_eq!((form.one("empty"), form.one("none"), form.one("absent")), (Ok(None), Ok(None), Ok(None)));
        assert_eq!(form.words("q").unwrap(), ["a", "b", "é"]);
        assert_eq!(form.word("status", &["pass", "fail"]), Ok(Some("fail")));
        assert_eq!(form.run("run").unwrap().as_deref(), Some("latest~2"));
        assert_eq!(form.page(), Ok(7));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let long = format!("q={}", "x".repeat(5_000));
        for text in
            ["q=%", "q=%zz", "q=%ff", "q=%00", "q=a%0d%0ab", long.as_str(), &format!("q={}", "x".repeat(500))]
        {
            assert!(matches!(Form::read(text), Err(Refusal::Bad(_))), "{text}");
        }
        for text in ["page=0", "page=-1", "page=x", "page=99999999", "page=1&page=2"] {
            assert!(form(text).page().is_err(), "{text}");
        }
        for text in ["run=../../etc/passwd", "run=a%27%20OR%201", "run=a b"] {
            assert!(form(text).run("run").is_err(), "{text}");
        }
        assert!(form("status=x").word("status", &["fail"]).is_err());
        assert!(form("q=1+2+3+4+5+6+7+8+9").words("q").is_err());
    }

    #[test]
    fn addresses_hold_any_value() {
        assert_eq!(address("/findings", &[("q", ""), ("run", "")]), "/findings");
        let text = "a&b=\"c\" é%";
        let made = address("/findings", &[("q", text)]);
        assert_eq!(made, "/findings?q=a%26b%3D%22c%22%20%C3%A9%25");
        let (_, query) = made.split_once('?').unwrap();
        assert_eq!(form(query).one("q"), Ok(Some(text)));
    }
}
