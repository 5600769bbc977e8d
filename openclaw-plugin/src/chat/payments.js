// /pay_status: the money of an order, or what this session owes.

import { amount } from "../amounts.js";
import { Failure } from "../failure.js";
import { billingOf } from "./answering.js";
import { usageLines } from "./pages/usage.js";
import { lines } from "./words.js";

const REFERENCE = /^(?:(order|settlement):)?([a-z]+_[0-9a-z]{26})$/;
// Orders whose money is locked.
const LOCKED = new Set([
  "payment_locked",
  "consent_granted",
  "delivery_ready",
  "delivery_completed",
  "order_disputed",
]);
const STEPS = [
  ["Lock tx", "settlement_locked"],
  ["Release tx", "settlement_released"],
  ["Refund tx", "settlement_refunded"],
];
const PAGE = 200;
// The model is OpenClaw's own; one that is rented from the market would be web3/decentralized.
const BRAIN = "centralized";

export async function payStatus([reference = "", ...more], service, { session }) {
  if (!reference) return bindingPage(service, session);
  const [, noun, id] = REFERENCE.exec(reference.toLowerCase()) ?? [];
  if (!id || more.length) return usage();
  const bySettlement = (noun ?? id.split("_")[0]) === "settlement";
  const orderId = bySettlement ? await orderOf(id, service) : id;
  const [traced, pending] = await Promise.all([
    service.ask("web3.market.transparency.trace", { orderId }).catch(notFound(id)),
    pendingSettlements(service),
  ]);
  return settlementPage(traced, pending);
}

async function orderOf(settlementId, service) {
  const asked = service.ask("web3.market.settlement.status", { settlementId });
  return (await asked.catch(notFound(settlementId))).orderId;
}

function notFound(id) {
  return (failure) => {
    if (!(failure instanceof Failure) || failure.code !== "E_NOT_FOUND") throw failure;
    throw new Failure("E_NOT_FOUND", `No settlement found for ${id}.`, { next: "/market orders" });
  };
}

function settlementPage({ order, settlement, timeline }, pending) {
  return lines([
    ["Settlement status", settlement?.status ?? "not locked"],
    ["Order", `${order.orderId} (${order.status})`],
    ["Settlement", settlement?.settlementId ?? "none"],
    ["Brain source", BRAIN],
    ["Pending settlements", pending],
    ...(settlement ? [["Amount", amount(settlement.amount)]] : []),
    ...(settlement ? steps(timeline) : []),
  ]);
}

// A step of an order's money is a record of the market's log, which can be proven by its id.
function steps(timeline) {
  return STEPS.flatMap(([label, state]) => {
    const step = timeline.find(({ states }) => states.some(({ after }) => after === state));
    return step ? [[label, step.recordId]] : [];
  });
}

async function bindingPage(service, session) {
  const [billing, pending] = await Promise.all([
    billingOf(session, service),
    pendingSettlements(service),
  ]);
  const bound = billing?.settlement ?? {};
  return [
    ...lines([
      ["Settlement status", bound.status ?? "unbound"],
      ["Order", "none"],
      ["Settlement", bound.billId ?? "none"],
      ["Brain source", BRAIN],
      ["Pending settlements", pending],
      ...(bound.billId ? [["Amount", amount(bound.amount)]] : []),
      ...(bound.due ? [["Due", amount(bound.due)]] : []),
    ]),
    ...usageLines(billing),
  ];
}

async function pendingSettlements(service) {
  const sides = await Promise.all(
    ["buyer", "seller"].map((side) => service.ask("web3.market.order.list", { side, limit: PAGE })),
  );
  const open = sides.flatMap(({ items }) => items).filter(({ status }) => LOCKED.has(status)).length;
  const more = sides.some(({ nextCursor }) => nextCursor);
  return `${open}${more ? "+" : ""}`;
}

function usage() {
  return [
    "/pay_status: what this session used and owes",
    "/pay_status order:<id>: where the money of an order is",
    "/pay_status settlement:<id>: the same by its settlement",
    "next: /market orders",
  ];
}
