//! The functions that policies may call: none that reaches outside, and none that makes much out of little for free.
//!
//! Those that make texts or lists are our own: they count what they make as steps.

use std::cell::Cell;
use std::net::IpAddr;

use anyhow::{Context, bail};
use ipnet::IpNet;
use regorus::{Engine, Value};

/// Steps that one rule may take: enough for a thousand of statements over each of twenty-five blocks.
pub const MOST_STEPS: u64 = 25_000;
/// Bytes, or list entries, that cost a step.
const PER_STEP: usize = 16;
/// What matching a pattern costs, which has to be compiled first.
const PER_PATTERN: u64 = 100;
const LONGEST_PATTERN: usize = 256;

thread_local! {
    static STEPS: Cell<u64> = const { Cell::new(0) };
}

/// Steps that this thread has taken.
pub fn steps() -> u64 {
    STEPS.get()
}

/// Counts `steps`; the number so far.
pub fn step(steps: u64) -> u64 {
    STEPS.set(STEPS.get().saturating_add(steps));
    STEPS.get()
}

/// Functions of Rego that are as they are.
const NATIVE: &[&str] = &[
    "abs",
    "array.reverse",
    "array.slice",
    "ceil",
    "contains",
    "count",
    "endswith",
    "floor",
    "indexof",
    "intersection",
    "is_array",
    "is_boolean",
    "is_null",
    "is_number",
    "is_object",
    "is_set",
    "is_string",
    "max",
    "min",
    "object.filter",
    "object.get",
    "object.keys",
    "object.remove",
    "object.subset",
    "round",
    "sort",
    "startswith",
    "strings.any_prefix_match",
    "strings.any_suffix_match",
    "sum",
    "type_name",
    "union",
];

type Function = fn(Vec<Value>) -> anyhow::Result<Value>;

/// Functions of Rego that are ours, with the number of their parameters.
const OWN: &[(&str, u8, Function)] = &[
    ("array.concat", 2, array_concat),
    ("concat", 2, concat),
    ("json.unmarshal", 1, json_unmarshal),
    ("lower", 1, |args| made(text(&args, 0)?.to_lowercase())),
    ("net.cidr_contains", 2, cidr_contains),
    ("regex.match", 2, regex_match),
    ("replace", 3, replace),
    ("split", 2, split),
    ("sprintf", 2, sprintf),
    ("substring", 3, substring),
    ("to_number", 1, to_number),
    ("trim", 2, |args| made(text(&args, 0)?.trim_matches(of(text(&args, 1)?)).to_owned())),
    ("trim_left", 2, |args| made(text(&args, 0)?.trim_start_matches(of(text(&args, 1)?)).to_owned())),
    ("trim_right", 2, |args| made(text(&args, 0)?.trim_end_matches(of(text(&args, 1)?)).to_owned())),
    ("trim_prefix", 2, |args| {
        let whole = text(&args, 0)?;
        made(whole.strip_prefix(text(&args, 1)?).unwrap_or(whole).to_owned())
    }),
    ("trim_suffix", 2, |args| {
        let whole = text(&args, 0)?;
        made(whole.strip_suffix(text(&args, 1)?).unwrap_or(whole).to_owned())
    }),
    ("trim_space", 1, |args| made(text(&args, 0)?.trim().to_owned())),
    ("upper", 1, |args| made(text(&args, 0)?.to_uppercase())),
];

/// Whether a policy may call the function.
pub fn is_allowed(name: &str) -> bool {
    NATIVE.contains(&name) || OWN.iter().any(|(known, ..)| *known == name)
}

/// The names of all of them, sorted.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> = NATIVE.iter().copied().chain(OWN.iter().map(|(name, ..)| *name)).collect();
    names.sort_unstable();
    names
}

/// Puts ours into an engine, where they come before Rego's.
pub fn give(engine: &mut Engine) -> anyhow::Result<()> {
    for (name, parameters, function) in OWN {
        engine.add_extension((*name).to_owned(), *parameters, Box::new(*function))?;
    }
    Ok(())
}

fn text(args: &[Value], at: usize) -> anyhow::Result<&str> {
    match args.get(at) {
        Some(Value::String(text)) => Ok(text),
        _ => bail!("parameter {} has to be a string", at + 1),
    }
}

fn of(set: &str) -> impl Fn(char) -> bool + '_ {
    move |c| set.contains(c)
}

fn made(text: String) -> anyhow::Result<Value> {
    pay(text.len())?;
    Ok(Value::from(text))
}

/// Pays for `size` bytes or entries before they are made.
fn pay(size: usize) -> anyhow::Result<()> {
    let steps = u64::try_from(size / PER_STEP).unwrap_or(u64::MAX);
    if steps > MOST_STEPS {
        bail!("{size} bytes are more than a policy may make");
    }
    step(steps);
    Ok(())
}

fn array_concat(args: Vec<Value>) -> anyhow::Result<Value> {
    let (Some(Value::Array(first)), Some(Value::Array(second))) = (args.first(), args.get(1)) else {
        bail!("both parameters have to be arrays")
    };
    pay(first.len().saturating_add(second.len()))?;
    Ok(Value::from(first.iter().chain(second.iter()).cloned().collect::<Vec<Value>>()))
}

fn concat(args: Vec<Value>) -> anyhow::Result<Value> {
    let between = text(&args, 0)?;
    let parts: Vec<&Value> = match args.get(1) {
        Some(Value::Array(parts)) => parts.iter().collect(),
        Some(Value::Set(parts)) => parts.iter().collect(),
        _ => bail!("parameter 2 has to be an array or a set of strings"),
    };
    let mut out = Bounded::default();
    for (at, part) in parts.into_iter().enumerate() {
        let Value::String(part) = part else { bail!("parameter 2 has to hold strings alone") };
        if at > 0 {
            out.push(between)?;
        }
        out.push(part)?;
    }
    made(out.text)
}

fn json_unmarshal(args: Vec<Value>) -> anyhow::Result<Value> {
    let text = text(&args, 0)?;
    pay(text.len())?;
    let value: serde_json::Value = serde_json::from_str(text).context("the text is not JSON")?;
    Ok(Value::from(value))
}

fn cidr_contains(args: Vec<Value>) -> anyhow::Result<Value> {
    let net = |at: usize| -> anyhow::Result<IpNet> {
        let text = text(&args, at)?;
        let single = || text.parse::<IpAddr>().map(IpNet::from).ok();
        text.parse().ok().or_else(single).with_context(|| format!("`{text}` is not a CIDR"))
    };
    Ok(Value::from(net(0)?.contains(&net(1)?)))
}

/// By Rego's own, in an engine of its own: an extension cannot call what it stands before.
fn regex_match(args: Vec<Value>) -> anyhow::Result<Value> {
    let (pattern, value) = (text(&args, 0)?, text(&args, 1)?);
    if pattern.len() > LONGEST_PATTERN {
        bail!("the pattern has {} bytes, of at most {LONGEST_PATTERN}", pattern.len());
    }
    step(PER_PATTERN);
    pay(value.len())?;
    let mut engine = Engine::new();
    engine.set_input(Value::from(serde_json::json!([pattern, value])));
    let matches = engine.eval_bool_query("regex.match(input[0], input[1])".to_owned(), false);
    Ok(Value::from(matches.with_context(|| format!("`{pattern}` is not a pattern"))?))
}

fn replace(args: Vec<Value>) -> anyhow::Result<Value> {
    let (whole, old, new) = (text(&args, 0)?, text(&args, 1)?, text(&args, 2)?);
    let mut out = Bounded::default();
    for (at, part) in whole.split(old).enumerate() {
        if at > 0 {
            out.push(new)?;
        }
        out.push(part)?;
    }
    made(out.text)
}

fn split(args: Vec<Value>) -> anyhow::Result<Value> {
    let (whole, between) = (text(&args, 0)?, text(&args, 1)?);
    // A part is a value of its own, whatever it holds.
    pay(whole.len().saturating_mul(2))?;
    Ok(Value::from(whole.split(between).map(Value::from).collect::<Vec<Value>>()))
}

/// The verbs that messages need: `%s`, `%v`, `%d`, and `%%`.
fn sprintf(args: Vec<Value>) -> anyhow::Result<Value> {
    let format = text(&args, 0)?;
    let Some(Value::Array(values)) = args.get(1) else { bail!("parameter 2 has to be an array") };
    let mut values = values.iter();
    let mut out = Bounded::default();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c.encode_utf8(&mut [0; 4]))?;
            continue;
        }
        match chars.next() {
            Some('%') => out.push("%")?,
            Some('s' | 'v' | 'd') => {
                out.value(values.next().context("the format has more verbs than there are values")?, false)?;
            }
            other => bail!("the format has the verb `%{}`; there are %s, %v and %d", other.unwrap_or(' ')),
        }
    }
    if values.next().is_some() {
        bail!("the format has fewer verbs than there are values");
    }
    made(out.text)
}

fn substring(args: Vec<Value>) -> anyhow::Result<Value> {
    let whole = text(&args, 0)?;
    let start =
        args.get(1).and_then(|value| value.as_u32().ok()).context("parameter 2 has to be 0 or more")?;
    let length = args.get(2).and_then(|value| value.as_i64().ok()).context("parameter 3 has to be whole")?;
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    pay(whole.len())?;
    let start = usize::try_from(start).unwrap_or(usize::MAX);
    Ok(Value::from(whole.chars().skip(start).take(length).collect::<String>()))
}

fn to_number(args: Vec<Value>) -> anyhow::Result<Value> {
    match args.first() {
        Some(number @ Value::Number(_)) => Ok(number.clone()),
        Some(Value::Bool(yes)) => Ok(Value::from(u64::from(*yes))),
        Some(Value::Null) => Ok(Value::from(0_u64)),
        _ => {
            let text = text(&args, 0)?;
            if let Ok(whole) = text.parse::<i64>() {
                return Ok(Value::from(whole));
            }
            let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
            Ok(Value::from(number.with_context(|| format!("`{text}` is not a number"))?))
        }
    }
}

/// A text that cannot grow beyond what a policy may make.
#[derive(Default)]
struct Bounded {
    text: String,
}

impl Bounded {
    const LONGEST: usize = 64 * 1024;

    fn push(&mut self, part: &str) -> anyhow::Result<()> {
        if self.text.len().saturating_add(part.len()) > Self::LONGEST {
            bail!("the text grows beyond {} bytes", Self::LONGEST);
        }
        self.text.push_str(part);
        Ok(())
    }

    /// A value as Rego prints it: strings bare at the top, and quoted inside.
    fn value(&mut self, value: &Value, inside: bool) -> anyhow::Result<()> {
        match value {
            Value::String(text) if !inside => self.push(text),
            Value::String(text) => self.push(&serde_json::Value::from(&**text).to_string()),
            Value::Array(items) => self.list("[", items.iter(), "]"),
            Value::Set(items) => self.list("{", items.iter(), "}"),
            Value::Object(fields) => {
                self.push("{")?;
                for (at, (key, value)) in fields.iter_sorted().enumerate() {
                    self.push(if at > 0 { ", " } else { "" })?;
                    self.value(key, true)?;
                    self.push(": ")?;
                    self.value(value, true)?;
                }
                self.push("}")
            }
            other => self.push(&other.to_string()),
        }
    }

    fn list<'a>(
        &mut self,
        open: &str,
        items: impl Iterator<Item = &'a Value>,
        close: &str,
    ) -> anyhow::Result<()> {
        self.push(open)?;
        for (at, item) in items.enumerate() {
            self.push(if at > 0 { ", " } else { "" })?;
            self.value(item, true)?;
        }
        self.push(close)
    }
}
