"""A result of a bulk read is read row by row; what is damaged or absurd is refused, and memory stays flat."""

import io
import tracemalloc
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from ofrecord_kit.tap.crm_archive import BrokenArchiveError, cells_of
from ofrecord_kit.tap.crm_bulk import Downloads

GOOD = b'\xef\xbb\xbfid,Name\n1,Bolt\n2,"Nut, \n large"\n'


def packed(*members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members or [("1.csv", GOOD)]:
            archive.writestr(name, content)
    file.seek(0)
    return file


def with_bytes(file, begin, *values):
    """The archive with some bytes of its directory replaced."""
    content = bytearray(file.getvalue())
    place = content.rindex(b"PK\x01\x02") + begin
    content[place : place + len(values)] = bytes(values)
    return io.BytesIO(content)


def damaged(file):
    content = bytearray(file.getvalue())
    content[40] ^= 255
    return io.BytesIO(content)


def test_rows_come_as_they_are_whatever_the_file_in_the_archive_is_called(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("1.csv", "../../outside.csv", "/etc/outside.csv", "C:\\outside.csv"):
        rows = list(cells_of(packed((name, GOOD)), 10))
        assert rows == [["id", "Name"], ["1", "Bolt"], ["2", "Nut, \n large"]]
    assert list(tmp_path.parent.rglob("outside.csv")) == []


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (io.BytesIO(), "BadZipFile"),
        (io.BytesIO(b"<html>Sorry</html>"), "BadZipFile"),
        (io.BytesIO(packed().getvalue()[:-10]), "BadZipFile"),
        (damaged(packed()), "BadZipFile|error"),
        (packed(("1.csv", GOOD), ("2.csv", GOOD)), "2 files in place of one"),
        (packed(("folder/", b"")), "1 files in place of one"),
        (with_bytes(packed(), 8, 1), "an encrypted file"),
        (with_bytes(packed(), 24, 5), "BadZipFile"),
        (with_bytes(packed(), 24, 255, 255, 255, 255), "bytes packed into"),
        (packed(("1.csv", b"id," + bytes(70 << 20))), "bytes packed into"),
        (packed(("1.csv", b"id\n" + b"x" * 10_000_001)), "Error"),
        (packed(("1.csv", b"id,Name\n" + b"," * (50 << 20))), "a line of more than 50,000,000 characters"),
        (packed(("1.csv", b"id\n\xff\xfe\n")), "UnicodeDecodeError"),
        (packed(("1.csv", b"id\n" + b"1\n" * 11)), "row 11 of"),
        (packed(("1.csv", b"id,Name\n1\n")), "row 1 of 1 cells in place of 2"),
    ],
    ids=range(15),
)
def test_what_is_damaged_or_absurd_is_refused(file, words):
    with pytest.raises(BrokenArchiveError, match=words):
        list(cells_of(file, 10))


def test_rows_wait_packed_until_their_turn():
    rows = "".join(f"{number},{number:0200}\n" for number in range(50_000))
    file = packed(("1.csv", b"id,Name\n" + rows.encode()))
    tracemalloc.start()
    try:
        assert sum(1 for _ in cells_of(file, 50_000)) == 50_001
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < len(rows) / 10


def test_ten_results_are_downloaded_in_a_minute_and_the_eleventh_waits():
    downloads, now = Downloads(), datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert [downloads.wait_s(now + timedelta(seconds=number)) for number in range(10)] == [0] * 10
    assert downloads.wait_s(now + timedelta(seconds=15)) == 45
    assert downloads.wait_s(now + timedelta(seconds=60)) == 1
    assert downloads.wait_s(now + timedelta(seconds=200)) == 0
