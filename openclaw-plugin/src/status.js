// A status: every section is asked at the same time, within one budget; none holds up another.

import { declared } from "./declared.js";
import { Failure, otherForm } from "./failure.js";

const SAMPLES = 3;
// What a list's items are named by; a task that was awarded names its order too.
const IDS = { tasks: "taskId", orders: "orderId" };

export class Status {
  #service;
  #lastGood = new Map();

  constructor(service) {
    this.#service = service;
  }

  // {profile, sections: {name: {value, stale?, staleAgeSec?}}, errors: [{section, error, next}]}
  async look({ profile, timeoutMs, include }) {
    const deep = profile === "deep";
    // Whoever names some sections wants those; all together are the profile's choice.
    const named = include.length < declared.probes.length;
    const probes = declared.probes.filter(
      (probe) => include.includes(probe.section) && (deep || named || !probe.deepOnly),
    );
    const found = await Promise.all(probes.map((probe) => this.#section(probe, deep, timeoutMs)));
    return {
      profile,
      sections: Object.assign(
        {},
        ...found.map(({ name, section }) => section && { [name]: section }),
      ),
      errors: found.flatMap(({ error }) => error ?? []),
    };
  }

  async #section(probe, deep, timeoutMs) {
    const name = probe.section;
    const known = `${name} ${deep}`;
    try {
      const params = deep || probe.deepOnly ? probe.deepParams : {};
      const value = understood(name, await this.#service.ask(probe.method, params, timeoutMs));
      this.#lastGood.set(known, { value, at: performance.now() });
      return { name, section: { value } };
    } catch (failure) {
      if (!(failure instanceof Failure)) throw failure;
      const error = { section: name, error: failure.message, next: failure.next };
      const last = this.#lastGood.get(known);
      if (!last) return { name, error };
      const staleAgeSec = Math.floor((performance.now() - last.at) / 1000);
      return { name, section: { value: last.value, stale: true, staleAgeSec }, error };
    }
  }
}

// One section in a form that nobody knows takes nothing from the others.
function understood(section, answer) {
  try {
    return told(section, answer);
  } catch {
    throw otherForm(declared.version, answer.version);
  }
}

// What the market said, less the envelope; of a list how much of what, and no word of strangers.
function told(section, { ok, requestId, items, nextCursor, ...fields }) {
  if (!Array.isArray(items)) return fields;
  const byStatus = {};
  for (const { status } of items) byStatus[status] = (byStatus[status] ?? 0) + 1;
  const newest = items.slice(0, SAMPLES).map((item) => item[IDS[section]]);
  return { count: items.length, more: Boolean(nextCursor), byStatus, newest };
}
