"""Users, currencies, counts, and the lists of notes and attachments of all records."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sandbox_worlds import call, control, made

from ofrecord_sandbox.web import Request
from ofrecord_sandbox.world import World


def count(world: World, path: str) -> int:
    answer = call(world, "GET", path)
    assert answer.status == 200, answer.content
    return int(answer.content["count"])


def listed(world: World, query: str) -> list[str]:
    answer = call(world, "GET", f"users?{query}")
    return [] if answer.status == 204 else [user["first_name"] for user in answer.content["users"]]


@pytest.fixture
def staffed(world: World) -> World:
    people = [
        {"first_name": "Bo", "last_name": "Ito", "email": "bo@example.org"},
        {"first_name": "Cy", "last_name": "Lee", "email": "cy@example.org", "status": "inactive"},
        {"first_name": "Di", "last_name": "Roy", "email": "di@example.org", "status": "deleted"},
        {
            "first_name": "Ed",
            "last_name": "Fox",
            "email": "ed@example.org",
            "confirm": False,
            "profile": "Administrator",
        },
    ]
    for one in people:
        control(world, "users", **one)
    return world


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("AllUsers", ["Anna", "Bo", "Cy", "Ed"]),
        ("ActiveUsers", ["Anna", "Bo", "Ed"]),
        ("DeactiveUsers", ["Cy"]),
        ("DeletedUsers", ["Di"]),
        ("ConfirmedUsers", ["Anna", "Bo", "Cy"]),
        ("NotConfirmedUsers", ["Ed"]),
        ("ActiveConfirmedUsers", ["Anna", "Bo"]),
        ("AdminUsers", ["Anna", "Ed"]),
        ("ActiveConfirmedAdmins", ["Anna"]),
        ("CurrentUser", ["Anna"]),
    ],
)
def test_users_are_listed_by_type(staffed: World, kind: str, names: list[str]) -> None:
    assert listed(staffed, f"type={kind}") == names


def test_users_come_in_pages_by_id_and_alone(staffed: World) -> None:
    pages = [listed(staffed, f"per_page=2&page={page}") for page in (1, 2, 3)]
    assert pages == [["Anna", "Bo"], ["Cy", "Ed"], []]
    info = call(staffed, "GET", "users?per_page=2").content["info"]
    assert info == {"per_page": 2, "count": 2, "page": 1, "more_records": True}
    user = call(staffed, "GET", "users?type=DeactiveUsers").content["users"][0]
    assert listed(staffed, f"ids={user['id']}") == ["Cy"]
    assert call(staffed, "GET", f"users/{user['id']}").content["users"] == [user]
    assert call(staffed, "GET", "users/1").status == 204
    assert call(staffed, "GET", "users?type=Odd").content["code"] == "INVALID_DATA"


def test_active_users_own_records_and_queries_reach_their_names(staffed: World) -> None:
    user = call(staffed, "GET", "users?type=ActiveUsers&page=2&per_page=1").content["users"][0]
    record = made(staffed, "Accounts", Account_Name="A", Owner={"id": user["id"]})
    shown = call(staffed, "GET", f"Accounts/{record}").content["data"][0]["Owner"]
    assert shown == {"name": "Bo Ito", "id": user["id"], "email": "bo@example.org"}
    query = {"select_query": "select Owner.last_name from Accounts where id is not null"}
    assert call(staffed, "POST", "coql", query).content["data"][0]["Owner.last_name"] == "Ito"
    away = call(staffed, "GET", "users?type=DeactiveUsers").content["users"][0]
    refused = call(staffed, "POST", "Accounts", {"data": [{"Account_Name": "B", "Owner": {"id": away["id"]}}]})
    assert refused.status == 400


def test_currencies_are_refused_until_the_organisation_has_several(world: World) -> None:
    refused = call(world, "GET", "org/currencies")
    assert (refused.status, refused.content["code"]) == (403, "CURRENCIES_NOT_ENABLED")
    assert call(world, "GET", "org").content["org"][0]["mc_status"] is False
    control(world, "currencies", rates={"EUR": "0.92", "JPY": "150.5"})
    rows = {row["iso_code"]: row for row in call(world, "GET", "org/currencies").content["currencies"]}
    assert {code: (row["exchange_rate"], row["is_base"]) for code, row in rows.items()} == {
        "USD": ("1", True),
        "EUR": ("0.92", False),
        "JPY": ("150.5", False),
    }
    assert call(world, "GET", f"org/currencies/{rows['EUR']['id']}").content["currencies"] == [rows["EUR"]]
    assert call(world, "GET", "org").content["org"][0]["mc_status"] is True
    deal = made(world, "Deals", Deal_Name="D", Stage="Qualification", Amount=10, Currency="EUR", Exchange_Rate=0.92)
    shown = call(world, "GET", f"Deals?fields=Currency,Exchange_Rate&ids={deal}").content["data"][0]
    assert (shown["Currency"], shown["Exchange_Rate"]) == ("EUR", 0.92)


def test_records_are_counted_all_of_them_and_those_chosen(world: World) -> None:
    control(world, "plant", module="Contacts", count=50)
    rows = list(world.store.table("crm/records/Contacts"))
    assert count(world, "Contacts/actions/count") == 50
    assert count(world, "Accounts/actions/count") == 0
    first = next(row for row in rows if row["Email"])
    assert count(world, f"Contacts/actions/count?email={first['Email']}") == 1
    named = sum("smith" in (row["Last_Name"] or "").lower() for row in rows)
    assert count(world, "Contacts/actions/count?criteria=(Last_Name:equals:smit)") == named > 0
    both = "((Last_Name:equals:smith)and(Email_Opt_Out:equals:true))"
    wanted = sum(row["Last_Name"] == "Smith" and row["Email_Opt_Out"] for row in rows)
    assert count(world, f"Contacts/actions/count?criteria={both}") == wanted
    criteria = {"field": {"api_name": "Lead_Source"}, "comparator": "equal", "value": "${EMPTY}"}
    view = control(world, "views", module="Contacts", name="Unknown", criteria=criteria)["id"]
    assert count(world, f"Contacts/actions/count?cvid={view}") == sum(row["Lead_Source"] is None for row in rows)
    for query in ("criteria=odd", "criteria=(Nothing:equals:1)", "cvid=1"):
        assert call(world, "GET", f"Contacts/actions/count?{query}").status == 400
    assert call(world, "GET", "Quoted_Items/actions/count").content["code"] == "NOT_SUPPORTED"


def test_notes_of_all_records_come_by_order_page_and_change(world: World) -> None:
    account = made(world, "Accounts", Account_Name="A")
    ids = []
    for number in range(5):
        parent = {"module": {"api_name": "Accounts"}, "id": account}
        answer = call(world, "POST", "Notes", {"data": [{"Note_Content": f"N{number}", "Parent_Id": parent}]})
        ids.append(answer.content["data"][0]["details"]["id"])
        world.clock.move(timedelta(minutes=1))
    call(world, "PUT", f"Notes/{ids[0]}", {"data": [{"Note_Content": "changed"}]})
    url = "Notes?fields=Note_Content,Modified_Time&sort_by=Modified_Time&sort_order=asc&per_page=2"
    seen: list[str] = []
    token = ""
    while True:
        content = call(world, "GET", url + (f"&page_token={token}" if token else "")).content
        seen += [row["id"] for row in content["data"]]
        if not content["info"]["more_records"]:
            break
        token = content["info"]["next_page_token"]
    assert seen == [*ids[1:], ids[0]]
    late = call(world, "GET", url, if_modified_since="2026-03-01T09:03:30Z").content["data"]
    assert [row["id"] for row in late] == [ids[4], ids[0]]
    assert call(world, "GET", url, if_modified_since="2026-03-01T10:00:00Z").status == 304
    assert call(world, "GET", "Notes?fields=id&sort_by=Owner").content["code"] == "INVALID_DATA"


def test_attachments_are_listed_of_one_record_and_of_all(world: World) -> None:
    first, second = made(world, "Accounts", Account_Name="A"), made(world, "Accounts", Account_Name="B")
    for record, name in ((first, "a.txt"), (second, "b.txt")):
        upload = Request(
            "POST", f"/crm/v8/Accounts/{record}/Attachments", files={"file": (name, b"text")}, internal=True
        )
        handler, values, _ = world.router.find("POST", upload.path)
        assert handler is not None
        assert handler(world, upload, **values).status == 200
    fields = "fields=File_Name,Size,Parent_Id,$se_module,Modified_Time"
    one = call(world, "GET", f"Accounts/{first}/Attachments?{fields}").content["data"]
    assert [(row["File_Name"], row["Size"], row["Parent_Id"]) for row in one] == [
        ("a.txt", "4", {"name": "A", "id": first})
    ]
    every = call(world, "GET", f"Attachments?{fields}&sort_order=asc").content["data"]
    assert [(row["File_Name"], row["Parent_Id"]["id"]) for row in every] == [("a.txt", first), ("b.txt", second)]
    assert call(world, "GET", f"Attachments?{fields}", if_modified_since="2026-03-01T09:00:00Z").status == 304
    assert call(world, "GET", f"Accounts/{first}/Attachments").content["code"] == "REQUIRED_PARAM_MISSING"
