// Delivers what the journal holds, one after the other in the order in which it fell due: a bill
// comes after what it bills. Each delivery has one idempotency key, however often it is tried.

import { Failure } from "../failure.js";

const BUDGET_MS = 5000;
const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 10_000;
// The market is there and says no each time: it will not change its mind.
const MAX_REFUSALS = 20;
const NOT_NOW = new Set(["E_AUTH_REQUIRED", "E_RATE_LIMITED", "E_TIMEOUT", "E_UNAVAILABLE"]);

export class Outbox {
  #connection;
  #journal;
  #logger;
  #busy = false;
  #again = false;
  #stopped = false;
  #timer = null;
  #pauseMs = FIRST_PAUSE_MS;
  #refusals = new Map();

  constructor(connection, journal, logger) {
    this.#connection = connection;
    this.#journal = journal;
    this.#logger = logger;
  }

  start() {
    this.#stopped = false;
    this.deliver();
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  // Returns at once; what is due goes out behind the agent's back.
  deliver() {
    this.#again = true;
    if (!this.#busy) this.#run();
  }

  async #run() {
    this.#busy = true;
    clearTimeout(this.#timer);
    while (this.#again && !this.#stopped) {
      this.#again = false;
      for (const entry of due(this.#journal)) {
        if (!this.#connection.up || this.#stopped) break;
        if (!(await this.#told(entry))) break;
      }
    }
    this.#busy = false;
  }

  async #told(entry) {
    try {
      await this.#tell(entry);
    } catch (failure) {
      if (failure instanceof Failure && this.#isLater(entry, failure)) {
        this.#timer = setTimeout(() => this.deliver(), this.#pauseMs);
        this.#pauseMs = Math.min(this.#pauseMs * 2, LAST_PAUSE_MS);
        return false;
      }
      const said = failure instanceof Failure ? failure.code : "an answer of another form";
      this.#logger?.warn?.(`clawmarket: the guard gives up a ${entry.kind}: ${said}`);
    }
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#refusals.delete(entry.k);
    this.#journal.end(entry.k);
    return true;
  }

  #isLater(entry, failure) {
    if (NOT_NOW.has(failure.code)) return true;
    if (!failure.retryable) return false;
    const refusals = (this.#refusals.get(entry.k) ?? 0) + 1;
    this.#refusals.set(entry.k, refusals);
    return refusals < MAX_REFUSALS;
  }

  async #tell(entry) {
    const { k, kind, params, outcome } = entry;
    if (kind !== "call") {
      await this.#ask(`web3.billing.${kind}`, params, k);
      return;
    }
    // A reservation whose answer was lost is asked for again: the market knows it by its call.
    const { reservationId } = entry.reservationId
      ? entry
      : await this.#ask("web3.billing.reserve", params, `${k}-reserve`);
    const method = `web3.billing.${outcome.method}`;
    await this.#ask(method, { reservationId, ...outcome.params }, `${k}-${outcome.method}`);
  }

  #ask(method, params, idempotencyKey) {
    return this.#connection.call(method, params, { budgetMs: BUDGET_MS, idempotencyKey });
  }
}

// A call is due once its outcome is known, everything else at once.
function due(journal) {
  return [...journal.values()].filter((entry) => entry.kind !== "call" || entry.outcome);
}
