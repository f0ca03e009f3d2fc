"""Standard modules and fields of an organisation, as lines: `Api_Name type[:argument] [flags]`.

Flags: `!` system mandatory, `ro` computed by the server, `closed` takes no value outside its list. A pick list's values are separated by `|`,
blanks inside values written `_`. Source: Zoho CRM v8 docs, "Fields", "Insert Records", and the vendor SDK's constants.
"""

from __future__ import annotations

COMMON = """
id bigint ro
Owner ownerlookup
Created_By ownerlookup ro
Modified_By ownerlookup ro
Created_Time datetime ro
Modified_Time datetime ro
Record_Status__s picklist:Available|Draft|Trash ro
Locked__s boolean ro
"""

_ADDRESS = "Billing_Street Billing_City Billing_State Billing_Code Billing_Country "
ADDRESSES = "\n".join(f"{name} text" for name in (_ADDRESS + _ADDRESS.replace("Billing", "Shipping")).split())

TOTALS = """
Sub_Total currency ro
Discount currency
Tax currency ro
Adjustment currency
Grand_Total currency ro
Terms_and_Conditions textarea:large
Description textarea:large
"""

MODULES: dict[str, str] = {
    "Accounts": f"""
Account_Name text !
Account_Number bigint
Account_Site text
Account_Type picklist:Analyst|Competitor|Customer|Distributor|Integrator|Investor|Other|Partner|Press|Prospect|Reseller|Supplier|Vendor
Industry picklist:Education|Financial_Services|Manufacturing|Retail|Technology|Wholesale|Other
Ownership picklist:Other|Private|Public|Subsidiary|Partnership|Government|Privately_Held|Public_Company
Rating picklist:Acquired|Active|Market_Failed|Project_Cancelled|Shut_Down
Parent_Account lookup:Accounts
Annual_Revenue currency
Employees integer
SIC_Code integer
Ticker_Symbol text
Phone phone
Fax text
Website website
Description textarea:large
{ADDRESSES}
""",
    "Contacts": """
Salutation picklist:Mr.|Mrs.|Ms.|Dr.|Prof.
First_Name text
Last_Name text !
Full_Name text ro
Account_Name lookup:Accounts
Vendor_Name lookup:Vendors
Reporting_To lookup:Contacts
Email email
Secondary_Email email
Phone phone
Mobile phone
Home_Phone phone
Other_Phone phone
Fax text
Assistant text
Asst_Phone phone
Title text
Department text
Date_of_Birth date
Lead_Source picklist:Advertisement|Cold_Call|Employee_Referral|External_Referral|Online_Store|Partner|Trade_Show|Web_Download
Email_Opt_Out boolean
Mailing_Street text
Mailing_City text
Mailing_State text
Mailing_Zip text
Mailing_Country text
Other_Street text
Other_City text
Other_State text
Other_Zip text
Other_Country text
Skype_ID text
Twitter text
Description textarea:large
""",
    "Vendors": """
Vendor_Name text !
Email email
Phone phone
Website website
Category text
GL_Account picklist:Sales-Software|Sales-Hardware|Rental_Income|Interest_Income|Other
Street text
City text
State text
Zip_Code text
Country text
Email_Opt_Out boolean
Description textarea:large
""",
    "Products": """
Product_Name text !
Product_Code text
Product_Active boolean
Product_Category picklist:Hardware|Software|CRM_Applications|Other
Manufacturer picklist:AltvetPet_Inc.|LexPon_Inc.|MetBeat_Corp.
Vendor_Name lookup:Vendors
Unit_Price currency
Commission_Rate currency
Usage_Unit picklist:Box|Carton|Dozen|Each|Hours|Impressions|Lb|M|Pack|Pages|Pieces|Quantity|Reams|Sheet|Spiral_Binder|Square_Feet|kg|g|pcs|box|Stk
Tax multiselectpicklist:Sales_Tax|VAT
Taxable boolean
Qty_in_Stock double
Qty_in_Demand double
Qty_Ordered double
Reorder_Level double
Handler userlookup
Sales_Start_Date date
Sales_End_Date date
Support_Start_Date date
Support_Expiry_Date date
Description textarea:large
""",
    "Price_Books": """
Price_Book_Name text !
Active boolean
Pricing_Model picklist:Flat|Differential
Pricing_Details subform:Pricing_Details !
Description textarea:large
""",
    "Deals": """
Deal_Name text !
Account_Name lookup:Accounts
Contact_Name lookup:Contacts
Amount currency
Closing_Date date
Stage picklist:Qualification|Needs_Analysis|Value_Proposition|Identify_Decision_Makers|Proposal/Price_Quote|Negotiation/Review|Closed_Won|Closed_Lost|Closed-Lost_to_Competition ! closed
Pipeline picklist:Standard_(Standard)
Probability integer
Expected_Revenue currency ro
Type picklist:Existing_Business|New_Business
Lead_Source picklist:Advertisement|Cold_Call|Employee_Referral|External_Referral|Online_Store|Partner|Trade_Show|Web_Download
Next_Step text
Description textarea:large
""",
    "Quotes": f"""
Subject text !
Quote_Number autonumber ro
Quote_Stage picklist:Draft|Negotiation|Delivered|On_Hold|Confirmed|Closed_Won|Closed_Lost
Valid_Till date
Deal_Name lookup:Deals
Contact_Name lookup:Contacts
Account_Name lookup:Accounts
Team text
Carrier picklist:FedEX|UPS|USPS|DHL|BlueDart
Quoted_Items subform:Quoted_Items !
{ADDRESSES}
{TOTALS}
""",
    "Sales_Orders": f"""
Subject text !
SO_Number autonumber ro
Status picklist:Created|Approved|Delivered|Cancelled
Due_Date date
Quote_Name lookup:Quotes
Deal_Name lookup:Deals
Contact_Name lookup:Contacts
Account_Name lookup:Accounts
Customer_No text
Purchase_Order text
Pending text
Carrier picklist:FedEX|UPS|USPS|DHL|BlueDart
Excise_Duty currency
Sales_Commission currency
Ordered_Items subform:Ordered_Items !
{ADDRESSES}
{TOTALS}
""",
    "Invoices": f"""
Subject text !
Invoice_Number autonumber ro
Invoice_Date date
Due_Date date
Status picklist:Created|Approved|Delivered|Cancelled
Sales_Order lookup:Sales_Orders
Deal_Name__s lookup:Deals
Contact_Name lookup:Contacts
Account_Name lookup:Accounts
Purchase_Order text
Excise_Duty currency
Sales_Commission currency
Invoiced_Items subform:Invoiced_Items !
{ADDRESSES}
{TOTALS}
""",
}

_ROW = """
id bigint ro
Created_Time datetime ro
Modified_Time datetime ro
"""

LINE = f"""{_ROW}
Product_Name lookup:Products !
Quantity double
List_Price currency
Discount currency
Price_Book_Name lookup:Price_Books
Description textarea:small
Line_Tax linetax
Tax currency ro
Total currency ro
Total_After_Discount currency ro
Net_Total currency ro
Sequence_Number integer ro
"""

SUBFORMS: dict[str, tuple[str, str]] = {
    "Quoted_Items": ("Quotes", f"{LINE}Parent_Id lookup:Quotes ro"),
    "Ordered_Items": ("Sales_Orders", f"{LINE}Parent_Id lookup:Sales_Orders ro"),
    "Invoiced_Items": ("Invoices", f"{LINE}Parent_Id lookup:Invoices ro"),
    "Pricing_Details": (
        "Price_Books",
        f"{_ROW}from_range double\nto_range double\ndiscount double\nParent_Id lookup:Price_Books ro",
    ),
}

NAME_FIELDS = {
    "Accounts": "Account_Name",
    "Contacts": "Full_Name",
    "Vendors": "Vendor_Name",
    "Products": "Product_Name",
    "Price_Books": "Price_Book_Name",
    "Deals": "Deal_Name",
    "Quotes": "Subject",
    "Sales_Orders": "Subject",
    "Invoices": "Subject",
}

DUPLICATE_FIELDS = NAME_FIELDS | {"Contacts": "Email"}
"""System-defined duplicate-check field of each module. Source: Zoho CRM docs, "Upsert Records"."""

CUSTOM_FIELDS: dict[str, list[dict[str, object]]] = {
    "Products": [
        {"api_name": "Inventory_ID", "data_type": "text", "external": "org"},
        {"api_name": "Weight_g", "data_type": "double"},
        {"api_name": "Unit_Of_Measure", "data_type": "text"},
        {"api_name": "EAN", "data_type": "text"},
        {"api_name": "Composite", "data_type": "boolean"},
        {"api_name": "Components", "data_type": "textarea"},
    ],
    "Accounts": [
        {"api_name": "Inventory_ID", "data_type": "text", "external": "org"},
        {"api_name": "Payment_Terms_Days", "data_type": "integer"},
        {"api_name": "Credit_Limit", "data_type": "currency"},
        {"api_name": "Open_Credit", "data_type": "currency"},
        {"api_name": "Last_Credit_Date", "data_type": "date"},
        {"api_name": "Tax_Number", "data_type": "text"},
        {"api_name": "Price_List", "data_type": "lookup", "lookup": "Price_Books"},
    ],
    "Contacts": [{"api_name": "Inventory_ID", "data_type": "text", "external": "org"}],
    "Vendors": [{"api_name": "Inventory_ID", "data_type": "text", "external": "org"}],
    "Price_Books": [{"api_name": "Inventory_ID", "data_type": "text", "external": "org"}],
    "Quotes": [
        {"api_name": "Inventory_ID", "data_type": "text", "external": "org"},
        {"api_name": "Order_Number", "data_type": "text"},
        {"api_name": "Order_Status", "data_type": "text"},
        {"api_name": "Currency", "data_type": "text"},
        {"api_name": "Stock_Review", "data_type": "picklist", "values": ["Needed", "Accepted"]},
        {"api_name": "Backorder_Units", "data_type": "double"},
        {"api_name": "Backorder_Value", "data_type": "currency"},
    ],
    "Quoted_Items": [
        {
            "api_name": "Stock_Status",
            "data_type": "picklist",
            "values": ["In stock", "Partly", "Backorder", "Not stocked", "Not linked", "Item gone"],
        },
        {"api_name": "Stock_Available", "data_type": "double"},
        {"api_name": "Stock_Reserved", "data_type": "double"},
        {"api_name": "Stock_Promised", "data_type": "double"},
        {"api_name": "Stock_Before", "data_type": "text"},
        {"api_name": "Stock_As_Of", "data_type": "datetime"},
        {"api_name": "Lead_Time_Days", "data_type": "integer"},
        {"api_name": "Told_Units", "data_type": "double"},
        {"api_name": "Told_Price", "data_type": "currency"},
        {"api_name": "Told_At", "data_type": "datetime"},
        {"api_name": "Allowed_Rate", "data_type": "currency"},
        {
            "api_name": "Price_Flag",
            "data_type": "picklist",
            "values": ["Below the allowed rate", "Other currency"],
        },
    ],
    "Deals": [
        {"api_name": "Invoice_Number", "data_type": "text"},
        {"api_name": "Invoice_Date", "data_type": "date"},
        {"api_name": "Invoiced_Amount", "data_type": "currency"},
        {"api_name": "Balance_Due", "data_type": "currency"},
        {"api_name": "Paid_Amount", "data_type": "currency"},
        {
            "api_name": "Payment_Status",
            "data_type": "picklist",
            "values": [
                "Unpaid",
                "Partly paid",
                "Paid",
                "Overdue",
                "Void",
                "Draft",
                "Reopened",
                "Refunded",
                "Credited",
                "Written off",
            ],
        },
        {"api_name": "Payment_Due", "data_type": "date"},
        {"api_name": "Payment_Problem", "data_type": "picklist", "values": ["Overdue", "Payment failed"]},
        {"api_name": "Payment_Problem_Since", "data_type": "date"},
        {"api_name": "Payment_Failed_On", "data_type": "date"},
        {"api_name": "Credited_Amount", "data_type": "currency"},
        {"api_name": "Written_Off_Amount", "data_type": "currency"},
        {"api_name": "Refunded_Amount", "data_type": "currency"},
        {"api_name": "Credit_Note_Number", "data_type": "text"},
        {"api_name": "Last_Refund_Date", "data_type": "date"},
        {"api_name": "Last_Payment_Date", "data_type": "date"},
        {"api_name": "Carrier", "data_type": "text"},
        {"api_name": "Tracking_Number", "data_type": "text"},
        {"api_name": "Shipment_Date", "data_type": "date"},
        {"api_name": "Shipment_Status", "data_type": "text"},
        {"api_name": "Order_Number", "data_type": "text"},
        {"api_name": "Order_Status", "data_type": "text"},
        {"api_name": "Return_Number", "data_type": "text"},
        {"api_name": "Return_Status", "data_type": "text"},
        {"api_name": "Last_Return_Date", "data_type": "date"},
        {"api_name": "Orders_Invoiced", "data_type": "text"},
        {"api_name": "Orders_Shipped", "data_type": "text"},
        {"api_name": "Orders_Paid", "data_type": "text"},
        {"api_name": "Backordered", "data_type": "boolean"},
        {"api_name": "Sold_As", "data_type": "picklist", "values": ["Goods", "Services", "Contract"]},
        {"api_name": "Currency_Code", "data_type": "text"},
        {"api_name": "Payment_Terms_Days", "data_type": "integer"},
        {"api_name": "Contract_Start", "data_type": "date"},
        {"api_name": "Contract_Months", "data_type": "integer"},
        {"api_name": "Recognised_Revenue", "data_type": "currency"},
    ],
}
"""Custom fields the shipped rules use; `Quote_Stage` gets the value `Accepted` besides."""
