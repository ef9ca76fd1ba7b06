"""What AWS's published models demand of a JSON value, read from botocore and from nothing of this repository.

Used both ways: requests that the model forbids must be refused, and answers must be what the model promises.
"""
import functools
import gzip
import json
import pathlib
import sysconfig

import regex

SCALARS = {
    "string": str,
    "character": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
}


DATA = pathlib.Path(sysconfig.get_paths()["purelib"]) / "botocore" / "data"


def load(service, kind="service-2"):
    """A file of botocore's data; read as a file, for the AWS CLI puts a botocore of its own in that place of the imports."""
    versions = sorted(path for path in (DATA / service).iterdir() if path.is_dir())
    for path in versions[-1].glob(f"{kind}.json*"):
        return json.loads(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes())
    raise FileNotFoundError(f"{versions[-1]}: no {kind}")


# Java reads a pair of surrogates as the one character that it stands for, and takes POSIX classes for ASCII.
ASTRAL = ("\\uD800\\uDC00-\\uDBFF\\uDFFF", "\\U00010000-\\U0010FFFF")


@functools.lru_cache(maxsize=None)
def compiled(pattern):
    """AWS's patterns are Java's; `regex` knows their Unicode classes."""
    return regex.compile(pattern.replace(*ASTRAL).replace("\\p{Print}", "[ -~]"))


def full_match(pattern, text):
    """A pattern covers the whole value."""
    return compiled(pattern).fullmatch(text) is not None


class Judge:
    def __init__(self, model):
        self.shapes = model["shapes"]

    def problems(self, name, value, path="", closed=False):
        """Every way in which `value` is not a `name`; `closed`: members that the model does not know are one too."""
        shape = self.shapes[name]
        kind = shape["type"]
        if kind == "structure":
            return self._structure(shape, value, path, closed)
        if kind == "list":
            if not isinstance(value, list):
                return [f"{path}: {type(value).__name__} is no list"]
            found = self._bounds(shape, len(value), path, "items")
            for index, item in enumerate(value):
                found += self.problems(shape["member"]["shape"], item, f"{path}[{index}]", closed)
            return found
        if kind == "map":
            if not isinstance(value, dict):
                return [f"{path}: {type(value).__name__} is no map"]
            found = self._bounds(shape, len(value), path, "entries")
            for key, item in value.items():
                found += self.problems(shape["key"]["shape"], key, f"{path}.key", closed)
                found += self.problems(shape["value"]["shape"], item, f"{path}.{key}", closed)
            return found
        if kind == "timestamp":
            good = isinstance(value, (int, float)) and not isinstance(value, bool)
            return [] if good else [f"{path}: {value!r} is no timestamp in seconds"]
        if kind == "blob":
            return [] if isinstance(value, str) else [f"{path}: {value!r} is no Base64 text"]
        return self._scalar(shape, kind, value, path)

    def _structure(self, shape, value, path, closed):
        if not isinstance(value, dict):
            return [f"{path}: {type(value).__name__} is no structure"]
        members = shape.get("members", {})
        found = [f"{path}.{name}: missing" for name in shape.get("required", []) if value.get(name) is None]
        for name, member in value.items():
            if name not in members:
                found += [f"{path}.{name}: unknown"] if closed else []
            elif member is not None:
                found += self.problems(members[name]["shape"], member, f"{path}.{name}", closed)
        return found

    def _scalar(self, shape, kind, value, path):
        is_number_for_bool = kind != "boolean" and isinstance(value, bool)
        if is_number_for_bool or not isinstance(value, SCALARS[kind]):
            return [f"{path}: {value!r} is no {kind}"]
        if kind == "boolean":
            return []
        if kind != "string":
            return self._bounds(shape, value, path, "value")
        found = self._bounds(shape, len(value), path, "characters")
        if "enum" in shape and value not in shape["enum"]:
            found.append(f"{path}: {value!r} is not in the enum")
        if "pattern" in shape and not full_match(shape["pattern"], value):
            found.append(f"{path}: {value!r} does not match {shape['pattern']}")
        return found

    @staticmethod
    def _bounds(shape, size, path, what):
        found = []
        if shape.get("min") is not None and size < shape["min"]:
            found.append(f"{path}: {size} {what}, at least {shape['min']}")
        if shape.get("max") is not None and size > shape["max"]:
            found.append(f"{path}: {size} {what}, at most {shape['max']}")
        return found


# ------------------------------------------------------------------------------------------------ samples of patterns

try:
    from re import _parser as sre_parser
except ImportError:  # Python before 3.11
    import sre_parse as sre_parser

CLASSES = {"\\p{Print}": " -~", "\\p{L}": "A-Za-z", "\\p{Z}": " ", "\\p{N}": "0-9", "\\p{P}": "!-/", "\\p{S}": "$+"}


def _plain(pattern):
    """The pattern with Unicode classes narrowed to ASCII: good enough to draw a sample that is then checked in full."""
    out, inside, i = "", False, 0
    pattern = pattern.replace(*ASTRAL)
    while i < len(pattern):
        if pattern.startswith("\\p{", i):
            end = pattern.index("}", i) + 1
            plain = CLASSES.get(pattern[i:end], "a-z")
            out += plain if inside else f"[{plain}]"
            i = end
            continue
        if pattern[i] == "\\":
            out += pattern[i : i + 2]
            i += 2
            continue
        inside = (inside or pattern[i] == "[") and pattern[i] != "]"
        out += pattern[i]
        i += 1
    return out


def _member_of(items):
    ops = sre_parser
    excluded = set()
    if items and items[0][0] is ops.NEGATE:
        for op, argument in items[1:]:
            if op is ops.LITERAL:
                excluded.add(argument)
            elif op is ops.RANGE:
                excluded.update(range(argument[0], argument[1] + 1))
        return next(chr(code) for code in [*range(97, 123), *range(48, 58), *range(33, 127)] if code not in excluded)
    choices = []
    for op, argument in items:
        if op is ops.LITERAL:
            choices.append(chr(argument))
        elif op is ops.RANGE:
            choices.append("a" if argument[0] <= 97 <= argument[1] else chr(argument[0]))
        elif op is ops.CATEGORY:
            name = str(argument)
            choices.append("1" if name.endswith("CATEGORY_DIGIT") else "a" if "NOT" in name or "WORD" in name else " ")
    return "a" if "a" in choices else choices[0]


def _draw(parsed, extra):
    ops = sre_parser
    out = ""
    for op, argument in parsed:
        if op is ops.LITERAL:
            out += chr(argument)
        elif op is ops.NOT_LITERAL:
            out += "a" if argument != 97 else "b"
        elif op is ops.ANY:
            out += "a"
        elif op is ops.IN:
            out += _member_of(argument)
        elif op in (ops.MAX_REPEAT, ops.MIN_REPEAT):
            low, high, inner = argument
            out += _draw(inner, 0) * min(int(high), int(low) + extra)
        elif op is ops.SUBPATTERN:
            out += _draw(argument[3], extra)
        elif op is ops.BRANCH:
            out += _draw(argument[1][0], extra)
        elif op is ops.CATEGORY:
            out += "1" if str(argument).endswith("CATEGORY_DIGIT") else "a"
    return out


def sample_text(shape, size=None):
    """A text of the shape: of at least its minimum length, or of exactly `size` where its pattern has one; None: none found."""
    if "enum" in shape:
        return shape["enum"][0]
    low = shape.get("min") or 0
    if "pattern" not in shape:
        return "a" * (size if size is not None else max(low, 1 if (shape.get("max") or 1) > 0 else 0))
    if size is not None:
        return _sample(shape["pattern"], size, size)
    return _sample(shape["pattern"], low, shape.get("max") or 10**9)


@functools.lru_cache(maxsize=None)
def _sample(pattern, low, high):
    parsed = sre_parser.parse(_plain(pattern))
    # More repeats never make a text shorter: the fewest that give enough, and some more where the pattern refuses those.
    below, above = -1, 2048
    while above - below > 1:
        middle = (below + above) // 2
        below, above = (below, middle) if len(_draw(parsed, middle)) >= low else (middle, above)
    for extra in range(above, above + 8):
        text = _draw(parsed, extra)
        if low <= len(text) <= high and full_match(pattern, text):
            return text
    return None
