// Judges receipts as the page does, for the tests: a line of JSON in, a line of JSON out.
// Arguments: the folder of the page's scripts, and the catalogs of sentences.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const PREFIX = "receipt.js.";
const [folder, ...catalogs] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(`${folder}/${name}`));
const { examine, pinnedKey } = await load("verdict.mjs");
const { sentences } = await load("showing.mjs");
const languages = catalogs.map((path) => {
  const said = Object.entries(JSON.parse(readFileSync(path, "utf8")));
  const ours = said.filter(([key]) => key.startsWith(PREFIX));
  return Object.fromEntries(ours.map(([key, text]) => [key.slice(PREFIX.length), text]));
});

const modules = new Map();

async function called(module, name, args) {
  if (!modules.has(module)) modules.set(module, await load(module));
  return modules.get(module)[name](...args);
}

async function answer({ text, pinned, module, name, args, json }) {
  if (module) return { value: await called(module, name, args) };
  if (json !== undefined) {
    const value = await called("text/strict.mjs", "parseStrict", [json, 32]);
    await called("text/canonical.mjs", "checkRecordable", [value]);
    return { value: await called("text/canonical.mjs", "written", [value]) };
  }
  const verdict = await examine(text, await pinnedKey(pinned));
  for (const check of verdict.checks) {
    check.said = languages.map((words) => sentences(words, check).join(" "));
  }
  return verdict;
}

const writable = (_, value) => {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  return typeof value === "bigint" ? value.toString() : value;
};

const revived = (_, value) => {
  if (typeof value === "string" && value.startsWith("bytes:")) {
    return Uint8Array.from(Buffer.from(value.slice(6), "hex"));
  }
  return typeof value === "string" && /^\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value;
};

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  if (asked.args) asked.args = JSON.parse(JSON.stringify(asked.args), revived);
  const reply = await answer(asked).catch((error) => ({
    refused: error.code ?? null,
    defect: error.code ? null : error.stack,
  }));
  process.stdout.write(`${JSON.stringify(reply, writable)}\n`);
}
