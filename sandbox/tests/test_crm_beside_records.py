"""What hangs on a record: notes, attachments, related lists."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from sandbox_worlds import call, made

from ofrecord_sandbox.assemble import new_world
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

SPECIFICATIONS = Path(__file__).resolve().parents[3] / "shared" / "reference" / "specs" / "zoho-crm-v8"


@pytest.fixture
def world() -> World:
    return new_world()


def element(answer: Response) -> dict[str, Any]:
    return dict(answer.content["data"][0])


def note(world: World, path: str, **values: Any) -> dict[str, Any]:
    return element(call(world, "POST", path, {"data": [values]}))


@pytest.mark.parametrize(
    "parent",
    [
        {"Parent_Id": {"module": {"api_name": "Accounts"}, "id": "ID"}},
        {"Parent_Id": {"id": "ID"}, "$se_module": "Accounts"},
        {"Parent_Id": "ID", "$se_module": "Accounts"},
    ],
)
def test_a_note_names_its_record_with_its_module(world: World, parent: dict[str, Any]) -> None:
    account = made(world, "Accounts", Account_Name="A")
    named = json.loads(json.dumps(parent).replace("ID", account).replace(f"Parent_{account}", "Parent_Id"))
    before = call(world, "GET", f"Accounts/{account}").content["data"][0]["Modified_Time"]
    created = note(world, "Notes", Note_Title="T", Note_Content="C", **named)
    assert (created["code"], created["message"]) == ("SUCCESS", "record added")
    (row,) = call(world, "GET", f"Accounts/{account}/Notes?fields=Note_Title,Note_Content,Parent_Id").content["data"]
    assert (row["Note_Title"], row["Note_Content"]) == ("T", "C")
    assert (row["Parent_Id"]["name"], row["Parent_Id"]["module"]["api_name"]) == ("A", "Accounts")
    assert call(world, "GET", f"Accounts/{account}").content["data"][0]["Modified_Time"] == before


@pytest.mark.parametrize(
    ("values", "code", "name"),
    [
        ({"Note_Title": "T"}, "MANDATORY_NOT_FOUND", "Parent_Id"),
        ({"Note_Title": "T", "Parent_Id": "1"}, "MANDATORY_NOT_FOUND", "$se_module"),
        ({"Note_Title": "T", "Parent_Id": "1", "$se_module": "Accounts"}, "INVALID_DATA", "Parent_Id"),
    ],
)
def test_a_note_without_its_record_is_refused(world: World, values: dict[str, Any], code: str, name: str) -> None:
    refused = note(world, "Notes", **values)
    assert (refused["code"], refused["details"]["api_name"]) == (code, name)


def test_a_note_needs_a_title_or_a_text_and_neither_may_be_too_long(world: World) -> None:
    path = f"Accounts/{made(world, 'Accounts', Account_Name='A')}/Notes"
    refused = note(world, path)
    assert refused["code"] == "EXPECTED_FIELD_MISSING"
    assert [one["api_name"] for one in refused["details"]["expected_fields"]] == ["Note_Title", "Note_Content"]
    assert note(world, path, Note_Title="x" * 121)["details"]["maximum_length"] == 120
    assert note(world, path, Note_Content="x" * 65_536)["details"]["maximum_length"] == 65_535
    assert note(world, path, Nonsense="x", Note_Title="T")["code"] == "INVALID_DATA"


def test_notes_are_changed_and_deleted_alone_under_their_record_and_in_one_call(world: World) -> None:
    account, other = (made(world, "Accounts", Account_Name=name) for name in "AB")
    path = f"Accounts/{account}/Notes"
    first, second = (note(world, path, Note_Title=title)["details"]["id"] for title in "12")
    assert (
        element(call(world, "PUT", f"Notes/{first}", {"data": [{"Note_Title": "one"}]}))["message"] == "record updated"
    )
    call(world, "PUT", f"{path}/{second}", {"data": [{"Note_Title": "two"}]})
    assert [row["Note_Title"] for row in call(world, "GET", f"{path}?fields=Note_Title").content["data"]] == [
        "two",
        "one",
    ]
    foreign = call(world, "PUT", f"Accounts/{other}/Notes/{first}", {"data": [{"Note_Title": "x"}]})
    assert element(foreign)["code"] == "INVALID_DATA"
    both = call(world, "DELETE", f"Notes?ids={first},{first}")
    assert (both.status, [one["message"] for one in both.content["data"]]) == (
        207,
        ["record deleted", "record not deleted"],
    )
    assert call(world, "DELETE", f"{path}/{second}").status == 200
    assert call(world, "GET", f"{path}?fields=id").status == 204
    assert call(world, "GET", f"{path}").content["code"] == "REQUIRED_PARAM_MISSING"


def upload(world: World, path: str, files: dict[str, Any], form: dict[str, str]) -> Response:
    handler, values, _ = world.router.find("POST", f"/crm/v8/{path}")
    assert handler is not None
    return handler(world, Request("POST", path, files=files, form=form, internal=True), **values)


def test_a_link_is_an_attachment_that_cannot_be_downloaded(world: World) -> None:
    path = f"Accounts/{made(world, 'Accounts', Account_Name='A')}/Attachments"
    linked = upload(world, path, {}, {"attachmentUrl": "https://example.org/a.pdf"})
    attachment = element(linked)["details"]["id"]
    (row,) = call(world, "GET", f"{path}?fields=File_Name,$type,$link_url,$se_module").content["data"]
    assert (row["$type"], row["$link_url"], row["$se_module"]) == ("Link URL", "https://example.org/a.pdf", "Accounts")
    assert call(world, "GET", f"{path}/{attachment}").content["code"] == "DOWNLOAD_NOT_ALLOWED"


def test_nothing_to_attach_and_a_wrong_address_are_refused(world: World) -> None:
    record = made(world, "Accounts", Account_Name="A")
    nothing = call(world, "POST", f"Accounts/{record}/Attachments")
    assert nothing.content["code"] == "REQUIRED_PARAM_MISSING"
    wrong = call(world, "POST", f"Accounts/{record}/Attachments?attachmentUrl=somewhere")
    assert (wrong.status, wrong.content["message"]) == (400, "the given attachment URL is incorrect")


def test_a_product_is_put_into_a_price_book_with_its_price_seen_from_both_sides(world: World) -> None:
    product = made(world, "Products", Product_Name="P")
    book = made(
        world, "Price_Books", Price_Book_Name="B", Pricing_Details=[{"from_range": 1, "to_range": 9, "discount": 0}]
    )
    added = call(world, "PUT", f"Products/{product}/Price_Books/{book}", {"data": [{"list_price": 50.56}]})
    assert (element(added)["message"], element(added)["details"]) == ("relation added", {"id": book})
    (row,) = call(world, "GET", f"Products/{product}/Price_Books?fields=Price_Book_Name,list_price").content["data"]
    assert row == {"id": book, "Price_Book_Name": "B", "list_price": 50.56}
    (row,) = call(world, "GET", f"Price_Books/{book}/Products?fields=Product_Name").content["data"]
    assert row == {"id": product, "Product_Name": "P", "list_price": 50.56}
    call(world, "PUT", f"Price_Books/{book}/Products", {"data": [{"id": product, "list_price": 7}]})
    one = call(world, "GET", f"Price_Books/{book}/Products/{product}?fields=list_price")
    assert element(one)["list_price"] == 7
    removed = call(world, "DELETE", f"Products/{product}/Price_Books/{book}")
    assert element(removed)["message"] == "relation removed"
    assert (
        element(call(world, "DELETE", f"Products/{product}/Price_Books?ids={book}"))["message"] == "relation not found"
    )
    assert call(world, "GET", f"Products/{product}/Price_Books?fields=id").status == 204
    assert call(world, "GET", f"Products/{product}").status == 200


def test_what_a_relation_refuses(world: World) -> None:
    product, account = made(world, "Products", Product_Name="P"), made(world, "Accounts", Account_Name="A")
    book = made(
        world, "Price_Books", Price_Book_Name="B", Pricing_Details=[{"from_range": 1, "to_range": 9, "discount": 0}]
    )
    path = f"Products/{product}/Price_Books/{book}"
    for values, code, name in (
        ({}, "MANDATORY_NOT_FOUND", "list_price"),
        ({"list_price": "5"}, "INVALID_DATA", "list_price"),
        ({"list_price": 5, "odd": 1}, "INVALID_DATA", "odd"),
    ):
        refused = element(call(world, "PUT", path, {"data": [values]}))
        assert (refused["code"], refused["details"]["api_name"]) == (code, name)
    unknown = call(world, "PUT", f"Products/{product}/Price_Books", {"data": [{"id": "1", "list_price": 5}]})
    assert element(unknown)["message"] == "the related id given seems to be invalid"
    assert call(world, "GET", f"Products/{product}/Nonsense?fields=id").content["details"] == {"resource_path_index": 2}
    assert call(world, "GET", "Products/1/Price_Books?fields=id").content["details"] == {"resource_path_index": 1}
    assert call(world, "GET", f"Products/{product}/Price_Books").content["code"] == "REQUIRED_PARAM_MISSING"
    lookups = call(world, "PUT", f"Accounts/{account}/Contacts", {"data": [{"id": "1"}]})
    assert lookups.content["code"] == "CANNOT_BE_UPDATED"


def test_records_that_point_to_a_record_are_its_related_lists_and_the_list_of_lists_names_them(world: World) -> None:
    account = made(world, "Accounts", Account_Name="A")
    contact = made(world, "Contacts", Last_Name="C", Account_Name={"id": account})
    made(world, "Contacts", Last_Name="D")
    rows = call(world, "GET", f"Accounts/{account}/Contacts?fields=Last_Name").content["data"]
    assert rows == [{"id": contact, "Last_Name": "C"}]
    lists = call(world, "GET", "settings/related_lists?module=Accounts").content["related_lists"]
    assert {"Attachments", "Notes", "Contacts", "Deals", "Quotes", "Products"} <= {row["api_name"] for row in lists}
    products = call(world, "GET", "settings/related_lists?module=Products").content["related_lists"]
    assert {"Price_Books", "Accounts"} <= {row["api_name"] for row in products}


@pytest.mark.real_input
@pytest.mark.skipif(
    not SPECIFICATIONS.is_dir(), reason=f"the vendor's OpenAPI files are not beside the project ({SPECIFICATIONS})"
)
def test_answers_have_the_shape_the_vendor_publishes(world: World) -> None:
    account = made(world, "Accounts", Account_Name="A")
    parent = {"module": {"api_name": "Accounts"}, "id": account}
    cases = [
        ("POST", "Notes", {"data": [{"Note_Title": "T", "Parent_Id": parent}]}, "notes.json", "/Notes"),
        ("POST", "Notes", {"data": [{"Parent_Id": parent}]}, "notes.json", "/Notes"),
        ("GET", "settings/related_lists?module=Accounts", None, "related_lists.json", "/settings/related_lists"),
        (
            "DELETE",
            f"Accounts/{account}/Products?ids=1",
            None,
            "related_records.json",
            "/{parentRecordModule}/{parentRecord}/{relatedList}",
        ),
    ]
    for method, url, body, file, path in cases:
        document = json.loads((SPECIFICATIONS / file).read_text())
        answer = call(world, method, url, body)
        answers = document["paths"][path][method.lower()]["responses"]
        schema = answers[str(answer.status)]["content"]["application/json"]["schema"]
        checker = jsonschema.Draft202012Validator({**schema, "components": document.get("components", {})})
        found = [error.message for error in checker.iter_errors(json.loads(answer.encoded()))]
        assert [one for one in found if "is a required property" not in one] == [], url
