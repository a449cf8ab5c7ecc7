// What Sightglass reads of Dynamics 365 Project Operations in Dataverse. A lookup is a field that begins
// with an underscore and ends with _value; choices are numbers.
using { ModifiedAt } from './finance';

type CreatedOn : DateTime @cds.on.insert: $now;
type Money     : Decimal(19, 4);

aspect Stamped {
  createdon  : CreatedOn;
  modifiedon : ModifiedAt @odata.etag;
  statecode  : Integer default 0;
  statuscode : Integer default 1;
}

@path: 'api/data/v9.2'
service Dataverse {
  entity transactioncurrencies : Stamped {
    key transactioncurrencyid : UUID;
        isocurrencycode       : String(3);
        currencyprecision     : Integer;
  }

  entity salesorders : Stamped {
    key salesorderid                : UUID;
        ordernumber                 : String(100);
        name                        : String(300);
        totalamount                 : Money;
        _customerid_value           : UUID;
        _transactioncurrencyid_value : UUID;
  }

  entity salesorderdetails : Stamped {
    key salesorderdetailid          : UUID;
        _salesorderid_value         : UUID;
        productdescription          : String(500);
        extendedamount              : Money;
        msdyn_billingmethod         : Integer;
        _msdyn_project_value        : UUID;
        _transactioncurrencyid_value : UUID;
  }

  entity msdyn_projects : Stamped {
    key msdyn_projectid              : UUID;
        msdyn_subject                : String(200);
        msdyn_scheduledstart         : DateTime;
        msdyn_finish                 : DateTime;
        _msdyn_customer_value        : UUID;
        _msdyn_salesorderid_value    : UUID;
        _transactioncurrencyid_value : UUID;
  }

  entity msdyn_timeentries : Stamped {
    key msdyn_timeentryid             : UUID;
        msdyn_date                    : DateTime;
        msdyn_duration                : Integer;
        msdyn_entrystatus             : Integer;
        msdyn_type                    : Integer;
        msdyn_description             : String(2000);
        _msdyn_project_value          : UUID;
        _msdyn_projecttask_value      : UUID;
        _msdyn_bookableresource_value : UUID;
  }

  entity msdyn_actuals : Stamped {
    key msdyn_actualid                  : UUID;
        msdyn_transactionclassification : Integer;
        msdyn_transactiontypecode       : Integer;
        msdyn_billingtype               : Integer;
        msdyn_billingstatus             : Integer;
        msdyn_adjustmentstatus          : Integer;
        msdyn_documentdate              : DateTime;
        msdyn_accountingdate            : DateTime;
        msdyn_quantity                  : Decimal(23, 10);
        msdyn_amount                    : Money;
        msdyn_salesdocument             : String(100);
        msdyn_invoice                   : String(100);
        _msdyn_project_value            : UUID;
        _transactioncurrencyid_value    : UUID;
  }

  entity msdyn_transactionconnections : Stamped {
    key msdyn_transactionconnectionid : UUID;
        msdyn_transaction1            : String(100);
        msdyn_transaction1role        : Integer;
        msdyn_transaction1type        : String(100);
        msdyn_transaction2            : String(100);
        msdyn_transaction2role        : Integer;
        msdyn_transaction2type        : String(100);
  }

  entity invoices : Stamped {
    key invoiceid                    : UUID;
        invoicenumber                : String(100);
        name                         : String(300);
        totalamount                  : Money;
        totaltax                     : Money;
        exchangerate                 : Decimal(23, 12);
        _customerid_value            : UUID;
        _salesorderid_value          : UUID;
        _transactioncurrencyid_value : UUID;
  }

  entity invoicedetails : Stamped {
    key invoicedetailid       : UUID;
        _invoiceid_value      : UUID;
        lineitemnumber        : Integer;
        description           : String(2000);
        quantity              : Decimal(23, 10);
        priceperunit          : Money;
        extendedamount        : Money;
        tax                   : Money;
        _msdyn_project_value  : UUID;
  }
}
