"""Requests that AWS's models allow, and the same with one fault each, sent raw to a server; prints what it thinks wrongly of.

    python bad_requests.py URL < {"sagemaker": ["CreateEndpoint", …], …}

The verdict on every request is botocore's model's, not the server's own. Prints one JSON object: how many requests of
which kind were sent, and every disagreement.
"""
import collections
import copy
import http.client
import json
import sys
import urllib.parse

from model_judge import Judge, load, sample_text

DEEPEST = 6
LONGEST_SENT = 300_000


class Unsampled(Exception):
    """No value of a shape could be made up."""


class NotSimulated(Exception):
    """The server has a model of the operation and does not answer it."""


class Generator:
    def __init__(self, model):
        self.shapes = model["shapes"]
        self.judge = Judge(model)
        self.known = {}

    def minimal(self, name, depth=0):
        if name not in self.known:
            self.known[name] = self._minimal(name, depth)
        return copy.deepcopy(self.known[name])

    def _minimal(self, name, depth):
        """The smallest value that the model allows."""
        shape = self.shapes[name]
        kind = shape["type"]
        if depth > 30:
            raise Unsampled(name)
        if kind == "structure":
            members = shape.get("members", {})
            return {m: self.minimal(members[m]["shape"], depth + 1) for m in shape.get("required", [])}
        if kind == "list":
            return [self.minimal(shape["member"]["shape"], depth + 1) for _ in range(shape.get("min") or 0)]
        if kind == "map":
            return {}
        if kind == "string":
            text = sample_text(shape)
            if text is None:
                raise Unsampled(f"{name}: {shape.get('pattern')}")
            return text
        if kind == "boolean":
            return True
        if kind == "timestamp":
            return 1_770_000_000
        if kind == "blob":
            return "YQ=="
        return shape["min"] if shape.get("min") is not None else min(1, shape.get("max") or 1)

    def faults(self, name):
        """(what, value) for every single fault of a value of this shape itself."""
        shape = self.shapes[name]
        kind = shape["type"]
        yield "type", 7 if kind in ("string", "blob", "structure", "list", "map", "boolean") else "x"
        # One more of the other JSON types, by turns.
        yield "type", "x" if kind == "list" else [] if kind in ("structure", "map") or len(name) % 2 else {}
        if kind == "string":
            yield from self._text_faults(shape)
        elif kind in ("integer", "long", "float", "double"):
            if shape.get("min") is not None:
                yield "range", shape["min"] - 1
            if shape.get("max") is not None:
                yield "range", shape["max"] + 1
            if kind in ("integer", "long"):
                yield "type", 1.5
        elif kind == "list":
            item = self.minimal(shape["member"]["shape"])
            if shape.get("min"):
                yield "length", [copy.deepcopy(item) for _ in range(shape["min"] - 1)]
            if shape.get("max") is not None and shape["max"] <= 10_000:
                yield "length", [copy.deepcopy(item) for _ in range(shape["max"] + 1)]
        elif kind == "map" and shape.get("max") is not None and shape["max"] <= 1000:
            value = self.minimal(shape["value"]["shape"])
            yield "length", {f"k{index}": value for index in range(shape["max"] + 1)}

    def _text_faults(self, shape):
        if "enum" in shape:
            yield "enum", "no-such-value"
            yield "enum", shape["enum"][0].swapcase()
            return
        if shape.get("min"):
            yield "length", sample_text(shape, shape["min"] - 1) or "a" * (shape["min"] - 1)
        if shape.get("max") is not None and shape["max"] < LONGEST_SENT:
            # At the limit, too: that one is allowed.
            at_limit = sample_text(shape, shape["max"]) if shape["max"] <= 1024 else None
            if at_limit is not None:
                yield "limit", at_limit
            yield "length", sample_text(shape, shape["max"] + 1) or "a" * (shape["max"] + 1)
        if "pattern" in shape:
            for text in ("\u0007", "a b\n", "!?*-", "é"):
                yield "pattern", text

    def requests(self, name):
        """(what, request): the minimal one, one with each optional member at any depth, and each single fault of each."""
        base = self.minimal(name)
        yield "valid", base
        yield "unknown member", {**base, "NoSuchMember": 1}
        self.entered = set()
        yield from self._inside(name, base, lambda value: value, 0)

    def _inside(self, name, value, wrap, depth):
        """`wrap` puts a value of this place into the whole request. Each shape is entered once in an operation."""
        shape = self.shapes[name]
        if depth > DEEPEST or name in self.entered:
            return
        self.entered.add(name)
        kind = shape["type"]
        if kind == "structure":
            for member in shape.get("required", []):
                rest = {key: entry for key, entry in value.items() if key != member}
                yield "required", wrap(rest)
                yield "null", wrap({**rest, member: None})
            for member, target in shape.get("members", {}).items():
                try:
                    inner = value.get(member, None)
                    inner = self.minimal(target["shape"]) if inner is None else inner
                except Unsampled:
                    continue
                put = lambda entry, member=member: wrap({**value, member: entry})  # noqa: E731
                yield "valid", put(inner)
                yield from self._faulty(target["shape"], put)
                yield from self._inside(target["shape"], inner, put, depth + 1)
        elif kind == "list":
            item = self.minimal(shape["member"]["shape"])
            rest = value[1:]
            put = lambda entry: wrap([entry, *rest])  # noqa: E731
            yield "valid", put(item)
            yield "null", put(None)
            yield from self._faulty(shape["member"]["shape"], put)
            yield from self._inside(shape["member"]["shape"], item, put, depth + 1)
        elif kind == "map":
            key = self.minimal(shape["key"]["shape"])
            item = self.minimal(shape["value"]["shape"])
            put = lambda entry: wrap({key: entry})  # noqa: E731
            yield "valid", put(item)
            for what, bad in self.faults(shape["key"]["shape"]):
                if isinstance(bad, str):
                    yield what, wrap({bad: item})
            yield from self._faulty(shape["value"]["shape"], put)
            yield from self._inside(shape["value"]["shape"], item, put, depth + 1)

    def _faulty(self, name, put):
        for what, bad in self.faults(name):
            yield what, put(bad)


def null_items(value):
    """A null in a list: no model says it, the services refuse it."""
    if isinstance(value, list):
        return any(item is None or null_items(item) for item in value)
    return isinstance(value, dict) and any(null_items(item) for item in value.values())


class Server:
    def __init__(self, url):
        self.connection = http.client.HTTPConnection(urllib.parse.urlparse(url).netloc)

    def refuses(self, metadata, operation, request):
        """The refusal by shape, or None: whatever else it answers, it took the request's shape as good."""
        headers = {
            "X-Amz-Target": f"{metadata['targetPrefix']}.{operation}",
            "Content-Type": f"application/x-amz-json-{metadata['jsonVersion']}",
        }
        # Bytes go out in one packet with the headers; a text waits for the acknowledgement of those.
        body = json.dumps(request).encode()
        try:
            self.connection.request("POST", "/", body, headers)
            answer = self.connection.getresponse()
        except (ConnectionError, http.client.RemoteDisconnected):
            # The server closes connections on which nothing came for some seconds.
            self.connection.close()
            self.connection.request("POST", "/", body, headers)
            answer = self.connection.getresponse()
        body = answer.read().decode()
        if answer.status >= 500:
            raise SystemExit(f"{operation}: HTTP {answer.status}: {body}: {json.dumps(request)[:2000]}")
        error = answer.headers.get("x-amzn-errortype", "")
        if error == "SerializationException":
            return body
        if error == "ValidationException" and "failed to satisfy constraint" in body:
            return body
        if error == "UnknownOperationException":
            raise NotSimulated(operation)
        return None


def check(server, service, operations):
    model = load(service)
    if "targetPrefix" not in model["metadata"]:
        return {"sent": {}, "wrong": [], "unsampled": [], "notSimulated": [f"{service}: requests are not one JSON value"]}
    generator = Generator(model)
    counts, wrong, unsampled, not_simulated = collections.Counter(), [], [], []
    for operation in operations:
        name = model["operations"][operation]["input"]["shape"]
        seen = set()
        try:
            for what, request in generator.requests(name):
                text = json.dumps(request, sort_keys=True)
                if text in seen or len(text) > LONGEST_SENT:
                    continue
                seen.add(text)
                problems = generator.judge.problems(name, request)
                if not problems and null_items(request):
                    problems = ["a null in a list"]
                refusal = server.refuses(model["metadata"], operation, request)
                counts["allowed" if not problems else what] += 1
                if (refusal is None) != (not problems):
                    wrong.append(
                        {"operation": operation, "what": what, "model": problems, "server": refusal, "request": text[:600]}
                    )
        except Unsampled as problem:
            unsampled.append(f"{operation}: {problem}")
        except NotSimulated:
            not_simulated.append(operation)
    return {"sent": dict(counts), "wrong": wrong, "unsampled": unsampled, "notSimulated": not_simulated}


def main():
    server = Server(sys.argv[1])
    print(json.dumps({service: check(server, service, names) for service, names in json.load(sys.stdin).items()}))


if __name__ == "__main__":
    main()
