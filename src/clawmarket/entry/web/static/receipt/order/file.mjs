// The form of a receipt file and of each record in it; nothing is held against anything yet.

import { NotAReceipt, demand } from "../flaw.mjs";
import { RULES } from "../rules.mjs";
import { encoded } from "../text/bytes.mjs";
import { checkRecordable, isObject, isWhole, member, written } from "../text/canonical.mjs";
import { SPACE } from "../text/space.mjs";
import { parseStrict } from "../text/strict.mjs";

const HASH = /^[0-9a-f]{64}$/;
const SIGNED_AMOUNT = new RegExp(`^(?:${RULES.signedAmount})$`);
const CLAIM = new RegExp(`"format"[${SPACE}]*:[${SPACE}]*"${RULES.format}"`);
const TYPES = {
  text: (value) => typeof value === "string",
  whole: isWhole,
  truth: (value) => typeof value === "boolean",
  object: isObject,
  list: Array.isArray,
  nothing: (value) => value === null,
};

/** Checks that an object has exactly the members of a shape, `optional` ones aside. */
function checkShape(value, shape, where, optional = []) {
  demand(isObject(value), "shape", { where });
  for (const name of Object.keys(value)) {
    demand(Object.hasOwn(shape, name), "shape_more", { where, name });
    const good = shape[name].some((type) => TYPES[type](value[name]));
    demand(good, "shape_type", { where, name });
  }
  const missing = Object.keys(shape).find((n) => !(n in value) && !optional.includes(n));
  demand(missing === undefined, "shape_less", { where, name: missing });
  return value;
}

/** Reads a receipt file. Throws NotAReceipt if it does not even claim to be one, else a Flaw. */
export function readFile(text) {
  if (encoded(text).length > RULES.maxBytes) throw new NotAReceipt("too_large");
  if (!CLAIM.test(text)) throw new NotAReceipt("no_claim");
  const file = checkShape(parseStrict(text, RULES.maxDepth), RULES.shapes.file, "file");
  demand(file.format === RULES.format, "format", { expected: RULES.format, found: file.format });
  checkShape(file.market, RULES.shapes.market, "market");
  const count = file.records.length;
  const range = `1 to ${RULES.maxRecords}`;
  demand(count >= 1 && count <= RULES.maxRecords, "count", { expected: range, found: count });
  file.records.forEach((item, place) => {
    const where = `records[${place}]`;
    checkShape(item, RULES.shapes.logged, where);
    const good = [item.salt, ...item.proof].every((one) => TYPES.text(one) && HASH.test(one));
    demand(good && item.proof.length <= RULES.maxProof, "hashes", { where });
  });
  return file;
}

function checkStatement(statement, where) {
  checkShape(statement, RULES.shapes.statement, `${where}.statement`);
  // Statements of the first version named no moment.
  const shape = member(statement.said, "v") === 1 ? "saidFirst" : "said";
  checkShape(statement.said, RULES.shapes[shape], `${where}.statement.said`);
  demand([1, RULES.statementVersion].includes(statement.said.v), "version", { where });
}

const isTriple = (item) => Array.isArray(item) && item.length === 3 && item.every(TYPES.text);

/** Reads one record, which has to stand there in its canonical form. */
export function readRecord(text, where) {
  const value = parseStrict(text, RULES.maxDepth);
  checkRecordable(value);
  demand(written(value) === text, "canonical", { where });
  const record = checkShape(value, RULES.shapes.record, where, ["statement"]);
  demand(record.v === 1, "version", { where, expected: 1, found: record.v });
  const events = record.events.every((event) => isObject(event) && TYPES.text(event.kind));
  const triples = [...record.states, ...record.postings].every(isTriple);
  demand(events && triples, "record_form", { where });
  const whole = record.postings.every(([, , amount]) => SIGNED_AMOUNT.test(amount));
  demand(whole, "record_form", { where });
  const statement = record.statement ?? null;
  if (statement) checkStatement(statement, where);
  return {
    ...record,
    statement,
    params: statement ? statement.said.params : Object.create(null),
    kinds: new Set(record.events.map((event) => event.kind)),
    postings: record.postings.map(([account, asset, amount]) => [account, asset, BigInt(amount)]),
  };
}
