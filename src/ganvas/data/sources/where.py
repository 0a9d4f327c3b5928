"""Conditions on labels, as in `artist == "Vincent van Gogh" and style != "Sketch"`.

Python's own parser reads the text, but nothing is ever evaluated. Only a few kinds of nodes are allowed. They are
checked against the existing columns and turned into functions.
"""

import ast
import itertools
import keyword
import operator
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ganvas.data.sources.source import Value, shortened
from ganvas.foundation.errors import DataError, unknown

Row = Mapping[str, Value]
Condition = Callable[[Row], bool]

LONGEST = 10_000
DEEPEST = 100

TEXT, NUMBER, TRUTH, LIST, NOTHING = "text", "numbers", "true or false", "a list", "nothing"
MIXED = "values of several kinds"

# Applied to operands that `_require_comparable` has checked.
_Compare = Callable[[Any, Any], bool]

_COMPARISONS: dict[type[ast.cmpop], _Compare] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda value, values: value in values,
    ast.NotIn: lambda value, values: value not in values,
}
_KEYWORDS = frozenset(keyword.kwlist) - {"and", "or", "not", "in", "is", "True", "False", "None"}
_QUOTED = r"""\"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'"""
_ORDERINGS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_MEMBERSHIPS = (ast.In, ast.NotIn)


def kinds_of(rows: Iterable[Row]) -> dict[str, str]:
    """What each column holds: text, numbers, true or false, values of several kinds, or nothing."""
    kinds: dict[str, str] = {}
    for row in rows:
        for column, value in row.items():
            kind, known = kind_of(value), kinds.get(column, NOTHING)
            if kind != known and kind != NOTHING:
                kinds[column] = kind if known == NOTHING else MIXED
            else:
                kinds.setdefault(column, known)
    return kinds


def kind_of(value: Value) -> str:
    """The kind of a value: text, numbers, true or false, or nothing."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return TRUTH
    return TEXT if isinstance(value, str) else NUMBER


def condition(text: str, kinds: Mapping[str, str]) -> Condition:
    """Parse a condition on rows with these columns.

    An unknown value equals only None; it is neither above nor below any value, nor in any list.

    Args:
        text: comparisons (`==`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `not in`) of columns with text in quotes, numbers,
            lists, True, False and None, or with other columns; joined by `and`, `or`, `not` and parentheses. In the
            name of a column, `_` replaces every character that cannot be part of a Python name.
        kinds: what each column holds, as from `kinds_of`.

    Raises:
        DataError: the text is not a condition, or compares values of different kinds. The message says where and why.
    """
    if len(text) > LONGEST:
        raise DataError(f"a condition of {len(text):,} characters is too long; write up to {LONGEST:,}")
    text = re.sub(r"\s", " ", text).strip()
    if (comment := re.sub(_QUOTED, lambda quoted: "_" * len(quoted[0]), text).find("#")) >= 0:
        place = f"at character {comment + 1}: '#' is only allowed in quotes"
        raise DataError(f"cannot read the condition {_cut(text)!r} {place}; {_EXAMPLE}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's warnings about style, such as for "\d"
            tree = ast.parse(_without_keywords(text), mode="eval")
    except SyntaxError as error:
        place = f" at character {error.offset}" if error.offset else ""
        raise DataError(f"cannot read the condition {_cut(text)!r}{place}: {error.msg}; {_EXAMPLE}") from error
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        raise DataError(f"cannot read the condition {_cut(text)!r}: {error or 'too deep'}; {_EXAMPLE}") from error
    return _Builder(text, kinds).condition(tree.body)


_EXAMPLE = """write comparisons, as in artist == "Vincent van Gogh" and style not in ["Sketch", "Poster"]"""


class _Operand(NamedTuple):
    """One side of a comparison: its kind, how to get its value from a row, and the kinds in it if it is a list."""

    kind: str
    value: Callable[[Row], object]
    inner: frozenset[str] = frozenset()


class _Builder:
    """Turns checked nodes into functions."""

    def __init__(self, text: str, kinds: Mapping[str, str]) -> None:
        self.text, self.kinds = text, kinds

    def condition(self, node: ast.expr, depth: int = 0) -> Condition:
        """The condition of a node."""
        if depth == DEEPEST:
            raise self._error(node, f"conditions are nested more than {DEEPEST} deep")
        if isinstance(node, ast.BoolOp):
            parts = [self.condition(part, depth + 1) for part in node.values]
            if isinstance(node.op, ast.And):
                return lambda row: all(part(row) for part in parts)
            return lambda row: any(part(row) for part in parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            part = self.condition(node.operand, depth + 1)
            return lambda row: not part(row)
        if isinstance(node, ast.Compare):
            return self._chain(node)
        if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            constant = node.value
            return lambda row: constant
        if isinstance(node, ast.Name):
            operand = self._column(node)
            if operand.kind in (TRUTH, NOTHING):
                return lambda row: operand.value(row) is True
            raise self._error(node, f"the column holds {operand.kind}; compare it with something")
        raise self._error(node, f"expected a condition here; {_EXAMPLE}")

    def _chain(self, node: ast.Compare) -> Condition:
        """One comparison or several in a row, as in 1880 < year <= 1890."""
        operands = [self._operand(part) for part in (node.left, *node.comparators)]
        for (left, right), sign, part in zip(_pairs(operands), node.ops, node.comparators, strict=True):
            self._require_comparable(left, sign, right, part)
        steps = [
            (_comparison(sign), left.value, right.value)
            for sign, (left, right) in zip(node.ops, _pairs(operands), strict=True)
        ]
        return lambda row: all(compare(left(row), right(row)) for compare, left, right in steps)

    def _operand(self, node: ast.expr) -> _Operand:
        if isinstance(node, ast.Name):
            return self._column(node)
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            values = [self._constant(part) for part in node.elts]
            return _Operand(LIST, lambda row: values, frozenset(map(kind_of, values)))
        constant = self._constant(node)
        return _Operand(kind_of(constant), lambda row: constant)

    def _constant(self, node: ast.expr) -> Value:
        if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float | None):
            return node.value
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            number = node.operand.value if isinstance(node.operand, ast.Constant) else None
            if isinstance(number, int | float) and not isinstance(number, bool):
                return -number if isinstance(node.op, ast.USub) else number
        raise self._error(node, "expected a column, text in quotes, a number, a list of these, True, False or None")

    def _column(self, node: ast.Name) -> _Operand:
        written = self._written(node)
        found = [name for name in self.kinds if name == written] or [
            name for name in self.kinds if re.sub(r"\W", "_", name) == written
        ]
        if not found:
            if not self.kinds:
                raise self._error(node, "the source has no columns")
            raise self._error(node, unknown("column", written, self.kinds) + " (text is written in quotes)")
        if len(found) > 1:
            raise self._error(node, f"this matches several columns: {', '.join(map(repr, found))}; rename one")
        name = found[0]
        if self.kinds[name] == MIXED:
            raise self._error(node, "the column holds values of several kinds; write all of them as numbers or as text")
        return _Operand(self.kinds[name], lambda row: row.get(name))

    def _require_comparable(self, left: _Operand, sign: ast.cmpop, right: _Operand, node: ast.expr) -> None:
        if isinstance(sign, _MEMBERSHIPS):
            if right.kind == NOTHING or (left.kind, right.kind) == (TEXT, TEXT):
                return
            if right.kind != LIST:
                raise self._error(
                    node, f"{right.kind} on the right cannot hold values; write a list, as in [1889, 1890]"
                )
            if left.kind != NOTHING and not right.inner <= {left.kind, NOTHING}:
                raise self._error(node, f"{left.kind} on the left cannot be in a list of {shortened(right.inner)}")
            return
        if LIST in (left.kind, right.kind):
            raise self._error(node, "a list can only be used with in or not in")
        if left.kind != right.kind and NOTHING not in (left.kind, right.kind):
            hint = '; text is written in quotes, as in "1889"' if TEXT in (left.kind, right.kind) else ""
            raise self._error(node, f"{left.kind} on the left cannot be compared with {right.kind} on the right{hint}")

    def _error(self, node: ast.expr, why: str) -> DataError:
        """An error about a part of the text, with its position."""
        place = self._characters(node.col_offset) + 1
        return DataError(f"cannot read the condition at character {place}, {_cut(self._written(node))!r}: {why}")

    def _written(self, node: ast.expr) -> str:
        """A part of the text as its author wrote it."""
        end = len(self.text) if node.end_col_offset is None else self._characters(node.end_col_offset)
        return self.text[self._characters(node.col_offset) : end]

    def _characters(self, offset: int) -> int:
        """Convert an offset in bytes of the parsed text to one in characters."""
        return len(_without_keywords(self.text).encode()[:offset].decode(errors="ignore"))


def _without_keywords(text: str) -> str:
    """The text with each of Python's keywords outside quotes replaced by the same number of a rare letter.

    Columns are often called `class`, which Python's parser does not accept as a name.
    """

    def masked(match: re.Match[str]) -> str:
        return "\ua66e" * len(match[0]) if match[0] in _KEYWORDS else match[0]

    return re.sub(rf"{_QUOTED}|\w+", masked, text)


def _comparison(sign: ast.cmpop) -> _Compare:
    compare = _COMPARISONS[type(sign)] if type(sign) in _COMPARISONS else _identity(sign)
    if isinstance(sign, _ORDERINGS):
        return lambda left, right: left is not None and right is not None and compare(left, right)
    if isinstance(sign, _MEMBERSHIPS):
        outside = isinstance(sign, ast.NotIn)
        return lambda left, right: (
            outside if right is None or (left is None and isinstance(right, str)) else compare(left, right)
        )
    return compare


def _identity(sign: ast.cmpop) -> _Compare:
    """`is` and `is not`, as written with None; here they mean the same as `==` and `!=`."""
    return operator.eq if isinstance(sign, ast.Is) else operator.ne


def _pairs(operands: list[_Operand]) -> list[tuple[_Operand, _Operand]]:
    return list(itertools.pairwise(operands))


def _cut(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
