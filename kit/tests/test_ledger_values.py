"""How values are kept: as they are, encrypted, or as fingerprints. The disk is searched for what was planted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ofrecord_kit.ledger import KEY_VARIABLE, Event, Held, Ledger, LedgerProblem, from_json, key_from, to_json
from ofrecord_kit.plan import UNKNOWN, Fingerprint, same

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = "a key of forty characters and some more"
OTHER = "another key of forty characters, not it"
PLANTED = {
    "agreed": "Ada Lovelace", "agreed there": "ada@example.org", "before": "+49 30 1111111", "after": "+49 30 2222222",
    "snapshot": "12 St James Square", "payload": "Byron", "message": "Babbage", "value": "Menabrea", "correction": "Somerville",
    "part": "Wheatstone", "spool": "Jacquard", "fix": "Analytical", "begun": "Hopper",
}  # fmt: skip
FORMS: dict[str, dict[str, str | None]] = {
    "name": {"crm": "text", "inventory": "text"}, "price": {"crm": "money", "inventory": "money"}, "phone": {"crm": "phone"},
}  # fmt: skip
MODES = [{}, {"key": KEY}, {"values": "hashed", "key": KEY}]


@contextmanager
def opened(where: str, **how: Any) -> Iterator[Ledger]:
    ledger = Ledger(where, "run-1", **how)
    try:
        yield ledger
    finally:
        ledger.close()


def plant(ledger: Ledger) -> str:
    """Personal values wherever a value can stand."""
    with ledger.writing(NOON) as writing:
        link = writing.record_link("contact", {"inventory": "4711", "crm": "9000000000000000001"})
        agreed = {
            "name": {"inventory": PLANTED["agreed"], "crm": PLANTED["agreed there"]},
            "price": {"inventory": Decimal("10.50"), "crm": "10.5"}, "empty": {"inventory": None, "crm": ""},
            "account": {"crm": {"id": "77", "name": "Byron"}}, "deal": {"crm": "78"}, "_parent": {"crm": "79"},
        }  # fmt: skip
        writing.record_agreed(link, agreed, between=("inventory", "crm"), pointers={"deal"}, forms=FORMS)
        snapshot = {"street": PLANTED["snapshot"], "phone": PLANTED["before"], "deal": "78", "price": Decimal("10.50")}
        writing.event(Event("created", "contact", link, system="crm", after=snapshot), forms=FORMS, plain={"deal"})
        news = Event("updated", "contact", link, {"crm": "9"}, "phone", "crm", PLANTED["before"], PLANTED["after"])
        writing.event(news, forms=FORMS)
        held = Held(
            "contact", "inventory", "crm", "4711", "conflict", f"not {PLANTED['message']}", field="name", fix=PLANTED["fix"],
            payload={"Last_Name": PLANTED["payload"]}, values={"crm": {"value": PLANTED["value"]}},
        )  # fmt: skip
        writing.hold(held)
        writing.correct("contact", "inventory", "crm", "4711", "name", {"Last_Name": PLANTED["correction"]}, "ada")
        writing.record_part("contact", "crm", "7", "i1", {"Name": PLANTED["part"]})
        writing.begin("contact", "inventory", "crm", {"4712": {"name": ["Grace", PLANTED["begun"]]}})
        writing.spool("contact", "inventory", "crm", [("4711", f'{{"Name": "{PLANTED["spool"]}"}}')])
    return link


def on_disk(folder: Path) -> bytes:
    """Every byte of the ledger, of what it did not fold in yet, too."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("ledger.db*")))


@pytest.mark.parametrize("how", MODES)
def test_with_a_key_no_planted_value_is_on_the_disk(tmp_path: Path, how: dict[str, str]) -> None:
    with opened(str(tmp_path / "ledger.db"), **how) as ledger:
        plant(ledger)
        disks = [on_disk(tmp_path)]
        assert (tmp_path / "ledger.db-wal").stat().st_size > 0
    disks.append(on_disk(tmp_path))
    found = {name for name, words in PLANTED.items() for disk in disks if words.encode() in disk}
    assert found == (set() if how else set(PLANTED))
    assert all(KEY.encode() not in disk and b"4711" in disk and b"9000000000000000001" in disk for disk in disks)


@pytest.mark.parametrize("how", MODES)
def test_what_has_to_be_done_is_read_as_it_was_written(ledger_url: str, how: dict[str, str]) -> None:
    with opened(ledger_url, **how) as ledger:
        plant(ledger)
    with opened(ledger_url, key=how.get("key")) as ledger:
        (held,) = ledger.held()
        assert (held.payload, held.values) == ({"Last_Name": "Byron"}, {"crm": {"value": "Menabrea"}})
        assert (held.message, held.fix, held.correction) == ("not Babbage", "Analytical", {"Last_Name": "Somerville"})
        assert ledger.parts_of("contact", "crm", ["7"]) == {"7": {"i1": {"Name": "Wheatstone"}}}
        assert list(ledger.spooled("run-1", "contact", "inventory", "crm", 9)) == [[("4711", b'{"Name": "Jacquard"}')]]
        assert ledger.links_with("deal", "crm", "78", "inventory") == list(
            ledger.linked("contact", "crm", ["9000000000000000001"]).values()
        )
        assert ledger.verify() is None


@pytest.mark.parametrize("how", MODES)
def test_agreed_values_compare_alike_however_they_are_kept(ledger_url: str, how: dict[str, str]) -> None:
    with opened(ledger_url, **how) as ledger:
        link = plant(ledger)
        agreed = ledger.agreed_of([link], "inventory", "crm")[link]
        assert same("Ada Lovelace  ", agreed["name"].source, "text")
        assert not same("Ada Byron", agreed["name"].source, "text")
        assert same("10.500", agreed["price"].source, "money")
        assert same(agreed["price"].destination, Decimal("10.5"), "money")
        assert not same("10.51", agreed["price"].destination, "money")
        assert same(None, agreed["empty"].source)
        assert same("77", agreed["account"].destination)
        assert agreed["account"].source is UNKNOWN
        assert (agreed["deal"].destination, agreed["_parent"].destination) == ("78", "79")
        hashed = how.get("values") == "hashed"
        assert isinstance(agreed["name"].source, Fingerprint) == hashed
        (event,) = ledger.events(kinds=["updated"])
        assert same("+49301111111", event.before, "phone")
        assert isinstance(event.after, Fingerprint) == hashed
        known = ledger.as_of(link, "street")
        assert known is not None
        assert same(PLANTED["snapshot"], known.value)
        deal = ledger.as_of(link, "deal")
        assert deal is not None
        assert deal.value == "78"


def test_forms_and_ids_are_taken_from_how_an_entity_is_written(ledger_url: str) -> None:
    def said(**about: Any) -> dict[str, Any]:
        return {"x-ofrecord": about}

    schema = {
        "x-ofrecord": {"entity": "contact", "from": "crm", "to": "books"},
        "properties": {"Phone": said(field="phone", format="phone"), "Vendor": said(field="vendor", ref="vendor")},
    }
    with opened(ledger_url, values="hashed", key=KEY) as ledger:
        with ledger.writing(NOON) as writing:
            writing.know_wire("contact", "crm", "books", schema)
        with ledger.writing(NOON) as writing:
            link = writing.record_link("contact", {"books": "1", "crm": "2"})
            agreed = {
                "phone": {"books": "+49 30 1", "crm": "x"},
                "vendor": {"books": "77", "crm": {"id": "78", "name": "Ada"}},
            }
            writing.record_agreed(link, agreed, between=("crm", "books"))
            writing.event(
                Event("created", "contact", link, system="books", after={"phone": "+49 30 1", "vendor": "77"})
            )
        now = ledger.agreed_of([link], "books", "crm")[link]
        assert same("0049301", now["phone"].source)
        assert now["vendor"].source == "77"
        (event,) = ledger.events()
        assert same("49301", event.after["phone"])
        assert event.after["vendor"] == "77"


def test_a_fingerprint_taken_from_one_place_is_kept_in_another(ledger_url: str) -> None:
    with opened(ledger_url, values="hashed", key=KEY) as ledger:
        link = plant(ledger)
        print_ = ledger.agreed_of([link], "inventory", "crm")[link]["name"].source
        with ledger.writing(NOON) as writing:
            writing.record_agreed(link, {"name": {"inventory": print_, "shop": "Ada"}})
            writing.event(Event("violation", "contact", link, field="name", system="crm", before=print_, after="Ada B"))
        assert ledger.agreed_of([link], "inventory", "shop")[link]["name"].source == print_
        (event,) = ledger.events(kinds=["violation"])
        assert event.before == print_
        assert same("Ada Lovelace", event.before)


def test_a_fingerprint_shows_its_key_to_nobody() -> None:
    print_ = Fingerprint(Fingerprint.digest_of("Ada", None, b"secret-key"), None, b"secret-key")
    assert "secret-key" not in f"{print_} {print_!r} {to_json({'a': print_})}"
    assert Fingerprint.digest_of("Ada", None, b"another") != print_.digest
    assert print_.is_of("Ada ")


@pytest.mark.parametrize("how", MODES)
def test_plain_rows_of_before_stay_readable(ledger_url: str, how: dict[str, str]) -> None:
    with opened(ledger_url) as ledger:
        link = plant(ledger)
    with opened(ledger_url, **how) as ledger:
        with ledger.writing(NOON) as writing:
            writing.record_agreed(link, {"phone": {"inventory": "1", "crm": "+1"}}, forms=FORMS)
            writing.event(Event("updated", "contact", link, field="phone", system="crm", before="1", after="2"))
        agreed = ledger.agreed_of([link], "inventory", "crm")[link]
        assert (agreed["name"].source, same("1", agreed["phone"].destination, "phone")) == ("Ada Lovelace", True)
        assert [same("Byron", held.payload["Last_Name"]) for held in ledger.held()] == [True]
        assert ledger.verify() is None


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (None, r"encrypted and there is no key.*OFRECORD_LEDGER_KEY.*rebuilt"),
        (OTHER, r"another one than it was written with.*OFRECORD_LEDGER_KEY"),
    ],
)
def test_a_missing_or_a_wrong_key_is_one_clear_message(ledger_url: str, key: str | None, words: str) -> None:
    with opened(ledger_url, key=KEY) as ledger:
        plant(ledger)
    with pytest.raises(LedgerProblem, match=words) as problem:
        Ledger(ledger_url, key=key)
    assert KEY not in str(problem.value)
    assert OTHER not in str(problem.value)
    Ledger(ledger_url, key=KEY).close()


def test_hashed_without_a_key_and_words_that_are_no_mode_are_refused(ledger_url: str) -> None:
    with pytest.raises(LedgerProblem, match=r"hashed.*no key.*OFRECORD_LEDGER_KEY"):
        Ledger(ledger_url, values="hashed")
    with pytest.raises(LedgerProblem, match=r"'some'.*full or hashed"):
        Ledger(ledger_url, values="some")


def test_a_ledger_remembers_how_it_keeps_values(ledger_url: str) -> None:
    for values in ("hashed", None):
        with opened(ledger_url, values=values, key=KEY) as ledger:
            with ledger.writing(NOON) as writing:
                link = writing.record_link("contact", {"inventory": str(values), "crm": str(values)})
                writing.record_agreed(link, {"name": {"crm": "Ada"}})
            assert isinstance(ledger.agreed_of([link], "crm", "inventory")[link]["name"].source, Fingerprint)


def test_a_value_that_was_changed_on_the_disk_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with opened(str(path), key=KEY) as ledger:
        plant(ledger)
    with sqlite3.connect(path) as connection:
        (stored,) = connection.execute("SELECT payload FROM held").fetchone()
        spoiled = stored[:-8] + ("AAAAAAAA" if stored[-8:] != "AAAAAAAA" else "BBBBBBBB")
        connection.execute("UPDATE held SET payload = ?", (spoiled,))
    connection.close()
    with opened(str(path), key=KEY) as ledger, pytest.raises(LedgerProblem, match="was changed"):
        ledger.held()


@pytest.mark.parametrize("words", ["sealed:abc", "#x", " ", '{"a": 1}', "zero \0 byte"])
def test_words_that_look_like_ours_come_back(ledger_url: str, words: str) -> None:
    with opened(ledger_url) as ledger:
        with ledger.writing(NOON) as writing:
            writing.hold(Held("p", "a", "b", "1", "refused", words, payload=words))
            writing.event(Event("updated", "p", "l", field="f", after=words))
        (held,) = ledger.held()
        assert (held.message.strip(), held.payload) == (words.replace("\0", "").strip(), words)
        assert ledger.events()[0].after == words


def test_the_key_is_taken_from_the_environment_and_must_be_long() -> None:
    assert key_from({}) is None
    assert key_from({KEY_VARIABLE: ""}) is None
    assert key_from({KEY_VARIABLE: KEY}) == KEY
    with pytest.raises(LedgerProblem, match=r"shorter than 32.*openssl rand") as problem:
        key_from({KEY_VARIABLE: "hunter2"})
    assert "hunter2" not in str(problem.value)


def test_nothing_that_is_stored_says_the_key(tmp_path: Path) -> None:
    with opened(str(tmp_path / "ledger.db"), key=KEY) as ledger:
        (proof,) = [row[0] for row in ledger._reading.exec_driver_sql("SELECT value FROM meta WHERE name = 'key'")]
        assert from_json(f'"{proof}"') not in {"", KEY}
        assert len(proof) == 64
