"""The result of a bulk write is believed only as an archive of one CSV file of the size such a file can have."""

import io
import zipfile

import pytest

from ofrecord_kit.errors import VendorBusy
from ofrecord_kit.target.destination import Done
from ofrecord_kit.vendors.crm_bulk import told_by


def packed(*members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


GOOD = b"Code,RECORD_ID,STATUS,ERRORS\nA1,77,ADDED,\n"
HOSTILE = {
    "no archive": b"<html>",
    "JSON": {"code": "x"},
    "empty": packed(("1.csv", b"")),
    "two files": packed(("1.csv", GOOD), ("2.csv", GOOD)),
    "an archive in it": packed(("1.csv", packed(("1.csv", GOOD)))),
    "a bomb": packed(("1.csv", b"id," + bytes(70 << 20))),
    "one column too few": packed(("1.csv", GOOD + b"A2,78\n")),
    "not UTF-8": packed(("1.csv", b"a,b\n\xff,1\n")),
    "cut": packed(("1.csv", GOOD))[:-12],
}


@pytest.mark.parametrize("what", HOSTILE)
def test_an_absurd_result_is_no_result(what):
    with pytest.raises(VendorBusy, match=r"bulk write is damaged: .* Expected: an archive of one CSV file\. Run again"):
        told_by(HOSTILE[what])


def test_the_name_of_the_file_in_it_leads_nowhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("../../outside.csv", "/etc/outside.csv", "rows.csv"):
        assert told_by(packed((name, GOOD))) == {"A1": Done("77")}
    assert list(tmp_path.parent.rglob("outside.csv")) == []
