// What both sides agreed on, as the order's content hash has it: the demand, who answers it, its
// price, its conditions, its milestones and the use that it permits.

import { demand } from "../flaw.mjs";
import { RULES } from "../rules.mjs";
import { alike, isObject, isWhole, member } from "../text/canonical.mjs";
import { checkClaim, checkDeadline } from "./claiming.mjs";
import { agree, amountOf, floorDivided, only, stripped, textOf } from "./telling.mjs";

function readTask(records, made, order) {
  const [, award] = only(records, "task_awarded");
  agree(award, { orderId: order.orderId });
  const [asked, task] = only(records, "task_published");
  const [bid, priced] = only(records, "bid_placed");
  const ids = { taskId: textOf(award, "taskId"), offerId: null, bidId: textOf(award, "bidId") };
  agree(task, { taskId: ids.taskId, buyer: order.buyer });
  agree(priced, { ...ids, bidder: order.seller });
  checkClaim(made, asked, task, bid, textOf(priced, "price"));
  checkDeadline(made, asked, order);
  return { asked, priced, ids };
}

function readOffer(records) {
  const [asked, priced] = only(records, "offer_created", "offer_updated");
  return { asked, priced, ids: { taskId: null, offerId: textOf(priced, "offerId"), bidId: null } };
}

/** The milestones that an offer names: its seller said them, or its event tells what stands. */
function offered(asked, offer) {
  let said = member(asked.params, "milestones");
  if (said === null && offer.kind === "offer_created" && asked.statement !== null) said = [];
  const parts = Object.hasOwn(offer, "milestones") ? offer.milestones : (said ?? []);
  demand(said === null || alike(said, parts), "offer_parts");
  return parts;
}

const isPart = (part) =>
  isObject(part) && typeof part.title === "string" && isWhole(member(part, "percent"));

/** What milestones come to for a price, as the order has to name them. */
function milestonesOf(parts, price) {
  demand(Array.isArray(parts) && parts.every(isPart), "parts_form");
  const all = parts.reduce((sum, part) => sum + BigInt(part.percent), 0n);
  demand(!parts.length || all === 100n, "parts_sum", { expected: "100", found: all });
  let [percent, given] = [0n, 0n];
  return parts.map((part) => {
    percent += BigInt(part.percent);
    const due = floorDivided(price * percent, 100n);
    const amount = due - given;
    given = due;
    return [part.title, amount.toString()];
  });
}

/**
 * The usage scope of an order, which has to be what its offer asked for; null for none. The
 * offer's last event tells all that stands; a new offer's own statement says all of it.
 */
function usageOf(asked, priced, order) {
  const usage = member(order, "usageScope");
  const said = stripped(member(asked.params, "usageScope"));
  const whole = !asked.kinds.has("offer_updated") && asked.statement !== null;
  const tells = Object.hasOwn(priced, "usageScope");
  demand(tells || priced.kind === "bid_placed" || whole, "usage_untold");
  const stands = tells ? priced.usageScope : said;
  demand(!(whole || said !== null) || alike(stands, said), "usage_offer");
  demand(alike(usage, stands), "usage_order");
  if (usage === null) return null;
  demand(isObject(usage) && typeof usage.purpose === "string", "usage_form");
  demand(!("durationDays" in usage) || isWhole(usage.durationDays), "usage_form");
  return usage;
}

export function readAgreement(records, made, order) {
  const task = made.kinds.has("task_awarded");
  const { asked, priced, ids } = task ? readTask(records, made, order) : readOffer(records);
  const quantity = Object.hasOwn(made.params, "quantity") ? made.params.quantity : 1;
  demand(isWhole(quantity) && quantity >= 1, "quantity", { found: quantity });
  const price = amountOf(priced, "price") * BigInt(quantity);
  const wanted = Object.create(null);
  for (const name of RULES.conditions) {
    if (Object.hasOwn(asked.params, name)) wanted[name] = asked.params[name];
  }
  // A deadline has been held against the order's time already.
  if (task && member(asked.params, "deadline") !== null) delete wanted.timeoutSec;
  agree(order, wanted);
  const given = Object.hasOwn(asked.params, "milestones") ? asked.params.milestones : [];
  const parts = task ? given : offered(asked, priced);
  agree(order, { milestones: milestonesOf(parts, price) });
  const usage = usageOf(asked, priced, order);
  const agreed = { ...ids, milestones: order.milestones, quantity, price: priced.price };
  for (const name of ["orderId", "buyer", "seller", "asset"]) agreed[name] = order[name];
  for (const name of RULES.conditions) agreed[name] = member(order, name);
  if (usage !== null) agreed.usageScope = usage;
  return agreed;
}
