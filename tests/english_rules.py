"""The rules of English that a machine can hold, run by ``make check`` (CONTRIBUTING.md says all nine).

``python tests/english_rules.py [PATH ...]`` prints every breach under the paths, or in the whole product without any.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("threat", "features", "training", "serving", "fairness", "model_cards")
ERRORS = {"ThreatError", "UsageError", "BadInput", "GateRefused", "IntegrityFailure"}

# An error speaks of what was given, so it never opens as a rule about every such thing.
RULE_OPENERS = {"A", "An", "All", "Each", "Every", "Give", "One", "Only", "Say", "What", "Whoever"}

# A first sentence without any of these says how things should be, not what is wrong.
FAULT = re.compile(
    r"\b(no|not|non|nor|neither|never|none|nobody|nothing|cannot|can't|without|missing|lacks?|unknown|unreadable"
    r"|twice|repeated|repeats|repeat|already|in use|too|more|fewer|less|short|shorter|longer|larger|smaller|above|below"
    r"|outside|inside|before|after|earlier|later|differs?|different|disagrees?|changed|another|other|damaged|torn|broken"
    r"|malformed|misspelt|invalid|fails?|failed|refused|expired|revoked|suspended|retired|closed|locked|empty|blank"
    r"|extra|got|but|instead|wrong|unsafe|loops?|circular|overlaps?|contradicts?|contradict|forbidden|denied"
    r"|problems?|unused|unsigned|untrusted|unverified|conflicts?|clashes|exists|taken|negative|infinite)\b",
    re.IGNORECASE,
)

DOCSTRING_OPENERS = {
    *("How", "It", "One", "That", "These", "They", "This", "Those", "What", "When", "Where", "Whether"),
    *("Who", "Whoever", "Whose", "Why"),
}
LONGEST_SENTENCE = 25  # words: what a reader holds in one breath (rule 2)
METAPHORS = {"apart", "aside", "beside", "door", "held", "keeper", "teller", "told", "visits"}
PRONOUNS = {"one", "that", "this", "it", "theirs", "own", "found", "known"}  # a variable is a noun of the domain
DOC_WIDTH = 100
FORBIDDEN = re.compile(r"\b(rests? on|(?:made|written) anew|put aside|told against|stands? by)\b", re.IGNORECASE)
STORED = {"It stands by for the model's list."}  # list.json keeps these words: other words would be another LIST
STATES_THE_RULES = {"CONTRIBUTING.md", "CHANGELOG.md"}  # the words quoted as wrong; what earlier versions said
GENERATED = {"docs/features.md", "docs/markers.md", "docs/results.md", "docs/benchmarks/features.md"}


def first_sentence(text: str) -> str:
    """The text up to its first full stop that ends a sentence, on one line."""
    flat = " ".join(text.split())
    end = re.search(r"(?<!e\.g)(?<!i\.e)[.!?](?=\s|$)", flat)
    return flat[: end.end()] if end else flat


def literal(node: ast.expr) -> str | None:
    """The words of a string or f-string, with ``{}`` for each value; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def of_error(text: str) -> str | None:
    """What is wrong with an error's text, or None.

    >>> of_error("The port is free.")
    'says no fault: The port is free.'
    >>> of_error("Port 8000 is in use.") is None
    True
    >>> of_error("A capacity is a number above 0.")
    'opens as a rule (A): A capacity is a number above 0.'
    """
    sentence = first_sentence(text)
    opener = sentence.split(" ")[0] if sentence else ""
    if opener in RULE_OPENERS:
        return f"opens as a rule ({opener}): {sentence}"
    if not FAULT.search(sentence) and sentence.strip("{}. "):
        return f"says no fault: {sentence}"
    return None


def of_docstring(text: str, *, function: bool) -> str | None:
    """What is wrong with a docstring, or None.

    >>> of_docstring("What is kept.", function=True)
    'opens with What: What is kept.'
    >>> of_docstring("Return the mask of rows to keep.", function=True) is None
    True
    """
    sentence = first_sentence(text)
    words = sentence.split(" ")
    if len(words) > LONGEST_SENTENCE:
        return f"first sentence of {len(words)} words, at most {LONGEST_SENTENCE}: {sentence[:70]}..."
    if function and words[0] in DOCSTRING_OPENERS:
        return f"opens with {words[0]}: {sentence[:90]}"
    return None


def of_words(text: str) -> str | None:
    """What is wrong with the verbs of a text that people read, or None (rule 5).

    >>> of_words("What the verdict rests on")
    'says "rests on": What the verdict rests on'
    >>> of_words("What the verdict depends on") is None
    True
    """
    flat = " ".join(text.split())
    if flat not in STORED and (verb := FORBIDDEN.search(flat)):
        return f'says "{verb[0]}": {flat[max(0, verb.start() - 40) : verb.end() + 40]}'
    return None


def names_in(tree: ast.AST) -> Iterator[tuple[int, str, bool]]:
    """Line, name, and whether it is a definition, of everything that a module names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name, True
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id, False
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg, False


def of_name(name: str) -> str | None:
    """What is wrong with a name, or None.

    >>> of_name("one")
    'the name one is no noun of the domain'
    >>> of_name("set_aside")
    'the name set_aside is a metaphor (aside)'
    """
    if name in PRONOUNS:
        return f"the name {name} is no noun of the domain"
    words = set(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().split("_"))
    if metaphors := sorted(words & METAPHORS):
        return f"the name {name} is a metaphor ({', '.join(metaphors)})"
    return None


def in_code(path: Path) -> Iterator[str]:
    """Every breach in a module of the product."""
    where = path.relative_to(ROOT).as_posix()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if metaphor := of_name(path.stem):
        yield f"{where}: {metaphor}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS and node.args:
            text = literal(node.args[0])
            if text and (fault := of_error(text)):
                yield f"{where}:{node.lineno}: error {fault}"
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if is_function or isinstance(node, ast.ClassDef | ast.Module):
            text = ast.get_docstring(node)  # type: ignore[arg-type]
            if text and (fault := of_docstring(text, function=is_function)):
                yield f"{where}:{getattr(node, 'lineno', 1)}: docstring {fault}"
        if isinstance(node, ast.expr) and (text := literal(node)) and (fault := of_words(text)):
            yield f"{where}:{node.lineno}: {fault}"
    for line, name, _ in names_in(tree):
        if fault := of_name(name):
            yield f"{where}:{line}: {fault}"


def in_document(path: Path) -> Iterator[str]:
    """Every line of a Markdown page with a forbidden verb or, of prose, that is too wide.

    Tables, code and links on a line of their own may be wider.
    """
    where, code = path.relative_to(ROOT).as_posix(), False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if where not in STATES_THE_RULES and (fault := of_words(line)):
            yield f"{where}:{number}: {fault}"
        if line.lstrip().startswith("```"):
            code = not code
        elif not code and len(line) > DOC_WIDTH and not line.startswith(("|", "    ", "![", "<!--", "[")):
            yield f"{where}:{number}: {len(line)} wide, at most {DOC_WIDTH}"


def files_under(paths: list[Path]) -> Iterator[Path]:
    """Modules and pages under the paths, each once, in order."""
    for path in paths:
        yield from sorted(path.rglob("*.py") if path.is_dir() else [path] if path.suffix == ".py" else [])
        yield from sorted(path.rglob("*.md") if path.is_dir() else [path] if path.suffix == ".md" else [])


def main(arguments: list[str]) -> int:
    """Print every breach; 1 when there is any."""
    given = [Path(argument).resolve() for argument in arguments]
    paths = given or [ROOT / name for name in (*PACKAGES, "docs", "README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    breaches, read = [], 0
    for path in files_under(paths):
        read += 1
        if path.suffix == ".py":
            breaches += list(in_code(path))
        elif path.relative_to(ROOT).as_posix() not in GENERATED:
            breaches += list(in_document(path))
    for breach in breaches:
        print(breach)
    print(f"english rules: {read} files read, {len(breaches)} breaches")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
