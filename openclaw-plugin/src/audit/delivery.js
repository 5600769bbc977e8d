// The way to the market: one batch after the other in the background, again and again while the
// market is away, and done only when the market has said so.

import { declared } from "../declared.js";
import { Failure, otherForm } from "../failure.js";
import { safeText } from "../redaction.js";

const METHOD = "web3.audit.append";
const BUDGET_MS = 10_000;
const GATHER_MS = 200;
const FIRST_PAUSE_MS = 500;
const LAST_PAUSE_MS = 60_000;
const CONTRADICTED = new Set(["activity_gap", "activity_forked"]);
// What the market can never take, such as a record of a clock that stood at 1970, would hold up all
// that comes after it.
const UNFIT = "E_INVALID_ARGUMENT";

export class Delivery {
  #spool;
  #service;
  #logger;
  #running = null;
  #stopped = true;
  #wake = () => {};
  #failed = "";

  constructor(spool, service, logger) {
    this.#spool = spool;
    this.#service = service;
    this.#logger = logger;
  }

  // Why the last attempt failed, as a person reads it; "" where it did not.
  get failed() {
    return this.#failed;
  }

  start() {
    this.#stopped = false;
    this.#running ??= this.#run().finally(() => (this.#running = null));
  }

  // End it, after one more attempt that may last so long.
  async stop(lastMs) {
    this.#stopped = true;
    this.#wake();
    const over = new Promise((resolve) => setTimeout(resolve, lastMs).unref());
    const last = (async () => {
      await this.#running;
      while (this.#spool.waiting && (await this.#deliver(lastMs)));
    })();
    await Promise.race([last.catch(() => {}), over]);
  }

  // There is something to deliver.
  wake() {
    this.#wake();
  }

  async #run() {
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.#stopped) {
      if (!this.#spool.waiting) {
        await this.#rest();
        await this.#pause(GATHER_MS);
      } else if (await this.#deliver(BUDGET_MS)) {
        pauseMs = FIRST_PAUSE_MS;
        await this.#pause(GATHER_MS);
      } else {
        await this.#pause(pauseMs * (0.5 + Math.random() / 2));
        pauseMs = Math.min(2 * pauseMs, LAST_PAUSE_MS);
      }
    }
  }

  // Whether a batch went out of the spool.
  async #deliver(budgetMs) {
    try {
      const batch = await this.#spool.batch();
      if (batch) await this.#send(batch, budgetMs);
      this.#failed = "";
      return true;
    } catch (error) {
      this.#note(error);
      return false;
    }
  }

  async #send(batch, budgetMs) {
    try {
      // The market skips what it has: a batch may be sent again.
      const { nextSeq } = await this.#service.ask(METHOD, batch, budgetMs);
      if (!(nextSeq > batch.items[0].seq)) throw otherForm(declared.version, "");
      await this.#spool.delivered(batch, nextSeq);
    } catch (error) {
      if (!CONTRADICTED.has(error?.reason) && error?.code !== UNFIT) throw error;
      await this.#spool.abandon(batch);
      this.#note(error);
    }
  }

  // Each reason is told once, until it goes well again.
  #note(error) {
    const what = error instanceof Failure ? error.what : "The spool cannot be used.";
    if (what !== this.#failed) this.#logger?.warn?.(`clawmarket: audit: ${safeText(what)}`);
    this.#failed = what;
  }

  #rest() {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (this.#stopped || this.#spool.waiting) resolve();
    });
  }

  #pause(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      timer.unref();
      this.#wake = this.#stopped ? resolve : () => this.#stopped && resolve();
      if (this.#stopped) resolve();
    });
  }
}
