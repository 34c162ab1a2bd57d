#!/usr/bin/env python3
"""Writes server_chosen.txt: arguments that AWS chooses when the configuration does not set them (optional and computed).

usage: terraform providers schema -json | src/drift/server_chosen.py > src/drift/server_chosen.txt

Types are those that providers/model/src/kinds names. Paths are without indices.
"""
import json
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parents[2]
kinds = {
    name
    for file in sorted((root / "providers/model/src/kinds").rglob("*.rs"))
    for name in re.findall(r'"(aws_[a-z0-9_]+)"', file.read_text())
}
schemas = json.load(sys.stdin)["provider_schemas"]["registry.terraform.io/hashicorp/aws"]["resource_schemas"]


def chosen(block, prefix=""):
    for name, attribute in block.get("attributes", {}).items():
        if attribute.get("optional") and attribute.get("computed"):
            yield prefix + name
    for name, nested in block.get("block_types", {}).items():
        yield from chosen(nested["block"], f"{prefix}{name}.")


for name in sorted(kinds & schemas.keys()):
    paths = sorted(path for path in chosen(schemas[name]["block"]) if path not in ("id", "tags_all"))
    if paths:
        print(name, *paths)
