// The story of a finished order, told by its records alone.

import { demand } from "../flaw.mjs";
import { RULES } from "../rules.mjs";
import { member } from "../text/canonical.mjs";
import { readAgreement } from "./agreement.mjs";
import { checkActors, checkBelonging, checkStates } from "./belonging.mjs";
import { heldAgain } from "./claiming.mjs";
import { checkConsent } from "./consent.mjs";
import { readRecord } from "./file.mjs";
import { deliveryPaid, partsPaid } from "./payment.mjs";
import { railIn } from "./rails.mjs";
import { rulingOf } from "./ruling.mjs";
import { agree, amountOf, only, textOf, told } from "./telling.mjs";

const ORDER_ID = new RegExp(`^order_${RULES.ulid}$`);
const RELEASED = "settlement_released";

/** Reads all records of a file, which stand in the order of the log, each once. */
export async function readRecords(file, pace) {
  const records = [];
  for (const [place, item] of file.records.entries()) {
    records.push(readRecord(item.record, `records[${place}]`));
    await pace(place + 1, file.records.length);
  }
  const places = file.records.map(({ index }) => index);
  demand(places.every((at, n) => n === 0 || at > places[n - 1]), "log_order");
  demand(new Set(records.map(({ id }) => id)).size === records.length, "record_twice");
  return records;
}

function addressOf(records, party) {
  const opened = told(records, "account_opened")
    .map(([, event]) => event)
    .filter((event) => event.accountId === party);
  demand(opened.length === 1, "account_opening", { expected: 1, found: opened.length });
  const address = member(opened[0], "address");
  demand(address === null || typeof address === "string", "account_opening");
  return address;
}

/** The order, its lock and its end, which name each other. */
function readBones(records) {
  const [made, order] = only(records, "order_created");
  const [, locked] = only(records, "payment_locked");
  const [, end] = only(records, ...Object.keys(RULES.ends));
  const [id, buyer, seller] = ["orderId", "buyer", "seller"].map((name) => textOf(order, name));
  const two = buyer !== "" && seller !== "" && buyer !== seller;
  demand(ORDER_ID.test(id) && two, "order_form", { found: id });
  const names = (event, ...of) => Object.fromEntries(of.map((name) => [name, member(event, name)]));
  agree(locked, names(order, "orderId", "asset", "amount"));
  agree(end, names(locked, "orderId", "settlementId", "asset"));
  return { made, order, locked, end };
}

/** What was paid: by milestones, at the end, to whom, and who ruled on it. */
function readMoney(records, { order, locked, end }, milestones) {
  const settled = end.kind === RELEASED;
  const amount = amountOf(order, "amount");
  const parts = partsPaid(records, milestones, locked);
  const net = parts.reduce((sum, part) => sum + part.net, 0n);
  const fees = parts.reduce((sum, part) => sum + part.fee, 0n);
  const rest = amount - net - fees;
  const next = milestones[parts.length];
  const { arbiter, share } = rulingOf(records, order, next ? BigInt(next[1]) : rest);
  return {
    settled,
    amount,
    arbiter,
    share: net + fees + (share ?? (settled ? rest : 0n)),
    sellerAmount: net + (settled ? amountOf(end, "sellerAmount") : 0n),
    fee: fees + (settled ? amountOf(end, "fee") : 0n),
    refund: amountOf(end, "refund"),
  };
}

/** Reads what an order came to, from all its records and nothing else. Throws a Flaw. */
export async function readStory(records) {
  const bones = readBones(records);
  const { made, order, locked } = bones;
  const agreement = readAgreement(records, made, order);
  const money = readMoney(records, bones, agreement.milestones);
  const { buyer, seller, taskId, offerId, bidId, quantity, price } = agreement;
  const parties = [[buyer, "buyer"], [seller, "seller"]];
  if (money.arbiter) parties.push([money.arbiter, "arbiter"]);
  const story = {
    ...money,
    ...{ taskId, offerId, bidId, buyer, seller, records, agreement, parties },
    orderId: order.orderId,
    settlementId: textOf(locked, "settlementId"),
    asset: textOf(order, "asset"),
    agreed: BigInt(price) * BigInt(quantity),
    terms: textOf(order, "terms"),
    testMoney: member(order, "testMoney"),
    deliveryDigest: money.settled ? deliveryPaid(records) : null,
    addresses: new Map(parties.map(([party]) => [party, addressOf(records, party)])),
    rail: railIn(records, locked),
    heldAgain: heldAgain(records, made, order, taskId),
    trade: records.filter((record) => !record.kinds.has("account_opened")),
  };
  await checkConsent(records, order, agreement);
  checkBelonging(story);
  checkActors(story);
  checkStates(story);
  return story;
}
