"""The configuration with which Sightglass reads the living firm, and the secrets it names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from sandbox.apis.harvest import Harvest
from sandbox.apis.kantata import Kantata
from sandbox.apis.netsuite import NetSuite
from sandbox.apis.salesforce import Salesforce
from sandbox.apis.workday import Workday
from sandbox.apis.zuora_revenue import ZuoraRevenue
from sandbox.days import COMPANIES
from sandbox.living.shapes.netsuite import PROJECT_STATUSES
from sandbox.living.system import NETSUITE_ZONE

#: which of NetSuite's rates totals are converted with
RATE_TYPE = "current"
SECRETS_FILE, KEY_FILE = "secrets.env", "netsuite.pem"
#: what the configuration calls each secret
SECRETS = {
    "SALESFORCE_SECRET": Salesforce.secret,
    "KANTATA_TOKEN": Kantata.secret,
    "WORKDAY_PASSWORD": Workday.secret,
    "HARVEST_TOKEN": Harvest.secret,
    "ZUORA_SECRET": ZuoraRevenue.secret,
}
_WORKER = "external_references[?service_name=='workday'].service_model_ref | [0]"
_BEGAN = "2020-01-01T00:00:00Z"


def prepare(folder: Path) -> str:
    """Write the secrets into the folder, with a new key for NetSuite unless it is there; the public key."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = (f"{name}={value}\n" for name, value in SECRETS.items())
    (folder / SECRETS_FILE).write_text("".join(lines), encoding="utf-8", newline="\n")
    path = folder / KEY_FILE
    if not path.exists():
        made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        path.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    key = load_pem_private_key(path.read_bytes(), None)
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def configuration(address: str, clock_file: str = "clock.json") -> str:
    """The text of a sightglass.toml for the six systems at an address, timed by the firm's own clock."""
    return "\n".join(
        (_HEAD.format(secrets=SECRETS_FILE, clock=json.dumps(clock_file), rate=RATE_TYPE),
         _crm(address), _psa(address), _hcm(address), _time(address), _erp(address), _revenue(address))
    )  # fmt: skip


_HEAD = """\
# A simulated consulting firm at work. Its systems answer as their vendors' do; nothing here is real.
# Secrets stand in a file of their own.
env_file = "{secrets}"

[store]
url = "sqlite:///sightglass.db"

# The firm's own time, which may run faster than ours.
[clock]
file = {clock}

# Totals and the order of the queue are in this currency, at the ERP's own rates.
[money]
reporting_currency = "USD"
rate_type = "{rate}"
"""


def _crm(address: str) -> str:
    return f"""\
# Deals, clients and signed statements of work. The org keeps the company of a deal and its consulting part
# in fields of its own, and CPQ the deal of a contract.
[systems.crm]
kind = "salesforce"
roles = ["crm", "contract"]
interval = "5m"
freshness = "45m"
overlap = "30m"
base = "{address}/crm"
client_id = "{Salesforce.client}"
client_secret_env = "SALESFORCE_SECRET"
start = "{_BEGAN}"
fields.opportunity.legal_entity = "Legal_Entity__c"
fields.opportunity.services_amount = "Services_Amount__c"
fields.contract.legal_entity = "Legal_Entity__c"
fields.contract.opportunity_id = "SBQQ__Opportunity__c"
"""


def _psa(address: str) -> str:
    return f"""\
# Projects, staffing and milestones. Time and invoices are kept elsewhere. A project whose tasks have fixed
# fees bills by milestones here. The ERP keeps a view of each project too.
[systems.psa]
kind = "kantata"
roles = ["psa"]
interval = "5m"
freshness = "45m"
overlap = "30m"
references = {{ "project.project" = "erp" }}
base = "{address}/psa/api/v1"
app = "{address}/psa"
token_env = "KANTATA_TOKEN"
omit = ["time_entry", "expense", "billing_event", "invoice", "invoice_line"]
links.opportunity = {{ service = "salesforce", model = "Opportunity", system = "crm" }}

# People are linked to the report of HCM by its id for them, which is their employee code.
[systems.psa.fields.resource]
code = {{ path = "{_WORKER}" }}
resource_id = {{ path = "{_WORKER}" }}
link_method = {{ constant = "external_id" }}

[systems.psa.fields.project.billing_method]
column = "stories_are_fixed_fee_by_default"
values = {{ true = "milestone", false = "time_and_materials" }}
"""


def _hcm(address: str) -> str:
    return f"""\
# Consultants: one report, which costs the system its running time.
[systems.hcm]
kind = "workday"
roles = ["hcm"]
interval = "1h"
freshness = "4h"
sweep_every = "0s"
base = "{address}/hcm"
tenant = "{Workday.tenant}"
report = "{Workday.report}"
user = "{Workday.user}"
password_env = "WORKDAY_PASSWORD"
"""


def _time(address: str) -> str:
    return f"""\
# Timesheets with their approvals. The code of a project here is its id in PSA, a person's employee id the
# one in HCM.
[systems.time]
kind = "harvest"
roles = ["time"]
interval = "5m"
freshness = "45m"
overlap = "30m"
base = "{address}/time/v2"
account_id = "{Harvest.account}"
token_env = "HARVEST_TOKEN"
contact = "ops@firm.example"
omit = ["expense", "invoice", "invoice_line"]
fields.resource.code = "employee_id"
fields.resource.resource_id = "employee_id"
fields.resource.link_method = {{ constant = "external_id" }}
fields.project.project_id = "code"
fields.project.project_system = {{ constant = "psa" }}
"""


def _erp(address: str) -> str:
    companies: dict[str, dict[str, str | int]] = {
        "timezone": {company.id: company.zone for company in COMPANIES},
        "subdivision": {company.id: company.subdivision for company in COMPANIES if company.subdivision},
        "work_week_end": {company.id: company.week_end for company in COMPANIES},
    }
    blocks = (_by_company(field, values) for field, values in companies.items())
    statuses = ", ".join(f'{number} = "{word}"' for number, word in PROJECT_STATUSES.items())
    return f"""\
# Legal entities, the ledger's view of projects, invoices, periods and rates. Revenue is kept elsewhere. The
# external id of a project is its id in PSA; NetSuite does not know a company's calendar.
[systems.erp]
kind = "netsuite"
roles = ["erp"]
interval = "5m"
freshness = "45m"
overlap = "30m"
base = "{address}/erp"
account = "4711"
client_id = "{NetSuite.client}"
certificate_id = "{NetSuite.certificate_id}"
key_file = "{KEY_FILE}"
zone = "{NETSUITE_ZONE}"
omit = ["revenue_line"]
project_source = "psa"
project_statuses = {{ {statuses} }}
columns.project = ["j.subsidiary"]
fields.project.legal_entity = "subsidiary"

{"".join(blocks)}"""


def _by_company(field: str, values: Mapping[str, str | int]) -> str:
    """A field of a legal entity by its id; one that is not listed goes without."""
    listed = ", ".join(f"{name} = {json.dumps(value)}" for name, value in values.items())
    return (
        f'[systems.erp.fields.legal_entity.{field}]\ncolumn = "id"\nvalues = {{ {listed} }}\ndefault = ""\n\n'
    )


def _revenue(address: str) -> str:
    return f"""\
# Revenue schedules and postings, read whole each time. Two attributes of a line name its project and its
# milestone in PSA; sales orders are not used.
[systems.revenue]
kind = "zuora_revenue"
roles = ["revenue"]
interval = "15m"
base = "{address}/revenue"
client_id = "{ZuoraRevenue.client}"
client_secret_env = "ZUORA_SECRET"
wait = "0s"
columns = {{ contract_line_id = "", project_id = "LineAttribute1", milestone_id = "LineAttribute2" }}
"""
