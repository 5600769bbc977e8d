// From hooks to records, behind the host's back: a hook only puts what it got into a short queue.

import { setImmediate as turn } from "node:timers/promises";

import { sessionHash } from "../digest.js";
import { commitment, saltOf } from "./commitment.js";
import { described } from "./kinds.js";

const MAX_QUEUED = 128;
const MAX_PAIRS = 1000;

export class Recorder {
  #spool;
  #recorded;
  #queue = [];
  #running = null;
  #keys = new Map();

  constructor(spool, recorded) {
    this.#spool = spool;
    this.#recorded = recorded;
  }

  // Returns at once and never throws; `event` is what the host called the hook with.
  note(hook, event, ctx) {
    try {
      const sessionKey = this.#sessionKey(event, ctx);
      if (!sessionKey) return;
      const sessionIdHash = sessionHash(sessionKey);
      if (this.#queue.length >= MAX_QUEUED) {
        this.#spool.lose(sessionIdHash);
        return;
      }
      const at = new Date().toISOString();
      this.#queue.push({ sessionIdHash, at, ...described(hook, event) });
      this.#running ??= this.#run().finally(() => (this.#running = null));
    } catch {
      // The host's work is worth more than a record of it.
    }
  }

  // Wait until all that was noted lies in the spool.
  async settled() {
    while (this.#running) await this.#running;
  }

  async #run() {
    await turn();
    while (this.#queue.length) {
      const noted = this.#queue[0];
      await this.#record(noted).catch(() => this.#spool.lose(noted.sessionIdHash));
      this.#queue.shift();
    }
  }

  async #record({ sessionIdHash, at, kind, facts, contents }) {
    const place = await this.#spool.place(sessionIdHash);
    if (!place) return;
    const commitments = {};
    for (const [name, content] of Object.entries(contents)) {
      if (content === undefined) continue;
      const made = await commitment(saltOf(this.#spool.secret, place, name), content);
      if (!made) continue;
      commitments[name] = made.hash;
      facts[`${name}Bytes`] = made.bytes;
    }
    if (place.lost) facts.lost = place.lost;
    await this.#spool.append({ ...place, kind, at, facts, commitments });
    this.#recorded();
  }

  // The host keeps a session's id over /new, and some hooks may know nothing but that.
  #sessionKey(event, ctx) {
    const id = event?.sessionId ?? ctx?.sessionId;
    const key = event?.sessionKey ?? ctx?.sessionKey ?? this.#keys.get(id);
    if (!key || !id) return key;
    this.#keys.delete(id);
    this.#keys.set(id, key);
    if (this.#keys.size > MAX_PAIRS) this.#keys.delete(this.#keys.keys().next().value);
    return key;
  }
}
