// What each party said, held against what happened: same market, actor, method, values and files.

import { demand } from "../flaw.mjs";
import { actOf } from "../order/belonging.mjs";
import { stripped, told } from "../order/telling.mjs";
import { RULES } from "../rules.mjs";
import { alike, digestOf, isObject, member } from "../text/canonical.mjs";

const DECIDED = new Map(Object.entries(RULES.decided));

/** The files that a statement names: hash, name and size of each. */
export function filesOf(record) {
  const files = Object.hasOwn(record.params, "artifacts") ? record.params.artifacts : [];
  demand(Array.isArray(files) && files.every(isObject), "files_form", { where: record.id });
  const names = ["digest", "name", "size"];
  return files.map((file) => Object.fromEntries(names.map((name) => [name, member(file, name)])));
}

function checkValues(record, event) {
  for (const [name, asked] of Object.entries(record.params)) {
    if (asked === null || !Object.hasOwn(event, name)) continue;
    const about = { where: record.id, kind: event.kind, name, expected: asked, found: event[name] };
    demand(alike(stripped(asked), event[name]), "said_value", about);
  }
}

function checkWords(record, origin) {
  const { said } = record.statement;
  const happened = { market: origin, actor: record.actor, method: record.method };
  for (const [name, expected] of Object.entries(happened)) {
    const about = { where: record.id, name, expected, found: said[name] };
    demand(said[name] === expected, "said_other", about);
  }
  for (const event of record.events) {
    const act = actOf(event, record.method);
    const asked = !act || act.methods.includes(record.method);
    demand(asked, "said_method", { where: record.id, kind: event.kind, found: record.method });
    checkValues(record, event);
  }
  const decision = member(record.params, "decision");
  const shown = decision === null || record.kinds.has(DECIDED.get(decision));
  demand(shown, "said_verdict", { where: record.id, found: decision });
}

function checkRating(record, seller) {
  if (record.method !== RULES.review) return;
  const rating = member(record.params, "rating");
  const events = told([record], "result_rated").map(([, event]) => event);
  const rated = events.map((event) => [member(event, "worker"), member(event, "rating")]);
  const wanted = rating === null ? [] : [[seller, rating]];
  demand(alike(wanted, rated), "said_rating", { where: record.id, expected: wanted, found: rated });
}

async function checkHash(record, event, name, value) {
  const expected = await digestOf(value);
  const found = member(event, name);
  const about = { where: record.id, kind: event.kind, name, expected, found };
  demand(found === expected, "said_hash", about);
}

async function checkTerms(record, story) {
  checkRating(record, story.seller);
  for (const event of record.events) {
    if (RULES.termed.includes(event.kind)) await checkHash(record, event, "terms", record.params);
    if (event.kind !== "dispute_evidence_submitted") continue;
    const brought = { summary: member(record.params, "summary"), artifacts: filesOf(record) };
    await checkHash(record, event, "evidenceDigest", brought);
  }
  if (!record.kinds.has("order_created") || story.offerId === null) return;
  const found = member(record.params, "offerId");
  demand(found === story.offerId, "said_offer", { expected: story.offerId, found });
}

/** Checks that a record's statement asks for what the record says has happened. */
export async function checkSaid(record, origin, story) {
  checkWords(record, origin);
  await checkTerms(record, story);
}
