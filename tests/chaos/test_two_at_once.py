"""Two runs at the same time: of one pipeline, which Meltano would refuse, and of two jobs that write the same records."""

from chaos.conftest import BACK, TASK
from chaos.pipes import Pipe

PRICES = "tap-inventory--prices own-prices-inventory-to-crm target-crm"
AT_WORK = "BUSY"


def side_by_side(stocked, *tasks):
    pipes = [Pipe(stocked, task, run=str(number)) for number, task in enumerate(tasks)]
    return [pipe.end() for pipe in pipes]


def test_one_pipeline_run_twice_at_once_makes_every_record_once(stocked, all_is_well):
    for outcomes in side_by_side(stocked, TASK, TASK):
        for one in outcomes:
            assert "Traceback" not in one.err
            assert one.code in {0, 1}
            assert not one.code or AT_WORK in one.err or "another run" in one.complaint.lower(), one.complaint
    all_is_well()


def test_two_jobs_of_the_same_records_may_run_at_once(stocked, all_is_well):
    all_is_well()
    items = stocked.people.finance_list("/inventory/v1/items", "items")
    for item in items:
        stocked.people.ask("PUT", f"/inventory/v1/items/{item['item_id']}", {"rate": 77, "name": f"{item['name']} II"})
    stocked.stage.control("POST", "latency", {"seconds": 0.03})
    for outcomes in side_by_side(stocked, TASK, PRICES, BACK):
        assert [one.code for one in outcomes] == [0, 0, 0], "\n".join(one.complaint for one in outcomes)
    all_is_well()
    rows = stocked.people.crm_list("Products", "Product_Name,Unit_Price")
    assert {(row["Unit_Price"], row["Product_Name"].endswith(" II")) for row in rows} == {(77, True)}
