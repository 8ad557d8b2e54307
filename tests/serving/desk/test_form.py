"""A form that carries casework: its texts whole, every ticked box, and what it may not hold."""

from __future__ import annotations

import uuid
from urllib.parse import quote, urlencode

import pytest
from fixtures.desk_browser import client_of
from fixtures.log_entries import entries

from serving.desk.form import LARGEST, MOST_FIELDS, Form, NotAForm, new_act_id
from threat.errors import UsageError


def test_ticked_boxes_keep_their_order_and_texts_their_length():
    text = "He wrote: “I will find you” <b>é</b> 🚓\r\n" * 90
    sent = [("fact", "strangulation"), ("note", text), ("fact", "stalking"), ("fact", "threat_to_kill"), ("empty", "")]
    form = Form.parse(urlencode(sent).encode())
    assert form.all("fact") == ("strangulation", "stalking", "threat_to_kill")
    assert form.value("note") == text.replace("\r\n", "\n")
    assert form.text("note") == text.replace("\r\n", "\n").strip()
    assert (form.value("empty"), form.value("absent"), form.all("absent")) == ("", "", ())


@pytest.mark.parametrize(
    ("sent", "read"), [("a\r\nb", "a\nb"), ("a\rb", "a\nb"), ("a\nb", "a\nb"), ("a\r\n\rb", "a\n\nb")]
)
def test_line_ends_of_every_browser_are_one(sent, read):
    assert Form.parse(f"note={quote(sent)}".encode()).value("note") == read


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"note=%ff", "The form is not written in UTF-8."),
        (b"note=\xff", "The form is not written in UTF-8."),
        (b"note=a%00b", "The form holds a NUL character."),
        (b"no%00te=a", "The form holds a NUL character."),
        (b"note", "The form could not be read."),
        (b"&".join([b"a=1"] * (MOST_FIELDS + 1)), "The form has more than 200 fields."),
    ],
)
def test_what_no_form_holds(body, said):
    with pytest.raises(NotAForm) as refused:
        Form.parse(body)
    assert str(refused.value) == said


def test_the_largest_form():
    assert len(Form.parse(b"&".join([b"a=1"] * MOST_FIELDS)).fields) == MOST_FIELDS
    assert Form.parse(b"").fields == ()


def test_a_field_sent_twice_is_not_guessed_at():
    with pytest.raises(UsageError, match="The field grade of the form is not clear: it was sent 2 times"):
        Form.parse(b"grade=act_today&grade=keep_in_view").value("grade")


def test_which_act_and_which_version():
    act_id = new_act_id()
    form = Form.of({"act_id": act_id.upper(), "version": "12"})
    assert (form.act_id(), form.version()) == (act_id, 12)
    for fields in ({}, {"act_id": "1", "version": "-1"}, {"act_id": "x" * 36, "version": "1e3"}, {"version": "٣"}):
        with pytest.raises(UsageError, match="which act it is"):
            Form.of(fields).act_id()
        with pytest.raises(UsageError, match="which version"):
            Form.of(fields).version()


def test_the_id_of_an_act_of_the_desk_itself_is_refused():
    for given in (uuid.uuid5(uuid.NAMESPACE_URL, "L-1 list"), uuid.uuid1(), uuid.UUID(int=0)):
        with pytest.raises(UsageError, match="is no random UUID"):
            Form.of({"act_id": str(given)}).act_id()


def test_what_is_kept_of_a_form_holds_no_token():
    form = Form((("token", "t"), ("act_id", "a"), ("version", "3"), ("fact", "x"), ("note", "n"), ("fact", "y")))
    kept = form.kept()
    assert kept == {"fact": ["x", "y"], "note": ["n"]}
    assert Form.from_kept(kept).all("fact") == ("x", "y")


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"reason=" + b"x" * LARGEST, 413, "The form is longer than 64 kB."),
        (b"reason=%ff", 400, "The form is not written in UTF-8."),
        (b"&".join([b"a=1"] * 201), 400, "The form has more than 200 fields."),
    ],
)
def test_refused_in_words_and_logged(desk, body, status, said):
    client = client_of(desk)
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = client.post("/search", content=body, headers=headers)
    assert (answer.status_code, said in answer.text) == (status, True)
    assert entries(desk)[-1] == ("reviewer", "POST /search", "", "refused")
