"""Settings, states and catalogs that were edited by hand, cut or written by others: one line says which file and what to do."""

import json
from datetime import UTC, datetime

import pytest

from ofrecord_kit.given import problems_of_files

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DEEP = '{"bookmarks":' + "[" * 20_000 + "]" * 20_000 + "}"


def mark(said):
    return json.dumps({"bookmarks": {"Accounts": said}})


WRONG = {
    "--state": [
        "", "{x", DEEP, b"\xff\xfe\0", "[1]", '"x"', '{"a": NaN}', '{"a":' + "9" * 10_000 + "}", '{"bookmarks": null}', mark([1]), mark(None),
        mark({"bulk": 7}), mark({"progress_markers": 7}), mark({"partitions": 7}), mark({"partitions": [{"context": 7}]}),
        mark({"replication_key_value": "2999-01-01T00:00:00+00:00"}),
    ],
    "--config": ["", "{x", "[1]", '"x"', b"\xff\xfe", '{"timeout_s": NaN}', DEEP],
    "--catalog": [
        "{x", "[1]", '{"streams": 7}', '{"streams": [7]}', '{"streams": [{"tap_stream_id": "a"}]}',
        '{"streams": [{"schema": {"properties": {"id": 7}}}]}', '{"streams": [{"schema": {"properties": {}}, "metadata": [7]}]}', DEEP,
    ],
}  # fmt: skip
RIGHT = {
    "--state": [
        "null", "{}", mark({}), mark({"replication_key_value": "2026-02-01T00:00:00+00:00", "bulk": {}, "known": None}),
        mark({"replication_key_value": "yesterday"}), mark({"replication_key_value": "9999-12-31T23:59:59-14:00"[:5]}),
    ],
    "--config": ["{}"],
    "--catalog": ["null", '{"streams": [{"schema": {"properties": {"a": {}}}, "metadata": [{"breadcrumb": [], "metadata": {}}]}]}'],
}  # fmt: skip


@pytest.mark.parametrize(("option", "content"), [(option, one) for option, some in WRONG.items() for one in some])
def test_a_file_of_another_shape_is_one_line_with_its_name_and_a_remedy(option, content, tmp_path):
    file = tmp_path / "given.json"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    for words in ([option, str(file)], [f"{option}={file}"]):
        [problem] = problems_of_files(["--discover", *words], NOW)
        assert problem.startswith(f"{option} {file}: ")
        assert len(problem) < 500


@pytest.mark.parametrize(("option", "content"), [(option, one) for option, some in RIGHT.items() for one in some])
def test_a_file_that_can_be_used_is_no_problem(option, content, tmp_path):
    file = tmp_path / "given.json"
    file.write_text(content, encoding="utf-8")
    assert problems_of_files([option, str(file)], NOW) == []


def test_a_file_that_is_not_there_and_what_is_no_file_are_left_to_the_program(tmp_path):
    assert problems_of_files(["--config", "ENV", "--state", str(tmp_path / "none.json"), "--catalog"], NOW) == []
