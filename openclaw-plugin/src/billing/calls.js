// Calls of paid tools: reserved before, settled or given back after, each exactly once.
//
// A call is written down before the market is asked. What was not answered in time may have been
// reserved all the same, so it is given back like any other.

import { randomUUID } from "node:crypto";

import { sessionHash, sha256 } from "../digest.js";
import { Failure } from "../failure.js";
import { homeless, isWrapper, outcomeOf, overfull, refused, unsure } from "./policy.js";

const MAX_WAITING = 5000;
const MAX_REMEMBERED = 1000;
// A tool's result may come a little after its run is over.
const GRACE_MS = 5000;
const UNHEARD = new Set(["E_TIMEOUT", "E_UNAVAILABLE", "E_RATE_LIMITED"]);
// The plan was changed since it was seen: this tool costs nothing any more.
const UNPAID = new Set(["tool_unpaid", "plan_missing"]);

export class Calls {
  #connection;
  #plan;
  #journal;
  #outbox;
  #settings;
  // By the host's name of a call: the journal's key, and what was decided.
  #open = new Map();
  #times = new Map();

  constructor(connection, plan, journal, outbox, settings) {
    this.#connection = connection;
    this.#plan = plan;
    this.#journal = journal;
    this.#outbox = outbox;
    this.#settings = settings;
  }

  // After a reload of the plugin the tool still runs; after a restart of the host nobody got
  // its result.
  resume() {
    for (const { k, kind, name, pid, outcome } of [...this.#journal.values()]) {
      if (kind !== "call" || outcome) continue;
      if (pid === process.pid && name) this.#open.set(name, { k });
      else this.#close(k, given("The host ended before the tool did."));
    }
  }

  // before_tool_call: undefined lets it run.
  begin({ toolName: tool, toolCallId, params: args }, { sessionKey, runId }) {
    if (isWrapper(tool) || !this.#plan.isPaid(tool)) return undefined;
    if (!sessionKey) return blocked(homeless(tool));
    if (this.#journal.size >= MAX_WAITING) return blocked(overfull(tool));
    if (!this.#connection.up && this.#isClosed()) return this.#unheard(tool);
    const told = runId ? `${runId}\n${toolCallId}\n${tool}` : "";
    const name = this.#nameOf(told, args);
    const before = this.#open.get(name);
    if (before) return before.decision;
    const k = this.#key(told);
    const params = { sessionIdHash: sessionHash(sessionKey), tool, callId: k };
    this.#journal.put({ k, kind: "call", name, runId, pid: process.pid, params });
    const decision = this.#reserve(k, name, params);
    if (name) this.#open.set(name, { k, decision, args });
    return decision;
  }

  // What holds for a tool that nobody judged.
  unheard(tool) {
    return this.#plan.isPaid(tool) ? this.#unheard(tool) : undefined;
  }

  // after_tool_call: also of calls that were stopped, which say nothing of others of their id.
  finish(event, { runId }) {
    const told = `${runId}\n${event.toolCallId}\n${event.toolName}\n`;
    const named = [...this.#open.keys()].filter((name) => `${name}\n`.startsWith(told));
    const outcome = outcomeOf(event);
    const name =
      named.find((each) => isSame(this.#open.get(each), event.params)) ??
      (outcome.method === "settle" ? named[0] : undefined);
    if (name === undefined) return;
    const { k } = this.#open.get(name);
    this.#open.delete(name);
    this.#close(k, outcome);
  }

  // agent_end: a run that was broken off may never say what became of its tools.
  abandon(runId) {
    setTimeout(() => {
      for (const [name, { k }] of this.#open) {
        if (this.#journal.get(k)?.runId !== runId) continue;
        this.#open.delete(name);
        this.#close(k, given("The run ended before the tool did."));
      }
    }, GRACE_MS).unref();
  }

  async #reserve(k, name, params) {
    const { timeoutMs: budgetMs } = this.#settings;
    const idempotencyKey = `${k}-reserve`;
    try {
      const options = { budgetMs, idempotencyKey };
      const { reservationId } = await this.#connection.call(
        "web3.billing.reserve",
        params,
        options,
      );
      if (typeof reservationId !== "string") return this.#unheard(params.tool, k, name);
      // The host tells nobody how a call of its own clients ends: it is paid for when it begins.
      if (this.#journal.get(k))
        this.#journal.put({ k, reservationId, ...(name ? {} : { outcome: PAID }) });
      if (!name) this.#outbox.deliver();
      return undefined;
    } catch (failure) {
      if (!(failure instanceof Failure) || UNHEARD.has(failure.code))
        return this.#unheard(params.tool, k, name);
      this.#open.delete(name);
      this.#journal.end(k);
      this.#plan.refresh();
      return UNPAID.has(failure.reason) ? undefined : blocked(refused(params.tool, failure));
    }
  }

  // Nobody said whether the budget covers it.
  #unheard(tool, k, name) {
    if (k && (this.#isClosed() || !name)) {
      this.#open.delete(name);
      this.#close(k, this.#isClosed() ? given("The answer came too late.") : PAID);
    }
    return this.#isClosed() ? blocked(unsure(tool)) : undefined;
  }

  #isClosed() {
    return this.#settings.whenAway === "closed";
  }

  #close(k, outcome) {
    const entry = this.#journal.get(k);
    if (!entry || entry.outcome) return;
    this.#journal.put({ k, outcome });
    this.#outbox.deliver();
  }

  // The host may tell of one call twice. Models also give one id to several calls at once: those
  // of other arguments are calls of their own, each of which has to be paid for.
  #nameOf(told, args) {
    let name = told;
    for (let more = 1; told && !isSame(this.#open.get(name), args); more += 1) {
      name = `${told}\n${more}`;
    }
    return name;
  }

  // Some model providers give the same id to calls of one run again.
  #key(name) {
    if (!name) return sha256(randomUUID());
    const times = (this.#times.get(name) ?? 0) + 1;
    this.#times.delete(name);
    this.#times.set(name, times);
    if (this.#times.size > MAX_REMEMBERED) this.#times.delete(this.#times.keys().next().value);
    return sha256(`${name}\n${times}`);
  }
}

function isSame(open, args) {
  return !open || open.args === args || JSON.stringify(open.args) === JSON.stringify(args);
}

const PAID = { method: "settle", params: {} };

function given(reason) {
  return { method: "release", params: { reason } };
}

function blocked(blockReason) {
  return { block: true, blockReason };
}
