// Records that wait for the market: lines in a file, in their order, until the market has them.
//
// What was written before a crash is there after it; a line that was cut off is none. The file and
// what it holds in memory are bounded: what comes when it is full is dropped, counted, and told of
// in the session's next record.

import { open } from "node:fs/promises";
import { join } from "node:path";

import { privateFolder, secretIn, textOf, writePrivate } from "./files.js";
import { Streams } from "./streams.js";

const MAX_RECORDS = 10_000;
const MAX_BYTES = 8 * 2 ** 20;
const MAX_DONE_BYTES = 2 ** 20;
const LOSSES_UNSAVED = 100;
const BATCH_RECORDS = 100;
const BATCH_BYTES = 2 ** 17;

export class Spool {
  #streams = new Streams();
  #pending = [];
  #bytes = 0;
  #doneBytes = 0;
  #unsaved = 0;
  #isTorn = false;
  #file = null;
  #folder = "";
  #last = Promise.resolve();
  #maxRecords;
  secret = null;

  constructor(maxRecords = MAX_RECORDS) {
    this.#maxRecords = maxRecords;
  }

  get waiting() {
    return this.#pending.length;
  }

  get lost() {
    return this.#streams.lost;
  }

  // Read what is there, and go on behind it.
  open(folder) {
    return this.#inTurn(async () => {
      if (this.#file) return;
      await privateFolder(folder);
      this.#folder = folder;
      this.secret = await secretIn(join(folder, "secret"));
      this.#streams = Streams.from(await textOf(join(folder, "state.json")));
      this.#pending = records(await textOf(join(folder, "spool.jsonl"))).filter(({ record }) =>
        this.#streams.take(record),
      );
      this.#bytes = this.#pending.reduce((sum, { line }) => sum + line.length, 0);
      await this.#rewrite();
    });
  }

  // Put everything on disk and let go of the files.
  close() {
    return this.#inTurn(async () => {
      if (!this.#file) return;
      await this.#rewrite().finally(async () => {
        await this.#file?.close();
        this.#file = null;
      });
    });
  }

  // Where the next record of a session stands; null where the spool is full.
  async place(sessionIdHash) {
    if (this.#pending.length < this.#maxRecords && this.#bytes < MAX_BYTES) {
      return this.#streams.place(sessionIdHash);
    }
    this.lose(sessionIdHash);
    this.#unsaved += 1;
    if (this.#unsaved % LOSSES_UNSAVED === 1) await this.#inTurn(() => this.#saveState());
    return null;
  }

  lose(sessionIdHash, count = 1) {
    this.#streams.lose(sessionIdHash, count);
  }

  // A record is one with its line on disk. What cannot be written has no number.
  append(placed) {
    const { lost, ...record } = placed;
    const line = Buffer.from(`${JSON.stringify(record)}\n`);
    return this.#inTurn(async () => {
      if (!this.#file) throw new Error("the spool is closed");
      if (this.#isTorn) await this.#rewrite();
      this.#isTorn = true;
      await this.#file.appendFile(line);
      this.#isTorn = false;
      this.#streams.take(record);
      this.#pending.push({ record, line });
      this.#bytes += line.length;
    });
  }

  // The oldest records of the session that has waited longest; they lie on disk for good.
  async batch() {
    if (!this.#pending.length) return null;
    await this.#inTurn(() => this.#file?.datasync());
    const [first] = this.#pending;
    const items = [];
    let bytes = 0;
    for (const { record, line } of this.#pending) {
      if (!isOf(record, first.record)) continue;
      bytes += line.length;
      if (items.length === BATCH_RECORDS || (items.length && bytes > BATCH_BYTES)) break;
      const { source, sessionIdHash, ...item } = record;
      items.push(item);
    }
    const { source, sessionIdHash } = first.record;
    return { source, sessionIdHash, items };
  }

  // The market has what comes before `nextSeq`.
  delivered(batch, nextSeq) {
    return this.#inTurn(async () => {
      this.#drop((record) => isOf(record, batch) && record.seq < nextSeq);
      if (this.#file && this.#doneBytes > MAX_DONE_BYTES) await this.#rewrite();
    });
  }

  // The market holds something else of this session: what waits of it is lost, and a new source
  // begins, so that its other sessions go on.
  abandon(batch) {
    return this.#inTurn(async () => {
      const before = this.#pending.length;
      this.#drop((record) => isOf(record, batch));
      if (batch.source === this.#streams.source) this.#streams = new Streams();
      this.lose(batch.sessionIdHash, before - this.#pending.length);
      if (this.#file) await this.#rewrite();
    });
  }

  #drop(isGone) {
    const left = this.#pending.filter(({ record }) => !isGone(record));
    const bytes = left.reduce((sum, { line }) => sum + line.length, 0);
    this.#doneBytes += this.#bytes - bytes;
    this.#pending = left;
    this.#bytes = bytes;
  }

  // First how far each session is, then the lines without what was delivered: a crash between the
  // two leaves lines that are known to be done.
  async #rewrite() {
    if (!this.#pending.length && this.#streams.isFull()) this.#streams = new Streams();
    await this.#saveState();
    const path = join(this.#folder, "spool.jsonl");
    await writePrivate(path, Buffer.concat(this.#pending.map(({ line }) => line)));
    const before = this.#file;
    this.#file = await open(path, "a", 0o600);
    this.#isTorn = false;
    this.#doneBytes = 0;
    await before?.close();
  }

  async #saveState() {
    const waiting = this.#pending.map(({ record }) => record);
    await writePrivate(join(this.#folder, "state.json"), this.#streams.text(waiting));
  }

  // One change of the files after the other.
  #inTurn(change) {
    const done = this.#last.then(change);
    this.#last = done.catch(() => {});
    return done;
  }
}

function isOf(record, { source, sessionIdHash }) {
  return record.sessionIdHash === sessionIdHash && record.source === source;
}

// The records of the lines that are whole.
function records(text) {
  const lines = text.split("\n").slice(0, -1);
  return lines.flatMap((each) => {
    const record = parsed(each);
    return record ? [{ record, line: Buffer.from(`${each}\n`) }] : [];
  });
}

function parsed(line) {
  try {
    const record = JSON.parse(line);
    return Number.isSafeInteger(record?.seq) && record.facts && record.commitments ? record : null;
  } catch {
    return null;
  }
}
