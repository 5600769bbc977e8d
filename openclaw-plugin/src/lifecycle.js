// What runs beside the gateway: parts that open something, started and stopped with the plugin.
//
// The host starts and stops the plugin's service again at each reload, and may do either twice; a
// part is told once. None of them holds up the gateway, and a broken one stops no other.

import { safeText } from "./redaction.js";

const START_MS = 2000;
// The host gives everything that stops two seconds together.
const STOP_MS = 1500;

export class Lifecycle {
  #logger;
  #parts = [];
  #running = [];
  #turn = Promise.resolve();

  constructor(logger) {
    this.#logger = logger;
  }

  // A part has start(ctx) and stop(), one of them or both; either may return a promise.
  add(part) {
    this.#parts.push(part);
  }

  start(ctx) {
    return this.#afterwards(async () => {
      if (this.#running.length) return;
      this.#running = [...this.#parts];
      await this.#each(this.#running, (part) => part.start?.(ctx), START_MS);
    });
  }

  // What was started last stops first; what does not stop in time is left to itself.
  stop() {
    return this.#afterwards(async () => {
      const parts = this.#running.reverse();
      this.#running = [];
      await this.#each(parts, (part) => part.stop?.(), STOP_MS);
    });
  }

  #afterwards(step) {
    this.#turn = this.#turn.then(step);
    return this.#turn;
  }

  // One after the other would let the slowest part use up the time of all.
  #each(parts, step, budgetMs) {
    return Promise.all(parts.map((part) => within(budgetMs, () => step(part), this.#logger)));
  }
}

async function within(budgetMs, step, logger) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${budgetMs} ms`)), budgetMs);
  });
  try {
    await Promise.race([(async () => step())(), late]);
  } catch (error) {
    logger?.warn?.(`clawmarket: ${safeText(error?.stack ?? error)}`);
  } finally {
    clearTimeout(timer);
  }
}
