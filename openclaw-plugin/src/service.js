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
const PAUSE_MS = [50, 150];
const MIN_RETRY_MS = 20;
const PUBLIC = new Set(declared.publicMethods);
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

  // Ask a method that only reads; what failed on the way is asked once more within the budget.
  ask(method, params = {}, budgetMs = this.budgetMs) {
    return this.#call(method, params, {}, budgetMs, true);
  }

  // Send a method that changes something. Without an idempotency key it is never sent twice: after
  // a broken connection nobody knows whether it happened.
  command(method, params, idempotencyKey = "", { budgetMs = this.budgetMs, session = "" } = {}) {
    const headers = {};
    if (idempotencyKey) headers["idempotency-key"] = idempotencyKey;
    if (session) headers["clawmarket-session"] = session;
    return this.#call(method, params, headers, budgetMs, Boolean(idempotencyKey));
  }

  async #call(method, params, more, budgetMs, repeats) {
    const end = performance.now() + budgetMs;
    if (!this.#url) throw addressMissing();
    const key = PUBLIC.has(method) ? "" : await this.#key();
    try {
      return await this.#attempt(method, params, { key, more }, end, budgetMs);
    } catch (failure) {
      const pauseMs = PAUSE_MS[0] + Math.random() * (PAUSE_MS[1] - PAUSE_MS[0]);
      if (!repeats || !mayPass(failure) || performance.now() + pauseMs + MIN_RETRY_MS > end) throw failure;
      await new Promise((resume) => setTimeout(resume, pauseMs));
      return await this.#attempt(method, params, { key, more }, end, budgetMs);
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

// A limit on calls asks for more patience than one budget has.
function mayPass(failure) {
  const known = failure instanceof Failure && failure.retryable;
  return known && failure.code !== "E_RATE_LIMITED" && failure.code !== "E_TIMEOUT";
}
