// The log's tree (RFC 6962, section 2.1; RFC 9162, section 2.1): leaves and inclusion proofs.

import { encoded, fromHex, hex, joined, sameBytes, sha256 } from "../text/bytes.mjs";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** The leaf hash of a record: a salted commitment in canonical JSON is all that the log shows. */
export async function leafOf(record, salt) {
  const commit = hex(await sha256(joined(fromHex(salt), encoded(record))));
  return sha256(joined(LEAF, encoded(`{"commit":"${commit}","v":1}`)));
}

const bitLength = (number) => (number === 0n ? 0 : number.toString(2).length);

const onesIn = (number) => number.toString(2).replaceAll("0", "").length;

/**
 * Whether a leaf stands at an index of the tree with this size and root. Index and size are
 * BigInt, the proof is hashes in hexadecimal from the leaf upwards.
 */
export async function isIncluded(leaf, index, size, proof, root) {
  if (index < 0n || index >= size) return false;
  // Below `inner` the path has siblings on either side; above, complete trees on its left alone.
  const inner = bitLength(index ^ (size - 1n));
  if (proof.length !== inner + onesIn(index >> BigInt(inner))) return false;
  let node = leaf;
  for (const [level, text] of proof.entries()) {
    const sibling = fromHex(text);
    const onLeft = level >= inner || ((index >> BigInt(level)) & 1n) === 1n;
    node = await sha256(onLeft ? joined(NODE, sibling, node) : joined(NODE, node, sibling));
  }
  return sameBytes(node, root);
}
