// The market's service over HTTP: one call, one envelope, one time budget.

import { readFile } from "node:fs/promises";
import http from "node:http";
import https from "node:https";

import { declared } from "./declared.js";
import {
  addressMissing,
  away,
  Failure,
  keyMissing,
  keyRefused,
  notAMarket,
  silent,
} from "./failure.js";
import { safeText, safeValue } from "./redaction.js";

const MAX_ANSWER_BYTES = 4 * 2 ** 20;
// What only reads is asked three times at most; what changes something twice, under one key.
const [READ_ATTEMPTS, WRITE_ATTEMPTS] = [3, 2];
const PAUSE_MS = [50, 150];
const MIN_RETRY_MS = 20;
const PUBLIC = new Set(declared.publicMethods);
const IMPATIENT = new Set(["E_RATE_LIMITED", "E_TIMEOUT"]);
const KEY = /^[\x21-\x7e]{1,200}$/;
// Refusals of what a wallet signed; the plugin's key is well.
const ABOUT_A_WALLET = new Set(["sign_in_refused", "challenge_unknown"]);
const AGENTS = {
  "http:": new http.Agent({ keepAlive: true, maxSockets: 16 }),
  "https:": new https.Agent({ keepAlive: true, maxSockets: 16 }),
};

export class Service {
  #url;
  #keyFile;

  constructor({ serviceUrl, keyFile, timeoutMs }) {
    this.#url = usable(serviceUrl);
    this.#keyFile = keyFile;
    this.budgetMs = timeoutMs ?? declared.budgetMs.usual;
  }

  // Ask a method that only reads; what failed on the way is asked again, twice at most, within the
  // one budget.
  ask(method, params = {}, budgetMs = this.budgetMs) {
    return this.#call(method, params, { budgetMs, attempts: READ_ATTEMPTS });
  }

  // Send a method that changes something. Without an idempotency key it is never sent twice: after
  // a broken connection nobody knows whether it happened.
  command(method, params, idempotencyKey = "", { budgetMs = this.budgetMs, session = "" } = {}) {
    const more = {};
    if (idempotencyKey) more["idempotency-key"] = idempotencyKey;
    if (session) more["clawmarket-session"] = session;
    const attempts = idempotencyKey ? WRITE_ATTEMPTS : 1;
    return this.#call(method, params, { budgetMs, attempts, more });
  }

  async #call(method, params, { budgetMs, attempts, more = {} }) {
    const end = performance.now() + budgetMs;
    if (!this.#url) throw addressMissing();
    const key = PUBLIC.has(method) ? "" : await inTime(this.#key(), end, budgetMs);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(method, params, { key, more }, end, budgetMs);
      } catch (failure) {
        const pauseMs = pauseAfter(attempt);
        const late = performance.now() + pauseMs + MIN_RETRY_MS > end;
        if (attempt >= attempts || late || !mayPass(failure)) throw failure;
        await new Promise((resume) => setTimeout(resume, pauseMs));
      }
    }
  }

  async #attempt(method, params, { key, more }, end, budgetMs) {
    const body = JSON.stringify(params);
    const headers = {
      ...more,
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    };
    if (key) headers.authorization = `Bearer ${key}`;
    const url = new URL(`/rpc/${encodeURIComponent(method)}`, this.#url);
    const text = await post(url, headers, body, end, budgetMs);
    return opened(text, key);
  }

  // The key is read anew each time: a new one needs no restart of the gateway.
  async #key() {
    if (!this.#keyFile) return "";
    const text = await readFile(this.#keyFile, "utf8").catch(() => "");
    const key = text.trim();
    if (!KEY.test(key)) throw keyMissing();
    return key;
  }
}

function usable(text) {
  try {
    const url = new URL(text);
    return url.protocol in AGENTS ? url : null;
  } catch {
    return null;
  }
}

// Longer each time, and never for all callers alike.
function pauseAfter(attempt) {
  const [least, most] = PAUSE_MS;
  return attempt * (least + Math.random() * (most - least));
}

// A file that hangs, such as a pipe, costs no more than the budget.
async function inTime(work, end, budgetMs) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(silent(budgetMs)), Math.max(1, end - performance.now()));
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function post(url, headers, body, end, budgetMs) {
  return new Promise((resolve, reject) => {
    const { request } = url.protocol === "https:" ? https : http;
    const asked = request(url, { method: "POST", headers, agent: AGENTS[url.protocol] });
    const timer = setTimeout(() => fail(silent(budgetMs)), Math.max(1, end - performance.now()));
    const fail = (failure) => {
      clearTimeout(timer);
      reject(failure);
      asked.destroy();
    };
    asked.on("error", () => fail(away()));
    asked.on("response", (answer) => {
      const chunks = [];
      let size = 0;
      answer.on("data", (chunk) => {
        size += chunk.length;
        if (size > MAX_ANSWER_BYTES) fail(notAMarket());
        else chunks.push(chunk);
      });
      answer.on("error", () => fail(away()));
      answer.on("end", () => {
        clearTimeout(timer);
        resolve(Buffer.concat(chunks).toString("utf8"));
      });
    });
    asked.end(body);
  });
}

// The fields of an answer as the market gave them, so that records stay exact; the key alone is
// taken out. A refusal becomes a Failure.
function opened(text, key) {
  let envelope;
  try {
    envelope = JSON.parse(key ? text.replaceAll(key, "[TOKEN]") : text);
  } catch {
    throw notAMarket();
  }
  if (typeof envelope?.ok !== "boolean") throw notAMarket();
  if (envelope.ok) return envelope;
  throw refusal(safeText(envelope.error), safeValue(envelope.details ?? {}), key);
}

function refusal(error, details, key) {
  const [code, ...words] = error.split(": ");
  if (!/^E_[A-Z_]{2,40}$/.test(code)) return notAMarket();
  const what = words.join(": ");
  const { next, retryable, cause } = details;
  const unknown = code === "E_AUTH_REQUIRED" && !ABOUT_A_WALLET.has(cause);
  if (unknown || cause === "key_revoked") {
    return key ? keyRefused(what.split(". ")[0].replace(/\.?$/, ".")) : keyMissing();
  }
  return new Failure(code, what, { next, retryable: retryable === true, cause });
}

// The code decides, then what the market says of it, never its words. A limit on calls asks for
// more patience than one budget has.
function mayPass(failure) {
  if (!(failure instanceof Failure) || IMPATIENT.has(failure.code)) return false;
  return failure.retryable;
}
