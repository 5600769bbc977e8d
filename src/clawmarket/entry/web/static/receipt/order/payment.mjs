// What was paid for what: milestones one by one, never before a delivery, and the last delivery.

import { demand } from "../flaw.mjs";
import { alike, member } from "../text/canonical.mjs";
import { agree, amountOf, textOf, told } from "./telling.mjs";

const DELIVERED = "delivery_completed";
const PART = "settlement_part_released";
const RELEASED = "settlement_released";

function checkHandedOver(records) {
  let delivered = false;
  for (const [record, event] of told(records, DELIVERED, PART, RELEASED)) {
    demand(event.kind === DELIVERED || delivered, "paid_early", { where: record.id });
    delivered = event.kind === DELIVERED;
  }
}

/** Net and fee of each milestone that was paid, in their order. */
export function partsPaid(records, milestones, locked) {
  checkHandedOver(records);
  return told(records, PART).map(([, event], place) => {
    const names = ["orderId", "settlementId", "asset"];
    agree(event, Object.fromEntries(names.map((name) => [name, member(locked, name)])));
    agree(event, { milestone: place });
    const [net, fee] = [amountOf(event, "sellerAmount"), amountOf(event, "fee")];
    const due = place < milestones.length ? BigInt(milestones[place][1]) : null;
    demand(net + fee === due, "part_other", { expected: due, found: net + fee });
    return { net, fee };
  });
}

/** The content hash of what was paid for last: the accepted result, else the delivery. */
export function deliveryPaid(records) {
  const accepted = told(records, "result_accepted").at(-1);
  let named = [];
  if (accepted) {
    const id = member(accepted[1], "resultId");
    const results = told(records, "result_submitted").map(([, event]) => event);
    named = results.filter((result) => alike(member(result, "resultId"), id));
  } else {
    for (const [, event] of told(records, DELIVERED, PART)) {
      named = event.kind === DELIVERED ? [...named, event] : [];
    }
  }
  demand(named.length === 1, "paid_for", { expected: 1, found: named.length });
  return textOf(named[0], "digest");
}
