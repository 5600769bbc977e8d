// Whoever's money it is agrees before a tool spends more than the limit that they set.
//
// The market says what a call would take away; the host asks. What was agreed to is noted by its
// hash, and nothing else is run.

import { minorOf } from "../amounts.js";
import { declared } from "../declared.js";
import { sessionHash } from "../digest.js";
import { Failure } from "../failure.js";
import { shared } from "../meeting.js";
import { safeText } from "../redaction.js";
import { digestOf } from "./arguments.js";

const USUAL_S = 120;
// What the host's dialogue has room for.
const TITLE_CHARS = 80;
const DESCRIPTION_CHARS = 512;
const MAX_NOTES = 500;
const WRITING = new Map(declared.tools.filter((tool) => tool.writes).map((tool) => [tool.name, tool]));
// Refusals that no approval would change; everything else may pass, so it is asked about.
const FINAL = new Set([
  "E_AUTH_REQUIRED",
  "E_CONFLICT",
  "E_EXPIRED",
  "E_FORBIDDEN",
  "E_INVALID_ARGUMENT",
  "E_NOT_FOUND",
  "E_REVOKED",
]);

// What was agreed to, by tool and call.
const notes = shared("notes", () => new Map());

export class Approval {
  #service;
  #limit;
  #timeoutMs;

  constructor(service, { approveAbove = "0", approvalSec = USUAL_S } = {}) {
    this.#service = service;
    this.#limit = BigInt(minorOf(approveAbove) ?? 0);
    this.#timeoutMs = approvalSec * 1000;
  }

  listen(api) {
    api.on(
      "before_tool_call",
      async (event, ctx) => {
        try {
          return await this.#judged(event, ctx);
        } catch (failure) {
          if (!(failure instanceof Failure)) throw failure;
          return refused(failure);
        }
      },
      { matcher: [...WRITING.keys()] },
    );
  }

  // What was noted of a call that may run with exactly these arguments. Another plugin may have
  // changed them meanwhile: then they are judged anew. Throws a Failure.
  async agreed(tool, toolCallId, params, sessionKey) {
    const digest = digestOf(params);
    const note = notes.get(`${tool.name} ${toolCallId}`);
    if (note?.digest === digest) return note;
    const unasked = { digest, runId: note?.runId ?? "" };
    if (!tool.spends || this.#isFree(await this.#priced(tool, params, sessionKey))) return unasked;
    throw new Failure(
      "E_FORBIDDEN",
      note
        ? "What would run is not what was agreed to; nothing was done."
        : "Nobody agreed to spend this; nothing was done.",
      { next: "call the tool again", cause: "not_agreed" },
    );
  }

  async #judged({ toolName, toolCallId, params, runId = "" }, ctx) {
    const tool = WRITING.get(toolName);
    if (!tool) return undefined;
    const note = { digest: digestOf(params), runId };
    const name = `${toolName} ${toolCallId}`;
    const keep = () => kept(name, note);
    notes.delete(name);
    if (!tool.spends) return void keep();
    const price = await this.#priced(tool, params, ctx?.sessionKey);
    // The limit is the owner's word for his own wishes; what others ask the agent for, he is asked.
    const ofOthers = price.spends && ctx?.requester?.senderIsOwner === false;
    if (!ofOthers && this.#isFree(price)) return void keep();
    // A tool that is called by RPC or HTTP belongs to no run, and nobody is there to be asked.
    if (!runId) return refused(nobodyThere(tool, price));
    return {
      requireApproval: {
        title: safeText(price.title).slice(0, TITLE_CHARS),
        description: safeText(price.description).slice(0, DESCRIPTION_CHARS),
        severity: "warning",
        timeoutMs: this.#timeoutMs,
        allowedDecisions: ["allow-once", "deny"],
        onResolution: (decision) => {
          if (decision === "allow-once") keep();
        },
      },
    };
  }

  #isFree(price) {
    const amount = price.spends ? minorOf(price.amount) : "0";
    return amount !== null && BigInt(amount) <= this.#limit;
  }

  async #priced(tool, params, sessionKey) {
    try {
      return await this.#service.quote(tool.name, params, { session: sessionHash(sessionKey) });
    } catch (failure) {
      if (!(failure instanceof Failure) || FINAL.has(failure.code)) throw failure;
      return {
        spends: true,
        amount: "an unknown number of",
        title: `${tool.label}: amount unknown`,
        description:
          `What this would spend could not be worked out. ${failure.what}\n` +
          `arguments: ${JSON.stringify(params)}`,
      };
    }
  }
}

function kept(name, note) {
  notes.delete(name);
  notes.set(name, note);
  if (notes.size > MAX_NOTES) notes.delete(notes.keys().next().value);
}

function nobodyThere(tool, price) {
  return new Failure(
    "E_FORBIDDEN",
    `${tool.label} spends ${price.amount} credits, more than may be spent unasked, ` +
      "and here nobody can be asked.",
    { next: "ask for it in the chat, or set approveAbove in the plugin's configuration" },
  );
}

function refused(failure) {
  return { block: true, blockReason: safeText(`${failure.code}: ${failure.text}`) };
}
