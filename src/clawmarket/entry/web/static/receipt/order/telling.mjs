// How the records tell of something: finding events, and reading what they say.

import { Flaw, demand } from "../flaw.mjs";
import { RULES } from "../rules.mjs";
import { alike, member } from "../text/canonical.mjs";

const AMOUNT = new RegExp(`^(?:${RULES.amount})$`);

/** All events of these kinds with their records: [record, event]. */
export function told(records, ...kinds) {
  return records.flatMap((record) =>
    record.events.filter((event) => kinds.includes(event.kind)).map((event) => [record, event]),
  );
}

/** The one event of these kinds, with its record. */
export function only(records, ...kinds) {
  const found = told(records, ...kinds);
  const expected = `1 × ${kinds.join(" / ")}`;
  demand(found.length === 1, "not_one_order", { expected, found: found.length });
  return found[0];
}

export function textOf(event, name) {
  const value = member(event, name);
  demand(typeof value === "string", "event_lacks", { kind: event.kind, name });
  return value;
}

/** An amount in minor units, as BigInt. */
export function amountOf(event, name) {
  const text = textOf(event, name);
  demand(AMOUNT.test(text), "event_amount", { kind: event.kind, name, found: text });
  return BigInt(text);
}

/** Checks that an event is about the very things that another one named. */
export function agree(event, wanted, code = "event_other") {
  for (const [name, value] of Object.entries(wanted)) {
    const found = member(event, name);
    const about = { kind: event.kind, name, expected: value, found };
    if (!alike(found, value)) throw new Flaw(code, about);
  }
}

/** A scope without what it leaves open; anything else as it is. */
export function stripped(scope) {
  if (typeof scope !== "object" || scope === null || Array.isArray(scope)) return scope;
  const kept = Object.create(null);
  for (const name of Object.keys(scope)) if (scope[name] !== null) kept[name] = scope[name];
  return kept;
}

export function floorDivided(number, by) {
  const whole = number / by;
  return number % by !== 0n && number < 0n !== by < 0n ? whole - 1n : whole;
}
