"""Certinia PSA's objects in a Salesforce org: the same API, the namespace ``pse__``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from sandbox.apis.salesforce import Salesforce, fields

_EVENT = "pse__Billing_Event__r"
_BILLED = "pse__Billed__c pse__Billing_Hold__c pse__Exclude_from_Billing__c pse__Include_In_Financials__c"
_APPROVED = "pse__Approved__c pse__Submitted__c pse__Status__c pse__Billable__c"


class Certinia(Salesforce):
    """An org with Certinia PSA, as far as finance reads it."""

    vendor: ClassVar[str] = "certinia"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {
        "Account": fields("Type"),
        "Contact": fields("pse__Is_Resource__c pse__Is_Resource_Active__c Email"),
        "pse__Proj__c": fields(
            "pse__Project_ID__c pse__Account__c pse__Opportunity__c pse__Stage__c pse__Is_Active__c"
            " pse__Is_Template__c pse__Billing_Type__c pse__Recognition_Method__c"
            " pse__Project_Manager__r.Name"
        ),
        "pse__Assignment__c": fields(
            "pse__Project__c pse__Resource__c pse__Start_Date__c pse__End_Date__c pse__Scheduled_Hours__c"
            " pse__Percent_Allocated__c pse__Status__c"
        ),
        "pse__Milestone__c": fields(
            "pse__Project__c pse__Status__c pse__Target_Date__c pse__Actual_Date__c pse__Milestone_Amount__c"
            f" pse__Approved__c pse__Recognition_Method__c {_BILLED}"
        ),
        "pse__Timecard__c": fields(
            "pse__Project__c pse__Resource__c pse__Milestone__c pse__Start_Date__c pse__End_Date__c"
            " pse__Total_Hours__c pse__Total_Billable_Amount__c pse__Billing_Event_Item__c"
            f" {_APPROVED} {_BILLED}"
        ),
        "pse__Expense__c": fields(
            "pse__Project__c pse__Resource__c pse__Expense_Date__c pse__Amount__c pse__Billing_Amount__c"
            f" pse__Billing_Currency__c {_APPROVED} {_BILLED}"
        ),
        "pse__Billing_Event_Item__c": fields(
            "pse__Project__c pse__Milestone__c pse__Amount__c pse__Category__c pse__Object_Id__c"
            f" {_EVENT}.SystemModstamp {_EVENT}.pse__Is_Released__c {_EVENT}.pse__Invoiced__c"
        ),
    }
