"""The list of what Gatepost is made of (SBOM), as a CycloneDX 1.6 document.

What others built into their packages, such as the OpenSSL inside `cryptography`, stands below the
package, where the package says so itself (PEP 770).
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

SPEC = "1.6"
_KEPT = ("type", "name", "version", "purl", "hashes", "licenses")
_NAMESPACE = uuid.UUID("6a0f3c1e-3e5c-5b1c-9b53-6f2f3c0f4d10")


class Part(NamedTuple):
    """A package: its licence in SPDX words if it is clear, and the lists that it ships itself."""

    name: str
    version: str
    licence: str | None
    wanted_by: tuple[str, ...]
    shipped: tuple[Mapping[str, Any], ...]


def document(name: str, version: str, parts: Sequence[Part], lock: bytes) -> dict[str, Any]:
    """The document; the same parts and lock give the same one."""
    top = f"pkg:pypi/{name}@{version}"
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "serialNumber": uuid.uuid5(_NAMESPACE, lock.hex()).urn,
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": top,
                "name": name,
                "version": version,
                "purl": top,
            }
        },
        "components": [_component(part) for part in parts],
        "dependencies": [
            {"ref": top, "dependsOn": _wanted(name, parts)},
            *({"ref": _purl(part), "dependsOn": _wanted(part.name, parts)} for part in parts),
        ],
    }


def built_in(shipped: Iterable[Mapping[str, Any]], owner: str) -> list[dict[str, Any]]:
    """What a package says is inside it, without itself and without paths of its builder."""
    found: dict[str, dict[str, Any]] = {}
    for bill in shipped:
        for each in bill.get("components", ()):
            shown = {key: each[key] for key in _KEPT if key in each}
            if "file://" in shown.get("purl", ""):
                shown["purl"] = shown["purl"].partition("?")[0]
            if each.get("name", "").replace("_", "-").lower() != owner:
                found[f"{each.get('name')}@{each.get('version')}"] = shown
    return [{**found[key], "bom-ref": f"{owner}#{key}"} for key in sorted(found)]


def _component(part: Part) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": _purl(part),
        "name": part.name,
        "version": part.version,
        "purl": _purl(part),
    }
    if part.licence is not None:
        component["licenses"] = [{"expression": part.licence}]
    inside = built_in(part.shipped, part.name)
    return {**component, "components": inside} if inside else component


def _wanted(name: str, parts: Iterable[Part]) -> list[str]:
    return sorted(_purl(part) for part in parts if name in part.wanted_by)


def _purl(part: Part) -> str:
    return f"pkg:pypi/{part.name}@{part.version}"
