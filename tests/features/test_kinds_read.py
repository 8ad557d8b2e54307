"""Groups of kinds: what a theme, a crime and any kind mean."""

from __future__ import annotations

from features.kinds_read import expand


def test_groups_leave_out_what_is_known_in_advance_and_record_keeping():
    assert "release" not in expand(("@custody",))
    assert {"release", "bail_end", "licence_end"} == expand(("@custody",), in_advance=True)
    assert "withdrawn" not in expand(("@any",))
    assert "murder" in expand(("@crime",))
    assert "arrest" not in expand(("@crime",))
