// What went wrong, in our words: never a library's text, which names addresses and files.

import { declared } from "./declared.js";
import { safeText } from "./redaction.js";

const UNSURE = new Set(["E_TIMEOUT", "E_UNAVAILABLE"]);

export class Failure extends Error {
  constructor(code, what, { next = "", retryable = false, cause = "" } = {}) {
    super(`${code}: ${what}`);
    this.code = code;
    this.what = what;
    this.next = next;
    this.retryable = retryable;
    this.reason = cause;
  }

  // Whether nobody knows if the market did it all the same.
  get isUnsure() {
    return UNSURE.has(this.code);
  }

  // The two lines that a person reads.
  get text() {
    return this.next ? `${this.what}\nnext: ${this.next}` : this.what;
  }
}

export const away = () =>
  new Failure(
    "E_UNAVAILABLE",
    "The market's service does not answer. OpenClaw goes on without it.",
    {
      next: "clawmarket doctor",
      retryable: true,
      cause: "service_away",
    },
  );

export const silent = (budgetMs) =>
  new Failure("E_TIMEOUT", `The market's service did not answer within ${budgetMs} ms.`, {
    next: "clawmarket doctor",
    retryable: true,
    cause: "service_silent",
  });

export const notAMarket = () =>
  new Failure("E_UNAVAILABLE", "What answers at the configured address is not a market.", {
    next: "openclaw config get plugins.entries.clawmarket.config.serviceUrl",
    cause: "not_a_market",
  });

export const addressMissing = () =>
  new Failure("E_UNAVAILABLE", "The plugin was not told where the market is (serviceUrl).", {
    next: "openclaw config get plugins.entries.clawmarket.config",
    cause: "address_missing",
  });

export const keyMissing = () =>
  new Failure("E_AUTH_REQUIRED", "The plugin has no key for the market, or cannot read it.", {
    next: "clawmarket doctor",
    cause: "key_missing",
  });

export const keyRefused = (what) =>
  new Failure("E_AUTH_REQUIRED", `The market refuses the plugin's key. ${what}`.trim(), {
    next: "clawmarket doctor",
    cause: "key_refused",
  });

export const otherForm = (ours, theirs) =>
  new Failure(
    "E_UNAVAILABLE",
    theirs && theirs !== ours
      ? `The market is of version ${theirs}, the plugin of ${ours}: ` +
          "they do not understand each other."
      : "The market answered in a form that this plugin does not know.",
    { next: "clawmarket doctor", cause: "other_version" },
  );

export const notOffered = () =>
  new Failure(
    "E_NOT_FOUND",
    "The market does not offer what this plugin asks for; it may be of another version.",
    { next: "clawmarket doctor", cause: "other_version" },
  );

// Whatever was thrown, as a Failure. An answer without the fields that are needed comes from a market
// of another version.
export async function failureOf(error, service, logger) {
  if (error instanceof Failure) return error;
  logger?.warn?.(`clawmarket: ${safeText(error?.stack ?? error)}`);
  const theirs = await service.ask("web3.status.summary").then(
    ({ version }) => version,
    () => "",
  );
  return otherForm(declared.version, theirs);
}
