// What still has to be told to the market: in memory, and line by line in a file that a restart reads.
//
// An entry is a JSON object with a key `k`; a line holds what of it is new, `gone` ends it. A line
// is written without waiting for the disk: it outlives the process, not a power cut, after which
// the market itself gives back what nobody settled.

import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FILE = "guard.jsonl";
const MAX_BYTES = 256 * 1024;

export class Journal {
  #logger;
  #file = null;
  #bytes = 0;
  // In the order in which entries became due.
  #entries = new Map();

  constructor(logger) {
    this.#logger = logger;
  }

  get size() {
    return this.#entries.size;
  }

  get(k) {
    return this.#entries.get(k);
  }

  values() {
    return this.#entries.values();
  }

  // Read what an earlier process left, and write it anew without what is over.
  open(folder) {
    const before = [...this.#entries.values()];
    this.#try(() => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      this.#file = join(folder, FILE);
      this.#entries = entriesIn(readFileSync(this.#file, { encoding: "utf8", flag: "a+" }));
    });
    for (const entry of before) this.#entries.set(entry.k, entry);
    this.#rewrite();
  }

  // Whoever opens the file next has it alone.
  close() {
    this.#file = null;
  }

  // Put down what is new of an entry; it goes to the end of the line.
  put(news) {
    merge(this.#entries, news);
    this.#write(news);
  }

  end(k) {
    if (this.#entries.delete(k)) this.#write({ k, gone: true });
  }

  #write(line) {
    if (!this.#file) return;
    const text = `${JSON.stringify(line)}\n`;
    this.#bytes += text.length;
    if (this.#bytes > MAX_BYTES) this.#rewrite();
    else this.#try(() => appendFileSync(this.#file, text, { mode: 0o600 }));
  }

  #rewrite() {
    if (!this.#file) return;
    const text = [...this.#entries.values()].map((entry) => `${JSON.stringify(entry)}\n`).join("");
    // However much is waiting, there is room for some lines before the next time.
    this.#bytes = Math.min(text.length, MAX_BYTES / 2);
    this.#try(() => {
      writeFileSync(`${this.#file}.new`, text, { mode: 0o600 });
      renameSync(`${this.#file}.new`, this.#file);
    });
  }

  // A full disk must not stop the agent: what could not be written is still in memory.
  #try(step) {
    try {
      step();
    } catch (error) {
      this.#logger?.warn?.(`clawmarket: the guard's journal: ${error?.code ?? "not readable"}`);
    }
  }
}

// A last line that was cut off is not one.
function entriesIn(text) {
  const entries = new Map();
  for (const line of text.split("\n")) {
    try {
      const news = JSON.parse(line);
      if (typeof news?.k !== "string") continue;
      if (news.gone) entries.delete(news.k);
      else merge(entries, news);
    } catch {
      continue;
    }
  }
  return entries;
}

function merge(entries, news) {
  const whole = { ...entries.get(news.k), ...news };
  entries.delete(news.k);
  entries.set(news.k, whole);
}
