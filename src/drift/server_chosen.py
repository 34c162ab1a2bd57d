#!/usr/bin/env python3
"""Writes server_chosen.txt: arguments that AWS chooses when the configuration does not set them (optional and computed).

usage: src/drift/server_chosen.py SCHEMA... > src/drift/server_chosen.txt

A schema is what `terraform providers schema -json` prints, as it is or with gzip. An argument counts that any of them has:
states come from old and new providers. The table is of tests/fixtures/provider/provider-aws-3.39.0-schema.json.gz and
of version 5.100.0.

Types are those that providers/model/src/kinds names; one without such arguments has a line all the same. Paths are without
indices. Blocks inside blocks of the same name are left out: in rules of WAF they go on without an end.
"""
import gzip
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


def schemas(name):
    data = pathlib.Path(name).read_bytes()
    text = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    return json.loads(text)["provider_schemas"]["registry.terraform.io/hashicorp/aws"]["resource_schemas"]


def chosen(block, above=()):
    for name, attribute in block.get("attributes", {}).items():
        if attribute.get("optional") and attribute.get("computed"):
            yield ".".join((*above, name))
    for name, nested in block.get("block_types", {}).items():
        if name not in above:
            yield from chosen(nested["block"], (*above, name))


paths = {}
for types in map(schemas, sys.argv[1:]):
    for name in kinds & types.keys():
        paths.setdefault(name, set()).update(chosen(types[name]["block"]))
for name in sorted(paths):
    print(name, *sorted(paths[name] - {"id", "tags_all"}))
