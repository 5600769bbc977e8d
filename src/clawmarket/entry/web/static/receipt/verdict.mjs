// The verdict on a receipt: ten checks, each with its own outcome, and what stays unproven.
// The same checks, under the same names, as `clawmarket verify` makes; outcomes and codes alone
// are told from here, since sentences are the page's.

import { checkPostings } from "./claims/postings.mjs";
import { attestedIn, checkSignatures } from "./claims/signatures.mjs";
import { checkDelivery, checkSummary } from "./claims/summary.mjs";
import { Flaw, NotAReceipt, Skip, Unable, demand } from "./flaw.mjs";
import { readFile } from "./order/file.mjs";
import { slipOf } from "./order/slip.mjs";
import { readRecords, readStory } from "./order/story.mjs";
import { openCheckpoint, parseKey, readHead } from "./proof/checkpoint.mjs";
import { isIncluded, leafOf } from "./proof/merkle.mjs";
import { written } from "./text/canonical.mjs";
import { trimmed } from "./text/space.mjs";

const MAX_SHOWN = 200;

async function checkRecords({ file, story, flaw }) {
  if (flaw) throw flaw;
  return { n: file.records.length, order: story.orderId };
}

function headOf(text) {
  try {
    return readHead(text);
  } catch (flaw) {
    if (flaw instanceof Flaw) throw new Skip("no_head");
    throw flaw;
  }
}

async function checkInclusion({ file, pace }) {
  const head = headOf(file.checkpoint);
  for (const [place, { record, salt, index, proof }] of file.records.entries()) {
    await pace(place, file.records.length);
    const leaf = await leafOf(record, salt);
    const good = await isIncluded(leaf, BigInt(index), head.size, proof, head.root);
    demand(good, "not_included", { index });
  }
  return { n: file.records.length, size: String(head.size) };
}

async function checkCheckpoint({ file }) {
  const head = await openCheckpoint(file.checkpoint, await parseKey(file.market.key));
  const { origin } = file.market;
  demand(origin === head.origin, "other_market", { expected: origin, found: head.origin });
  return { origin, size: String(head.size) };
}

async function checkKey({ file, pinned }) {
  if (pinned === null) return {};
  const about = { expected: pinned, found: file.market.key };
  demand(pinned === file.market.key, "key_other", about);
  return {};
}

async function checkAnchors({ file }) {
  throw new Skip(file.anchors.length ? "anchors_unknown" : "no_anchors");
}

const told = (check) => async (given) => {
  if (given.flaw) throw new Skip("no_story");
  return check(given);
};

const CHECKS = {
  records: checkRecords,
  inclusion: checkInclusion,
  checkpoint: checkCheckpoint,
  key: checkKey,
  signatures: told(checkSignatures),
  postings: told(checkPostings),
  delivery: told(checkDelivery),
  summary: told(checkSummary),
  anchors: checkAnchors,
};

/** The names of all checks, in their order. */
export const NAMES = ["format", ...Object.keys(CHECKS)];

const OUTCOMES = [[Skip, "skipped"], [Unable, "unable"], [Flaw, "failed"]];

/** Writes a value for people; longer ones are cut, so that a hostile file cannot flood a page. */
function shown(value) {
  if (value === null || value === undefined) return null;
  return (typeof value === "string" ? value : written(value)).slice(0, MAX_SHOWN);
}

function endedBy(name, error) {
  const [, outcome] = OUTCOMES.find(([kind]) => error instanceof kind) ?? [];
  if (!outcome) throw error;
  const values = Object.entries(error.values).map(([each, value]) => [each, shown(value)]);
  return { name, outcome, code: error.code, values: Object.fromEntries(values) };
}

async function outcomeOf(name, given) {
  try {
    const values = await CHECKS[name](given);
    const open = name === "key" && given.pinned === null;
    return { name, outcome: open ? "unpinned" : "passed", code: name, values };
  } catch (error) {
    return endedBy(name, error);
  }
}

async function storyOf(file, pace) {
  try {
    return { story: await readStory(await readRecords(file, pace)), flaw: null };
  } catch (flaw) {
    if (!(flaw instanceof Flaw)) throw flaw;
    return { story: null, flaw };
  }
}

function gapsOf({ story, pinned }) {
  const gaps = ["time", "one_log", "quality"];
  if (pinned === null) gaps.unshift("market");
  if (story && attestedIn(story).length) gaps.push("attested");
  return gaps;
}

function unread(flaw) {
  const rest = Object.keys(CHECKS).map((name) => endedBy(name, new Skip("no_file")));
  return { checks: [endedBy("format", flaw), ...rest], gaps: [], slip: null };
}

/** A market's key as somebody pasted it, or null for none. Throws a Flaw if it is no key. */
export async function pinnedKey(text) {
  const key = trimmed(text ?? "");
  if (key) await parseKey(key);
  return key || null;
}

/**
 * Checks a receipt, trusting nobody but the pinned key.
 *
 * `text` is the file's text and `pinned` the market's key as its reader knows it, or null.
 * `report(name, done, total)` is called, and may be awaited, as long as a check goes on. Returns
 * `{checks: [{name, outcome, code, values}], gaps, slip}`; the slip is null unless a whole story is
 * told and no check speaks against it. Throws NotAReceipt for other files, and nothing else for
 * whatever stands in one.
 */
export async function examine(text, pinned, report = async () => {}) {
  const paced = (name) => (done, total) => report(name, done, total);
  let file;
  try {
    file = readFile(text);
  } catch (flaw) {
    if (!(flaw instanceof Flaw) || flaw instanceof NotAReceipt) throw flaw;
    return unread(flaw);
  }
  const given = { file, pinned, ...(await storyOf(file, paced("records"))) };
  const checks = [{ name: "format", outcome: "passed", code: "format", values: {} }];
  for (const name of Object.keys(CHECKS)) {
    checks.push(await outcomeOf(name, { ...given, pace: paced(name) }));
  }
  // What a check has found wrong need not even have the type that a slip shows.
  const shown = given.story && checks.every(({ outcome }) => outcome !== "failed");
  return { checks, gaps: gapsOf(given), slip: shown ? slipOf(given) : null };
}
