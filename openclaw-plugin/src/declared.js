// What tools/generate.py wrote down from the registry.

import { readFileSync } from "node:fs";

export const declared = JSON.parse(
  readFileSync(new URL("../declared.json", import.meta.url), "utf8"),
);
