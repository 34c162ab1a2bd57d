//! As much of XML Schema as the published schema of JUnit needs. What it does not know it refuses, so that nothing of a
//! schema is passed over.

use regex::Regex;
use roxmltree::{Document, Node};

/// What is wrong with `instance` by the schema, each with its line.
pub fn faults(schema: &str, instance: &str) -> Vec<String> {
    let schema = Document::parse(schema).unwrap();
    let instance = Document::parse(instance).unwrap();
    let mut faults = Vec::new();
    let root = instance.root_element();
    let checker = Checker { schema: &schema };
    match checker.global("element", root.tag_name().name()) {
        Some(declared) => checker.element(declared, root, &mut faults),
        None => faults.push(format!("<{}> is no root", root.tag_name().name())),
    }
    faults
}

struct Checker<'a> {
    schema: &'a Document<'a>,
}

fn tag<'a>(node: Node<'a, '_>) -> &'a str {
    node.tag_name().name()
}

fn parts<'a, 'i: 'a>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(Node::is_element)
}

impl<'a> Checker<'a> {
    fn global(&self, what: &str, name: &str) -> Option<Node<'a, 'a>> {
        parts(self.schema.root_element())
            .find(|node| tag(*node) == what && node.attribute("name") == Some(name))
    }

    fn element(&self, declared: Node<'a, 'a>, found: Node, faults: &mut Vec<String>) {
        let kind = match declared.attribute("type") {
            Some("xs:string") => None,
            Some(name) => Some(self.global("complexType", name).expect("a declared type")),
            None => Some(parts(declared).find(|node| tag(*node) == "complexType").expect("a type")),
        };
        let line = found.document().text_pos_at(found.range().start).row;
        let mut fault = |text: String| faults.push(format!("line {line}: <{}>: {text}", tag(found)));
        let Some(kind) = kind else {
            if parts(found).next().is_some() || found.attributes().next().is_some() {
                fault("takes text alone".into());
            }
            return;
        };
        let mut content = None;
        let mut attributes = Vec::new();
        for part in parts(kind) {
            match tag(part) {
                "sequence" | "choice" => content = Some(part),
                "attribute" => attributes.push(part),
                other => panic!("the schema holds <{other}>, which is not known here"),
            }
        }
        for attribute in found.attributes() {
            let declared = attributes.iter().find(|one| one.attribute("name") == Some(attribute.name()));
            match declared.map(|one| one.attribute("type").expect("a type")) {
                None => fault(format!("has no attribute {}", attribute.name())),
                Some("xs:string") => {}
                Some(name) if self.pattern(name).is_match(attribute.value()) => {}
                Some(name) => fault(format!("{} is no {name}: {}", attribute.name(), attribute.value())),
            }
        }
        for one in attributes.iter().filter(|one| one.attribute("use") == Some("required")) {
            let name = one.attribute("name").expect("a name");
            if !found.has_attribute(name) {
                fault(format!("lacks {name}"));
            }
        }
        let text = found.children().filter(Node::is_text).filter_map(|node| node.text());
        if kind.attribute("mixed") != Some("true") && text.into_iter().any(|text| !text.trim().is_empty()) {
            fault("takes no text".into());
        }
        let inner: String = parts(found).map(|node| format!("{} ", tag(node))).collect();
        let model = content.map(|content| self.model(content)).unwrap_or_default();
        if !Regex::new(&format!("^{model}$")).unwrap().is_match(&inner) {
            fault(format!("does not take these elements: {inner}"));
            return;
        }
        for child in parts(found) {
            let local = content.into_iter().flat_map(|content| content.descendants());
            let local = local.filter(|node| tag(*node) == "element");
            let of = local.into_iter().find_map(|node| match node.attribute("ref") {
                Some(name) if name == tag(child) => self.global("element", name),
                _ => Some(node).filter(|node| node.attribute("name") == Some(tag(child))),
            });
            self.element(of.expect("the model knows it"), child, faults);
        }
    }

    /// The order of elements as a pattern over their names.
    fn model(&self, particle: Node) -> String {
        let one = match tag(particle) {
            "element" => {
                let name = particle.attribute("ref").or(particle.attribute("name")).expect("a name");
                format!("(?:{} )", regex::escape(name))
            }
            "sequence" => format!("(?:{})", parts(particle).map(|part| self.model(part)).collect::<String>()),
            "choice" => {
                let choices: Vec<String> = parts(particle).map(|part| self.model(part)).collect();
                format!("(?:{})", choices.join("|"))
            }
            other => panic!("the schema holds <{other}>, which is not known here"),
        };
        let bound = |name: &str| particle.attribute(name).unwrap_or("1");
        match bound("maxOccurs") {
            "unbounded" => format!("{one}{{{},}}", bound("minOccurs")),
            most => format!("{one}{{{},{most}}}", bound("minOccurs")),
        }
    }

    fn pattern(&self, name: &str) -> Regex {
        let kind = self.global("simpleType", name).expect("a declared type");
        let pattern = kind.descendants().find(|node| tag(*node) == "pattern").expect("a pattern");
        Regex::new(&format!("^(?:{})$", pattern.attribute("value").expect("a value"))).unwrap()
    }
}

#[test]
fn it_refuses_what_the_schema_refuses() {
    let schema = include_str!("../../../tests/fixtures/schemas/junit-10.xsd");
    let suite = |inside: &str| {
        let text = format!(
            "<testsuites time=\"0.1\"><testsuite name=\"a\" tests=\"1\" failures=\"0\" errors=\"0\">{inside}</testsuite></testsuites>"
        );
        faults(schema, &text)
    };
    let none: Vec<String> = Vec::new();
    assert_eq!(suite("<testcase name=\"a\"><error message=\"b\">c</error></testcase>"), none);
    assert_eq!(
        suite("<properties><property name=\"a\" value=\"b\"/></properties><testcase name=\"a\"/>"),
        none
    );
    for broken in [
        "<testcase/>",
        "<testcase name=\"a\" file=\"b\"/>",
        "<testcase name=\"a\">text</testcase>",
        "<testcase name=\"a\"><failed/></testcase>",
        "<testcase name=\"a\"><testcase name=\"b\"/></testcase>",
        "<testcase name=\"a\"><rerunError>no type</rerunError></testcase>",
        "<properties><property name=\"a\"/></properties>",
        "<system-out><b/></system-out>",
    ] {
        assert_eq!(suite(broken).len(), 1, "{broken}: {:?}", suite(broken));
    }
    assert_eq!(faults(schema, "<testsuites time=\"1 s\"/>").len(), 1);
    assert_eq!(faults(schema, "<tests/>"), ["<tests> is no root"]);
}
