"""A spec as plain data to text in which every key has its line, and where a path stands in it. Imports nothing of ours."""

from __future__ import annotations

import copy
import json
from typing import Any

import yaml

Path = tuple[str | int, ...]


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def text_of(spec: Any) -> str:
    """The spec as YAML in block style."""
    return yaml.dump(spec, Dumper=_Dumper, sort_keys=False, default_flow_style=False, width=1000)


def lines_of(text: str, path: Path) -> tuple[int, int]:
    """The first and last line, from 1, of the key and value at a path."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    first = 0
    for step in path:
        if isinstance(node, yaml.MappingNode):
            key, node = next((k, v) for k, v in node.value if k.value == str(step))
            first = key.start_mark.line
        else:
            assert isinstance(node, yaml.SequenceNode) and isinstance(step, int)
            node = node.value[step]
            first = node.start_mark.line
    end = node.end_mark.line if node.end_mark.column else node.end_mark.line - 1
    return first + 1, max(first, end) + 1


def get(spec: Any, path: Path) -> Any:
    """What stands at a path."""
    for step in path:
        spec = spec[step]
    return spec


def paths_of(spec: Any, at: Path = ()) -> list[Path]:
    """Every path of a spec, outer ones first."""
    found: list[Path] = []
    entries = spec.items() if isinstance(spec, dict) else enumerate(spec) if isinstance(spec, list) else ()
    for step, value in entries:
        found += [(*at, step), *paths_of(value, (*at, step))]
    return found


def without(spec: Any, path: Path) -> Any:
    """The spec with what stands at a path removed."""
    changed = copy.deepcopy(spec)
    del get(changed, path[:-1])[path[-1]]
    return changed


def replaced(spec: Any, path: Path, value: Any) -> Any:
    """The spec with another value at a path."""
    changed = copy.deepcopy(spec)
    get(changed, path[:-1])[path[-1]] = value
    return changed


def renamed(spec: Any, path: Path, key: str) -> Any:
    """The spec with another key at a path, in its place."""
    changed = copy.deepcopy(spec)
    holder = get(changed, path[:-1])
    entries = [(key if name == path[-1] else name, value) for name, value in holder.items()]
    holder.clear()
    holder.update(entries)
    return changed


def used(spec: dict[str, Any]) -> dict[str, Any]:
    """The spec without the blocks that nothing uses, and without repetitions of no rounds."""
    kept = {**spec, **{key: _without_empty(value) for key, value in spec.items()}}
    while True:
        blocks = kept.get("blocks", {})
        names = [name for name in blocks if f'"{name}"' not in json.dumps({**kept, "blocks": _others(blocks, name)})]
        if not names:
            return kept
        kept["blocks"] = {name: block for name, block in blocks.items() if name not in names}


def _others(blocks: dict[str, Any], name: str) -> list[Any]:
    return [block for each, block in blocks.items() if each != name]


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_empty(each) for key, each in value.items()}
    if not isinstance(value, list):
        return value
    return [_without_empty(each) for each in value if not _is_empty(each)]


def _is_empty(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("Repeat"), dict) and item["Repeat"].get("times") == 0
