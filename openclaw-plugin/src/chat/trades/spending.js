// Nothing is spent before its price was typed back: confirm <amount>, to the digit.

import { amount, minorOf, plain } from "../../amounts.js";
import { sha256 } from "../../digest.js";
import { Failure } from "../../failure.js";
import { shared } from "../../meeting.js";
import { lookingOnly } from "../../rights.js";
import { lines, money, percent } from "../words.js";

const SHORT_MS = 10 * 60_000;
const MAX_LINES = 200;
// Lines that were confirmed of late: the same one again is the same purchase.
const confirmed = shared("purchases", () => new Map());

export async function spend(verb, quoteOf, words, service, at) {
  const { asked, typed, isConfirmed } = split(words);
  const line = [verb, ...asked].join(" ");
  if (!isConfirmed) return preview(line, await quoteOf(asked, service), service);
  const agreed = minorOf(typed);
  if (agreed === null) throw notConfirmed("After confirm comes the amount.", line);
  const known = remembered(line, agreed, at);
  if (known?.page) return [...known.page, "This line was sent before: nothing was spent again."];
  const quote = known?.quote ?? (await quoteOf(asked, service));
  if (quote.spends !== agreed)
    throw notConfirmed(`It costs ${amount(quote.spends)}, not ${amount(agreed)}.`, line);
  if (quote.purse && !known) await checkPurse(quote.spends, service);
  const entry = remembered(line, agreed, at) ?? remember(line, agreed, at, quote);
  return carriedOut(entry, service, at);
}

// Everything before the last `confirm` is what is to be done.
function split(words) {
  const place = words.findLastIndex((word) => word.toLowerCase() === "confirm");
  if (place < 0 || words.length - place > 3) return { asked: words, isConfirmed: false };
  const [typed, unit = "credits"] = words.slice(place + 1);
  const isUnit = unit.toLowerCase() === "credits";
  return { asked: words.slice(0, place), typed: isUnit ? typed : "", isConfirmed: true };
}

async function preview(line, quote, service) {
  const market = await service.ask("web3.status.summary");
  const feeBps = quote.feeBps ?? market.feeBps;
  const fee = ((BigInt(quote.spends) * BigInt(feeBps)) / 10_000n).toString();
  if (quote.purse) await checkPurse(quote.spends, service);
  return [
    ...lines([
      ["price", amount(quote.spends)],
      ["fee", `${amount(fee)} (${percent(feeBps)}, out of the price, when it is paid)`],
      ["total", `${amount(quote.spends)}: ${quote.what}`],
      ["money", money(market.testMoney)],
      ["undo", quote.undo],
    ]),
    "Nothing was done yet. To do it:",
    `/market ${line} confirm ${plain(quote.spends)}`,
  ];
}

async function checkPurse(spends, service) {
  const { available } = await service.ask("web3.wallet.show");
  const missing = BigInt(spends) - BigInt(available);
  if (missing <= 0n) return;
  throw new Failure(
    "E_PAYMENT_REQUIRED",
    `There are ${amount(available)} available; ${amount(missing.toString())} more are needed.`,
    { next: "/credits" },
  );
}

async function carriedOut(entry, service, { session }) {
  let step = 0;
  const command = (method, params) => {
    step += 1;
    return service.command(method, params, `${entry.key}.${step}`, { session });
  };
  try {
    entry.page = await entry.quote.done(command);
    return entry.page;
  } catch (failure) {
    // What was refused may be tried anew; what nobody knows has to go under the same key.
    if (!failure?.isUnsure) confirmed.delete(entry.name);
    throw explained(failure);
  }
}

function explained(failure) {
  if (!(failure instanceof Failure)) return failure;
  if (failure.reason === "scope_missing") return lookingOnly(failure);
  if (!failure.isUnsure) return failure;
  const what = `${failure.what} Whether it was done is not known.`;
  return new Failure(failure.code, what, {
    next: "send the same line again within ten minutes: it is done once at most",
  });
}

function remembered(line, agreed, at) {
  const entry = confirmed.get(nameOf(line, agreed, at));
  return entry && Date.now() - entry.at < SHORT_MS ? entry : null;
}

// The key says who, where, what and how much; after a while the same words are a new purchase.
function remember(line, agreed, at, quote) {
  const name = nameOf(line, agreed, at);
  const now = Date.now();
  const key = sha256(`${name}\n${Math.floor(now / SHORT_MS)}`);
  confirmed.delete(name);
  confirmed.set(name, { name, key: `chat-${key}`, at: now, quote, page: null });
  if (confirmed.size > MAX_LINES) confirmed.delete(confirmed.keys().next().value);
  return confirmed.get(name);
}

function nameOf(line, agreed, { sender, session }) {
  return sha256([sender, session, line, agreed].join("\n"));
}

function notConfirmed(what, line) {
  return new Failure("E_INVALID_ARGUMENT", `${what} Nothing was done.`, {
    next: `/market ${line}`,
  });
}
