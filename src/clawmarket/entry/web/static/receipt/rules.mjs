// Written by tools/generate.py from the domain; edit the declarations there instead.

export const RULES = {
  "format": "clawmarket-receipt/1",
  "shapes": {
    "file": {
      "format": [
        "text"
      ],
      "market": [
        "object"
      ],
      "testMoney": [
        "truth"
      ],
      "receipt": [
        "object"
      ],
      "parties": [
        "list"
      ],
      "statements": [
        "list"
      ],
      "postings": [
        "list"
      ],
      "records": [
        "list"
      ],
      "checkpoint": [
        "text"
      ],
      "anchors": [
        "list"
      ]
    },
    "market": {
      "origin": [
        "text"
      ],
      "key": [
        "text"
      ]
    },
    "logged": {
      "record": [
        "text"
      ],
      "salt": [
        "text"
      ],
      "index": [
        "whole"
      ],
      "proof": [
        "list"
      ]
    },
    "record": {
      "v": [
        "whole"
      ],
      "id": [
        "text"
      ],
      "at": [
        "whole"
      ],
      "actor": [
        "text"
      ],
      "method": [
        "text"
      ],
      "events": [
        "list"
      ],
      "states": [
        "list"
      ],
      "postings": [
        "list"
      ],
      "statement": [
        "object"
      ]
    },
    "statement": {
      "said": [
        "object"
      ],
      "signature": [
        "text",
        "nothing"
      ],
      "address": [
        "text",
        "nothing"
      ]
    },
    "said": {
      "v": [
        "whole"
      ],
      "market": [
        "text"
      ],
      "method": [
        "text"
      ],
      "actor": [
        "text"
      ],
      "key": [
        "text"
      ],
      "signedAt": [
        "text",
        "nothing"
      ],
      "params": [
        "object"
      ]
    },
    "saidFirst": {
      "v": [
        "whole"
      ],
      "market": [
        "text"
      ],
      "method": [
        "text"
      ],
      "actor": [
        "text"
      ],
      "key": [
        "text"
      ],
      "params": [
        "object"
      ]
    }
  },
  "amount": "0|[1-9][0-9]{0,15}",
  "signedAmount": "-?[1-9][0-9]{0,18}",
  "ulid": "[0-7][0-9a-hjkmnp-tv-z]{25}",
  "statementVersion": 2,
  "marketAccount": "agent_00000000000000000000000000",
  "byTheMarket": "the market",
  "decimals": {
    "credits": 6
  },
  "maxBytes": 20000000,
  "maxRecords": 10000,
  "maxProof": 64,
  "maxDepth": 32,
  "maxSignatures": 64,
  "goodForMs": 3600000,
  "aheadMs": 300000,
  "acts": {
    "task_published": {
      "roles": [
        "buyer"
      ],
      "methods": [
        "web3.market.publishTask"
      ]
    },
    "bid_placed": {
      "roles": [
        "seller"
      ],
      "methods": [
        "web3.market.placeBid"
      ]
    },
    "task_awarded": {
      "roles": [
        "buyer"
      ],
      "methods": [
        "web3.market.awardBid"
      ]
    },
    "offer_created": {
      "roles": [
        "seller"
      ],
      "methods": [
        "web3.market.offer.create"
      ]
    },
    "offer_updated": {
      "roles": [
        "seller"
      ],
      "methods": [
        "web3.market.offer.update"
      ]
    },
    "order_created": {
      "roles": [
        "buyer"
      ],
      "methods": [
        "web3.market.awardBid",
        "web3.market.order.create"
      ]
    },
    "payment_locked": {
      "roles": [
        "buyer"
      ],
      "methods": [
        "web3.market.awardBid",
        "web3.market.settlement.lock"
      ]
    },
    "delivery_issued": {
      "roles": [
        "seller"
      ],
      "methods": [
        "web3.market.delivery.issue"
      ]
    },
    "delivery_revoked": {
      "roles": [
        "seller"
      ],
      "methods": [
        "web3.market.delivery.revoke"
      ]
    },
    "delivery_completed": {
      "roles": [
        "seller"
      ],
      "methods": [
        "web3.market.submitResult",
        "web3.market.delivery.complete"
      ]
    },
    "result_submitted": {
      "roles": [
        "seller"
      ],
      "methods": [
        "web3.market.submitResult"
      ]
    },
    "result_rejected": {
      "roles": [
        "buyer"
      ],
      "methods": [
        "web3.market.reviewResult"
      ]
    },
    "result_rated": {
      "roles": [
        "buyer"
      ],
      "methods": [
        "web3.market.reviewResult"
      ]
    },
    "result_accepted": {
      "roles": [
        "buyer",
        "arbiter",
        "market"
      ],
      "methods": [
        "web3.market.reviewResult",
        "web3.market.settlement.release",
        "web3.dispute.resolve",
        "web3.dispute.reject"
      ]
    },
    "dispute_opened": {
      "roles": [
        "buyer",
        "seller"
      ],
      "methods": [
        "web3.dispute.open"
      ]
    },
    "dispute_evidence_submitted": {
      "roles": [
        "buyer",
        "seller"
      ],
      "methods": [
        "web3.dispute.submitEvidence"
      ]
    },
    "dispute_resolved": {
      "roles": [
        "arbiter",
        "market"
      ],
      "methods": [
        "web3.dispute.resolve"
      ]
    },
    "dispute_rejected": {
      "roles": [
        "arbiter",
        "market"
      ],
      "methods": [
        "web3.dispute.resolve",
        "web3.dispute.reject"
      ]
    },
    "settlement_part_released": {
      "roles": [
        "buyer",
        "market"
      ],
      "methods": [
        "web3.market.reviewResult",
        "web3.market.settlement.release"
      ]
    },
    "consent_granted": {
      "roles": [
        "buyer"
      ],
      "methods": [
        "web3.market.consent.grant"
      ]
    },
    "consent_revoked": {
      "roles": [
        "buyer",
        "seller",
        "arbiter",
        "market"
      ],
      "methods": [
        "web3.market.consent.revoke",
        "web3.market.settlement.refund",
        "web3.dispute.resolve",
        "web3.dispute.reject"
      ]
    },
    "settlement_released": {
      "roles": [
        "buyer",
        "arbiter",
        "market"
      ],
      "methods": [
        "web3.market.reviewResult",
        "web3.market.settlement.release",
        "web3.dispute.resolve",
        "web3.dispute.reject"
      ]
    },
    "settlement_refunded": {
      "roles": [
        "buyer",
        "seller",
        "arbiter",
        "market"
      ],
      "methods": [
        "web3.market.settlement.refund",
        "web3.dispute.resolve",
        "web3.dispute.reject"
      ]
    },
    "rail_answered": {
      "roles": [
        "market"
      ],
      "methods": []
    },
    "task_reopened": {
      "roles": [
        "seller"
      ],
      "methods": [
        "web3.market.unclaimTask"
      ]
    }
  },
  "bySeller": {
    "web3.market.claimTask": [
      "bid_placed",
      "task_awarded",
      "order_created",
      "payment_locked"
    ],
    "web3.market.unclaimTask": [
      "settlement_refunded",
      "task_reopened"
    ]
  },
  "booked": {
    "lock": {
      "kind": "payment_locked",
      "amounts": {
        "amount": "locked"
      }
    },
    "part": {
      "kind": "settlement_part_released",
      "amounts": {
        "sellerAmount": "sellerAmount",
        "fee": "fee"
      }
    },
    "release": {
      "kind": "settlement_released",
      "amounts": {
        "sellerAmount": "sellerAmount",
        "fee": "fee",
        "refund": "refund"
      }
    },
    "refund": {
      "kind": "settlement_refunded",
      "amounts": {
        "refund": "refund"
      }
    }
  },
  "begins": {
    "task": [
      "task_published",
      "bid_placed"
    ],
    "offer": [
      "offer_created",
      "offer_updated"
    ]
  },
  "ends": {
    "settlement_released": [
      "settlement_completed"
    ],
    "settlement_refunded": [
      "order_refunded",
      "settlement_cancelled"
    ]
  },
  "ruled": [
    "dispute_resolved",
    "dispute_rejected"
  ],
  "conditions": [
    "feeBps",
    "timeoutSec",
    "disputeWindowSec",
    "resubmitSec"
  ],
  "termed": [
    "task_published",
    "bid_placed",
    "offer_created",
    "offer_updated"
  ],
  "decided": {
    "accept": "result_accepted",
    "reject": "result_rejected"
  },
  "handedOver": [
    "result_submitted",
    "delivery_completed"
  ],
  "review": "web3.market.reviewResult",
  "claim": "web3.market.claimTask",
  "unclaim": "web3.market.unclaimTask",
  "revokeConsent": "web3.market.consent.revoke",
  "resolve": "market.repair.resolve"
};
