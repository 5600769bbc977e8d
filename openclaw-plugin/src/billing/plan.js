// Which tools cost something: what the market said last, kept for when it does not answer.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Failure } from "../failure.js";

const METHOD = "web3.billing.plan.get";
const FILE = "guard-plan.json";
const BUDGET_MS = 3000;
const MAX_TOOLS = 1000;

export class Plan {
  #connection;
  #assumed;
  #file = null;
  #seen = null;
  #asking = null;

  // `assumed` are the tools that count as paid as long as no plan was ever seen.
  constructor(connection, assumed = []) {
    this.#connection = connection;
    this.#assumed = assumed;
  }

  get enabled() {
    return this.#seen?.enabled ?? this.#assumed.length > 0;
  }

  isPaid(tool) {
    if (!this.#seen) return this.#assumed.includes(tool);
    return this.#seen.enabled && this.#seen.tools.has(tool);
  }

  // What was known when the gateway ran last.
  open(folder) {
    this.#file = join(folder, FILE);
    try {
      this.#seen ??= planOf(JSON.parse(readFileSync(this.#file, "utf8")));
    } catch {
      // There was none.
    }
  }

  // Ask anew, in the background; a market that does not answer changes nothing.
  refresh() {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #ask() {
    try {
      const plan = planOf(await this.#connection.call(METHOD, {}, { budgetMs: BUDGET_MS }));
      if (plan) this.#keep(plan);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
  }

  #keep(plan) {
    const text = JSON.stringify({ enabled: plan.enabled, toolPrices: plan.prices });
    const known = this.#seen && JSON.stringify(this.#seen.prices) === JSON.stringify(plan.prices);
    const same = known && this.#seen.enabled === plan.enabled;
    this.#seen = plan;
    if (same || !this.#file) return;
    try {
      mkdirSync(join(this.#file, ".."), { recursive: true, mode: 0o700 });
      writeFileSync(this.#file, text, { mode: 0o600 });
    } catch {
      // It is asked for again after the next start.
    }
  }
}

// A plan as the market tells it, or null where that is none.
function planOf({ enabled, toolPrices: prices } = {}) {
  if (typeof enabled !== "boolean") return null;
  const some = prices && typeof prices === "object" && !Array.isArray(prices) ? prices : {};
  const names = Object.keys(some);
  const fits = names.length <= MAX_TOOLS && names.every((name) => typeof some[name] === "string");
  return fits ? { enabled, prices: some, tools: new Set(names) } : null;
}
