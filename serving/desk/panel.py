"""The panel of a relationship as the API answers it and the page shows it."""

from __future__ import annotations

from typing import Literal

from serving.desk.responses.reasons import Panel, PanelMarker, PanelPiece, PanelReason, PanelSentence
from serving.relationship.panel import Panel as Composed
from serving.relationship.panel import PanelReason as ComposedReason
from serving.relationship.panel_words import PANEL_WORDS
from serving.relationship.record_sentences import RecordSentence
from threat.ids import show_id


def answered_panel(composed: Composed) -> Panel:
    """Return a panel as the API answers it."""
    return Panel(
        raises=[answered_reason(reason) for reason in composed.raises],
        on_record=[
            PanelMarker(title=marker.title, sentence=_sentence(marker.sentence)) for marker in composed.on_record
        ],
        other=composed.other,
        other_strength=composed.other_strength,
    )


def answered_reason(reason: ComposedReason) -> PanelReason:
    """Return a reason of the panel as the API answers it."""
    return PanelReason(
        titles=list(reason.titles), part=reason.part, strength=reason.strength, sentence=_sentence(reason.sentence)
    )


def sentences_of(answered: Panel, ranking: Literal["model", "rule"]) -> list[tuple[str, PanelSentence]]:
    """Return the sentences of a panel, each under the title by which a record leads back to it."""
    raises = PANEL_WORDS[ranking].raises
    return [
        *(
            (raises if ranking == "rule" else f"{raises}: {', '.join(reason.titles)}", reason.sentence)
            for reason in answered.raises
        ),
        *((f"On record: {marker.title}", marker.sentence) for marker in answered.on_record),
    ]


def _sentence(sentence: RecordSentence) -> PanelSentence:
    return PanelSentence(
        text=sentence.text,
        pieces=[
            PanelPiece(text=piece.text, event=show_id("E", piece.event_id) if piece.event_id else "", label=piece.label)
            for piece in sentence.pieces
        ],
        events=[show_id("E", event) for event in sorted(sentence.counted)],
    )
