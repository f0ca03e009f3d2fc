"""Further standard modules, as lines like those of `standard`: sales, purchase, service and activity modules, and some no API reads.

Source: Zoho CRM v8 docs, "Insert Records" (mandatory fields), "Upsert Records", the vendor SDK's constants. UNVERIFIED: the fields of leads,
campaigns, cases, solutions and activities, pick lists' values, and which modules an organisation shows beside these. What_Id (`$se_module`)
is left out.
"""

from __future__ import annotations

from ofrecord_sandbox.crm.standard import ADDRESSES, LINE, TOTALS

_SOURCES = "Advertisement|Cold_Call|Employee_Referral|External_Referral|Online_Store|Partner|Trade_Show|Web_Download"

MODULES: dict[str, str] = {
    "Leads": f"""
Salutation picklist:Mr.|Mrs.|Ms.|Dr.|Prof.
First_Name text
Last_Name text !
Full_Name text ro
Company text
Designation text
Email email
Secondary_Email email
Phone phone
Mobile phone
Fax text
Website website
Lead_Source picklist:{_SOURCES}
Lead_Status picklist:Attempted_to_Contact|Contact_in_Future|Contacted|Junk_Lead|Lost_Lead|Not_Contacted|Pre-Qualified
Industry picklist:Education|Financial_Services|Manufacturing|Retail|Technology|Wholesale|Other
Rating picklist:Acquired|Active|Market_Failed|Project_Cancelled|Shut_Down
No_of_Employees integer
Annual_Revenue currency
Email_Opt_Out boolean
Street text
City text
State text
Zip_Code text
Country text
Description textarea:large
Converted__s boolean ro
Converted_Date_Time datetime ro
Converted_Account lookup:Accounts ro
Converted_Contact lookup:Contacts ro
Converted_Deal lookup:Deals ro
""",
    "Campaigns": """
Campaign_Name text !
Type picklist:Conference|Webinar|Trade_Show|Partners|Advertisement|Email|Other
Status picklist:Planning|Active|Inactive|Complete
Start_Date date
End_Date date
Expected_Revenue currency
Budgeted_Cost currency
Actual_Cost currency
Expected_Response bigint
Num_sent bigint
Parent_Campaign lookup:Campaigns
Description textarea:large
""",
    "Cases": """
Case_Number autonumber ro
Subject text !
Status picklist:New|On_Hold|Escalated|Closed !
Case_Origin picklist:Email|Phone|Web !
Priority picklist:High|Medium|Low
Type picklist:Problem|Feature_Request|Question
Case_Reason picklist:User_did_not_attend_any_training|Complex_functionality|New_problem
Account_Name lookup:Accounts
Related_To lookup:Contacts
Deal_Name lookup:Deals
Product_Name lookup:Products
Email email
Phone phone
Reported_By text
Description textarea:large
Solution textarea:large
No_of_comments integer ro
""",
    "Solutions": """
Solution_Title text !
Solution_Number autonumber ro
Status picklist:Draft|Reviewed|Duplicate
Product_Name lookup:Products
Question textarea:large
Answer textarea:large
Published boolean
""",
    "Purchase_Orders": f"""
Subject text !
PO_Number text
PO_Date date
Due_Date date
Status picklist:Created|Approved|Delivered|Cancelled
Vendor_Name lookup:Vendors !
Contact_Name lookup:Contacts
Requisition_No text
Tracking_Number text
Carrier picklist:FedEX|UPS|USPS|DHL|BlueDart
Excise_Duty currency
Sales_Commission currency
Purchased_Items subform:Purchased_Items !
{ADDRESSES}
{TOTALS}
""",
    "Tasks": """
Subject text !
Due_Date date
Status picklist:Not_Started|Deferred|In_Progress|Completed|Waiting_for_input
Priority picklist:High|Highest|Low|Lowest|Normal
Who_Id lookup:Contacts
Closed_Time datetime ro
Send_Notification_Email boolean
Description textarea:large
""",
    "Events": """
Event_Title text !
Start_DateTime datetime !
End_DateTime datetime !
All_day boolean
Venue text
Who_Id lookup:Contacts
Description textarea:large
""",
    "Calls": """
Subject text !
Call_Type picklist:Outbound|Inbound|Missed !
Call_Start_Time datetime !
Call_Duration text !
Call_Duration_in_seconds integer ro
Call_Purpose picklist:Prospecting|Administrative|Negotiation|Demo|Project|Desk
Call_Result picklist:Interested|Not_interested|No_response/Busy|Requested_more_info
Who_Id lookup:Contacts
Description textarea:large
""",
}

SUBFORMS: dict[str, tuple[str, str]] = {
    "Purchased_Items": ("Purchase_Orders", f"{LINE}Parent_Id lookup:Purchase_Orders ro"),
}

NAME_FIELDS = {
    "Leads": "Full_Name",
    "Campaigns": "Campaign_Name",
    "Cases": "Subject",
    "Solutions": "Solution_Title",
    "Purchase_Orders": "Subject",
    "Tasks": "Subject",
    "Events": "Event_Title",
    "Calls": "Subject",
}
DUPLICATE_FIELDS = NAME_FIELDS | {"Leads": "Email", "Tasks": "", "Events": "", "Calls": ""}
"""System-defined duplicate-check field; activities have none (UNVERIFIED)."""

UNREAD = {
    "Home": "visible",
    "Reports": "visible",
    "Dashboards": "user_hidden",
    "Approvals": "system_hidden",
    "Old_Projects": "scheduled_for_deletion",
}
"""Modules the API does not support, with their status: a reader passes over them."""
