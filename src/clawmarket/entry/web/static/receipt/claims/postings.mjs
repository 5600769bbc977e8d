// The money: every record balances, and all of them move what the events say, fee and share too.

import { demand } from "../flaw.mjs";
import { RULES } from "../rules.mjs";
import { alike, digestOf, isWhole } from "../text/canonical.mjs";

const ALL_BPS = 10_000;

/** Sums amounts by name, leaving out what comes to zero; as an object of texts. */
function sums(amounts) {
  const totals = new Map();
  for (const [name, amount] of amounts) totals.set(name, (totals.get(name) ?? 0n) + amount);
  const kept = [...totals].filter(([, amount]) => amount !== 0n);
  return Object.assign(
    Object.create(null),
    Object.fromEntries(kept.map(([name, amount]) => [name, amount.toString()])),
  );
}

/** What the order as a whole changes on which ledger account, by its events. */
function movesOf(story) {
  const { asset, buyer, seller, rail } = story;
  const purse = (party) => (rail === null ? `${party}/available` : `rail:${rail}:${party}`);
  const back = story.refund - story.heldAgain;
  return sums([
    [`${purse(buyer)} ${asset}`, back - story.amount],
    [`${buyer}/held ${asset}`, story.heldAgain],
    [`${purse(seller)} ${asset}`, story.sellerAmount],
    [`fees ${asset}`, story.fee],
  ]);
}

function checkBalance(story) {
  for (const record of story.records) {
    const off = sums(record.postings.map(([, asset, amount]) => [asset, amount]));
    demand(!Object.keys(off).length, "unbalanced", { where: record.id, expected: "0", found: off });
  }
}

function checkFee(story) {
  const bps = story.agreement.feeBps;
  demand(isWhole(bps) && bps >= 0 && bps <= ALL_BPS, "fee_rate", { found: bps });
  const wanted = (story.share * BigInt(bps)) / BigInt(ALL_BPS);
  demand(wanted === story.fee, "fee", { bps, expected: wanted, found: story.fee });
  return bps;
}

/** An amount in minor units as people write it: credits have two decimals at least. */
export function inUnits(amount, asset) {
  const decimals = new Map(Object.entries(RULES.decimals)).get(asset);
  if (decimals === undefined) return { amount: amount.toString(), asset };
  const digits = amount.toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, -decimals).replace(/\B(?=(\d{3})+$)/g, ",");
  const fraction = digits.slice(-decimals).replace(/0+$/, "").padEnd(2, "0");
  return { amount: `${whole}.${fraction}`, asset };
}

export async function checkPostings({ story }) {
  checkBalance(story);
  const { amount, sellerAmount, fee, refund, agreed, share } = story;
  const parts = sellerAmount + fee + refund;
  demand(amount === parts, "undivided", { expected: amount, found: parts });
  demand(agreed === amount, "lock_other", { expected: agreed, found: amount });
  const terms = await digestOf(story.agreement);
  demand(terms === story.terms, "terms_other", { expected: terms, found: story.terms });
  demand(share === amount - refund, "share_other", { expected: share, found: amount - refund });
  const bps = checkFee(story);
  const postings = story.trade.flatMap((record) => record.postings);
  const moved = sums(postings.map(([account, asset, sum]) => [`${account} ${asset}`, sum]));
  const wanted = movesOf(story);
  demand(alike(wanted, moved), "moves_other", { expected: wanted, found: moved });
  const figures = { locked: amount, earned: sellerAmount, fee, back: refund };
  const told = Object.entries(figures).map(([name, sum]) => [name, inUnits(sum, story.asset)]);
  return { ...Object.fromEntries(told), bps };
}
