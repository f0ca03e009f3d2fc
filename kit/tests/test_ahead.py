"""Reads side by side: in order, bounded, and nothing left behind."""

import threading
import time
from dataclasses import replace
from functools import partial
from itertools import count, islice, takewhile
from operator import ne

import pytest

from ofrecord_kit import ahead as looking
from ofrecord_kit.ahead import Call, ahead
from ofrecord_kit.errors import VendorRefusal
from ofrecord_kit.http import Client

SLOW_S = 0.03
FAST_ENOUGH_S = 60


@pytest.fixture
def items(vendor):
    """A vendor with items 0 to 59, each answer taking as long as it is told to."""
    vendor.by_path = {f"/inventory/v1/items/{n}": (200, {"code": 0, "item": {"item_id": str(n)}}) for n in range(60)}
    return vendor


def calls_for(numbers):
    return (Call(f"/inventory/v1/items/{n}") for n in numbers)


def ids_of(answers):
    return [int(answer.body["item"]["item_id"]) for answer in answers]


def threads():
    return [one for one in threading.enumerate() if one.name.startswith("ahead")]


def test_answers_come_in_the_order_of_their_calls_side_by_side(items, client_of):
    items.delay_s = SLOW_S
    assert ids_of(ahead(client_of("inventory"), calls_for(range(40)))) == list(range(40))
    assert items.most_at_once == 5
    assert threads() == []


def test_where_answers_are_fast_one_is_asked_for_after_the_other(items, client_of, monkeypatch):
    monkeypatch.setattr(looking, "PAYS_S", FAST_ENOUGH_S)
    assert ids_of(ahead(client_of("inventory"), calls_for(range(40)))) == list(range(40))
    assert items.most_at_once == 1


def test_threads_are_given_up_when_answers_become_fast_and_used_again_when_they_become_slow(
    items, client_of, monkeypatch
):
    """What counts as fast is changed instead of the vendor: a busy machine is slow by itself."""
    answers = ahead(client_of("inventory"), calls_for(n % 60 for n in count()))
    for pays_s, side_by_side in ((0.0, True), (FAST_ENOUGH_S, False), (0.0, True)):
        monkeypatch.setattr(looking, "PAYS_S", pays_s)
        states = (bool(threads()) for _ in islice(answers, 100))
        assert len(list(takewhile(partial(ne, side_by_side), states))) < 40
    assert items.most_at_once > 1
    answers.close()
    assert threads() == []


def test_a_setting_of_one_reads_one_after_the_other(items, connection):
    items.delay_s = SLOW_S
    with Client(replace(connection, calls_at_once=1), system="inventory", plugin="test") as client:
        assert ids_of(ahead(client, calls_for(range(8)))) == list(range(8))
    assert items.most_at_once == 1


def test_two_programs_together_keep_to_the_calls_at_once(items, connection):
    items.delay_s = SLOW_S
    found = []

    def read():
        with Client(replace(connection, calls_at_once=3), system="inventory", plugin="test") as client:
            found.append(ids_of(ahead(client, calls_for(range(20)))))

    programs = [threading.Thread(target=read) for _ in range(2)]
    for one in programs:
        one.start()
    for one in programs:
        one.join()
    assert found == [list(range(20))] * 2
    assert items.most_at_once == 3


def test_an_error_is_raised_in_the_place_of_its_call(items, client_of):
    items.delay_s = SLOW_S
    items.by_path["/inventory/v1/items/17"] = (404, {"code": 1002, "message": "Item does not exist."})
    answers = ahead(client_of("inventory"), calls_for(range(40)))
    assert ids_of(islice(answers, 17)) == list(range(17))
    with pytest.raises(VendorRefusal):
        next(answers)
    assert threads() == []


def test_a_record_that_may_be_missing_is_an_answer_and_nothing_is_asked_for_again(items, client_of):
    items.delay_s = SLOW_S
    items.by_path["/inventory/v1/items/17"] = (404, {"code": 1002, "message": "Item does not exist."})
    items.by_path["/inventory/v1/items/23"] = (400, {"code": 5, "message": "Not this one."})
    calls = (replace(call, may_be_missing=True) for call in calls_for(range(40)))
    answers = ahead(client_of("inventory"), calls)
    found = list(islice(answers, 23))
    assert [(n, one.body) for n, one in enumerate(found) if one.status == looking.MISSING] == [(17, None)]
    with pytest.raises(VendorRefusal):
        next(answers)
    asked = [one.path for one in items.calls()]
    assert len(asked) == len(set(asked))


def test_who_stops_early_leaves_no_thread_and_draws_little_further(items, client_of):
    items.delay_s = SLOW_S
    drawn = count()
    answers = ahead(client_of("inventory"), (Call(f"/inventory/v1/items/{next(drawn) % 60}") for _ in count()))
    for _ in islice(answers, 30):
        pass
    answers.close()
    assert threads() == []
    assert next(drawn) <= 30 + 10


def test_a_wait_for_the_vendor_ends_when_nobody_wants_the_answer(items, connection):
    """The vendor asks for a minute; who stops reading does not sit it out."""
    items.delay_s = SLOW_S
    with Client(replace(connection, retry_wait_s=1.0), system="inventory", plugin="test") as client:
        answers = ahead(client, calls_for(range(40)))
        for _ in islice(answers, 4):
            pass
        items.by_path = {}
        items.will_answer((429, {"code": 44, "message": "blocked"}, {"Retry-After": "3600"}))
        while client.budget.admit(0, time.time()) < time.time() + 1000:
            pass
        assert threads()
        answers.close()
    assert threads() == []


def test_threads_share_one_token_and_one_renewal(items, client_of):
    client = client_of("inventory")

    def all_at_once():
        running = [threading.Thread(target=client.get, args=(f"/inventory/v1/items/{n}",)) for n in range(8)]
        for one in running:
            one.start()
        for one in running:
            one.join()

    all_at_once()
    assert len(items.token_calls()) == 1
    items.will_grant((200, {"access_token": "1000.second.token", "expires_in": 3600}))
    held = client._login.held().token
    threads_told = [threading.Thread(target=client._login.token, args=(held,)) for _ in range(8)]
    for one in threads_told:
        one.start()
    for one in threads_told:
        one.join()
    assert len(items.token_calls()) == 2
