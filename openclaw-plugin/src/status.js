// A status: every section is asked at the same time, within one budget; none holds up another.

import { plain } from "./amounts.js";
import { declared } from "./declared.js";
import { Failure, otherForm } from "./failure.js";
import { shared } from "./meeting.js";

const SAMPLES = 3;
// What a list's items are named by; a task that was awarded names its order too.
const IDS = { tasks: "taskId", orders: "orderId" };
// Without these nothing can be shown of a section: some other program answered, or another version.
const NEEDED = {
  web3: ["version", "origin", "feeBps", "logSize"],
  market: ["orders"],
  ledger: ["tabs", "entries"],
  tasks: ["items"],
  orders: ["items"],
  metrics: ["audit", "billing", "log"],
};
// What was answered last, to whichever copy of this plugin, fast or deep.
const lastGood = shared("status", () => new Map());

export class Status {
  #service;

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
    const params = deep || probe.deepOnly ? probe.deepParams : {};
    const known = `${this.#service.place}\n${name}`;
    try {
      const value = understood(probe, await this.#service.ask(probe.method, params, timeoutMs));
      lastGood.set(known, { value, at: performance.now() });
      return { name, section: { value } };
    } catch (failure) {
      if (!(failure instanceof Failure)) throw failure;
      const error = { section: name, error: failure.message, next: failure.next };
      const last = lastGood.get(known);
      if (!last) return { name, error };
      const staleAgeSec = Math.floor((performance.now() - last.at) / 1000);
      return { name, section: { value: last.value, stale: true, staleAgeSec }, error };
    }
  }
}

// The same with amounts in credits, for whoever knows nothing of minor units.
export function inCredits(found) {
  const sections = declared.probes.flatMap((probe) => {
    const section = found.sections[probe.section];
    return section ? [[probe.section, { ...section, value: converted(probe, section.value) }]] : [];
  });
  return { ...found, sections: Object.fromEntries(sections) };
}

// One section in a form that nobody knows takes nothing from the others, and is not kept.
function understood(probe, answer) {
  try {
    if (NEEDED[probe.section].some((name) => answer[name] === undefined)) throw new TypeError();
    const value = told(probe.section, answer);
    converted(probe, value);
    return value;
  } catch {
    throw otherForm(declared.version, answer.version);
  }
}

function converted(probe, value) {
  return probe.amounts.reduce((before, path) => withPlain(before, path.split(".")), value);
}

// `*` stands for every name there is.
function withPlain(value, [name, ...rest]) {
  const names = name === "*" ? Object.keys(value) : [name];
  const told = names.map((one) => [one, rest.length ? withPlain(value[one], rest) : plain(value[one])]);
  return { ...value, ...Object.fromEntries(told) };
}

// What the market said, less the envelope; of a list how much of what, and no word of strangers.
function told(section, { ok, requestId, items, nextCursor, ...fields }) {
  if (!Array.isArray(items)) return fields;
  const byStatus = {};
  for (const { status } of items) byStatus[status] = (byStatus[status] ?? 0) + 1;
  const newest = items.slice(0, SAMPLES).map((item) => item[IDS[section]]);
  return { count: items.length, more: Boolean(nextCursor), byStatus, newest };
}
