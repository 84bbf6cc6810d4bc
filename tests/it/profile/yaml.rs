//! Texts as they stand in the file, and where they stand.

use dbtune::profile::yaml::{Content, Node, Source};
use dbtune::profile::{Profile, Variables};
use dbtune::render::mistakes;
use proptest::prelude::*;

fn read(text: &str) -> Node {
    let source = Source::new("p.yaml", text);
    source
        .parse()
        .unwrap_or_else(|mistake| panic!("{}", mistakes::human(&[mistake], false)))
}

/// Every text of a document with its line and column, in order.
fn texts(node: &Node) -> Vec<(String, usize, usize)> {
    match &node.content {
        Content::Empty => Vec::new(),
        Content::Text(text) => vec![(text.clone(), node.at.line, node.at.column)],
        Content::Sequence(items) => items.iter().flat_map(texts).collect(),
        Content::Mapping(entries) => {
            let both = |(key, value): &(Node, Node)| [texts(key), texts(value)].concat();
            entries.iter().flat_map(both).collect()
        }
    }
}

/// The first value of a mapping.
fn value(text: &str) -> Node {
    let Content::Mapping(entries) = read(text).content else {
        panic!("not a mapping: {text}")
    };
    entries[0].1.clone()
}

#[track_caller]
fn stands_at(text: &str, wanted: &str, line: usize, column: usize) {
    let found = texts(&read(text));
    let wanted = (wanted.to_owned(), line, column);
    assert!(found.contains(&wanted), "{wanted:?} is not among {found:?}");
}

#[test]
fn a_value_reaches_us_as_the_text_in_the_file() {
    for text in [
        "on",
        "off",
        "yes",
        "no",
        "true",
        "0640",
        "017",
        "0x1F",
        "1e3",
        "1_000",
        "4GB",
        "~",
        "null",
        ".5",
        "+1",
        "-1",
        "1.0",
        "0o17",
        ".inf",
        "12:30:45",
        "2025-09-08",
    ] {
        assert_eq!(value(&format!("a: {text}\n")).text(), Some(text));
        assert_eq!(value(&format!("a: [{text}]\n")).kind(), "a sequence");
    }
}

#[test]
fn an_empty_value_is_no_text_and_a_quoted_empty_one_is() {
    assert!(matches!(value("a:\n").content, Content::Empty));
    assert!(matches!(value("a: # nothing\n").content, Content::Empty));
    assert_eq!(value("a: ''\n").text(), Some(""));
    assert_eq!(value("a: \"\"\n").text(), Some(""));
}

#[test]
fn a_tag_of_yaml_itself_leaves_the_text_as_it_is() {
    assert_eq!(value("a: !!str 5\n").text(), Some("5"));
    assert_eq!(value("a: !!int 640\n").text(), Some("640"));
}

#[test]
fn every_kind_of_text_has_its_place() {
    let text = "plain: a value  # why\n\"quoted\": 'single ''x'''\nescaped: \"\\x41b\"\nfolded: >-\n  one\n  two\n\nflow: {x: [1, two], \"y\": z}\nwide é: 日本 x\n";
    for (wanted, line, column) in [
        ("plain", 1, 1),
        ("a value", 1, 8),
        ("quoted", 2, 1),
        ("single 'x'", 2, 11),
        ("escaped", 3, 1),
        ("Ab", 3, 10),
        ("one two", 4, 9),
        ("1", 8, 12),
        ("two", 8, 15),
        ("y", 8, 21),
        ("z", 8, 26),
        ("wide é", 9, 1),
        ("日本 x", 9, 9),
    ] {
        stands_at(text, wanted, line, column);
    }
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_move_nothing() {
    stands_at("\u{feff}a: 1\r\nb:\r\n  - x\r\n", "x", 3, 5);
    stands_at("\u{feff}a: \"\\x41\"\r\n", "A", 1, 4);
}

#[test]
fn many_escaped_texts_keep_places_near_by() {
    let text = "\"\\x61\": \"\\x62\"\n".repeat(1000);
    let found = texts(&read(&text));
    assert_eq!(found[99], ("b".to_owned(), 50, 9));
    assert_eq!(found.len(), 2000);
}

#[test]
fn an_alias_stands_for_the_text_of_its_anchor() {
    let found = texts(&read("a: &x 1GB\nb: *x\nc: &y [p, q]\nd: *y\n"));
    let values: Vec<&str> = found.iter().map(|(text, _, _)| text.as_str()).collect();
    assert_eq!(
        values,
        ["a", "1GB", "b", "1GB", "c", "p", "q", "d", "p", "q"]
    );
    stands_at("a: &x 1GB\nb: *x\n", "1GB", 1, 7);
}

#[test]
fn keys_that_repeat_are_all_kept() {
    let found = texts(&read("a: 1\na: 2\n"));
    assert_eq!(found.len(), 4);
}

#[test]
fn a_document_may_open_with_dashes() {
    stands_at("---\na: 1\n", "a", 2, 1);
    stands_at("%YAML 1.1\n---\na: 1\n...\n", "a", 3, 1);
}

#[track_caller]
fn refused(text: &str, message: &str) {
    let mistake = Source::new("p.yaml", text)
        .parse()
        .expect_err("it was read");
    assert!(mistake.message.contains(message), "{}", mistake.message);
}

#[test]
fn what_is_nested_too_deeply_is_refused() {
    refused(&format!("a: {}", "[".repeat(500_000)), "nested too deeply");
    refused(
        &format!("a: {}{}", "[".repeat(100), "]".repeat(100)),
        "nested too deeply",
    );
    let stairs: Vec<String> = (0..200)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    let stairs = stairs.concat();
    refused(&stairs, "nested too deeply");
}

#[test]
fn aliases_that_multiply_are_refused() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let before = format!("*a{}", level - 1);
        let row = vec![before; 10].join(", ");
        text = format!("{text}a{level}: &a{level} [{row}]\n");
    }
    refused(&text, "too many values");
}

#[test]
fn a_text_that_does_not_fit_its_tag_is_refused_without_repeating_it() {
    let mistake = Source::new("p.yaml", "a: !!int hunter2\n")
        .parse()
        .unwrap_err();
    assert_eq!(mistake.message, "this text does not fit its YAML tag");
}

#[test]
fn an_alias_of_itself_is_refused() {
    let mistake = Source::new("p.yaml", "a: &a [*a]\n")
        .parse()
        .expect_err("it was read");
    assert!(!mistake.message.is_empty());
}

#[test]
fn a_large_honest_file_is_read() {
    let lines: Vec<String> = (0..20_000)
        .map(|number| format!("key_{number}: value {number}\n"))
        .collect();
    let text = lines.concat();
    let found = texts(&read(&text));
    assert_eq!(
        found.last().unwrap(),
        &("value 19999".to_owned(), 20_000, 12)
    );
}

/// Pieces that meet each other badly in YAML.
fn yaml_soup() -> impl Strategy<Value = String> {
    let pieces = [
        "profile: p\n",
        "phases:\n",
        "  - phase: 1\n",
        "    redis:\n",
        "      save: x\n",
        "- ",
        ": ",
        "? ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "&a ",
        "*a",
        "!t ",
        "!!str ",
        "|\n",
        ">-\n",
        "\"",
        "'",
        "\\x",
        "#",
        "---\n",
        "...\n",
        "%YAML",
        "\t",
        "\r\n",
        "\u{85}",
        "\u{2028}",
        "é",
        "日",
        "${X}",
        "${",
        "$${",
        "<<: ",
        "~",
        "default",
        "extends: medianest-baseline\n",
        "value: ",
        "because: ",
        "\u{feff}",
        "\u{0}",
        "  ",
        "\n",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..40)
        .prop_map(|pieces| pieces.concat())
}

/// Reads a text and renders whatever comes of it.
fn read_and_render(text: &str) {
    let source = Source::new("p.yaml", text);
    match Profile::parse(&source, &Variables::new()) {
        Ok(profile) => drop(dbtune::render::profile::human(&profile, true)),
        Err(found) => {
            let rendered = mistakes::human(&found, false);
            assert!(
                !found.is_empty() && rendered.contains("error: "),
                "{rendered}"
            );
            for place in found.iter().filter_map(|mistake| mistake.place.as_ref()) {
                let lines = place.text.split('\n').count();
                assert!(
                    (1..=lines).contains(&place.line),
                    "line {} of {lines}",
                    place.line
                );
                let columns = place.line_text().chars().count() + 2;
                assert!(
                    (1..=columns).contains(&place.column),
                    "column {}",
                    place.column
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        read_and_render(&text);
    }

    #[test]
    fn anything_like_yaml_is_read_or_refused(text in yaml_soup()) {
        read_and_render(&text);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(source) = Source::from_bytes("p.yaml", &bytes) {
            read_and_render(source.text());
        }
    }

    #[test]
    fn a_quoted_text_stands_where_it_was_put(before in "[a-zé日 ]{0,10}", text in "[a-z \\\\\"\u{e9}]{0,12}") {
        let quoted = serde_json::to_string(&text).unwrap();
        let yaml = format!("'{before}': {quoted}\n");
        let column = before.chars().count() + 5;
        let found = texts(&read(&yaml));
        prop_assert_eq!(found.last().unwrap(), &(text, 1, column));
    }
}
