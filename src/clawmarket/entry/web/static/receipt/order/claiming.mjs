// Tasks that were claimed: nobody awards them, so the published task is what the buyer consents
// to; and tasks that their worker gave back.

import { demand } from "../flaw.mjs";
import { RULES } from "../rules.mjs";
import { alike, member } from "../text/canonical.mjs";
import { momentOf } from "../text/moment.mjs";
import { told } from "./telling.mjs";

/** Checks that a claimed order is what its buyer said that whoever fits may have. */
export function checkClaim(made, demanded, task, bid, price) {
  if (made.method !== RULES.claim) return;
  const may = member(demanded.params, "claims") === true && member(task, "funded") === true;
  demand(may, "claim_unasked");
  const budget = member(demanded.params, "budget");
  demand(price === budget, "claim_price", { expected: budget, found: price });
  demand(bid === made && made.statement !== null, "claim_apart");
}

/** Checks that an order has what was left until its task's deadline, in whole seconds. */
export function checkDeadline(made, demanded, order) {
  const deadline = member(demanded.params, "deadline");
  if (deadline === null) return;
  const moment = typeof deadline === "string" ? momentOf(deadline) : null;
  demand(moment !== null, "deadline_form", { found: deadline });
  const left = Math.floor((moment - made.at) / 1000);
  const found = member(order, "timeoutSec");
  demand(left >= 1 && found === left, "deadline_other", { expected: left, found });
}

/** What is held for the task again because its worker stepped back, as BigInt; else 0. */
export function heldAgain(records, made, order, taskId) {
  const steps = records.filter((record) => record.method === RULES.unclaim);
  const events = told(records, "task_reopened");
  if (!steps.length && !events.length) return 0n;
  demand(events.length === 1 && steps.length === 1 && steps[0] === events[0][0], "unclaim_told");
  const [[record, event]] = events;
  const claimed = made.method === RULES.claim && record.statement !== null;
  demand(claimed && record.kinds.has("settlement_refunded"), "unclaim_unclaimed");
  demand(!told(records, "delivery_completed").length, "unclaim_late");
  const about = { orderId: order.orderId, asset: order.asset, amount: order.amount, taskId };
  const good = Object.entries(about).every(([name, value]) => alike(member(event, name), value));
  demand(good, "unclaim_other");
  return BigInt(order.amount);
}
