// What the file says before its records, and the hash of what was delivered: both follow from the
// records.

import { Flaw, Skip, demand } from "../flaw.mjs";
import { RULES } from "../rules.mjs";
import { alike, digestOf, isObject, member } from "../text/canonical.mjs";
import { filesOf } from "./said.mjs";

const SHOWN_FILES = 5;

function receiptOf(story) {
  const { taskId, offerId, bidId, orderId, settlementId, asset } = story;
  return {
    ...{ taskId, offerId, bidId, orderId, settlementId, asset },
    receiptId: `receipt_${orderId.slice(-26)}`,
    payer: story.buyer,
    payee: story.seller,
    amount: story.amount.toString(),
    sellerAmount: story.sellerAmount.toString(),
    fee: story.fee.toString(),
    refund: story.refund.toString(),
    status: story.settled ? "receipt_settled" : "receipt_refunded",
    deliveryDigest: story.deliveryDigest,
  };
}

/** The sections of a receipt that its records determine. */
function sectionsOf(story) {
  return {
    receipt: receiptOf(story),
    parties: story.parties.map(([account, role]) => {
      return { account, role, address: story.addresses.get(account) };
    }),
    statements: story.records
      .filter(({ statement }) => statement !== null)
      .map(({ id, method, actor, statement }) => {
        return { recordId: id, method, actor, signedBy: statement.address || RULES.byTheMarket };
      }),
    postings: story.trade.flatMap(({ id, postings }) =>
      postings.map(([account, asset, amount]) => {
        return { recordId: id, account, asset, amount: amount.toString() };
      }),
    ),
  };
}

/** The first place where a section is not what it has to be, so that a lie is named by it. */
function differing(section, wanted, found) {
  const whole = { name: section, expected: wanted, found };
  const both = Array.isArray(wanted) ? Array.isArray(found) : isObject(found);
  if (!both) return whole;
  const name = Object.keys(wanted).find((each) => !alike(wanted[each], member(found, each)));
  if (name === undefined || !Object.hasOwn(found, name)) return whole;
  const place = Array.isArray(wanted) ? `${section}[${name}]` : `${section}.${name}`;
  return { name: place, expected: wanted[name], found: found[name] };
}

export async function checkSummary({ file, story }) {
  const money = { name: "testMoney", expected: story.testMoney, found: file.testMoney };
  demand(alike(money.expected, money.found), "summary_other", money);
  for (const [section, wanted] of Object.entries(sectionsOf(story))) {
    const found = file[section];
    if (!alike(wanted, found)) throw new Flaw("summary_other", differing(section, wanted, found));
  }
  return {};
}

const handedOver = (record) => record.events.filter(({ kind }) => RULES.handedOver.includes(kind));

/** The hashes of the files themselves, to be held against what one has. */
function namedFiles(story) {
  const digest = story.deliveryDigest;
  const named = story.records.filter((record) =>
    handedOver(record).some((event) => member(event, "digest") === digest),
  );
  const files = named.length ? filesOf(named.at(-1)) : [];
  const shown = files.slice(0, SHOWN_FILES).map((file) => `${file.name} ${file.digest}`);
  return { files: shown, more: Math.max(0, files.length - SHOWN_FILES) };
}

export async function checkDelivery({ file, story }) {
  for (const record of story.records) {
    const digests = handedOver(record).map((event) => member(event, "digest"));
    if (!digests.length) continue;
    const wanted = record.statement ? await digestOf(filesOf(record)) : digests[0];
    const found = digests.find((digest) => !alike(digest, wanted));
    const about = { where: record.id, expected: wanted, found };
    demand(digests.every((digest) => alike(digest, wanted)), "files_other", about);
  }
  const claimed = member(file.receipt, "deliveryDigest");
  const about = { expected: story.deliveryDigest, found: claimed };
  demand(alike(story.deliveryDigest, claimed), "delivery_other", about);
  if (!story.settled) throw new Skip("no_delivery");
  return { digest: story.deliveryDigest, ...namedFiles(story) };
}
