"""With a key, nothing of what a job leaves on the disk, and nothing it says, tells a secret or a personal value in clear."""

import pytest
from planted import CUSTOMER, Planted, plant_customer
from plugin_runs import BIN

from ofrecord_kit.ledger import Ledger

KEY = "a key of the tests that must not be found anywhere"
REFRESH = "1000.planted.refresh"
TASK = "tap-crm--customers own-customers-crm-to-inventory target-inventory"
ALIKE = {"account": "Quilfeather & Søns", "first name": "Ada", "e-mail": "ada@quillfeather.example"}


@pytest.mark.promise("F134")
def test_a_whole_job_leaves_nothing_in_clear_on_the_disk_or_in_what_it_says(site):
    plant_customer(site.people)
    plant_customer(site.people, **ALIKE)
    known = searched_for(site)
    ledger = Ledger(str(site.folder / "ledger.db"), key=KEY)  # open all the time, so that its log of writes stays
    done = whole_job(site)
    assert done.code == 0, done.err
    assert ("account", "duplicate") in [(one.entity, one.kind) for one in ledger.held()]
    assert known.found_in((done.out + done.err).encode()) == []
    assert (site.folder / "ledger.db-wal").stat().st_size > 0
    assert (site.folder / ".ofrecord" / "tokens.json").read_bytes().startswith(b"sealed:")
    assert (site.folder / ".meltano" / "meltano.db").is_file()
    assert list((site.folder / "logs").rglob("*.log"))
    assert known.found_below(site.folder) == {}
    ledger.close()
    the_same_search_finds_what_is_kept_without_a_key(site, known)


def searched_for(site):
    secret = site.stage.environment["OFRECORD_CLIENT_SECRET"]
    alike = {f"{what} of the other": text for what, text in ALIKE.items() if len(text) > len("Ada")}
    return Planted({**CUSTOMER, **alike, "client secret": secret, "refresh token": REFRESH, "the ledger's key": KEY})


def whole_job(site):
    """The job as Meltano runs it: tap, mapper and target, there and back."""
    site.stage.control("POST", "tokens", {"refresh_token": REFRESH})
    variables = {"OFRECORD_LEDGER_KEY": KEY, "OFRECORD_REFRESH_TOKEN": REFRESH}
    homes = {"HOME": str(site.folder / "home"), "XDG_STATE_HOME": str(site.folder / "logs")}
    return site.run([BIN / "meltano", "run", "customers"], **variables, **homes)


def the_same_search_finds_what_is_kept_without_a_key(site, known):
    codes = [one.code for one in site.pipe(TASK, {"target-inventory": {"ledger": "plain.db"}})]
    assert codes == [0, 0, 0]
    found = known.found_below(site.folder)
    assert {"account", "last name", "e-mail", "mobile"} <= set(found["plain.db"])
    assert found[".ofrecord/tokens.json"] == ["an access token"]
    assert "client secret" in found["run/tap-crm--customers.json"]
