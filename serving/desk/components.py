"""Components of the GOV.UK design system, rendered by the macros of ``govuk_frontend_jinja``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, PrefixLoader
from markupsafe import Markup


@cache
def _macros() -> Environment:
    """Return the environment of the macros alone: they read parameters that nobody gave, which ours forbids."""
    return Environment(
        loader=PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def govuk(name: str, params: Mapping[str, Any]) -> Markup:
    """Return the HTML of one component, by its name and parameters in the GOV.UK design system.

    What is text is escaped. What is HTML (``html``, ``titleHtml``, ``slots``, ...) must be ``Markup``, as a block
    set in a template is.

    >>> print(govuk("tag", {"text": "1 < 2"}))
    <strong class="govuk-tag">
      1 &lt; 2
    </strong>

    Raises:
        TypeError: HTML given as a plain string, which may hold something that nobody escaped.
        jinja2.TemplateNotFound: no component has this name.
    """
    _require_markup(name, params)
    macros = _macros().get_template(f"govuk_frontend_jinja/components/{name}/macro.html").module
    macro = getattr(macros, "govuk" + "".join(part.capitalize() for part in name.split("-")))
    return Markup(str(macro(params)).strip())  # noqa: S704 (a macro escapes all but what is Markup by the line above)


def _require_markup(where: str, params: object, *, html: bool = False) -> None:
    """Refuse a plain string in a place whose text the macros pass through as it is."""
    if isinstance(params, str):
        if html and params and not isinstance(params, Markup):
            raise TypeError(f"{where} is a plain string, and HTML must be Markup: {params[:80]!r}")
    elif isinstance(params, Mapping):
        for key, value in params.items():
            passed_through = key == "html" or key.endswith("Html") or where.endswith(".slots")
            # Attributes as a mapping are escaped by the macros, as a string they are not.
            passed_through |= key == "attributes" and isinstance(value, str)
            _require_markup(f"{where}.{key}", value, html=passed_through)
    elif isinstance(params, Sequence):
        for number, value in enumerate(params):
            _require_markup(f"{where}[{number}]", value)
