// What the guard does when, in one place: its settings, what it leaves alone, and what it says.

import { declared } from "../declared.js";
import { sha256 } from "../digest.js";
import { safeText } from "../redaction.js";

// Tool search wraps one call in another: the inner one is the call.
const WRAPPERS = new Set(["tool_call", "tool_describe", "tool_search", "tool_search_code"]);
// The host also ends sessions that go on afterwards (shutdown, restart, compaction).
const ENDINGS = new Set(["new", "reset", "idle", "daily", "deleted"]);
const FAILED = new Set(["blocked", "denied", "error", "failed", "skipped"]);
const OURS = new Set(declared.tools.map(({ name }) => name));
const REFERENCE = /^[\x21-\x7e]{1,200}$/;
const AMOUNT = /^\d{1,30}$/;

export function settings({ paidTools = [], whenAway = "closed", timeoutMs } = {}) {
  return { paidTools, whenAway, timeoutMs: timeoutMs ?? declared.guardMs.usual };
}

export function isWrapper(tool) {
  return WRAPPERS.has(tool);
}

export function endsPeriod(reason) {
  return ENDINGS.has(reason);
}

// A run is named by whoever asked for it, in any words.
export function reference(runId) {
  return REFERENCE.test(runId) ? runId : sha256(String(runId));
}

// What becomes of a reservation: a tool that failed costs nothing.
export function outcomeOf({ toolName, error, result }) {
  const details = result?.details;
  const failed = Boolean(error) || FAILED.has(details?.status) || details?.ok === false;
  if (failed) return { method: "release", params: { reason: "the tool failed" } };
  const cost = OURS.has(toolName) ? details?.cost : undefined;
  return { method: "settle", params: AMOUNT.test(cost) ? { cost } : {} };
}

// The run's tokens as whole numbers; `input` holds none of the cached ones.
export function tokensOf(usage) {
  return {
    inputTokens: whole(usage?.input),
    outputTokens: whole(usage?.output),
    cachedTokens: whole(usage?.cacheRead),
  };
}

function whole(number) {
  return Number.isFinite(number) && number > 0 ? Math.min(Math.trunc(number), 10 ** 9) : 0;
}

// The host shows two hundred characters of why a turn was stopped.
export const spent = ({ reason, next }) =>
  safeText(`${reason || "The budget of this session is spent."} next: ${next || "/new"}`);

export const refused = (tool, { what, next }) =>
  safeText(`${tool} costs credits and was not run. ${what}${next ? ` next: ${next}` : ""}`);

export const unsure = (tool) =>
  safeText(
    `${tool} costs credits and was not run: the market's service does not say ` +
      "whether the budget covers it. next: clawmarket doctor",
  );

export const homeless = (tool) =>
  safeText(`${tool} costs credits and was not run: the call belongs to no session.`);

export const overfull = (tool) =>
  safeText(`${tool} costs credits and was not run: too many calls wait to be accounted for.`);
