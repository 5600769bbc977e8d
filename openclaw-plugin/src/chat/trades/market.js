// /market: look at the trades of this account, and make new ones.

import { Failure } from "../../failure.js";
import { find, offerPage } from "./finding.js";
import { bids, orderPage, orders, receipt, receipts, taskPage, tasks } from "./looking.js";
import { accept, award, hire } from "./quotes.js";
import { spend } from "./spending.js";

const LOOKS = { find, offer: offerPage, tasks, task: taskPage, bids };
const OWN = { orders, order: orderPage, receipts, receipt };
const SPENDS = { hire, award, accept };

export async function trade([typed = "help", ...words], service, at) {
  const verb = typed.toLowerCase();
  if (verb === "help") return helpLines();
  const look = own(LOOKS, verb) ?? own(OWN, verb);
  if (look) return look(words, service);
  const quote = own(SPENDS, verb);
  if (!quote) return [`There is no /market ${typed.slice(0, 40)}.`, ...helpLines()];
  if (!at.owner)
    throw new Failure("E_FORBIDDEN", "Only the owner of this OpenClaw may spend from the chat.");
  return spend(verb, quote, words, service, at);
}

function own(table, name) {
  return Object.hasOwn(table, name) ? table[name] : null;
}

function helpLines() {
  return [
    "/market find <words>: offers that fit",
    "/market offer <id>: one of them",
    "/market hire <offer> [pieces]: order from an offer",
    "/market hire <credits> <what is to be done>: publish a task",
    "/market tasks [open]: your tasks, or all that are open",
    "/market task <id>, /market bids <task>: one task, its bids",
    "/market award <bid>: give the task to a bidder",
    "/market orders, /market order <id>: your orders",
    "/market accept <order>: accept what was delivered, and pay",
    "/market receipts, /market receipt <order>: proof of what ended",
    "What spends shows its price first, and is done with: confirm <amount>",
  ];
}
