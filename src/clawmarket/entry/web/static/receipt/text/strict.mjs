// Strict JSON: what two readers could understand differently is refused, as the market does.
// Refused: names given twice, fractions and exponents, minus zero, whole numbers beyond 2^63 - 1,
// half a surrogate pair, a byte order mark, and whatever is nested too deep.

import { Flaw } from "../flaw.mjs";

const SPACE = /[ \t\n\r]*/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)/y;
const FOUR = /[0-9a-fA-F]{4}/y;
const ESCAPES = new Map(Object.entries({
  '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t",
}));
const WORDS = [["true", true], ["false", false], ["null", null]];
const HALF_A_PAIR = /\p{Surrogate}/u;
const MAX_WIRE = 2n ** 63n - 1n;
const MAX_DIGITS = 20;

class Reader {
  constructor(text, maxDepth) {
    this.text = text;
    this.maxDepth = maxDepth;
    this.at = 0;
  }

  /** Takes what a sticky pattern matches here; null if it matches nothing here. */
  take(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found) this.at = pattern.lastIndex;
    return found && found[0];
  }

  next() {
    this.take(SPACE);
    return this.text[this.at];
  }

  flaw(code) {
    return new Flaw(code, { place: this.at });
  }

  expect(char) {
    if (this.next() !== char) throw this.flaw("json");
    this.at += 1;
  }

  /** Steps over a character if it comes next, and tells whether it did. */
  passes(char) {
    if (this.next() !== char) return false;
    this.at += 1;
    return true;
  }

  value(depth) {
    const char = this.next();
    if (char === "{") return this.object(depth + 1);
    if (char === "[") return this.array(depth + 1);
    if (char === '"') return this.string();
    const word = WORDS.find(([name]) => this.text.startsWith(name, this.at));
    if (word) {
      this.at += word[0].length;
      return word[1];
    }
    return this.number();
  }

  enter(depth) {
    if (depth > this.maxDepth) throw this.flaw("json_deep");
    this.at += 1;
  }

  object(depth) {
    this.enter(depth);
    const members = Object.create(null);
    if (this.passes("}")) return members;
    do {
      if (this.next() !== '"') throw this.flaw("json");
      const name = this.string();
      if (Object.hasOwn(members, name)) throw this.flaw("json_twice");
      this.expect(":");
      members[name] = this.value(depth);
    } while (this.passes(","));
    this.expect("}");
    return members;
  }

  array(depth) {
    this.enter(depth);
    const items = [];
    if (this.passes("]")) return items;
    do {
      items.push(this.value(depth));
    } while (this.passes(","));
    this.expect("]");
    return items;
  }

  string() {
    this.at += 1;
    const parts = [];
    for (;;) {
      parts.push(this.take(PLAIN));
      const char = this.text[this.at];
      this.at += 1;
      if (char === '"') break;
      if (char !== "\\") throw this.flaw("json");
      parts.push(this.escaped());
    }
    const text = parts.join("");
    if (HALF_A_PAIR.test(text)) throw this.flaw("json_surrogate");
    return text;
  }

  escaped() {
    const char = this.text[this.at];
    this.at += 1;
    if (ESCAPES.has(char)) return ESCAPES.get(char);
    const digits = char === "u" ? this.take(FOUR) : null;
    if (digits === null) throw this.flaw("json");
    return String.fromCharCode(parseInt(digits, 16));
  }

  number() {
    const digits = this.take(NUMBER);
    if (digits === null) throw this.flaw("json");
    const after = this.text[this.at];
    if (after === "." || after === "e" || after === "E" || digits === "-0") {
      throw this.flaw("json_number");
    }
    const number = digits.length > MAX_DIGITS ? MAX_WIRE + 1n : BigInt(digits);
    if (number > MAX_WIRE || number < -MAX_WIRE) throw this.flaw("json_number");
    return Number.isSafeInteger(Number(number)) ? Number(number) : number;
  }
}

/**
 * Reads strict JSON. Objects have no prototype, so that no name in a file means something else;
 * whole numbers are numbers as long as they are exact, and beyond that BigInt.
 */
export function parseStrict(text, maxDepth) {
  const reader = new Reader(text, maxDepth);
  const value = reader.value(0);
  if (reader.next() !== undefined) throw reader.flaw("json");
  return value;
}
