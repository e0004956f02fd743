//! XML.

use fhir::xml;

use super::edit::Mutant;
use super::{Base, Places, World};
use crate::{Format, Seeded};

/// The children of the root, each as it stands in the text.
fn pieces(text: &str) -> Option<(String, Vec<String>, String)> {
    let open = text.find("?>").map_or(0, |at| at + 2);
    let start = text.get(open..)?.find('>')? + open + 1;
    let end = text.rfind("</")?;
    let (head, body, tail) = (text.get(..start)?, text.get(start..end)?, text.get(end..)?);
    let mut found = Vec::new();
    let (mut depth, mut from, mut at) = (0usize, 0usize, 0usize);
    while let Some(open) = body.get(at..)?.find('<') {
        let tag = at + open;
        let close = tag + body.get(tag..)?.find('>')?;
        let inside = body.get(tag + 1..close)?;
        if inside.starts_with('/') {
            depth = depth.checked_sub(1)?;
        } else if !inside.ends_with('/') {
            depth += 1;
        }
        at = close + 1;
        if depth == 0 {
            found.push(body.get(from..at)?.trim().to_owned());
            from = at;
        }
    }
    Some((head.to_owned(), found, tail.to_owned()))
}

fn written(world: &World<'_>, base: &Base) -> Option<String> {
    xml::write(&base.resource, &world.model).ok()
}

fn joined(head: &str, pieces: &[String], tail: &str) -> String {
    format!("{head}{}{tail}", pieces.concat())
}

/// Elements in another order than the definition's.
pub fn order(world: &World<'_>, base: &Base, _: &Places, seeded: &mut Seeded) -> Vec<Mutant> {
    let mut found = Vec::new();
    let Some((head, pieces, tail)) = written(world, base).as_deref().and_then(pieces) else {
        return found;
    };
    for _ in 0..3 {
        if pieces.len() < 2 {
            break;
        }
        let (one, other) = (seeded.below(pieces.len()), seeded.below(pieces.len()));
        if one == other {
            continue;
        }
        let mut turned = pieces.clone();
        turned.swap(one, other);
        let rule = format!("{}-{}", name(&pieces, one), name(&pieces, other));
        found.push(Mutant::text(
            &rule,
            format!("swap-{one}-{other}"),
            Format::Xml,
            joined(&head, &turned, &tail),
        ));
    }
    found.push(Mutant::text(
        "as-written",
        "as-written",
        Format::Xml,
        joined(&head, &pieces, &tail),
    ));
    found
}

fn name(pieces: &[String], at: usize) -> &str {
    pieces
        .get(at)
        .and_then(|piece| piece.strip_prefix('<'))
        .and_then(|piece| piece.split(|c: char| !c.is_ascii_alphanumeric()).next())
        .unwrap_or("x")
}

/// Unknown elements, attributes and text.
pub fn shape(world: &World<'_>, base: &Base, _: &Places, seeded: &mut Seeded) -> Vec<Mutant> {
    let mut found = Vec::new();
    let Some((head, pieces, tail)) = written(world, base).as_deref().and_then(pieces) else {
        return found;
    };
    let Some(piece) = pieces.get(seeded.below(pieces.len())).cloned() else {
        return found;
    };
    let whole = |pieces: &[String]| joined(&head, pieces, &tail);
    let replaced = |new: String| {
        let mut all = pieces.clone();
        if let Some(old) = all.iter_mut().find(|old| **old == piece) {
            *old = new;
        }
        whole(&all)
    };
    let added = |new: &str| {
        let mut all = pieces.clone();
        all.push(new.to_owned());
        whole(&all)
    };
    let end = piece.find(['/', '>', ' ']).unwrap_or(1);
    let with_attribute = |attribute: &str| {
        let (open, rest) = piece.split_at(end);
        replaced(format!("{open} {attribute}{rest}"))
    };
    let all: Vec<(&str, String)> = vec![
        ("unknown-element", added("<noSuchElement value=\"x\"/>")),
        ("text", added("words")),
        (
            "text-inside",
            piece.find("/>").map_or_else(
                || added("words"),
                |at| {
                    let tag = piece.get(1..end).unwrap_or("x");
                    let (open, _) = piece.split_at(at);
                    if piece.matches('<').count() == 1 {
                        replaced(format!("{open}>words</{tag}>"))
                    } else {
                        added("words")
                    }
                },
            ),
        ),
        ("unknown-attribute", with_attribute("noSuch=\"x\"")),
        (
            "foreign-attribute",
            with_attribute("xmlns:a=\"https://causeway.test\" a:b=\"x\""),
        ),
        ("xml-id", with_attribute("xml:id=\"x\"")),
        (
            "cut",
            whole(&pieces)
                .chars()
                .take(whole(&pieces).chars().count() / 2)
                .collect(),
        ),
        ("unclosed", joined(&head, &pieces, "")),
        ("wrong-end", joined(&head, &pieces, "</NoSuchType>")),
        ("comment", added("<!-- words -->")),
        ("instruction", added("<?some words?>")),
        (
            "doctype",
            format!(
                "<!DOCTYPE x [<!ENTITY e \"words\">]>{}",
                whole(&pieces).replacen("<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "", 1)
            ),
        ),
        ("spaces", whole(&pieces).replace("><", ">\n  <")),
        ("cdata", added("<![CDATA[words]]>")),
        (
            "case",
            replaced(piece.replacen(
                piece.get(1..end).unwrap_or("x"),
                &piece.get(1..end).unwrap_or("x").to_uppercase(),
                1,
            )),
        ),
        ("empty-element", added("<language/>")),
        ("empty-value", added("<language value=\"\"/>")),
        ("attribute-twice", with_attribute("a=\"1\" a=\"2\"")),
        ("raw-ampersand", added("<language value=\"a & b\"/>")),
        (
            "unknown-root",
            whole(&pieces).replace(
                base.resource.text("resourceType").unwrap_or("x"),
                "NoSuchType",
            ),
        ),
        (
            "value-on-complex",
            if piece.contains("><") {
                with_attribute("value=\"x\"")
            } else {
                added("words")
            },
        ),
    ];
    for _ in 0..3 {
        if let Some((how, text)) = seeded.pick(&all) {
            found.push(Mutant::text(how, *how, Format::Xml, text.clone()));
        }
    }
    found
}

/// Elements in no namespace or in another's.
pub fn namespace(world: &World<'_>, base: &Base, _: &Places, seeded: &mut Seeded) -> Vec<Mutant> {
    let Some(text) = written(world, base) else {
        return Vec::new();
    };
    let fhir = "xmlns=\"http://hl7.org/fhir\"";
    let Some((head, pieces, tail)) = pieces(&text) else {
        return Vec::new();
    };
    let other = |attribute: &str| {
        let mut all = pieces.clone();
        let at = seeded_index(&all);
        if let Some(piece) = all.get_mut(at) {
            let end = piece.find(['/', '>', ' ']).unwrap_or(1);
            piece.insert_str(end, attribute);
        }
        joined(&head, &all, &tail)
    };
    let name = base.resource.text("resourceType").unwrap_or("x");
    let all: Vec<(&str, String)> = vec![
        ("none", text.replacen(fhir, "", 1)),
        ("another", text.replacen(fhir, "xmlns=\"https://causeway.test\"", 1)),
        ("case", text.replacen(fhir, "xmlns=\"http://hl7.org/FHIR\"", 1)),
        ("slash", text.replacen(fhir, "xmlns=\"http://hl7.org/fhir/\"", 1)),
        ("child-another", other(" xmlns=\"https://causeway.test\"")),
        ("child-none", other(" xmlns=\"\"")),
        ("child-same", other(" xmlns=\"http://hl7.org/fhir\"")),
        ("div-none", text.replace(" xmlns=\"http://www.w3.org/1999/xhtml\"", "")),
        ("div-fhir", text.replace("xmlns=\"http://www.w3.org/1999/xhtml\"", "xmlns=\"http://hl7.org/fhir\"")),
        ("prefix", text.replacen(fhir, "xmlns:f=\"http://hl7.org/fhir\"", 1)),
        ("schema-location", text.replacen(fhir, &format!("{fhir} xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"http://hl7.org/fhir ../{name}.xsd\""), 1)),
        ("unused-prefix", text.replacen(fhir, &format!("{fhir} xmlns:a=\"https://causeway.test\""), 1)),
        ("undeclared-prefix", added_before(&head, &pieces, &tail, "<a:b value=\"x\"/>")),
    ];
    let mut found = Vec::new();
    for _ in 0..2 {
        if let Some((how, text)) = seeded.pick(&all) {
            found.push(Mutant::text(how, *how, Format::Xml, text.clone()));
        }
    }
    found
}

fn seeded_index(pieces: &[String]) -> usize {
    pieces.len() / 2
}

fn added_before(head: &str, pieces: &[String], tail: &str, new: &str) -> String {
    format!("{head}{new}{}{tail}", pieces.concat())
}

/// A single element twice, which only XML can show; elements apart that belong together.
pub fn repeat(world: &World<'_>, base: &Base, places: &Places, seeded: &mut Seeded) -> Vec<Mutant> {
    let mut found = Vec::new();
    let Some((head, pieces, tail)) = written(world, base).as_deref().and_then(pieces) else {
        return found;
    };
    for _ in 0..3 {
        let at = seeded.below(pieces.len());
        let Some(piece) = pieces.get(at).cloned() else {
            continue;
        };
        let key = name(&pieces, at).to_owned();
        let many = places.members.iter().any(|member| {
            member.object.is_empty() && member.key == key && member.element().is_array
        });
        let mut all = pieces.clone();
        all.insert(at, piece);
        let how = if many { "repeatable" } else { "single" };
        found.push(Mutant::text(
            &format!("{how}-{key}"),
            format!("{how}-{key}"),
            Format::Xml,
            joined(&head, &all, &tail),
        ));
    }
    found
}
