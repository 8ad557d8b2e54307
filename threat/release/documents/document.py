"""What every document is: frozen, closed to unknown fields, of one version, read and written one way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from threat import untrusted
from threat.errors import BadInput, IntegrityFailure

_NAMED_PROBLEMS = 5
"""Problems of a malformed document that its error names: enough to mend it, few enough to read."""


class Part(BaseModel):
    """Part of a document: frozen, no unknown field, no NaN or infinity (JSON has neither)."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values, fields that have no value included."""
        return self.model_dump(mode="json", by_alias=True)


class JsonFile(Part):
    """A whole JSON file. Subclasses set the class attributes.

    ``FILE``: its name in a RUN or bundle. ``ANNEX``: True where it is added after the RUN was sealed. ``HOW_MADE``:
    what to do when it is absent. ``MADE_AGAIN``: what to do when it is of another version or malformed.
    """

    FILE: ClassVar[str]
    ANNEX: ClassVar[bool] = False
    HOW_MADE: ClassVar[str] = ""
    MADE_AGAIN: ClassVar[str] = "train again with this version of the product"

    @classmethod
    def parse(cls, data: bytes, where: str) -> Self:
        """Return the document that ``data`` (UTF-8 JSON) holds. ``where`` names the file in errors.

        Raises IntegrityFailure, naming the fields, for a document that is not JSON or does not have its fields: what
        the product wrote always has, so somebody changed it.
        """
        json_object(data, where)
        try:
            return cls.model_validate_json(data, strict=True)
        except ValidationError as error:
            problems = [
                f"{'.'.join(map(str, problem['loc'])) or 'top level'}: {problem['msg'].removeprefix('Value error, ')}"
                for problem in error.errors(include_url=False)
            ]
            more = f"; and {len(problems) - _NAMED_PROBLEMS} more" if len(problems) > _NAMED_PROBLEMS else ""
            raise IntegrityFailure(
                f"{cls.FILE} does not have the fields of such a document.",
                value="; ".join(problems[:_NAMED_PROBLEMS]) + more,
                where=where,
                way_out=f"do not use it; {cls.MADE_AGAIN}",
            ) from None

    @classmethod
    def read_file(cls, path: Path) -> Self:
        """Return the document in a file, which is read once. Raises as ``parse`` does, and OSError as opening does."""
        return cls.parse(document_bytes(path), str(path))

    def encode(self) -> bytes:
        """Return the bytes of the file: sorted keys, two spaces, a newline at the end, so that equal is equal."""
        text = json.dumps(self.as_json(), indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False)
        return f"{text}\n".encode()


class Document(JsonFile):
    """A JSON file with a version of its own: a subclass declares ``version: Literal[n]`` with the default n.

    ``VERSIONED_FROM_THE_START``: True where every file of the kind ever written has a version. ``VERSIONS_READ``: all
    versions that are read, where an earlier one still is; otherwise the version of the product alone.
    """

    VERSIONED_FROM_THE_START: ClassVar[bool] = False
    VERSIONS_READ: ClassVar[tuple[int, ...]] = ()

    @classmethod
    def of_version(cls) -> int:
        """Return the version of the document that this product reads and writes."""
        return int(cls.model_fields["version"].default)

    @classmethod
    def parse(cls, data: bytes, where: str) -> Self:
        """Return the document, as ``JsonFile.parse`` does. Raises BadInput for a document of another version."""
        version = json_object(data, where).get("version")
        if version is None and cls.VERSIONED_FROM_THE_START:
            raise IntegrityFailure(
                f"{cls.FILE} lacks its version.", where=where, way_out=f"do not use it; {cls.MADE_AGAIN}"
            )
        if version not in (cls.VERSIONS_READ or (cls.of_version(),)):
            written = "before documents had versions" if version is None else f"as version {version}"
            raise BadInput(
                f"{cls.FILE} cannot be read: written {written}, where this product reads version {cls.of_version()}.",
                where=where,
                way_out=f"{cls.MADE_AGAIN}, or read it with the version of the product that wrote it",
            )
        return super().parse(data, where)


def document_bytes(path: Path) -> bytes:
    """Return the bytes of a file. Raises IntegrityFailure for a file that is too large, or is no plain file."""
    try:
        return untrusted.read(path)
    except untrusted.MalformedError as error:
        raise IntegrityFailure(f"The document cannot be read: {error}.", where=str(path)) from None


def json_object(data: bytes, where: str) -> dict[str, Any]:
    """Return the JSON object in ``data``. Raises IntegrityFailure when there is none, or one beyond the limits."""
    try:
        return untrusted.decode_object(data)
    except untrusted.MalformedError as error:
        raise IntegrityFailure(f"The document cannot be read: {error}.", where=where) from None
