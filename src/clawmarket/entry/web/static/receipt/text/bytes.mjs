// Bytes and their writings: hexadecimal, base64 (RFC 4648) and UTF-8; SHA-256 by the browser.

const utf8 = new TextEncoder();

export const encoded = (text) => utf8.encode(text);

export function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export const hex = (bytes) => [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");

/** Reads an even number of hexadecimal digits that the caller has checked. */
export function fromHex(text) {
  const bytes = new Uint8Array(text.length / 2);
  for (let at = 0; at < bytes.length; at += 1) {
    bytes[at] = parseInt(text.slice(2 * at, 2 * at + 2), 16);
  }
  return bytes;
}

/** Reads base64 in its one form; null for anything else, as loose trailing bits are. */
export function fromBase64(text) {
  try {
    const data = atob(text);
    return btoa(data) === text ? Uint8Array.from(data, (char) => char.charCodeAt(0)) : null;
  } catch {
    return null;
  }
}

export const sameBytes = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);

export const numberOf = (bytes) => (bytes.length ? BigInt(`0x${hex(bytes)}`) : 0n);

export const bytesOf = (number, length) => fromHex(number.toString(16).padStart(2 * length, "0"));

export async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
