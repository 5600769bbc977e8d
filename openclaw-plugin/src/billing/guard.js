// The billing guard: what each hook of the host means for the budget.
//
// The market decides; the guard asks, waits a short while, and otherwise follows its policy: a
// paid tool is not run unless somebody agreed to its price, everything else goes on as if nobody
// were here.

import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { sessionHash, sha256 } from "../digest.js";
import { Failure } from "../failure.js";
import { Calls } from "./calls.js";
import { Journal } from "./journal.js";
import { Outbox } from "./outbox.js";
import { Plan } from "./plan.js";
import { endsPeriod, reference, settings, spent, tokensOf } from "./policy.js";

const REFRESH_MS = 30_000;
const MAX_WAITING = 10_000;

export class Guard {
  #connection;
  #plan;
  #calls;
  #journal;
  #outbox;
  #budgetMs;
  #refreshing = null;

  constructor(connection, config, logger) {
    const chosen = settings(config);
    this.#connection = connection;
    this.#budgetMs = chosen.timeoutMs;
    this.#plan = new Plan(connection, chosen.paidTools);
    this.#journal = new Journal(logger);
    this.#outbox = new Outbox(connection, this.#journal, logger);
    this.#calls = new Calls(connection, this.#plan, this.#journal, this.#outbox, chosen);
    connection.onUp(() => {
      this.#plan.refresh();
      this.#outbox.deliver();
    });
  }

  start({ stateDir }) {
    const folder = join(stateDir, "clawmarket");
    this.#plan.open(folder);
    this.#journal.open(folder);
    this.#calls.resume();
    this.#refreshing = setInterval(() => this.#plan.refresh(), REFRESH_MS);
    this.#outbox.start();
  }

  stop() {
    clearInterval(this.#refreshing);
    this.#outbox.stop();
    this.#journal.close();
  }

  // before_agent_run: a turn whose budget is spent does not begin; without an answer it does.
  async beforeRun({ sessionKey }) {
    const end = performance.now() + this.#budgetMs;
    // What the owner has set a moment ago holds for this turn and its tools already.
    await Promise.race([this.#plan.refresh(), sleep(this.#budgetMs, undefined, { ref: false })]);
    const budgetMs = end - performance.now();
    if (!this.#plan.enabled || !sessionKey || budgetMs <= 0) return undefined;
    try {
      const params = { sessionIdHash: sessionHash(sessionKey) };
      const options = { budgetMs };
      const answer = await this.#connection.call("web3.billing.check", params, options);
      if (answer.allowed !== false) return undefined;
      return { outcome: "block", reason: "budget spent", message: spent(answer) };
    } catch (error) {
      if (error instanceof Failure) return undefined;
      throw error;
    }
  }

  beforeTool(event, ctx) {
    return this.#calls.begin(event, ctx);
  }

  unheard({ toolName }) {
    return this.#calls.unheard(toolName);
  }

  afterTool(event, ctx) {
    this.#calls.finish(event, ctx);
  }

  afterRun({ runId }) {
    this.#calls.abandon(runId);
  }

  // llm_output: the tokens of all model calls of a run, once it is over. A model that failed said
  // nothing and used nothing: that is not paid.
  output({ runId, model, usage, assistantTexts }, { sessionKey }) {
    const tokens = tokensOf(usage);
    const failed = !assistantTexts?.length && !Object.values(tokens).some(Boolean);
    if (!sessionKey || !runId || failed) return;
    const sessionIdHash = sessionHash(sessionKey);
    const named = { sessionIdHash, runId: reference(runId), model: String(model).slice(0, 200) };
    this.#later(`meter-${sha256(runId)}`, "meter", { ...named, ...tokens });
  }

  sessionEnd({ reason, sessionKey }, ctx) {
    const key = sessionKey ?? ctx.sessionKey;
    if (!key || !endsPeriod(reason)) return;
    this.#later(`end-${randomUUID()}`, "session.end", { sessionIdHash: sessionHash(key), reason });
  }

  #later(k, kind, params) {
    if (!this.#plan.enabled || this.#journal.size >= MAX_WAITING) return;
    this.#journal.put({ k, kind, params });
    this.#outbox.deliver();
  }
}
