// What Sightglass reads of Dynamics 365 Finance. Dates come as instants at noon, keys begin with the
// company, and the entities that ship with the product do not say when a row was changed.
type ModifiedAt : DateTime @cds.on.insert: $now  @cds.on.update: $now;

@path: 'data'
service FinanceAndOperations {
  entity ProjectsV2 {
    key dataAreaId              : String(4);
    key ProjectId               : String(20);
        ProjectName             : String(60);
        ProjectContractId       : String(20);
        ProjectStage            : String(30);
        ProjectGroupId          : String(10);
        CustomerAccountNumber   : String(20);
        IntegrationSourceDataId : String(60);
        ActualStartDate         : DateTime;
        ActualEndDate           : DateTime;
  }

  // A posted transaction: hours, fees, milestones on account, with work in progress and revenue.
  entity PSAActuals {
    key dataAreaId            : String(4);
    key TransId               : String(20);
        ProjId                : String(20);
        ContractId            : String(20);
        ActivityNumber        : String(20);
        ResourceId            : String(20);
        CategoryId            : String(30);
        ProjTransDate         : DateTime;
        LedgerTransDate       : DateTime;
        Voucher               : String(20);
        PostingType           : String(40);
        TransactionOrigin     : String(40);
        ProjTransType         : String(20);
        Qty                   : Decimal(32, 6);
        AmountMST             : Decimal(32, 6);
        TotalInvoicedRevenue  : Decimal(32, 6);
        PLTotalAccruedRevenue : Decimal(32, 6);
        GrossWIP              : Decimal(32, 6);
        NetWIP                : Decimal(32, 6);
        WIPSalesValue         : Decimal(32, 6);
        OnAccMilestone        : Decimal(32, 6);
        OnAccPrePayment       : Decimal(32, 6);
        ProjAdjustRefId       : String(20);
  }

  // A company's own data entities over the tables ProjInvoiceJour and its lines: these do say when.
  entity ProjInvoiceJournalHeaders {
    key dataAreaId        : String(4);
    key ProjInvoiceId     : String(20);
        RecId             : Integer64;
        ProjInvoiceProjId : String(20);
        InvoiceAccount    : String(20);
        InvoiceDate       : DateTime;
        LedgerVoucher     : String(20);
        CurrencyId        : String(3);
        ExchRate          : Decimal(32, 6);
        InvoiceAmount     : Decimal(32, 6);
        SumTax            : Decimal(32, 6);
        ModifiedDateTime  : ModifiedAt @odata.etag;
  }

  entity ProjInvoiceJournalLines {
    key dataAreaId       : String(4);
    key ProjInvoiceId    : String(20);
    key LineNumber       : Integer;
        RecId            : Integer64;
        ProjId           : String(20);
        TransId          : String(20);
        TransDate        : DateTime;
        Qty              : Decimal(32, 6);
        LineAmount       : Decimal(32, 6);
        TaxAmount        : Decimal(32, 6);
        CurrencyId       : String(3);
        ModifiedDateTime : ModifiedAt @odata.etag;
  }
}
