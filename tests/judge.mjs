// Judges receipts as the page does, for the tests: a line of JSON in, a line of JSON out.

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { examine, pinnedKey } = await import(pathToFileURL(process.argv[2]));

async function judged({ text, pinned }) {
  try {
    return await examine(text, await pinnedKey(pinned));
  } catch (error) {
    return { refused: error.code ?? null, error: error.code ? null : error.stack };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await judged(JSON.parse(line)))}\n`);
}
