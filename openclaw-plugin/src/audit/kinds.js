// What is said of each hook: a kind, figures and single words, and the contents to commit to.

import { safeText } from "../redaction.js";

const UNFIT = /[^A-Za-z0-9_.:/@+-]/g;
const MAX_WORD = 120;

const DESCRIBED = {
  llm_input: (event) => ({
    kind: "llm_input",
    facts: {
      ...model(event),
      messages: event.historyMessages?.length,
      images: event.imagesCount,
      tools: event.tools?.length,
    },
    contents: { prompt: event.prompt, systemPrompt: event.systemPrompt },
  }),
  llm_output: (event) => ({
    kind: "llm_output",
    facts: {
      ...model(event),
      inputTokens: event.usage?.input,
      outputTokens: event.usage?.output,
      cachedTokens: event.usage?.cacheRead,
    },
    contents: { output: event.assistantTexts },
  }),
  after_tool_call: (event) => ({
    kind: "tool_call",
    facts: {
      tool: word(event.toolName),
      outcome: outcome(event),
      durationMs: event.durationMs,
    },
    contents: { params: event.params, result: event.result },
  }),
  model_call_ended: (event) => ({
    kind: "model_call",
    facts: {
      ...model(event),
      outcome: word(event.outcome),
      durationMs: event.durationMs,
      requestBytes: event.requestPayloadBytes,
      responseBytes: event.responseStreamBytes,
    },
    contents: {},
  }),
  session_end: (event) => ({
    kind: "session_end",
    facts: { reason: word(event.reason), messages: event.messageCount },
    contents: {},
  }),
};

export const HOOKS = Object.keys(DESCRIBED);
export const OF_CONVERSATIONS = new Set(["llm_input", "llm_output"]);

// {kind, facts, contents} of what a hook was called with; figures that are none are left out.
export function described(hook, event) {
  const { kind, facts, contents } = DESCRIBED[hook](event);
  return { kind, facts: fit(facts), contents };
}

function fit(facts) {
  const entries = Object.entries(facts).map(([name, value]) => [
    name,
    typeof value === "number" ? Math.round(value) : value,
  ]);
  return Object.fromEntries(
    entries.filter(
      ([, value]) => typeof value === "string" || (Number.isSafeInteger(value) && value >= 0),
    ),
  );
}

function model({ provider, model: name }) {
  return { provider: word(provider), model: word(name) };
}

function outcome({ error, result }) {
  if (result?.details?.status === "blocked") return "blocked";
  return error ? "failed" : "done";
}

// A name as one word; a local model's may be a path, which stays here.
function word(text) {
  if (typeof text !== "string" || !text) return undefined;
  return safeText(text).replace(UNFIT, "_").slice(0, MAX_WORD) || undefined;
}
