// How far each session is: its last number, what was lost of it, and how much of that was told.
// One source is one such count; where it is lost or contradicted, a new one begins.

import { randomBytes } from "node:crypto";

const MAX_STREAMS = 10_000;
const SOURCE = /^[0-9a-f]{32}$/;

export class Streams {
  #known = new Map();

  constructor(source = randomBytes(16).toString("hex")) {
    this.source = source;
  }

  // What `text()` wrote; anything else begins anew, since numbers must not be given twice.
  static from(text) {
    try {
      const { source, streams } = JSON.parse(text);
      if (!SOURCE.test(source)) return new Streams();
      const read = new Streams(source);
      for (const [session, [seq, lost, told]] of Object.entries(streams)) {
        read.#known.set(session, { seq, lost, told });
      }
      return read;
    } catch {
      return new Streams();
    }
  }

  // The state without what `pending` records say, which lie in the spool themselves.
  text(pending) {
    const before = new Map([...this.#known].map(([name, each]) => [name, { ...each }]));
    for (const { source, sessionIdHash, seq, facts } of pending) {
      const each = source === this.source && before.get(sessionIdHash);
      if (!each) continue;
      each.seq = Math.min(each.seq, seq - 1);
      each.told -= facts.lost ?? 0;
    }
    const streams = [...before].map(([name, { seq, lost, told }]) => [name, [seq, lost, told]]);
    return `${JSON.stringify({ source: this.source, streams: Object.fromEntries(streams) })}\n`;
  }

  isFull() {
    return this.#known.size >= MAX_STREAMS;
  }

  // The next record's number, and how many before it were lost and not told of yet.
  place(sessionIdHash) {
    const { seq, lost, told } = this.#of(sessionIdHash);
    return { source: this.source, sessionIdHash, seq: seq + 1, lost: lost - told };
  }

  // Whether a record is new: one of this source that was counted before is not.
  take({ source, sessionIdHash, seq, facts }) {
    if (source !== this.source) return true;
    const each = this.#of(sessionIdHash);
    if (seq <= each.seq) return false;
    each.seq = seq;
    each.told += facts.lost ?? 0;
    each.lost = Math.max(each.lost, each.told);
    return true;
  }

  lose(sessionIdHash, count = 1) {
    this.#of(sessionIdHash).lost += count;
  }

  get lost() {
    return [...this.#known.values()].reduce((sum, { lost, told }) => sum + lost - told, 0);
  }

  #of(sessionIdHash) {
    let each = this.#known.get(sessionIdHash);
    if (!each) this.#known.set(sessionIdHash, (each = { seq: 0, lost: 0, told: 0 }));
    return each;
  }
}
