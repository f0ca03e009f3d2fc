"""The crosswalk leaves as a file and comes back whole or not at all."""

import csv
import json
import re

import pytest


def pair(book, entity="product", crm="c1", inventory="i1"):
    with book.writing() as writing:
        return writing.record_link(entity, {"crm": crm, "inventory": inventory})


def sides(book):
    return [(one.entity, one.link, one.system, one.id, one.generation) for one in book.ledger.sides()]


@pytest.mark.parametrize("name", ["links.csv", "links.jsonl"])
def test_what_is_exported_can_be_imported_into_an_empty_ledger(book, ask, tmp_path, name):
    pair(book), pair(book, "account", 'odd,"id', "i2")
    file, other = tmp_path / name, str(tmp_path / "other.db")
    assert book.ask("links", "export", str(file)).exit_code == 0
    assert ask("links", "import", str(file), "--ledger", other).exit_code == 0
    again = ask("links", "export", "-", "--ledger", other)
    told = [json.loads(line) for line in again.stdout.splitlines()]
    assert [tuple(one.values()) for one in told] == sides(book)
    assert ask("links", "import", str(file), "--ledger", other).stderr.startswith("2 links, 0 of them new")


def test_an_export_holds_ids_alone_and_a_head(book, tmp_path):
    link = pair(book)
    book.ask("links", "export", str(tmp_path / "links.csv"))
    rows = list(csv.reader((tmp_path / "links.csv").read_text(encoding="utf-8").splitlines()))
    assert rows == [
        ["entity", "link", "system", "id", "generation"],
        ["product", link, "crm", "c1", "0"],
        ["product", link, "inventory", "i1", "0"],
    ]


HEAD = "entity,link,system,id,generation\n"


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("product,new,crm,c1,0\nproduct,new,inventory,i9,0\n", "line 2: product crm c1 is in another link here"),
        ("product,a,crm,c7,0\nproduct,a,inventory,i7,0\nproduct,b,crm,c7,0\n", "line 4: product crm c7 is in line 2 already, in another link"),
        ("product,a,crm,c7,0\nproduct,a,crm,c8,0\n", "line 3: product crm c8: link a has crm c7 in line 2"),
        ("product,a,crm,c7,0\naccount,a,inventory,i7,0\n", "line 3: account inventory i7: link a is of entity product in line 2"),
        ("product,a,crm,,0\n", "line 2: id must be a text that is not empty"),
        ("product,a,crm,c7,two\n", "line 2: generation is 'two', must be a whole number"),
    ],
)  # fmt: skip
def test_a_line_that_contradicts_another_or_the_ledger_lets_nothing_in(book, tmp_path, lines, problem):
    pair(book)
    before = sides(book)
    file = tmp_path / "links.csv"
    file.write_text(HEAD + lines, encoding="utf-8")
    answer = book.ask("links", "import", str(file))
    assert answer.exit_code == 1
    assert problem in answer.stderr
    assert "Nothing was taken" in answer.stderr
    assert sides(book) == before


@pytest.mark.parametrize("text", ["", "nonsense", '{"entity": 1}', "{not json", "\x00\x01"])
def test_a_file_that_is_none_is_one_clear_error(book, tmp_path, text):
    file = tmp_path / "links.csv"
    file.write_text(text, encoding="utf-8")
    answer = book.ask("links", "import", str(file))
    assert (answer.exit_code, "Traceback" in answer.output) == (1, False)
    assert answer.stderr.startswith("line 1: ")


def test_a_file_that_is_checked_only_changes_nothing(book, tmp_path):
    file = tmp_path / "links.csv"
    file.write_text(f"{HEAD}product,a,crm,c7,0\nproduct,a,inventory,i7,2\n", encoding="utf-8")
    assert book.ask("links", "import", "--check", str(file)).exit_code == 0
    assert sides(book) == []
    assert book.ask("links", "import", str(file)).exit_code == 0
    assert sides(book) == [("product", "a", "crm", "c7", 2), ("product", "a", "inventory", "i7", 2)]
    assert [event.why for event in book.ledger.events(kinds=["linked"])] == ["imported"]


def test_links_are_counted_by_entity_and_by_what_they_join(book):
    pair(book), pair(book, crm="c2", inventory="i2"), pair(book, "account", "c3", "i3")
    assert book.ask("links", "show").stdout.splitlines() == [
        "account\tcrm+inventory\t1\t0",
        "product\tcrm+inventory\t2\t0",
    ]
    told = json.loads(book.ask("links", "show", "--entity", "account", "--json").stdout)
    assert told == [{"entity": "account", "systems": "crm+inventory", "links": 1, "made again": 0}]


def test_a_rebuild_outside_a_project_says_where_to_run_it(ask, tmp_path):
    answer = ask("links", "rebuild", "--project", str(tmp_path), "--ledger", str(tmp_path / "ledger.db"))
    assert answer.exit_code == 1
    assert "Run this in the project's folder" in answer.stderr


def test_an_encrypted_ledger_is_opened_with_the_key_of_the_environment(ask, tmp_path, monkeypatch):
    monkeypatch.setenv("OFRECORD_LEDGER_KEY", "a key that is long enough to be one " * 2)
    file, ledger = tmp_path / "links.csv", str(tmp_path / "sealed.db")
    file.write_text(f"{HEAD}product,a,crm,c7,0\nproduct,a,inventory,i7,0\n", encoding="utf-8")
    assert ask("links", "import", str(file), "--ledger", ledger).exit_code == 0
    assert ask("links", "show", "--ledger", ledger).stdout == "product\tcrm+inventory\t1\t0\n"


def test_a_text_that_a_spreadsheet_would_carry_out_leaves_and_comes_back_as_a_text(book, ask, tmp_path):
    pair(book, "product", "=cmd|' /C calc'!A0", "@SUM(1)"), pair(book, "product", "-2", "+1 555")
    file = str(tmp_path / "links.csv")
    book.ask("links", "export", file)
    told = {row["id"] for row in csv.DictReader((tmp_path / "links.csv").read_text(encoding="utf-8").splitlines())}
    assert told == {"'=cmd|' /C calc'!A0", "'@SUM(1)", "-2", "+1 555"}
    other = str(tmp_path / "other.db")
    assert ask("links", "import", file, "--ledger", other).exit_code == 0
    again = [json.loads(line)["id"] for line in ask("links", "export", "-", "--ledger", other).stdout.splitlines()]
    assert sorted(again) == sorted(["=cmd|' /C calc'!A0", "@SUM(1)", "-2", "+1 555"])


HEAD = "entity,link,system,id,generation\n"
HOSTILE = {
    "a cell of eleven million characters": (f"{HEAD}account,{'x' * 11_000_000},crm,1,0\n", "characters|no CSV"),
    "a formula": (f"{HEAD}account,l1,crm,=1+A1,0\n", "id reads as a formula"),
    "a NUL": (f"{HEAD}account,l1,crm,1\0,0\n", "id must be at most 250 characters"),
    "a line break in an id": (f'{HEAD}account,l1,crm,"1\n2",0\n', "without line breaks"),
    "more cells than the head": (f"{HEAD}account,l1,crm,1,0,more\n", "more cells than the head"),
    "a number of ten thousand digits": (f"{HEAD}account,l1,crm,1,{'9' * 10_000}\n", "must be a whole number"),
    "digits of another script": (f"{HEAD}account,l1,crm,1,٣\n", "must be a whole number"),
    "a quote without an end": (f'{HEAD}account,"l1,crm,1,0\n' + "a,b,c,d,0\n" * 99, "must be a text"),
    "JSON of ten thousand levels": ('{"entity":' + "[" * 10_000 + "]" * 10_000 + "}", "is not an object"),
    "a JSON number of ten thousand digits": ('{"generation":' + "9" * 10_000 + "}", "is not an object"),
    "half a character": ('{"entity":"account","link":"\\ud800","system":"crm","id":"1"}', "link must be at most"),
    "not UTF-8": (b"\xff\xfe\x00", "Expected: a UTF-8 file"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused_by_its_line_and_nothing_of_it_is_kept(what, book, tmp_path):
    content, words = HOSTILE[what]
    file = tmp_path / "links.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    done = book.ask("links", "import", str(file))
    assert done.exit_code == 1
    assert re.search(words, done.stderr), done.stderr
    assert len(done.stderr) < 1_000
    assert sides(book) == []


def test_a_file_too_large_to_be_meant_is_not_read_whole(book, tmp_path, monkeypatch):
    monkeypatch.setattr("ofrecord.crosswalk.MOST_CHARACTERS", 1_000)
    (tmp_path / "links.csv").write_text(HEAD + "account,l1,crm,1,0\n" * 100, encoding="utf-8")
    done = book.ask("links", "import", str(tmp_path / "links.csv"))
    assert (done.exit_code, "Import it in parts" in done.stderr) == (1, True)
