//! Where policies run: one engine each, with a bounded number of steps and no way out.
//!
//! The engine has no clock here. What it takes for one counts steps, so that a policy is cut off at the same place on
//! every machine, and a result does not depend on how busy one is.

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

use regorus::unstable::{Module, Ref};
use regorus::utils::limits::{ExecutionTimerConfig, TimeSource, set_time_source};
use regorus::{Engine, PolicyLengthConfig, Value};

use super::functions::{self, MOST_STEPS, step, steps};
use super::{Fault, LONGEST_POLICY};

struct Steps;

impl TimeSource for Steps {
    fn now(&self) -> Option<Duration> {
        Some(Duration::from_nanos(step(1)))
    }
}

static STEPS: Steps = Steps;
static REGISTERED: Once = Once::new();

/// What a policy answers.
#[derive(Debug, Default)]
pub struct Answer {
    pub deny: Vec<String>,
    pub not_applicable: Vec<String>,
    pub pass: bool,
}

/// One policy, ready to be asked.
pub struct Sandbox {
    engine: Mutex<Engine>,
    module: Ref<Module>,
    /// `data.stateward.acme_01`.
    package: String,
    says_not_applicable: bool,
}

impl Sandbox {
    /// Parses and prepares the policy.
    pub fn open(file: &str, text: &str) -> Result<Self, Fault> {
        // A source that is registered already is this one: no other code uses the engine.
        REGISTERED.call_once(|| {
            let _ = set_time_source(&STEPS);
        });
        let broken = |error: &anyhow::Error| {
            let (line, problem) = place(&error.to_string());
            Fault::new(file, line, problem, "write Rego v1, as `opa check` takes it")
        };
        let mut engine = Engine::new();
        engine.set_strict_builtin_errors(true);
        engine.set_policy_length_config(PolicyLengthConfig {
            max_col: NonZeroU32::MIN.saturating_add(999),
            max_file_bytes: NonZeroUsize::MIN.saturating_add(LONGEST_POLICY),
            max_lines: NonZeroUsize::MIN.saturating_add(1_999),
        });
        engine.set_execution_timer_config(ExecutionTimerConfig {
            limit: Duration::from_nanos(MOST_STEPS),
            check_interval: NonZeroU32::MIN,
        });
        functions::give(&mut engine).map_err(|error| broken(&error))?;
        let package = engine.add_policy(file.to_owned(), text.to_owned()).map_err(|error| broken(&error))?;
        let Some(module) = engine.get_modules().first().cloned() else {
            return Err(Fault::new(file, None, "the policy is empty", "write a package with rules"));
        };
        let has = |rule: &str| engine.has_declared_rule_rooted_at(file, rule).unwrap_or(false);
        for (rule, how) in [
            ("deny", "add `deny contains message if { … }`, which says what is wrong"),
            (
                "pass",
                "add `pass if { … }`, which says what is right; what neither passes nor denies is unknown",
            ),
        ] {
            if !has(rule) {
                return Err(Fault::new(file, None, format!("the policy has no rule `{rule}`"), how));
            }
        }
        let says_not_applicable = has("not_applicable");
        let sandbox = Self { engine: Mutex::new(engine), module, package, says_not_applicable };
        Ok(sandbox)
    }

    /// The policy, parsed.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// What it says of `input`.
    ///
    /// # Errors
    /// A sentence on what went wrong, with the line.
    pub fn ask(&self, input: serde_json::Value) -> Result<Answer, String> {
        // A panic of another thread leaves nothing behind: every question begins anew.
        let mut engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
        engine.set_input(Value::from(input));
        let mut answer = Answer::default();
        if self.says_not_applicable {
            answer.not_applicable = messages("not_applicable", &self.eval(&mut engine, "not_applicable")?)?;
        }
        answer.deny = messages("deny", &self.eval(&mut engine, "deny")?)?;
        answer.pass = match self.eval(&mut engine, "pass")? {
            Value::Bool(pass) => pass,
            Value::Undefined => false,
            _ => return Err("`pass` is neither true nor false".to_owned()),
        };
        Ok(answer)
    }

    fn eval(&self, engine: &mut Engine, rule: &str) -> Result<Value, String> {
        let before = steps();
        let result = engine.eval_rule(format!("{}.{rule}", self.package));
        // Whatever became of the answer on its way out, one that took too long is none.
        if steps() - before > MOST_STEPS {
            return Err(format!("`{rule}` was cut off after {MOST_STEPS} steps"));
        }
        result.map_err(|error| {
            let (line, problem) = place(&error.to_string());
            let line = line.map(|line| format!("line {line}: ")).unwrap_or_default();
            format!("{line}{problem}")
        })
    }
}

/// The messages of a rule: a set of strings.
fn messages(rule: &str, value: &Value) -> Result<Vec<String>, String> {
    let Value::Set(items) = value else {
        return match value {
            Value::Undefined => Ok(Vec::new()),
            _ => Err(format!("`{rule}` is not a set of messages; write `{rule} contains message if`")),
        };
    };
    let text = |value: &Value| match value {
        Value::String(text) if !text.trim().is_empty() => Ok(text.to_string()),
        _ => Err(format!("`{rule}` holds something else than a message")),
    };
    items.iter().map(text).collect()
}

/// Line and sentence of an error of the engine, which draws the place as `--> file:line:column`.
fn place(error: &str) -> (Option<usize>, String) {
    let at = error.lines().find_map(|line| line.trim().strip_prefix("--> "));
    let line = at.and_then(|at| at.rsplit(':').nth(1)).and_then(|line| line.parse().ok());
    let sentence = error.lines().find_map(|line| line.trim().strip_prefix("error: "));
    let sentence = sentence.or_else(|| error.lines().find(|line| !line.trim().is_empty()));
    (line, sentence.unwrap_or("the policy cannot be read").trim().to_owned())
}
