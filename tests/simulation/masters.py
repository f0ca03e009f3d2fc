"""The things of the worlds: their fields with the owner of each, read from the rules by a person."""

from decimal import Decimal

from simulation.ownership import Entity, Field, active, digits, number, padded, spaced

COMPANY = frozenset({
    "status", "payment_terms_label", "primary_contact_id", "contact_type", "first_name", "last_name", "email", "phone", "mobile",
})  # fmt: skip
"""What a contact of the finance side shows of its state and of its primary person."""
DESCRIPTION = Field(
    "description", "shared", ("Description",), ("description",),
    ("Strong.", "Very strong – A2 steel.", "Zwölf Stück", "for wood"), policy="latest", dress=padded,
)  # fmt: skip

PRODUCT = Entity(
    "product", "Products", "items", "item_id", ("inventory",),
    (
        Field("name", "inventory", ("Product_Name",), ("name",), ("Bolt", "Hex bolt", "Schraube Größe 8", "螺栓"), dress=padded),
        Field("list price", "inventory", ("Unit_Price",), ("rate",), (10, 12.5, 0.01, 19.99, 100000), number),
        Field("shipping weight", "inventory", ("Weight_g",), ("package_details.weight",), (1, 0.25, 12.34, 3), number, factor=Decimal(1000)),
        Field("sales unit", "inventory", ("Unit_Of_Measure",), ("unit",), ("pcs", "box", "kg")),
        Field("ean", "inventory", ("EAN",), ("ean",), ("4006381333931", "5901234123457", "9780201379624")),
        Field("active", "inventory", ("Product_Active",), ("status",), (True, True, False), active),
        DESCRIPTION,
    ),
    lambda system, no: {"Product_Code": f"SKU-{no}"} if system == "crm" else {"sku": f"SKU-{no}", "package_details": {"weight_unit": "kg"}},
    {"crm": ("Manufacturer",), "inventory": ("brand",)},
    {"crm": frozenset({"Product_Code", "Reorder_Level", "Taxable", "Qty_in_Stock"}),
     "inventory": frozenset({"sku", "item_name", "weight", "unit_id"})},
    known_by="code",
    is_one=lambda system, row: not row.get("Composite" if system == "crm" else "is_combo_product"),
)  # fmt: skip

_PLACES = (
    ("Am Hafen 1", "Kiel", "", "24103", "Germany"),
    ("Rue 2", "Lyon", "", "69001", "France"),
    ("Main St 3", "Seattle", "WA", "98101", "U.S.A."),
)
_BILLING = ("Billing_Street", "Billing_City", "Billing_State", "Billing_Code", "Billing_Country")
_SHIPPING = ("Shipping_Street", "Shipping_City", "Shipping_State", "Shipping_Code", "Shipping_Country")


def _address(name: str) -> tuple[str, ...]:
    return tuple(f"{name}.{part}" for part in ("address", "city", "state", "zip", "country"))


ACCOUNT = Entity(
    "account", "Accounts", "contacts", "contact_id", ("crm",),
    (
        Field("name", "shared", ("Account_Name",), ("contact_name",), ("Nordlicht {}", "Weststern {} AG", "{} Quillfeather"), policy="review"),
        Field("phone", "shared", ("Phone",), ("billing_address.phone",), ("+12065550101", "+12065550102", "+12065550103"), digits, policy="latest", dress=spaced),
        Field("website", "crm", ("Website",), ("website",), ("https://a.example", "https://b.example", "https://c.example")),
        Field("billing address", "shared", _BILLING, _address("billing_address"), _PLACES, policy="review"),
        Field("shipping address", "crm", _SHIPPING, _address("shipping_address"), _PLACES),
        Field("payment terms", "inventory", ("Payment_Terms_Days",), ("payment_terms",), (15, 30, 60), number),
        Field("credit limit", "inventory", ("Credit_Limit",), ("credit_limit",), (1000, 2500.5, 99.99), number),
        Field("tax number", "inventory", ("Tax_Number",), ("tax_reg_no",), ("DE1", "FR22", "US333")),
    ),
    lambda system, no: {} if system == "crm" else {"contact_type": "customer"},
    {"crm": ("Description",), "inventory": ("notes",)},
    {"crm": frozenset({"Open_Credit", "Last_Credit_Date"}), "inventory": COMPANY},
    is_one=lambda system, row: system == "crm" or row["contact_type"] == "customer",
    when_deleted="inactive",
)  # fmt: skip

VENDOR = Entity(
    "vendor", "Vendors", "contacts", "contact_id", ("crm", "inventory"),
    (
        Field("name", "shared", ("Vendor_Name",), ("contact_name",), ("Eisenwerk {}", "{} Papier KG", "Gebrüder Ferro, {}"), policy="review"),
        Field("phone", "shared", ("Phone",), ("billing_address.phone",), ("+12065550111", "+12065550112", "+12065550113"), digits, policy="latest", dress=spaced),
        Field("website", "shared", ("Website",), ("website",), ("https://v.example", "https://w.example", "https://x.example"), policy="latest"),
        Field("address", "inventory", ("Street", "City", "State", "Zip_Code", "Country"), _address("billing_address"), _PLACES),
    ),
    lambda system, no: {} if system == "crm" else {"contact_type": "vendor"},
    {"crm": ("Description",), "inventory": ("notes",)},
    {"inventory": COMPANY},
    is_one=lambda system, row: system == "crm" or row["contact_type"] == "vendor",
    when_deleted="inactive",
)  # fmt: skip

CONTACT = Entity(
    "contact", "Contacts", "contacts/contactpersons", "contact_person_id", ("crm",),
    (
        Field("first name", "crm", ("First_Name",), ("first_name",), ("Ada", "Zoë", "Jürgen"), dress=padded),
        Field("last name", "crm", ("Last_Name",), ("last_name",), ("Ólafsdóttir", "Meyer", "van der Berg"), dress=padded),
        Field("e-mail", "crm", ("Email",), ("email",), ("one.{}@people.example", "two.{}@people.example", "three.{}@people.example"), str.casefold),
        Field("phone", "crm", ("Phone",), ("phone",), ("+12065550121", "+12065550122", "+12065550123"), digits, dress=spaced),
        Field("job title", "crm", ("Title",), ("designation",), ("Buyer", "Einkäuferin", "CEO")),
        Field("department", "crm", ("Department",), ("department",), ("Purchasing", "Finance", "R&D")),
    ),
    lambda _system, _no: {},
    {"crm": ("Description",), "inventory": ("skype",)},
    {"crm": frozenset({"Full_Name", "Account_Name.id"}), "inventory": frozenset({"is_primary_contact"})},
    known_by="e-mail", kept="contactpersons", answered="contact_person", edited=("crm",), when_deleted="",
)  # fmt: skip

PRICE_LIST = Entity(
    "price list", "Price_Books", "pricebooks", "pricebook_id", ("inventory",),
    (
        Field("name", "inventory", ("Price_Book_Name",), ("name",), ("Retail {}", "Großhandel {}", "{} partners")),
        Field("active", "inventory", ("Active",), ("status",), (True, True, False), active),
        Field("description", "inventory", ("Description",), ("description",), ("Ten off.", "For friends – only", "Zum Jubiläum")),
    ),
    lambda system, _no: {"Pricing_Model": "Flat", "Pricing_Details": [{"from_range": 1, "to_range": 9, "discount": 0}]}
    if system == "crm"
    else {"pricebook_type": "fixed_percentage", "percentage": 10, "is_increase": False, "sales_or_purchase_type": "sales"},
    {"crm": (), "inventory": ()},
    {"crm": frozenset({"Pricing_Model", "Pricing_Details"})},  # the rules fill them, from what people here do not edit
)  # fmt: skip

COMPOSITE = Entity(
    "composite product", "Products", "compositeitems", "item_id", ("inventory",),
    (
        Field("name", "inventory", ("Product_Name",), ("name",), ("Starter kit", "Set of tools", "Baukasten")),
        Field("list price", "inventory", ("Unit_Price",), ("rate",), (10, 12.5, 0.01, 19.99), number),
        Field("sales unit", "inventory", ("Unit_Of_Measure",), ("unit",), ("pcs", "box")),
        Field("active", "inventory", ("Product_Active",), ("status",), (True, True, False), active),
        DESCRIPTION,
    ),
    lambda system, no: {"Product_Code": f"SKU-{no}", "Composite": True} if system == "crm"
    else {"sku": f"SKU-{no}", "item_type": "inventory", "product_type": "goods", "mapped_items": []},
    {"crm": ("Manufacturer",), "inventory": ("brand",)},
    {"crm": frozenset({"Product_Code", "Composite", "Qty_in_Stock"}), "inventory": frozenset({"sku", "item_name", "unit_id"})},
    known_by="code", kept="items", answered="composite_item", answered_key="composite_item_id",
    is_one=lambda system, row: bool(row.get("Composite" if system == "crm" else "is_combo_product")),
)  # fmt: skip

ENTITIES = {one.name: one for one in (PRODUCT, ACCOUNT, VENDOR, CONTACT, PRICE_LIST, COMPOSITE)}
JOB_OF = {
    "product": "products", "composite product": "products", "account": "customers", "contact": "customers", "vendor": "customers",
    "price list": "prices",
}  # fmt: skip
CITIES = (
    "Aachen",
    "Bremen",
    "Calw",
    "Dresden",
    "Eutin",
    "Fulda",
    "Goslar",
    "Husum",
    "Ilmenau",
    "Jena",
    "Kiel",
    "Lindau",
    "Marburg",
    "Neuss",
    "Oldenburg",
    "Passau",
    "Quedlinburg",
    "Rostock",
    "Soest",
    "Trier",
    "Ulm",
    "Velbert",
    "Worms",
    "Xanten",
    "Ybbs",
    "Zittau",
)
"""A word in the name of an account, so that no two of them are alike."""
