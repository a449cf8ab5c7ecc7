"""What NetSuite is asked in SuiteQL, a query a stream; ``spelled`` writes out its short words.

MOMENT(x) and DAY(x) are stamps as text: a bare date would come in the user's own format, without its time.
SINCE and UNTIL are the window; ``{after}`` is the last key of the page before.
"""

from __future__ import annotations

import re

CUSTOMER = """
SELECT u.id, NVL(u.companyname, u.entityid) AS name, MOMENT(u.lastmodifieddate) AS lastmodified
FROM customer u
WHERE u.lastmodifieddate >= SINCE AND u.lastmodifieddate < UNTIL
ORDER BY u.lastmodifieddate, u.id
"""
CUSTOMER_IDS = "SELECT u.id FROM customer u WHERE u.id > {after} ORDER BY u.id"

PROJECT = """
SELECT j.id, j.entityid, j.companyname, NVL(j.customer, j.parent) AS customer, j.entitystatus, j.isinactive,
       j.jobbillingtype, j.externalid, c.symbol AS currency, m.entityid AS manager,
       MOMENT(j.lastmodifieddate) AS lastmodified
FROM job j
LEFT JOIN currency c ON c.id = j.currency
LEFT JOIN employee m ON m.id = j.projectmanager
WHERE j.lastmodifieddate >= SINCE AND j.lastmodifieddate < UNTIL
ORDER BY j.lastmodifieddate, j.id
"""
PROJECT_IDS = "SELECT j.id FROM job j WHERE j.id > {after} ORDER BY j.id"

INVOICE = """
SELECT t.id, t.tranid, t.type, t.status, DAY(t.trandate) AS trandate, DAY(t.duedate) AS duedate,
       ABS(t.foreigntotal) AS total, NVL(j.customer, t.entity) AS customer, c.symbol AS currency,
       m.subsidiary, o.id AS credits, MOMENT(t.lastmodifieddate) AS lastmodified
FROM transaction t
JOIN transactionline m ON m.transaction = t.id AND m.mainline = 'T'
LEFT JOIN currency c ON c.id = t.currency
LEFT JOIN job j ON j.id = t.entity
LEFT JOIN transaction o ON o.id = m.createdfrom AND o.type = 'CustInvc'
WHERE t.type IN ('CustInvc', 'CustCred') AND t.lastmodifieddate >= SINCE AND t.lastmodifieddate < UNTIL
ORDER BY t.lastmodifieddate, t.id
"""
INVOICE_IDS = """
SELECT t.id FROM transaction t WHERE t.type IN ('CustInvc', 'CustCred') AND t.id > {after} ORDER BY t.id
"""

# payments and revenue recognition change a line and not its header, a change of the header not its lines
INVOICE_LINE = """
SELECT l.uniquekey AS id, l.transaction, l.itemtype, l.billingschedule, l.subsidiary, j.id AS project,
       CASE WHEN t.type = 'CustInvc' THEN -l.foreignamount ELSE l.foreignamount END AS amount,
       c.symbol AS currency, MOMENT(CHANGED) AS lastmodified
FROM transactionline l
JOIN transaction t ON t.id = l.transaction
LEFT JOIN currency c ON c.id = t.currency
LEFT JOIN job j ON j.id = NVL(l.entity, t.entity)
WHERE t.type IN ('CustInvc', 'CustCred') AND l.mainline = 'F' AND l.taxline = 'F' AND l.iscogs = 'F'
  AND NVL(l.itemtype, '-') NOT IN ('Subtotal', 'Description', 'Group', 'EndGroup')
  AND CHANGED >= SINCE AND CHANGED < UNTIL
ORDER BY CHANGED, l.uniquekey
""".replace(
    "CHANGED",
    "CASE WHEN l.linelastmodifieddate > t.lastmodifieddate"
    " THEN l.linelastmodifieddate ELSE t.lastmodifieddate END",
)
INVOICE_LINE_IDS = """
SELECT l.uniquekey AS id FROM transactionline l JOIN transaction t ON t.id = l.transaction
WHERE t.type IN ('CustInvc', 'CustCred') AND l.mainline = 'F' AND l.taxline = 'F' AND l.uniquekey > {after}
ORDER BY l.uniquekey
"""

# planned lines have no stamp of their own: what is open is read every time, what is posted by its day
REVENUE_LINE = """
SELECT p.id, p.amount, p.isrecognized, c.symbol AS currency, e.subsidiary, j.id AS project,
       NVL(a.periodname, a.id) AS period, DAY(NVL(g.trandate, p.dateexecuted)) AS posted,
       MOMENT(e.lastmodifieddate) AS lastmodified
FROM revenueplanplannedrevenue p
JOIN revenueplan r ON r.id = p.revenueplan
JOIN revenueelement e ON e.id = r.createdfrom
LEFT JOIN currency c ON c.id = e.currency
LEFT JOIN job j ON j.id = e.entity
LEFT JOIN transaction g ON g.id = p.journal
LEFT JOIN accountingperiod a ON a.id = NVL(p.postingperiod, p.plannedperiod)
WHERE NVL(r.revenueplantype, 'ACTUAL') <> 'FORECAST'
  AND (p.isrecognized = 'F' OR p.dateexecuted >= SINCE OR e.lastmodifieddate >= SINCE)
  AND p.id > {after}
ORDER BY p.id
"""
REVENUE_LINE_IDS = "SELECT p.id FROM revenueplanplannedrevenue p WHERE p.id > {after} ORDER BY p.id"

LEGAL_ENTITY = """
SELECT s.id, s.name, s.country, c.symbol AS currency, MOMENT(s.lastmodifieddate) AS lastmodified
FROM subsidiary s LEFT JOIN currency c ON c.id = s.currency
WHERE s.iselimination = 'F' ORDER BY s.id
"""

PERIOD = """
SELECT a.id, a.periodname, DAY(a.startdate) AS startdate, DAY(a.enddate) AS enddate, a.closed, a.alllocked,
       a.arlocked, MOMENT(a.lastmodifieddate) AS lastmodified
FROM accountingperiod a
WHERE a.isposting = 'T' AND a.isquarter = 'F' AND a.isyear = 'F' AND a.isadjust = 'F' ORDER BY a.id
"""

FX_RATE = """
SELECT x.id, x.averagerate, x.currentrate, x.historicalrate, DAY(a.startdate) AS startdate,
       f.symbol AS base, c.symbol AS currency, MOMENT(a.lastmodifieddate) AS lastmodified
FROM consolidatedexchangerate x
JOIN accountingperiod a ON a.id = x.postingperiod
JOIN currency f ON f.id = x.fromcurrency
JOIN currency c ON c.id = x.tocurrency
WHERE x.fromcurrency <> x.tocurrency AND a.enddate >= SINCE ORDER BY x.id
"""

DELETED = """
SELECT d.recordid AS id FROM deletedrecord d
WHERE d.recordtypeid = RECORDTYPE AND d.deleteddate >= SINCE AND d.recordid > {after} ORDER BY d.recordid
"""

_MASKS = {"MOMENT": "'YYYY-MM-DD HH24:MI:SS'", "DAY": "'YYYY-MM-DD'"}
_ENDS = {"SINCE": "'{since}'", "UNTIL": "'{until}'"}


def spelled(query: str, *columns: str) -> str:
    """The query as NetSuite takes it, with further columns."""
    more = "".join(f"{column}, " for column in columns)
    text = " ".join(query.split()).replace("SELECT ", f"SELECT {more}", 1)
    text = re.sub(r"\b(SINCE|UNTIL)\b", lambda word: f"TO_DATE({_ENDS[word[1]]}, {_MASKS['MOMENT']})", text)
    return re.sub(r"\b(MOMENT|DAY)(\(.*?\)) AS", lambda call: _shown(call[1], call[2]), text)


def _shown(word: str, inner: str) -> str:
    return f"TO_CHAR({inner[1:-1]}, {_MASKS[word]}) AS"
