"""The bill of materials of the built wheel: CycloneDX 1.6, of the wheel and what it needs at the versions of the lock.

Only what the wheel needs with all its extras, here: what builds and tests it is not in it. No time and no random number
is in the document, so one wheel and one lock give the same bytes.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.bom_ref import BomRef
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pages.dependency_licences import LicenceRead

from threat.errors import IntegrityFailure
from threat.files import sha256_of

PRODUCT = canonicalize_name("threat-assessment")


def needed(root: str, extras: Iterable[str]) -> dict[str, set[str]]:
    """Return what each package needs here, by canonical name, for a root package with its extras and all below it."""
    graph: dict[str, set[str]] = {}
    waiting = [(canonicalize_name(root), frozenset(extras))]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        name, asked = waiting.pop()
        if (name, asked) in seen:
            continue
        seen.add((name, asked))
        below = graph.setdefault(name, set())
        for text in metadata.requires(name) or []:
            requirement = Requirement(text)
            if not _applies(requirement, asked):
                continue
            other = canonicalize_name(requirement.name)
            below |= {other} - {name}  # an extra may be made of other extras of the same package
            waiting.append((other, frozenset(requirement.extras)))
    return graph


def _applies(requirement: Requirement, extras: frozenset[str]) -> bool:
    if requirement.marker is None:
        return True
    return any(requirement.marker.evaluate({"extra": extra}) for extra in (*extras, ""))


def bill_of_materials(wheel: Path, lock: Path, licences: Iterable[LicenceRead]) -> str:
    """Return the bill of materials of a wheel as JSON, valid under the schema of CycloneDX.

    Raises IntegrityFailure for a package that the wheel needs and the lock does not pin, or for a document that the
    schema refuses.
    """
    graph = needed(PRODUCT, ["all"])
    by_name = {canonicalize_name(licence.name): licence for licence in licences}
    if missing := sorted(name for name in graph if name != PRODUCT and name not in by_name):
        raise IntegrityFailure(
            "The wheel needs a package that the lock does not pin.", value=", ".join(missing), way_out="make lock"
        )
    version = wheel.name.split("-")[1]
    product = Component(
        name=PRODUCT,
        version=version,
        type=ComponentType.APPLICATION,
        bom_ref=BomRef(f"pkg:pypi/{PRODUCT}@{version}"),
        purl=PackageURL("pypi", name=PRODUCT, version=version),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256_of(wheel))],
        properties=[Property(name="threat:lock-sha256", value=sha256_of(lock))],
    )
    components = {name: _component(by_name[canonicalize_name(name)]) for name in sorted(graph) if name != PRODUCT}
    parts = {**components, PRODUCT: product}
    bom = Bom(
        components=components.values(),
        metadata=BomMetaData(component=product),
        serial_number=uuid.uuid5(uuid.NAMESPACE_URL, f"{sha256_of(wheel)}{sha256_of(lock)}"),
    )
    for name, below in graph.items():
        bom.register_dependency(parts[name], [parts[other] for other in sorted(below)])
    text = _without_time(JsonV1Dot6(bom).output_as_string(indent=2))
    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise IntegrityFailure("The bill of materials is not valid CycloneDX.", value=str(error)[:500])
    return text


def _component(licence: LicenceRead) -> Component:
    purl = PackageURL("pypi", name=licence.name, version=licence.version)
    expression = " " in licence.licence
    said = LicenseExpression(licence.licence) if expression else DisjunctiveLicense(id=licence.licence)
    return Component(
        name=licence.name,
        version=licence.version,
        type=ComponentType.LIBRARY,
        bom_ref=BomRef(str(purl)),
        purl=purl,
        licenses=[said],
    )


def _without_time(text: str) -> str:
    """The document without when it was made, which the library always adds: the same input gives the same bytes."""
    document = json.loads(text)
    document["metadata"].pop("timestamp", None)
    return json.dumps(document, indent=2, sort_keys=True) + "\n"
