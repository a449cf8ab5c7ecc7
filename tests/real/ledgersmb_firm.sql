-- A small firm in LedgerSMB's own tables, dated from today on backwards; what is wrong in it is said in
-- test_ledgersmb.py. Part 1 is the consulting hour, 2 is travel.
INSERT INTO defaults (setting_key, value) VALUES ('curr', 'GBP:EUR');
INSERT INTO account_heading (id, accno, description) VALUES (1, '1', 'All');
INSERT INTO account (id, accno, description, category, heading) VALUES
  (1, '1200', 'Receivables', 'A', 1), (2, '4020', 'Consulting', 'I', 1);
INSERT INTO entity (id, name, entity_class, control_code, country_id)
  SELECT e.*, c.id FROM country c, (VALUES
    (1, 'Ada Byron', 3, 'E-1'), (2, 'Žofie Černá', 3, 'E-2'), (3, 'Nordwind', 2, 'C-3'), (4, 'Ostwind', 2, 'C-4')
  ) e WHERE c.short_name = 'GB';
INSERT INTO person (id, entity_id, first_name, last_name) VALUES (1, 1, 'Ada', 'Byron'), (2, 2, 'Žofie', 'Černá');
INSERT INTO entity_employee (entity_id, employeenumber) VALUES (1, 'E-1'), (2, 'E-2');
INSERT INTO users (username, entity_id) VALUES (SESSION_USER, 1);
INSERT INTO company (entity_id, legal_name) VALUES (3, 'Nordwind Ltd'), (4, 'Ostwind GmbH');
INSERT INTO entity_credit_account (id, entity_id, entity_class, meta_number, curr, ar_ap_account_id) VALUES
  (11, 3, 2, 'N', 'GBP', 1), (12, 4, 2, 'O', 'EUR', 1);
INSERT INTO parts (id, partnumber, description, unit, sellprice, income_accno_id) VALUES
  (1, 'CONS', 'Consulting', 'hrs', 120, 2), (2, 'TRAVEL', 'Travel', 'trip', 450, 2);
INSERT INTO exchangerate (curr, transdate, buy) VALUES ('EUR', current_date - 20, 0.85);
-- numbers from 21 on: LedgerSMB makes a unit of its own for each customer
INSERT INTO business_unit (id, class_id, control_code, description, start_date, credit_id) VALUES
  (21, 2, 'FULL', 'Billed in full', current_date - 90, 11), (22, 2, 'PART', 'Billed in part', current_date - 90, 11),
  (23, 2, 'NONE', 'Never billed', current_date - 90, 12), (24, 2, 'DRAFT', 'Billed by a draft', current_date - 90, 11),
  (25, 2, 'BACK', 'Billed and credited', current_date - 90, 11), (26, 2, 'TAX', 'Prices with tax', current_date - 90, 11),
  (27, 2, 'FX', 'Euro and a discount', current_date - 90, 12), (28, 1, 'DEPT', 'A department', NULL, NULL);

INSERT INTO jcitems
  (id, business_unit_id, qty, non_billable, allocated, sellprice, fxsellprice, curr, checkedin, parts_id, person_id, total, jctype)
  SELECT t.id, unit, t.qty, free, t.allocated, price, price, curr, current_date - ago + time '08:30', 1, 1 + t.id % 2, t.qty + free, type
    FROM (VALUES
      (101, 21, 7.5, 0, 7.5, 120, 'GBP', 40, 1), (120, 21, 5, 0, 0, 120, 'GBP', 40, 3),
      (102, 22, 8, 0.5, 8, 120, 'GBP', 40, 1), (103, 22, 8, 0, 3, 120, 'GBP', 39, 1), (104, 22, 6.25, 0, 0, 130, 'GBP', 38, 1),
      (105, 23, 10, 0, 0, 99.99, 'EUR', 40, 1), (106, 23, 0.33, 0, 0, 99.99, 'EUR', 39, 1),
      (107, 23, 8, 0, 0, 99.99, 'EUR', 1, 1), (108, 23, 0, 4, NULL, 99.99, 'EUR', 39, 1),
      (109, 24, 5, 0, 5, 150, 'GBP', 40, 1), (110, 25, 12, 0, 12, 110, 'GBP', 40, 1),
      (111, 26, 10, 0, 10, 100, 'GBP', 40, 1), (112, 26, 10, 0, 0, 100, 'GBP', 39, 1),
      (113, 27, 20, 0, 10, 100, 'EUR', 40, 1)
    ) t (id, unit, qty, free, allocated, price, curr, ago, type);

INSERT INTO ar (id, invnumber, transdate, duedate, entity_credit_account, curr, amount, netamount, taxincluded, invoice, approved, reverse)
  SELECT i.id, 'AR-' || i.id, current_date - 20, current_date + 10, customer, curr, amount, net, taxed, true, approved, back
    FROM (VALUES
      (201, 11, 'GBP', 900, 900, false, true, false), (202, 11, 'GBP', 1770, 1770, false, true, false),
      (203, 11, 'GBP', 750, 750, false, false, false), (204, 11, 'GBP', 1320, 1320, false, true, false),
      (205, 11, 'GBP', -1320, -1320, false, true, true), (206, 11, 'GBP', 1200, 1000, true, true, false),
      (207, 12, 'EUR', 807.5, 807.5, false, true, false), (208, 12, 'EUR', 850, 850, false, false, false)
    ) i (id, customer, curr, amount, net, taxed, approved, back);
-- sellprice is net and in pounds, fxsellprice as it was entered
INSERT INTO invoice (id, trans_id, parts_id, qty, fxsellprice, sellprice, discount, precision, allocated) VALUES
  (401, 201, 1, 7.5, 120, 120, 0, 2, 0), (402, 202, 1, 11, 120, 120, 0, 2, 0), (403, 202, 2, 1, 450, 450, 0, 2, 0),
  (404, 203, 1, 5, 150, 150, 0, 2, 0), (405, 204, 1, 12, 110, 110, 0, 2, 0), (406, 205, 1, -12, 110, 110, 0, 2, 0),
  (407, 206, 1, 10, 120, 100, 0, 2, 0), (408, 207, 1, 10, 100, 80.75, 0.05, 2, 0), (409, 208, 1, 10, 100, 85, 0, 2, 0);
INSERT INTO business_unit_inv (entry_id, class_id, bu_id) VALUES
  (401, 2, 21), (401, 1, 28), (402, 2, 22), (403, 2, 22), (404, 2, 24), (405, 2, 25), (406, 2, 25), (407, 2, 26), (408, 2, 27), (409, 2, 27);

INSERT INTO oe (id, ordnumber, transdate, entity_credit_account, curr, oe_class_id) VALUES
  (301, 'SO-301', current_date - 90, 11, 'GBP', 1), (302, 'SO-302', current_date - 40, 12, 'EUR', 1),
  (303, 'QU-303', current_date - 40, 12, 'EUR', 3);
INSERT INTO orderitems (id, trans_id, parts_id, qty, sellprice, discount) VALUES
  (501, 301, 1, 100, 120, 0), (502, 302, 1, 40, 150, 0.1), (503, 302, 2, 1, 450, NULL), (504, 303, 1, 99, 150, 0);
INSERT INTO business_unit_oitem (entry_id, class_id, bu_id) VALUES (501, 2, 21);

-- entered one a day, the last two days ago: the next poll need not read them again
UPDATE audittrail SET transdate = transdate - (210 - trans_id) * interval '1 day';
SELECT setval('id', 1000), setval('invoice_id_seq', 1000), setval('jcitems_id_seq', 1000);
