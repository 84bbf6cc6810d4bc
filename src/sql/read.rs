//! From a text to a script, or to its mistakes.

use squawk_syntax::SyntaxNode;
use squawk_syntax::ast::AstNode as _;

use super::place::Lines;
use super::{Directive, Kind, Mistake, Place, Script, Statement, client, enum_value, syntax, tree};

/// Reads a file.
pub(super) fn script(text: &str) -> Result<Script, Vec<Mistake>> {
    let lines = Lines::of(text);
    let mut mistakes = Vec::new();
    let parse = client::parse(text, &lines, &mut mistakes);
    let root = parse.tree().syntax().clone();
    let directive = super::directive::read(&root, &lines, &mut mistakes);
    let statements = statements(&root, &lines);
    let grammatical = syntax::mistakes(&parse, &lines);
    if grammatical.is_empty() {
        mistakes.extend(stray(&root, &lines));
        mistakes.extend(syntax::continued_escapes(&root, &lines));
    }
    mistakes.extend(grammatical);
    mistakes.extend(statements.iter().filter_map(refused));
    if mistakes.is_empty() && statements.is_empty() {
        mistakes.push(empty());
    }
    if !mistakes.is_empty() {
        mistakes.sort_by_key(|mistake| mistake.place);
        return Err(mistakes);
    }
    let used = enum_value::first_use(&statements);
    let statements: Vec<Statement> = statements.into_iter().map(|(_, own)| own).collect();
    let allows = super::allow::read(&root, &lines, &statements);
    Ok(Script::new(statements, directive, used).allowing(allows))
}

/// Reads the directive of a file, whatever else is wrong with it.
pub(super) fn directive(text: &str) -> Result<Option<Directive>, Mistake> {
    let lines = Lines::of(text);
    let parse = client::parse(text, &lines, &mut Vec::new());
    let mut mistakes = Vec::new();
    let root = parse.tree().syntax().clone();
    let directive = super::directive::read(&root, &lines, &mut mistakes);
    match mistakes.into_iter().next() {
        Some(mistake) => Err(mistake),
        None => Ok(directive.map(|(directive, _)| directive)),
    }
}

fn statements(root: &SyntaxNode, lines: &Lines<'_>) -> Vec<(SyntaxNode, Statement)> {
    root.children()
        .filter_map(|node| Some((node.clone(), Statement::of(&node, lines)?)))
        .collect()
}

/// A token that is in no statement. The parser is not known to leave one without an error; if it did,
/// a part of the file would silently not run.
fn stray(root: &SyntaxNode, lines: &Lines<'_>) -> Option<Mistake> {
    let stray = tree::own_tokens(root).find(|token| !token.kind().is_trivia())?;
    let message = format!("`{}` belongs to no statement", stray.text());
    let place = lines.place(tree::token_range(&stray).start);
    Some(Mistake::new(place, message))
}

/// What a statement is refused for that the grammar knows.
fn refused((node, statement): &(SyntaxNode, Statement)) -> Option<Mistake> {
    if let Kind::TransactionControl(word) = statement.kind() {
        let message = format!("{word} has no place in a migration");
        let hint = "leave it out: dbtune begins and commits. `-- dbtune: no-transaction` on a line of \
                    its own has the statements run one by one";
        return Some(Mistake::new(statement.place(), message).hint(hint));
    }
    client::copy(node).map(|refused| refused.at(statement.place()))
}

fn empty() -> Mistake {
    Mistake::new(Place::START, "there is no statement in the file")
        .hint("write one, or delete the file: a migration that does nothing hides a mistake")
}
