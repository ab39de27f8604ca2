"""Key fields: what stands on each page of a form, by which its pages are joined."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hcr_batch.forms.template_parts import Template

__all__ = ["all_fields", "key_fault", "key_fields"]


def key_fault(
    entries: Sequence[Mapping[str, Any]], pages: Collection[int]
) -> tuple[int, str] | None:
    """Which field of a template is wrongly a key, from 0, and why; None where all is well.

    Parameters
    ----------
    entries : sequence of mapping
        The fields' keys with their values, as TOML has them.
    pages : collection of int
        The numbers of the form's pages.
    """
    marked = [place for place, entry in enumerate(entries) if entry.get("key")]
    seen: set[int] = set()
    for place in marked:
        page = entries[place].get("page", 1)
        if len(pages) < 2:
            return place, "joins the pages of a form, and this form has only one; remove it"
        if entries[place].get("kind") == "check":
            return place, "makes no sense in a check box; remove it"
        if page in seen:
            return place, f"stands on page {page} twice; leave one"
        seen.add(page)
    if marked and (missing := sorted(set(pages) - seen)):
        return marked[0], f"must be on every page; mark a field of page {missing[0]} as well"
    return None


def key_fields(templates: Iterable[Template]) -> dict[str, list[str]]:
    """The names of the key fields of each form that has some."""
    found = {
        template.name: [field.name for page in template.pages for field in page.fields if field.key]
        for template in templates
    }
    return {form: names for form, names in found.items() if names}


def all_fields(templates: Iterable[Template]) -> dict[str, list[str]]:
    """The names of all fields of each form that has several pages: one may be missing."""
    return {
        template.name: [field.name for page in template.pages for field in page.fields]
        for template in templates
        if len(template.pages) > 1
    }
