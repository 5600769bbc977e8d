// What a person wants to know of a finished order, taken from its story: who, how much, when.
// The records alone are asked, never the summary that the file has of itself.

import { RULES } from "../rules.mjs";
import { inUnits } from "../claims/postings.mjs";
import { member } from "../text/canonical.mjs";
import { iso } from "../text/moment.mjs";
import { told } from "./telling.mjs";

const ASKED = ["task_published", "offer_updated", "offer_created"];

/** What was asked for or offered, as its party said it; null where nobody said it. */
function titleOf({ records }) {
  const titles = told(records, ...ASKED).map(([record]) => member(record.params, "title"));
  return titles.findLast((title) => typeof title === "string") ?? null;
}

/** A party, with the wallet that signed all that it said; null for one the market attests. */
function partyOf(story, account, role) {
  const said = story.records.filter((each) => each.actor === account && each.statement !== null);
  const own = said.length > 0 && said.every(({ statement }) => statement.signature !== null);
  return { role, account, address: own ? story.addresses.get(account) : null };
}

/** The moments that count, each as the log's records have it. */
function momentsOf({ records, settled }) {
  const at = (...kinds) => told(records, ...kinds).at(-1)?.[0].at;
  const moments = [
    ["agreed", at("order_created")],
    ["delivered", at(...RULES.handedOver)],
    [settled ? "paid" : "refunded", at(...Object.keys(RULES.ends))],
  ];
  const known = moments.filter(([, ms]) => ms !== undefined).map(([name, ms]) => [name, iso(ms)]);
  return known.filter(([, moment]) => moment !== null);
}

/** The slip of an order whose records tell a whole story. */
export function slipOf({ file, story }) {
  const { amount, sellerAmount, fee, refund, asset, settled, orderId } = story;
  const sums = { to_seller: sellerAmount, fee, back: refund, locked: amount };
  return {
    title: titleOf(story),
    settled,
    testMoney: story.testMoney,
    parties: story.parties.map(([account, role]) => partyOf(story, account, role)),
    moments: momentsOf(story),
    sums: Object.fromEntries(Object.entries(sums).map(([of, sum]) => [of, inUnits(sum, asset)])),
    percent: story.agreement.feeBps / 100,
    delivery: story.deliveryDigest,
    order: orderId,
    origin: file.market.origin,
    places: file.records.map(({ index }) => index),
  };
}
