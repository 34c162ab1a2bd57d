#!/usr/bin/env python3
"""Writes src/shapes.txt: the types of what kinds declare, for states whose attributes are flattened text.

Usage: shapes.py SCHEMA.json.gz, the output of `terraform providers schema -json` of a provider of the time of flattened
states (3.x knows every attribute that 1.x and 2.x wrote).

A line is a resource type and its attributes with their shapes. s, n and b are a string, a number and a bool; [ { and % stand
before the shape of an element of a list, a set and a map; (name:shape,…) is an object. + before a list or set says that
it is made of blocks: none is an empty list and not null.
"""

import gzip
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent
KINDS = HERE.parent / "model" / "src" / "kinds"
ALWAYS = {"id", "arn", "region", "owner_id", "availability_zone", "tags", "tags_all"}


def shape(of):
    if isinstance(of, str):
        return {"string": "s", "number": "n", "bool": "b"}[of]
    mark, inner = of
    if mark == "object":
        return "(" + ",".join(f"{name}:{shape(inner[name])}" for name in sorted(inner)) + ")"
    return {"list": "[", "set": "{", "map": "%"}[mark] + shape(inner)


def fields(block):
    found = {name: shape(attribute["type"]) for name, attribute in block.get("attributes", {}).items()}
    for name, nested in block.get("block_types", {}).items():
        # A single block is `timeouts`, which states keep elsewhere.
        if nested["nesting_mode"] != "single":
            mark = {"list": "+[", "set": "+{"}[nested["nesting_mode"]]
            inner = fields(nested["block"])
            found[name] = mark + "(" + ",".join(f"{key}:{inner[key]}" for key in sorted(inner)) + ")"
    return found


def main():
    schema = json.load(gzip.open(sys.argv[1]))
    (provider,) = schema["provider_schemas"].values()
    source = "".join(path.read_text() for path in sorted(KINDS.rglob("*.rs")))
    words = set(re.findall(r'"([a-z0-9_]+)"', source)) | ALWAYS
    lines = []
    for kind, declared in sorted(provider["resource_schemas"].items()):
        if kind in words:
            kept = {name: of for name, of in fields(declared["block"]).items() if name in words}
            lines.append(" ".join([kind] + [f"{name}:{kept[name]}" for name in sorted(kept)]))
    (HERE / "src" / "shapes.txt").write_text("\n".join(lines) + "\n")


main()
