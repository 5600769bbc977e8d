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
  notOffered,
  otherForm,
  silent,
} from "./failure.js";
import { safeText, safeValue } from "./redaction.js";

const MAX_ANSWER_BYTES = 4 * 2 ** 20;
// What only reads is asked three times at most; what changes something twice, under one key.
const READ_ATTEMPTS = 3;
const WRITE_ATTEMPTS = 2;
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

  // Which market is asked, and as whom.
  get place() {
    return `${this.#url?.href ?? ""} ${this.#keyFile ?? ""}`;
  }

  // The host's name in the market's address; "" without one.
  get host() {
    return this.#url?.hostname ?? "";
  }

  // Ask a method that only reads, or whose repetition changes nothing; what failed on the way is
  // asked again within the one budget.
  async ask(method, params = {}, budgetMs = this.budgetMs) {
    const how = { budgetMs, open: PUBLIC.has(method), attempts: READ_ATTEMPTS };
    return await this.#post(callOf(method), params, how);
  }

  // Send a method that changes something. Without an idempotency key it is never sent twice: after
  // a broken connection nobody knows whether it happened.
  async command(method, params, idempotencyKey = "", options = {}) {
    const attempts = idempotencyKey ? WRITE_ATTEMPTS : 1;
    const how = { ...options, idempotencyKey, open: PUBLIC.has(method), attempts };
    return await this.#post(callOf(method), params, how);
  }

  // Use a tool that only reads, or under a key one that changes something; its own answer.
  async use(tool, params, idempotencyKey = "", options = {}) {
    const attempts = idempotencyKey ? WRITE_ATTEMPTS : READ_ATTEMPTS;
    const how = { ...options, idempotencyKey, attempts };
    return resultIn(await this.#post(`/tools/${encodeURIComponent(tool)}`, params, how));
  }

  // What a use of a tool would spend.
  async quote(tool, params, options = {}) {
    const how = { ...options, attempts: READ_ATTEMPTS };
    return resultIn(await this.#post(`/tools/${encodeURIComponent(tool)}/quote`, params, how));
  }

  async #post(path, params, { budgetMs = this.budgetMs, open = false, attempts, ...named }) {
    const end = performance.now() + budgetMs;
    if (!this.#url) throw addressMissing();
    const key = open ? "" : await inTime(keyIn(this.#keyFile), end, budgetMs);
    const asked = { path, body: JSON.stringify(params), headers: headersOf(key, named), key };
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(asked, end, budgetMs);
      } catch (failure) {
        const pauseMs = pauseAfter(attempt);
        const late = performance.now() + pauseMs + MIN_RETRY_MS > end;
        if (attempt >= attempts || late || !mayPass(failure)) throw failure;
        await new Promise((resume) => setTimeout(resume, pauseMs));
      }
    }
  }

  async #attempt({ path, body, headers, key }, end, budgetMs) {
    const length = { "content-length": Buffer.byteLength(body) };
    const url = new URL(path, this.#url);
    const text = await post(url, { ...headers, ...length }, body, end, budgetMs);
    return opened(text, key);
  }
}

// The key is read anew each time: a new one needs no restart of the gateway.
export async function keyIn(file) {
  if (!file) return "";
  const text = await readFile(file, "utf8").catch(() => "");
  const key = text.trim();
  if (!KEY.test(key)) throw keyMissing();
  return key;
}

function callOf(method) {
  return `/rpc/${encodeURIComponent(method)}`;
}

function headersOf(key, { idempotencyKey, session }) {
  const headers = { "content-type": "application/json" };
  if (key) headers.authorization = `Bearer ${key}`;
  if (idempotencyKey) headers["idempotency-key"] = idempotencyKey;
  if (session) headers["clawmarket-session"] = session;
  return headers;
}

export function usable(text) {
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
  throw failureIn(envelope, key);
}

function resultIn({ result, version }) {
  if (result === null || typeof result !== "object") throw otherForm(declared.version, version);
  return result;
}

// What a refusal says; one in a form that nobody knows, even one that cannot be looked at, comes
// from no market.
export function failureIn({ error, details }, key) {
  try {
    return refusal(safeText(error), safeValue(details ?? {}), key);
  } catch {
    return notAMarket();
  }
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
  if (cause === "route_unknown") return notOffered();
  return new Failure(code, what, { next: `${next ?? ""}`, retryable: retryable === true, cause });
}

// The code decides, then what the market says of it, never its words. A limit on calls asks for
// more patience than one budget has.
function mayPass(failure) {
  if (!(failure instanceof Failure) || IMPATIENT.has(failure.code)) return false;
  return failure.retryable;
}
