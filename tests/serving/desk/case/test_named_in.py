"""Each card leads back to the sections of its page that name a record of it, and those sections lead to the card."""

from __future__ import annotations

import re

from fixtures.desk_browser import client_of
from fixtures.golden_lists import REFERENCE, event_of


def card_of(page: str, event: str) -> str:
    """The HTML of the card with the anchor of an event."""
    (card,) = [card for card in page.split('<li class="desk-incident ') if f'<span id="{event}">' in card]
    return card.partition("</li>\n")[0]


def test_a_card_names_every_section_that_links_to_it_and_each_is_on_the_page(desk) -> None:
    page = client_of(desk).get(f"/relationships/{REFERENCE['G01']}").text
    back = re.findall(r'<span class="desk-item"><a class="govuk-link" href="#([\w-]+)">([^<]+)<', page)
    assert back
    assert {section for section, _ in back} <= set(re.findall(r'id="([\w-]+)"', page))
    threat = card_of(page, event_of("a11"))
    assert event_of("a12") in threat  # the knife of the same incident is on the same card
    assert '<a class="govuk-link" href="#must-see">Must see</a>' in threat
    assert '<a class="govuk-link" href="#markers">Markers: Threat to kill</a>' in threat
    assert "Named in" not in card_of(client_of(desk).get(f"/relationships/{REFERENCE['G09']}").text, event_of("i3"))
