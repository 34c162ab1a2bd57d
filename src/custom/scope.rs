//! What a policy may name. In Rego what is not there is undefined, and a rule over it silently does not hold; so all that
//! could be misspelt is held against what there is before the policy is ever asked.

use std::collections::BTreeSet;

use regorus::Value;
use regorus::unstable::{ArithOp, Expr, Literal, LiteralStmt, Module, Query, Rule, RuleBody, RuleHead, Span};

use super::Fault;
use super::functions;
use super::metadata::Metadata;

/// What the input holds beside the attributes.
const FIELDS: [&str; 6] = ["type", "id", "name", "arn", "account", "region"];

/// Confirms that the policy reads declared attributes alone, and calls what it may call.
pub fn verify(file: &str, module: &Module, metadata: &Metadata) -> Result<(), Fault> {
    let mut scope = Scope { file, metadata, functions: BTreeSet::new(), read: BTreeSet::new() };
    for import in &module.imports {
        let path = dotted(&import.refr).unwrap_or_default();
        if path != "rego.v1" && !path.starts_with("future.keywords") {
            let problem = format!("`{path}` is imported");
            let remedy = "import rego.v1 alone; every policy stands for itself, and names its input in full";
            return Err(scope.fault(&import.span, problem, remedy));
        }
    }
    for rule in &module.policy {
        if let Rule::Spec { head: RuleHead::Func { refr, .. }, .. } = rule.as_ref() {
            scope.functions.extend(dotted(refr));
        }
    }
    for rule in &module.policy {
        scope.rule(rule)?;
    }
    let unread = metadata.attributes.iter().find(|attr| !scope.read.contains(attr.path));
    match unread {
        Some(attr) => Err(Fault::new(
            file,
            None,
            format!("`{}` is declared and never read", attr.path),
            format!("read input.attributes.{0}, or take `{0}` out of the attributes", attr.path),
        )),
        None => Ok(()),
    }
}

struct Scope<'a> {
    file: &'a str,
    metadata: &'a Metadata,
    /// Functions that the policy defines.
    functions: BTreeSet<String>,
    /// Attributes that it reads.
    read: BTreeSet<&'static str>,
}

impl Scope<'_> {
    fn fault(&self, span: &Span, problem: impl Into<String>, remedy: impl Into<String>) -> Fault {
        Fault::new(self.file, usize::try_from(span.line).ok(), problem, remedy)
    }

    fn rule(&mut self, rule: &Rule) -> Result<(), Fault> {
        match rule {
            Rule::Default { refr, args, value, .. } => {
                self.expressions([refr, value].into_iter().chain(args).map(|expr| &**expr))
            }
            Rule::Spec { head, bodies, .. } => {
                match head {
                    RuleHead::Compr { refr, assign, .. } => {
                        self.expressions(
                            [refr]
                                .into_iter()
                                .chain(assign.as_ref().map(|assign| &assign.value))
                                .map(|expr| &**expr),
                        )?;
                    }
                    RuleHead::Set { refr, key, .. } => {
                        self.expressions([refr].into_iter().chain(key).map(|expr| &**expr))?;
                    }
                    RuleHead::Func { refr, args, assign, .. } => {
                        let value = assign.as_ref().map(|assign| &assign.value);
                        self.expressions([refr].into_iter().chain(args).chain(value).map(|expr| &**expr))?;
                    }
                }
                bodies.iter().try_for_each(|body| self.body(body))
            }
        }
    }

    fn body(&mut self, body: &RuleBody) -> Result<(), Fault> {
        if let Some(assign) = &body.assign {
            self.expression(&assign.value)?;
        }
        self.query(&body.query)
    }

    fn query(&mut self, query: &Query) -> Result<(), Fault> {
        query.stmts.iter().try_for_each(|statement| self.statement(statement))
    }

    fn statement(&mut self, statement: &LiteralStmt) -> Result<(), Fault> {
        if let Some(with) = statement.with_mods.first() {
            let remedy = "leave `with` to tests: a policy judges the resource that it is handed";
            return Err(self.fault(
                &with.span,
                "`with` puts something else in the place of what was read",
                remedy,
            ));
        }
        match &statement.literal {
            Literal::SomeVars { vars, .. } => vars.iter().try_for_each(|name| self.name(name)),
            Literal::SomeIn { key, value, collection, .. } => {
                self.expressions(key.iter().chain([value, collection]).map(|expr| &**expr))
            }
            Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => self.expression(expr),
            Literal::Every { key, value, domain, query, .. } => {
                key.iter().chain([value]).try_for_each(|name| self.name(name))?;
                self.expression(domain)?;
                self.query(query)
            }
        }
    }

    /// A variable that takes the name of what the engine provides would hide it from this very look.
    fn name(&self, span: &Span) -> Result<(), Fault> {
        match span.text() {
            name @ ("input" | "data") => {
                Err(self.fault(span, format!("a variable is called `{name}`"), "choose another name"))
            }
            _ => Ok(()),
        }
    }

    fn expressions<'e>(&mut self, all: impl IntoIterator<Item = &'e Expr>) -> Result<(), Fault> {
        all.into_iter().try_for_each(|expr| self.expression(expr))
    }

    fn expression(&mut self, expr: &Expr) -> Result<(), Fault> {
        match expr {
            Expr::String { .. }
            | Expr::RawString { .. }
            | Expr::Number { .. }
            | Expr::Bool { .. }
            | Expr::Null { .. } => Ok(()),
            Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } => self.reference(expr),
            Expr::Array { items, .. } | Expr::Set { items, .. } => {
                self.expressions(items.iter().map(|item| &**item))
            }
            Expr::Object { fields, .. } => {
                self.expressions(fields.iter().flat_map(|(_, key, value)| [&**key, &**value]))
            }
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                self.expression(term)?;
                self.query(query)
            }
            Expr::ObjectCompr { key, value, query, .. } => {
                self.expressions([&**key, &**value])?;
                self.query(query)
            }
            Expr::Call { fcn, params, span, .. } => {
                self.call(fcn, span)?;
                self.expressions(params.iter().map(|param| &**param))
            }
            Expr::UnaryExpr { expr, .. } => self.expression(expr),
            Expr::ArithExpr { op: ArithOp::Mul, lhs, rhs, span, .. } => {
                // Squares of squares grow beyond any memory in a few lines.
                if ![lhs, rhs].iter().any(|side| matches!(***side, Expr::Number { .. })) {
                    let remedy = "multiply by a number that is written out";
                    return Err(self.fault(span, "two values are multiplied", remedy));
                }
                self.expressions([&**lhs, &**rhs])
            }
            Expr::BinExpr { lhs, rhs, .. }
            | Expr::BoolExpr { lhs, rhs, .. }
            | Expr::ArithExpr { lhs, rhs, .. }
            | Expr::AssignExpr { lhs, rhs, .. } => self.expressions([&**lhs, &**rhs]),
            Expr::Membership { key, value, collection, .. } => {
                self.expressions(key.iter().chain([value, collection]).map(|expr| &**expr))
            }
        }
    }

    fn call(&self, function: &Expr, span: &Span) -> Result<(), Fault> {
        let name = dotted(function).unwrap_or_default();
        if self.functions.contains(&name) || functions::is_allowed(&name) {
            return Ok(());
        }
        let remedy = format!(
            "custom checks see their resource and nothing else: no network, file, environment, clock or chance; there \
             are {}",
            functions::names().join(", ")
        );
        Err(self.fault(span, format!("the function `{name}` is not available"), remedy))
    }

    /// A reference: what it begins with, and what is named of it.
    fn reference(&mut self, expr: &Expr) -> Result<(), Fault> {
        let mut steps = Vec::new();
        let mut root = expr;
        loop {
            match root {
                Expr::RefDot { refr, field, .. } => {
                    steps.push(Step::Named(field.0.text().to_owned()));
                    root = refr;
                }
                Expr::RefBrack { refr, index, .. } => {
                    self.expression(index)?;
                    steps.push(literal(index).map_or(Step::Computed, Step::Named));
                    root = refr;
                }
                _ => break,
            }
        }
        steps.reverse();
        let Expr::Var { span, .. } = root else { return self.expression(root) };
        match span.text() {
            "input" => self.input(span, &steps),
            "data" => {
                let remedy = "name rules of the policy without `data`; it sees no other";
                Err(self.fault(span, "`data` is read, which custom checks do not have", remedy))
            }
            _ => Ok(()),
        }
    }

    fn input(&mut self, span: &Span, steps: &[Step]) -> Result<(), Fault> {
        match steps {
            [Step::Named(field), ..] if FIELDS.contains(&field.as_str()) => Ok(()),
            [Step::Named(attributes), Step::Named(name), ..] if attributes == "attributes" => {
                match self.metadata.attributes.iter().find(|attr| attr.path == name) {
                    Some(attr) => {
                        self.read.insert(attr.path);
                        Ok(())
                    }
                    None => Err(self.fault(
                        span,
                        format!("input.attributes.{name} is read and not declared"),
                        "add it to `attributes` in the METADATA annotation, so that it is read from AWS",
                    )),
                }
            }
            [Step::Named(field), ..] if field != "attributes" => Err(self.fault(
                span,
                format!("there is no input.{field}"),
                format!("the input holds attributes, {}", FIELDS.join(", ")),
            )),
            _ => Err(self.fault(
                span,
                "the input is used without the name of an attribute",
                "write input.attributes.NAME: what is reached by a computed name cannot be held against what is declared",
            )),
        }
    }
}

enum Step {
    Named(String),
    Computed,
}

fn literal(expr: &Expr) -> Option<String> {
    match expr {
        Expr::String { value: Value::String(text), .. }
        | Expr::RawString { value: Value::String(text), .. } => Some(text.to_string()),
        _ => None,
    }
}

/// `a.b.c` of a reference that is named throughout.
fn dotted(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Var { span, .. } => Some(span.text().to_owned()),
        Expr::RefDot { refr, field, .. } => Some(format!("{}.{}", dotted(refr)?, field.0.text())),
        Expr::RefBrack { refr, index, .. } => Some(format!("{}.{}", dotted(refr)?, literal(index)?)),
        _ => None,
    }
}
