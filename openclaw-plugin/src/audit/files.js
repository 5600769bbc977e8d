// Small private files: written whole or not at all, for their owner only.

import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename } from "node:fs/promises";

const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
const SECRET = /^[0-9a-f]{64}\n$/;

export async function privateFolder(folder) {
  await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER });
}

export async function writePrivate(path, content) {
  const handle = await open(`${path}.partial`, "w", PRIVATE_FILE);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${path}.partial`, path);
}

// The text of a file, or "" where there is none.
export async function textOf(path) {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return "";
    throw error;
  }
}

// 32 random bytes that are drawn once. A file that holds something else is never replaced: what it
// held before may open old commitments.
export async function secretIn(path) {
  const kept = await textOf(path);
  if (SECRET.test(kept)) return Buffer.from(kept.trim(), "hex");
  if (kept) throw new Error("the file with the secret holds something else");
  const drawn = randomBytes(32);
  await writePrivate(path, `${drawn.toString("hex")}\n`);
  return drawn;
}
