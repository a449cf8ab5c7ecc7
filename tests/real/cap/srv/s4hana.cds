// What Sightglass reads of an SAP S/4HANA Cloud, by the names of its services, entities and fields.
// Only headers say when they were changed: an item is found through its header.

type ChangedAt : Timestamp @cds.on.insert: $now  @cds.on.update: $now;
type CreatedAt : Timestamp @cds.on.insert: $now;
type Amount    : Decimal(16, 3);
type Quantity  : Decimal(15, 3);
type Currency  : String(5);

@path: 'API_SALES_ORDER_SRV'
@requires: 'authenticated-user'
service API_SALES_ORDER_SRV {
  entity A_SalesOrder {
    key SalesOrder                    : String(10);
        SalesOrderType                : String(4);
        SalesOrganization             : String(4);
        SoldToParty                   : String(10);
        SalesOrderDate                : Date;
        CreationDate                  : Date;
        LastChangeDate                : Date;
        LastChangeDateTime            : ChangedAt;
        TotalNetAmount                : Amount;
        TransactionCurrency           : Currency;
        PurchaseOrderByCustomer       : String(35);
        OverallSDProcessStatus        : String(1);
        OverallSDDocumentRejectionSts : String(1);
        HeaderBillingBlockReason      : String(2);
        to_Item                       : Composition of many A_SalesOrderItem
                                          on to_Item.SalesOrder = SalesOrder;
  }

  entity A_SalesOrderItem {
    key SalesOrder              : String(10);
    key SalesOrderItem          : String(6);
        SalesOrderItemCategory  : String(4);
        SalesOrderItemText      : String(40);
        Material                : String(40);
        WBSElement              : String(24);
        RequestedQuantity       : Quantity;
        RequestedQuantityUnit   : String(3);
        NetAmount               : Amount;
        TransactionCurrency     : Currency;
        ItemBillingBlockReason  : String(2);
        SalesDocumentRjcnReason : String(2);
        SDProcessStatus         : String(1);
        to_BillingPlanItem      : Composition of many A_SlsOrderItemBillingPlanItem
                                    on  to_BillingPlanItem.SalesOrder     = SalesOrder
                                    and to_BillingPlanItem.SalesOrderItem = SalesOrderItem;
  }

  // A milestone of a fixed price is an item of the billing plan.
  entity A_SlsOrderItemBillingPlanItem {
    key SalesOrder                    : String(10);
    key SalesOrderItem                : String(6);
    key BillingPlan                   : String(10);
    key BillingPlanItem               : String(6);
        BillingPlanBillingDate        : Date;
        BillingPlanAmount             : Amount;
        BillingPlanAmountPercent      : Decimal(5, 2);
        TransactionCurrency           : Currency;
        BillingPlanItemUsage          : String(2);
        BillingPlanItemDescription    : String(255);
        BillingPlanRelatedBillgStatus : String(1);
  }
}

@path: 'API_SALES_CONTRACT_SRV'
@requires: 'authenticated-user'
service API_SALES_CONTRACT_SRV {
  entity A_SalesContract {
    key SalesContract                  : String(10);
        SalesContractType              : String(4);
        SalesOrganization              : String(4);
        SoldToParty                    : String(10);
        SalesContractDate              : Date;
        SalesContractValidityStartDate : Date;
        SalesContractValidityEndDate   : Date;
        CreationDate                   : Date;
        LastChangeDate                 : Date;
        LastChangeDateTime             : ChangedAt;
        TotalNetAmount                 : Amount;
        TransactionCurrency            : Currency;
        PurchaseOrderByCustomer        : String(35);
        OverallSDProcessStatus         : String(1);
        OverallSDDocumentRejectionSts  : String(1);
        to_Item                        : Composition of many A_SalesContractItem
                                           on to_Item.SalesContract = SalesContract;
  }

  entity A_SalesContractItem {
    key SalesContract                : String(10);
    key SalesContractItem            : String(6);
        SalesContractItemCategory    : String(4);
        SalesContractItemText        : String(40);
        Material                     : String(40);
        WBSElement                   : String(24);
        RequestedQuantity            : Quantity;
        RequestedQuantityUnit        : String(3);
        OutlineAgreementTargetAmount : Amount;
        NetAmount                    : Amount;
        TransactionCurrency          : Currency;
        ItemBillingBlockReason       : String(2);
        SDProcessStatus              : String(1);
  }
}

@path: 'API_BILLING_DOCUMENT_SRV'
@requires: 'authenticated-user'
service API_BILLING_DOCUMENT_SRV {
  entity A_BillingDocument {
    key BillingDocument             : String(10);
        SDDocumentCategory          : String(4);
        BillingDocumentType         : String(4);
        BillingDocumentDate         : Date;
        CreationDate                : Date;
        CreationTime                : Time;
        LastChangeDate              : Date;
        LastChangeDateTime          : ChangedAt;
        BillingDocumentIsCancelled  : Boolean;
        CancelledBillingDocument    : String(10);
        TotalNetAmount              : Amount;
        TaxAmount                   : Amount;
        TotalGrossAmount            : Amount;
        TransactionCurrency         : Currency;
        CompanyCode                 : String(4);
        FiscalYear                  : String(4);
        AccountingDocument          : String(10);
        AbsltAccountingExchangeRate : Decimal(9, 5);
        SoldToParty                 : String(10);
        PayerParty                  : String(10);
        PurchaseOrderByCustomer     : String(35);
        DocumentReferenceID         : String(16);
        OverallBillingStatus        : String(1);
        AccountingPostingStatus     : String(1);
        AccountingTransferStatus    : String(1);
        InvoiceClearingStatus       : String(1);
        to_Item                     : Composition of many A_BillingDocumentItem
                                        on to_Item.BillingDocument = BillingDocument;
  }

  entity A_BillingDocumentItem {
    key BillingDocument               : String(10);
    key BillingDocumentItem           : String(6);
        BillingDocumentItemText       : String(40);
        NetAmount                     : Amount;
        TaxAmount                     : Amount;
        GrossAmount                   : Amount;
        TransactionCurrency           : Currency;
        BillingQuantity               : Quantity;
        BillingQuantityUnit           : String(3);
        ServicesRenderedDate          : Date;
        WBSElement                    : String(24);
        BillingPlan                   : String(10);
        BillingPlanItem               : String(6);
        SalesDocument                 : String(10);
        SalesDocumentItem             : String(6);
        ReferenceSDDocument           : String(10);
        ReferenceSDDocumentItem       : String(6);
        ExternalReferenceDocument     : String(35);
        ExternalReferenceDocumentItem : String(6);
        CreationDate                  : Date;
  }
}

@path: 'API_ENTERPRISE_PROJECT_SRV'
@requires: 'authenticated-user'
service API_ENTERPRISE_PROJECT_SRV {
  entity A_EnterpriseProject {
    key ProjectUUID                : UUID;
        Project                    : String(24);
        ProjectDescription         : String(60);
        EnterpriseProjectType      : String(2);
        ProcessingStatus           : String(2);
        CompanyCode                : String(4);
        ProjectCurrency            : Currency;
        IsBillingRelevant          : Boolean;
        ProjectStartDate           : Date;
        ProjectEndDate             : Date;
        LastChangeDateTime         : ChangedAt;
        to_EnterpriseProjectElement : Composition of many A_EnterpriseProjectElement
                                        on to_EnterpriseProjectElement.ProjectUUID = ProjectUUID;
  }

  entity A_EnterpriseProjectElement {
    key ProjectElementUUID         : UUID;
        ProjectUUID                : UUID;
        ProjectElement             : String(24);
        ProjectElementDescription  : String(60);
        WBSElementInternalID       : String(8);
        WBSElementIsBillingElement : Boolean;
        ProcessingStatus           : String(2);
        PlannedStartDate           : Date;
        PlannedEndDate             : Date;
        LastChangeDateTime         : ChangedAt;
  }
}

// A company's own view on I_JournalEntryItem: postings have no service of their own that names documents.
@path: 'YY1_JOURNALENTRYITEM_CDS'
@requires: 'authenticated-user'
service YY1_JOURNALENTRYITEM_CDS {
  entity YY1_JournalEntryItem {
    key SourceLedger                : String(2);
    key CompanyCode                 : String(4);
    key FiscalYear                  : String(4);
    key AccountingDocument          : String(10);
    key LedgerGLLineItem            : String(6);
    key Ledger                      : String(2);
        FiscalPeriod                : String(3);
        PostingDate                 : Date;
        DocumentDate                : Date;
        CreationDateTime            : CreatedAt;
        LastChangeDate              : Date;
        GLAccount                   : String(10);
        Customer                    : String(10);
        WBSElement                  : String(24);
        SalesDocument               : String(10);
        SalesDocumentItem           : String(6);
        ReferenceDocument           : String(10);
        IsReversal                  : Boolean;
        IsReversed                  : Boolean;
        ReversalReferenceDocument   : String(10);
        TransactionCurrency         : Currency;
        AmountInTransactionCurrency : Decimal(23, 2);
        CompanyCodeCurrency         : Currency;
        AmountInCompanyCodeCurrency : Decimal(23, 2);
        GlobalCurrency              : Currency;
        AmountInGlobalCurrency      : Decimal(23, 2);
  }
}
