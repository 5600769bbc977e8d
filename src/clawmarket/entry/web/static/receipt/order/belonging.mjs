// Who may cause what, whose records these are, and whether the order's states connect.

import { demand } from "../flaw.mjs";
import { RULES } from "../rules.mjs";
import { member } from "../text/canonical.mjs";
import { MONEY, bookedAs } from "./rails.mjs";
import { told } from "./telling.mjs";

const ACTS = new Map(Object.entries(RULES.acts));
const ALONE = new Map(Object.entries(RULES.bySeller));
const KINDS = [...ACTS.keys(), "rail_asked"];

/** Who may cause an event by a method; asking a rail is as causing what it moves. */
export function actOf(event, method) {
  if ((ALONE.get(method) ?? []).includes(event.kind)) {
    return { roles: ["seller"], methods: [method] };
  }
  const asks = event.kind === "rail_asked";
  return ACTS.get(asks ? bookedAs(member(event, "step")) : event.kind) ?? null;
}

export function checkBelonging(story) {
  const begins = RULES.begins[story.offerId ? "offer" : "task"];
  for (const record of story.records) {
    let ours = false;
    for (const event of record.events) {
      const named = Object.hasOwn(event, "orderId");
      const about = { where: record.id, expected: story.orderId, found: event.orderId };
      demand(!named || event.orderId === story.orderId, "another_order", about);
      const opens = event.kind === "account_opened" && story.addresses.has(event.accountId);
      ours ||= named || opens || begins.includes(event.kind);
    }
    demand(ours, "no_part", { where: record.id });
  }
}

export function checkActors(story) {
  const { buyer, seller, arbiter } = story;
  demand(![buyer, seller].includes(arbiter), "own_judge", { found: arbiter });
  const accounts = { buyer, seller, arbiter, market: RULES.marketAccount };
  for (const [record, event] of told(story.records, ...KINDS)) {
    const heard = story.rail !== null && MONEY.includes(event.kind);
    // Nobody but the market hears what a rail answers.
    const roles = heard ? ["market"] : (actOf(event, record.method)?.roles ?? []);
    const allowed = roles.map((role) => accounts[role]).filter((account) => account !== null);
    const about = { where: record.id, kind: event.kind, expected: allowed.join(" / ") };
    demand(allowed.includes(record.actor), "not_theirs", { ...about, found: record.actor });
  }
}

/** Checks that each move of the order begins at the state where the one before it ended. */
export function checkStates(story) {
  let stands = "";
  for (const record of story.records) {
    for (const [thing, before, after] of record.states) {
      if (thing !== story.orderId) continue;
      demand(before === stands, "states", { where: record.id, expected: stands, found: before });
      stands = after;
    }
  }
  const ends = [...RULES.ends[story.settled ? "settlement_released" : "settlement_refunded"]];
  // A buyer may cancel while a rail is asked to lock; what it turns out to have locked goes back.
  if (story.rail !== null && !story.settled) ends.push("order_cancelled");
  demand(ends.includes(stands), "no_end", { expected: ends.join(" / "), found: stands });
}
