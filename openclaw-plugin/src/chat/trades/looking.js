// What there is: tasks, bids, orders, receipts. Nothing here changes anything.

import { amount, grouped } from "../../amounts.js";
import { lines, short } from "../words.js";
import { idOf, titled } from "./reading.js";

const SHOWN = 5;
const ENDED = new Set([
  "settlement_completed",
  "settlement_cancelled",
  "order_refunded",
  "consent_revoked",
]);

export async function tasks([which = "mine", ...more], service) {
  const open = which.toLowerCase() === "open";
  if (more.length || !(open || which === "mine"))
    return ["/market tasks: your tasks", "/market tasks open: what anybody may bid on"];
  const query = open
    ? { status: "task_open" }
    : { buyer: (await service.ask("web3.wallet.show")).accountId };
  const { items } = await service.ask("web3.market.listTasks", { ...query, limit: SHOWN });
  if (!items.length) return ["There is no task.", "next: /market hire <credits> <what is to be done>"];
  return [
    ...items.flatMap((task) => [
      `${titled(task.title)}: ${amount(task.budget)}, ${task.status}, bids ${task.bids}`,
      `  ${task.taskId}`,
    ]),
    `next: /market task ${items[0].taskId}`,
  ];
}

export async function taskPage(words, service) {
  const taskId = idOf(words, "task", "/market tasks");
  const task = await service.ask("web3.market.getTask", { taskId });
  const open = task.status === "task_open";
  const next = task.orderId ? `/market order ${task.orderId}` : `/market bids ${taskId}`;
  return [
    ...lines([
      ["task", titled(task.title)],
      ["status", task.status],
      ["budget", `${amount(task.budget)}${open && task.funded ? ", held for it" : ""}`],
      ["bids", String(task.bids)],
      ...(open ? [["open until", task.expiresAt]] : []),
    ]),
    `next: ${next}`,
  ];
}

export async function bids(words, service) {
  const taskId = idOf(words, "task", "/market tasks");
  const { items } = await service.ask("web3.market.listBids", { taskId, limit: 50 });
  const open = items.filter(({ status }) => status === "bid_submitted");
  if (!open.length) return ["There is no bid to choose.", `next: /market task ${taskId}`];
  const cheapest = open.toSorted((one, other) => Number(one.price) - Number(other.price));
  return [
    ...cheapest.slice(0, SHOWN).flatMap((bid) => [
      `${amount(bid.price)}, in ${grouped(Math.ceil(bid.etaSec / 60))} min, by ${short(bid.bidder)}`,
      ...(bid.note ? [`  "${titled(bid.note)}"`] : []),
      `  ${bid.bidId}`,
    ]),
    ...(open.length > SHOWN ? [`and ${open.length - SHOWN} more, none of them cheaper`] : []),
    `next: /market award ${cheapest[0].bidId}`,
  ];
}

export async function orders(words, service) {
  if (words.length) return ["/market orders: what you buy and what you sell"];
  const [buying, selling] = await sides(service, SHOWN);
  if (!buying.length && !selling.length) return ["There is no order.", "next: /market help"];
  return [
    ...(buying.length ? ["you buy", ...buying.flatMap(listed)] : []),
    ...(selling.length ? ["you sell", ...selling.flatMap(listed)] : []),
    `next: /market order ${(buying[0] ?? selling[0]).orderId}`,
  ];
}

export async function orderPage(words, service) {
  const orderId = idOf(words, "order", "/market orders");
  const [order, told, { accountId }] = await Promise.all([
    service.ask("web3.market.order.get", { orderId }),
    service.ask("web3.market.order.explain", { orderId }),
    service.ask("web3.wallet.show"),
  ]);
  // Nobody should pay for what they have not looked at; only the buyer can.
  const judge = order.status === "delivery_completed" && order.buyer === accountId;
  return [
    ...lines([
      ["order", titled(order.title)],
      ["status", order.status],
      ["amount", amount(order.amount)],
      ["now", told.now],
      ["then", told.then],
      ...(judge ? [["look at it", deliveryOf(order)]] : []),
    ]),
    `next: ${judge ? `/market accept ${orderId}` : `/pay_status ${orderId}`}`,
  ];
}

function deliveryOf({ resultId, deliveryId }) {
  if (resultId) return `clawmarket task result ${resultId}`;
  return `clawmarket call web3.market.delivery.get deliveryId=${deliveryId}`;
}

export async function receipts(words, service) {
  if (words.length) return ["/market receipts: orders that ended"];
  const found = await sides(service, 50);
  const ended = found.flat().filter(({ status }) => ENDED.has(status));
  if (!ended.length) return ["No order of yours has ended yet.", "next: /market orders"];
  return [
    ...ended.slice(0, SHOWN).flatMap(listed),
    `next: /market receipt ${ended[0].orderId}`,
  ];
}

export async function receipt(words, service) {
  const orderId = idOf(words, "order", "/market receipts");
  const { receiptId, status, digest, size } = await service.ask("web3.market.receipt.get", {
    orderId,
  });
  return [
    ...lines([
      ["receipt", receiptId],
      ["status", status],
      ["hash", digest],
      ["size", `${grouped(size)} bytes`],
    ]),
    `next: clawmarket receipt get ${orderId} (then: clawmarket verify)`,
  ];
}

async function sides(service, limit) {
  const pages = await Promise.all(
    ["buyer", "seller"].map((side) => service.ask("web3.market.order.list", { side, limit })),
  );
  return pages.map(({ items }) => items);
}

function listed(order) {
  return [`${titled(order.title)}: ${amount(order.amount)}, ${order.status}`, `  ${order.orderId}`];
}
