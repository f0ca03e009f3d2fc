"""Values planted at the vendors and in settings, and the search for them in whatever the project leaves behind."""

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

TOKEN = re.compile(rb"1000\.[0-9a-f]{8,}\.[0-9a-f]{8,}")
"""What an access token of the sandbox looks like."""

CUSTOMER = {
    "account": "Quillfeather & Søns",
    "first name": "Wilhelmína",
    "last name": "Quillfeather-Okonkwo",
    "e-mail": "w.okonkwo@quillfeather.example",
    "phone": "+49 221 4711 0815",
    "mobile": "+49 151 2310 4711",
    "street": "Glockengasse 4711b",
    "city": "Unterzwergelbach",
}
COUNTRY = {"country": "Germany"}


@dataclass(frozen=True)
class Planted:
    """What → text."""

    texts: Mapping[str, str]

    def found_in(self, content: bytes) -> list[str]:
        """What stands in the content, in any of the forms a text takes on its way."""
        found = [what for what, text in self.texts.items() if any(form in content for form in forms_of(text))]
        return [*found, *(["an access token"] if TOKEN.search(content) else [])]

    def found_below(self, folder: Path) -> dict[str, list[str]]:
        """File → what stands in it."""
        searched = ((path, self.found_in(path.read_bytes())) for path in files_below(folder))
        return {str(path.relative_to(folder)): found for path, found in searched if found}


def files_below(folder: Path) -> Iterator[Path]:
    """Every file, links to elsewhere left out."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())


def forms_of(text: str) -> set[bytes]:
    """As it is, as JSON and addresses write it, as Python shows it, in Base64, and its digits alone when they are many."""
    digits = "".join(filter(str.isdigit, text))
    forms = {text, json.dumps(text)[1:-1], quote(text), quote(text, safe=""), repr(text)[1:-1], ascii(text)[1:-1]}
    number = {digits} if len(digits) > 9 else set()
    return {form.encode() for form in forms | number} | {b64encode(text.encode()).rstrip(b"=")[:-1]}


def plant_customer(people, **values):
    """One customer with a contact person in the CRM, with every kind of personal value; the ids of both."""
    said = {**CUSTOMER, **COUNTRY, **values}
    account = people.ask("POST", "/crm/v8/Accounts", {"data": [{
        "Account_Name": said["account"], "Phone": said["phone"], "Billing_Street": said["street"],
        "Billing_City": said["city"], "Billing_Country": said["country"],
    }]})["data"][0]["details"]["id"]  # fmt: skip
    contact = people.ask("POST", "/crm/v8/Contacts", {"data": [{
        "First_Name": said["first name"], "Last_Name": said["last name"], "Email": said["e-mail"],
        "Mobile": said["mobile"], "Account_Name": {"id": account},
    }]})["data"][0]["details"]["id"]  # fmt: skip
    return account, contact
