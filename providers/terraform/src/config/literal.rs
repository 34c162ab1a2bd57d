//! What an expression is worth when its text alone tells: literals, and variables and locals that are literal.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use hcl_edit::expr::{
    BinaryOperator, Expression, FuncCall, ObjectKey, Traversal, TraversalOperator, UnaryOperator,
};
use hcl_edit::structure::Block;
use hcl_edit::template::{Element, Template};
use serde_json::{Map, Value, json};

use super::syntax::{self, File};
use crate::error::StateError;

/// Nodes that one expression may take to evaluate: configurations that double at each step must not fill the memory.
const FUEL: usize = 20_000;

/// What a variable is given.
#[derive(Debug, Clone, Default)]
pub(super) struct Given {
    /// The value, where the text tells it.
    value: Option<Value>,
    /// True when the command line or the environment of Terraform may say otherwise.
    open: bool,
}

/// Variables and locals of one module.
#[derive(Debug, Default)]
pub(super) struct Scope {
    variables: BTreeMap<String, Given>,
    locals: BTreeMap<String, Expression>,
}

impl Scope {
    /// Of the root module: defaults, then the files of variables that Terraform reads by itself.
    pub(super) fn root(dir: &Path, files: &[File]) -> Result<Self, StateError> {
        let mut given = BTreeMap::new();
        for path in variable_files(dir) {
            let Some(file) = syntax::variables(&path)? else { continue };
            let nothing = Self::default();
            for attribute in file.body.attributes() {
                given.insert(attribute.key.to_string(), nothing.given(&attribute.value));
            }
        }
        Ok(Self::of_root(files, given))
    }

    /// Of a root module: whoever runs Terraform may give its variables another value.
    pub(super) fn of_root(files: &[File], given: BTreeMap<String, Given>) -> Self {
        let mut scope = Self::of(files, given);
        scope.variables.values_mut().for_each(|given| given.open = true);
        scope
    }

    /// Of a module whose caller gives these variables.
    pub(super) fn of(files: &[File], given: BTreeMap<String, Given>) -> Self {
        let mut scope = Self::default();
        for block in blocks(files, "locals") {
            for attribute in block.body.attributes() {
                scope.locals.insert(attribute.key.to_string(), attribute.value.clone());
            }
        }
        let nothing = Self::default();
        for block in blocks(files, "variable") {
            let Some(name) = block.labels.first().map(|label| label.as_str()) else { continue };
            let default = || block.body.get_attribute("default").map(|default| nothing.given(&default.value));
            if let Some(given) = given.get(name).cloned().or_else(default) {
                scope.variables.insert(name.to_owned(), given);
            }
        }
        scope
    }

    /// The value of an expression; none when the text alone does not tell.
    pub(super) fn value(&self, expression: &Expression) -> Option<Value> {
        self.given(expression).value
    }

    /// The value of an expression that nobody can give from outside.
    pub(super) fn certain(&self, expression: &Expression) -> Option<Value> {
        let given = self.given(expression);
        given.value.filter(|_| !given.open)
    }

    /// The value of an expression as it is given to the variable of a module.
    pub(super) fn given(&self, expression: &Expression) -> Given {
        let evaluation =
            Evaluation { scope: self, fuel: Cell::new(FUEL), locals: Cell::new(0), open: Cell::new(false) };
        let value = evaluation.value(expression);
        Given { value, open: evaluation.open.get() }
    }
}

/// The files of variables that Terraform reads by itself, later ones over earlier ones.
fn variable_files(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut files = vec![dir.join("terraform.tfvars"), dir.join("terraform.tfvars.json")];
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut automatic: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.to_string_lossy();
            name.ends_with(".auto.tfvars") || name.ends_with(".auto.tfvars.json")
        })
        .collect();
    automatic.sort();
    files.append(&mut automatic);
    files
}

/// The blocks of a kind at the root of the files.
pub(super) fn blocks<'a>(files: &'a [File], kind: &'a str) -> impl Iterator<Item = &'a Block> {
    files.iter().flat_map(move |file| file.body.get_blocks(kind))
}

struct Evaluation<'a> {
    scope: &'a Scope,
    fuel: Cell<usize>,
    /// How deep in locals that name locals.
    locals: Cell<usize>,
    /// Whether a variable was used that may be given from outside.
    open: Cell<bool>,
}

impl Evaluation<'_> {
    fn burn(&self, nodes: usize) -> Option<()> {
        self.fuel.set(self.fuel.get().checked_sub(nodes)?);
        Some(())
    }

    fn value(&self, expression: &Expression) -> Option<Value> {
        self.burn(1)?;
        match expression {
            Expression::Null(_) => Some(Value::Null),
            Expression::Bool(on) => Some(Value::Bool(*on.value())),
            Expression::Number(number) => number_of(number.value()),
            Expression::String(text) => Some(Value::String(text.value().clone())),
            Expression::Array(items) => {
                items.iter().map(|item| self.value(item)).collect::<Option<_>>().map(Value::Array)
            }
            Expression::Object(object) => {
                let mut map = Map::new();
                for (key, value) in object.iter() {
                    map.insert(self.key(key)?, self.value(value.expr())?);
                }
                Some(Value::Object(map))
            }
            Expression::StringTemplate(template) => self.template(template),
            Expression::HeredocTemplate(heredoc) => self.template(&heredoc.template),
            Expression::Parenthesis(inner) => self.value(inner.inner()),
            Expression::Conditional(choice) => match self.value(&choice.cond_expr)? {
                Value::Bool(true) => self.value(&choice.true_expr),
                Value::Bool(false) => self.value(&choice.false_expr),
                _ => None,
            },
            Expression::FuncCall(call) => self.call(call),
            Expression::Traversal(traversal) => self.traversal(traversal),
            Expression::UnaryOp(unary) => match (unary.operator.value(), self.value(&unary.expr)?) {
                (UnaryOperator::Not, Value::Bool(on)) => Some(Value::Bool(!on)),
                (UnaryOperator::Neg, Value::Number(number)) => Some(json!(number.as_i64()?.checked_neg()?)),
                _ => None,
            },
            Expression::BinaryOp(binary) => {
                let (left, right) = (self.value(&binary.lhs_expr)?, self.value(&binary.rhs_expr)?);
                operation(*binary.operator.value(), &left, &right)
            }
            Expression::Variable(_) | Expression::ForExpr(_) => None,
        }
    }

    fn key(&self, key: &ObjectKey) -> Option<String> {
        match key {
            ObjectKey::Ident(ident) => Some(ident.to_string()),
            // A lone word is its own name; one in parentheses is not.
            ObjectKey::Expression(Expression::Variable(name)) => Some(name.to_string()),
            ObjectKey::Expression(expression) => text(&self.value(expression)?),
        }
    }

    fn template(&self, template: &Template) -> Option<Value> {
        let mut whole = String::new();
        let elements: Vec<&Element> = template.iter().collect();
        // "${…}" alone is the value itself, as in JSON.
        if let [Element::Interpolation(only)] = elements.as_slice() {
            return self.value(&only.expr);
        }
        for element in elements {
            match element {
                Element::Literal(literal) => whole.push_str(literal),
                Element::Interpolation(inner) => whole.push_str(&text(&self.value(&inner.expr)?)?),
                Element::Directive(_) => return None,
            }
            self.burn(whole.len() / 64)?;
        }
        Some(Value::String(whole))
    }

    fn traversal(&self, traversal: &Traversal) -> Option<Value> {
        let mut steps = traversal.operators.iter().map(|operator| operator.value());
        let root = match &traversal.expr {
            Expression::Variable(name) => name.to_string(),
            other => return self.walk(self.value(other)?, steps),
        };
        let Some(TraversalOperator::GetAttr(name)) = steps.next() else { return None };
        let value = match root.as_str() {
            "var" => {
                let given = self.scope.variables.get(name.as_str())?;
                let value = given.value.as_ref()?;
                self.burn(nodes(value))?;
                self.open.set(self.open.get() || given.open);
                value.clone()
            }
            "local" => self.local(name.as_str())?,
            _ => return None,
        };
        self.walk(value, steps)
    }

    fn local(&self, name: &str) -> Option<Value> {
        // Terraform refuses a local that names itself; here it must only come to an end.
        const DEEPEST: usize = 32;
        let depth = self.locals.get();
        if depth >= DEEPEST {
            return None;
        }
        self.locals.set(depth + 1);
        let value = self.scope.locals.get(name).and_then(|expression| self.value(expression));
        self.locals.set(depth);
        value
    }

    fn walk<'b>(
        &self,
        mut value: Value,
        steps: impl Iterator<Item = &'b TraversalOperator>,
    ) -> Option<Value> {
        for step in steps {
            let key = match step {
                TraversalOperator::GetAttr(name) => Value::String(name.to_string()),
                TraversalOperator::Index(expression) => self.value(expression)?,
                TraversalOperator::LegacyIndex(index) => json!(index.value()),
                TraversalOperator::AttrSplat(_) | TraversalOperator::FullSplat(_) => return None,
            };
            let found = match (&mut value, &key) {
                (Value::Object(map), key) => map.get_mut(&text(key)?)?,
                (Value::Array(items), Value::Number(index)) => {
                    items.get_mut(usize::try_from(index.as_u64()?).ok()?)?
                }
                _ => return None,
            };
            value = found.take();
        }
        Some(value)
    }

    fn call(&self, call: &FuncCall) -> Option<Value> {
        if call.name.is_namespaced() || call.args.expand_final() {
            return None;
        }
        let arguments: Vec<Value> =
            call.args.iter().map(|argument| self.value(argument)).collect::<Option<_>>()?;
        match (call.name.name.as_str(), arguments.as_slice()) {
            ("toset", [Value::Array(items)]) => {
                // Sets of text are what for_each takes.
                let items: BTreeSet<String> = items.iter().map(text).collect::<Option<_>>()?;
                Some(items.into_iter().map(Value::String).collect())
            }
            ("tolist" | "tomap" | "nonsensitive" | "tostring" | "tonumber", [value]) => Some(value.clone()),
            ("keys", [Value::Object(map)]) => {
                let keys: BTreeSet<&String> = map.keys().collect();
                Some(keys.into_iter().cloned().map(Value::String).collect())
            }
            ("values", [Value::Object(map)]) => {
                let sorted: BTreeMap<&String, &Value> = map.iter().collect();
                Some(sorted.into_values().cloned().collect())
            }
            ("length", [Value::Array(items)]) => Some(json!(items.len())),
            ("length", [Value::Object(map)]) => Some(json!(map.len())),
            ("concat", lists) => {
                let lists: Vec<&Vec<Value>> = lists.iter().map(Value::as_array).collect::<Option<_>>()?;
                Some(lists.into_iter().flatten().cloned().collect())
            }
            ("merge", maps) => {
                let maps: Vec<&Map<String, Value>> =
                    maps.iter().map(Value::as_object).collect::<Option<_>>()?;
                let members = maps.into_iter().flatten().map(|(key, value)| (key.clone(), value.clone()));
                Some(Value::Object(members.collect()))
            }
            ("range", [end]) => {
                let end = usize::try_from(end.as_u64()?).ok()?;
                self.burn(end)?;
                Some((0..end).map(|index| json!(index)).collect())
            }
            _ => None,
        }
    }
}

fn number_of(number: &hcl_edit::Number) -> Option<Value> {
    match number.as_i64() {
        Some(whole) => Some(json!(whole)),
        None => number.as_f64().map(|broken| json!(broken)),
    }
}

/// How much memory a value takes, in nodes; long text counts as several.
fn nodes(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(nodes).sum::<usize>(),
        Value::Object(map) => 1 + map.values().map(nodes).sum::<usize>(),
        Value::String(text) => 1 + text.len() / 64,
        _ => 1,
    }
}

/// A scalar as text.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(on) => Some(on.to_string()),
        _ => None,
    }
}

fn operation(operator: BinaryOperator, left: &Value, right: &Value) -> Option<Value> {
    use BinaryOperator::{And, Eq, Greater, GreaterEq, Less, LessEq, Minus, Mul, NotEq, Or, Plus};
    match operator {
        Eq => return Some(json!(left == right)),
        NotEq => return Some(json!(left != right)),
        And => return Some(json!(left.as_bool()? && right.as_bool()?)),
        Or => return Some(json!(left.as_bool()? || right.as_bool()?)),
        _ => {}
    }
    let (a, b) = (left.as_i64()?, right.as_i64()?);
    Some(match operator {
        Less => json!(a < b),
        LessEq => json!(a <= b),
        Greater => json!(a > b),
        GreaterEq => json!(a >= b),
        Plus => json!(a.checked_add(b)?),
        Minus => json!(a.checked_sub(b)?),
        Mul => json!(a.checked_mul(b)?),
        _ => return None,
    })
}
