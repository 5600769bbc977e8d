// What a trade would cost, and how it is then done: {spends, purse, what, undo, done(key)}.

import { amount, minorOf } from "../../amounts.js";
import { Failure } from "../../failure.js";
import { counted } from "../words.js";
import { idOf, titled } from "./reading.js";

const HIRE = "/market help";
const MAX_TITLE_CHARS = 200;
const PAGE = 200;
const LOOKED_THROUGH = 20;
const NEVER = "can't be undone";

// An offer's id and a number of pieces, or credits and what is to be done.
export function hire(words, service) {
  const [first = ""] = words;
  if (/^offer[:_]/i.test(first)) return fromOffer(words, service);
  const budget = minorOf(first);
  const title = words.slice(1).join(" ");
  if (budget === null || !title)
    throw invalid("Say an offer's id, or credits and what is to be done.", HIRE);
  if (title.length > MAX_TITLE_CHARS)
    throw invalid(`A task's title has up to ${MAX_TITLE_CHARS} characters.`, HIRE);
  return {
    spends: budget,
    purse: true,
    what: `held for the task "${titled(title)}"`,
    undo: "clawmarket task cancel, until a bid is awarded; after 7 days it comes back",
    done: async (command) => {
      const { taskId } = await command("web3.market.publishTask", { title, budget, fund: true });
      return [
        `Published: ${amount(budget)} are held for it.`,
        `undo: clawmarket task cancel ${taskId}`,
        `next: /market bids ${taskId}`,
      ];
    },
  };
}

async function fromOffer([typed, pieces = "1", ...more], service) {
  const offerId = idOf([typed], "offer", HIRE);
  if (more.length || !/^[1-9]\d{0,5}$/.test(pieces))
    throw invalid("After the offer's id comes how many pieces.", `/market offer ${offerId}`);
  const offer = await service.ask("web3.market.offer.get", { offerId });
  if (offer.status !== "offer_published")
    throw new Failure("E_CONFLICT", "This offer is not open for orders.", { next: "/market find" });
  const spends = (BigInt(offer.price) * BigInt(pieces)).toString();
  return {
    spends,
    purse: true,
    what: `locked for ${counted(Number(pieces), "piece")} of "${titled(offer.title)}"`,
    undo: "clawmarket call web3.market.settlement.refund, until the seller begins",
    done: async (command) => {
      const order = { offerId, quantity: Number(pieces) };
      const { orderId } = await command("web3.market.order.create", order);
      await command("web3.market.settlement.lock", { orderId, amount: spends }).catch((failure) => {
        throw unpaid(orderId, failure);
      });
      return [
        `Ordered: ${amount(spends)} are locked.`,
        `undo: clawmarket call web3.market.settlement.refund orderId=${orderId}`,
        `next: /market order ${orderId}`,
      ];
    },
  };
}

// The order is there, though the budget, or whatever else was in the way, let nothing be locked.
function unpaid(orderId, failure) {
  if (!(failure instanceof Failure) || failure.isUnsure) return failure;
  const what = `${failure.what} ${orderId} stands unpaid and lapses by itself.`;
  return new Failure(failure.code, what, { next: failure.next, cause: failure.reason });
}

export async function award(words, service) {
  const bidId = idOf(words, "bid", "/market tasks");
  const { task, bid } = await bidOf(bidId, service);
  return {
    spends: bid.price,
    purse: !task.funded,
    what: `locked for the order, out of what is ${task.funded ? "held for the task" : "available"}`,
    undo: "not by you alone; if nothing is handed in in time, all of it comes back",
    done: async (command) => {
      const { orderId } = await command("web3.market.awardBid", { bidId });
      return [`Awarded: ${amount(bid.price)} are locked.`, `next: /market order ${orderId}`];
    },
  };
}

// A bid is found through the tasks of this account; nobody else's can be awarded.
async function bidOf(bidId, service) {
  const { accountId } = await service.ask("web3.wallet.show");
  const query = { buyer: accountId, status: "task_open", limit: PAGE };
  const { items } = await service.ask("web3.market.listTasks", query);
  const bidOn = items.filter((task) => task.bids > 0).slice(0, LOOKED_THROUGH);
  const found = await Promise.all(
    bidOn.map(async (task) => {
      const page = await service.ask("web3.market.listBids", { taskId: task.taskId, limit: PAGE });
      return page.items.filter((bid) => bid.bidId === bidId).map((bid) => ({ task, bid }));
    }),
  );
  const [only] = found.flat();
  if (!only) {
    const where = `your ${LOOKED_THROUGH} latest open tasks that have bids`;
    throw new Failure("E_NOT_FOUND", `No bid ${bidId} on ${where}.`, { next: "/market tasks" });
  }
  return only;
}

export async function accept(words, service) {
  const orderId = idOf(words, "order", "/market orders");
  const [order, { accountId }] = await Promise.all([
    service.ask("web3.market.order.get", { orderId }),
    service.ask("web3.wallet.show"),
  ]);
  if (order.buyer !== accountId)
    throw new Failure("E_FORBIDDEN", "Only the buyer accepts; you sell this.", {
      next: `/market order ${orderId}`,
    });
  if (order.status !== "delivery_completed")
    throw new Failure("E_CONFLICT", `There is nothing to accept: it is ${order.status}.`, {
      next: `/market order ${orderId}`,
    });
  const parts = order.milestones;
  const spends = parts.length ? parts[order.milestone].amount : order.amount;
  const part = parts.length ? `milestone ${order.milestone + 1} of ${parts.length}, ` : "";
  return {
    spends,
    purse: false,
    feeBps: order.feeBps,
    what: `${part}paid out of what is held`,
    undo: NEVER,
    done: async (command) => {
      if (order.resultId) {
        const verdict = { resultId: order.resultId, decision: "accept" };
        await command("web3.market.reviewResult", verdict);
      } else await command("web3.market.settlement.release", { orderId });
      return [`Accepted: ${amount(spends)} are paid out.`, `next: /market receipt ${orderId}`];
    },
  };
}

function invalid(what, next) {
  return new Failure("E_INVALID_ARGUMENT", what, { next });
}
