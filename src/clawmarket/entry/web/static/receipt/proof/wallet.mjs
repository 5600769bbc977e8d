// What an Ethereum wallet signs for people (EIP-191, version 0x45), and which wallet it was.

import { bytesOf, encoded, hex, joined, numberOf } from "../text/bytes.mjs";
import { keccak256 } from "./keccak.mjs";
import { ORDER, recovered } from "./secp256k1.mjs";

const RECOVERY_BYTES = [0, 1, 27, 28];
const WORD = 32;

/** Whether 65 bytes are a signature in its one form: low s (EIP-2), and a known last byte. */
export function isInOneForm(signature) {
  const s = numberOf(signature.slice(WORD, 2 * WORD));
  return s <= ORDER / 2n && RECOVERY_BYTES.includes(signature[2 * WORD]);
}

/** The lower-case address whose signature over a message this is, or null if nobody's is. */
export function signerOf(message, signature) {
  const text = encoded(`\x19Ethereum Signed Message:\n${message.length}`);
  const hash = numberOf(keccak256(joined(text, message)));
  const [r, s] = [0, WORD].map((at) => numberOf(signature.slice(at, at + WORD)));
  const key = recovered(hash, r, s, signature[2 * WORD] % 27 === 1);
  if (!key) return null;
  const place = joined(bytesOf(key[0], WORD), bytesOf(key[1], WORD));
  return `0x${hex(keccak256(place).slice(12))}`;
}
