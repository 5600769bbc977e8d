// secp256k1 (SEC 2): recovering a public key from a signature (SEC 1, section 4.1.6).
// For verifying alone: everything here is public, so that its time may depend on its values.
// A point is [X, Y, Z] for x = X / Z and y = Y / Z modulo P; [0, 1, 0] is the one at infinity.

const P = 2n ** 256n - 2n ** 32n - 977n;
export const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const BASE = [
  0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n,
  0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n,
  1n,
];
const INFINITY = [0n, 1n, 0n];
const BITS = 256;

const modulo = (number, prime) => ((number % prime) + prime) % prime;

function power(base, exponent) {
  let [result, square, left] = [1n, base, exponent];
  for (; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}

/** The inverse modulo a prime, by Euclid's algorithm. */
function inverse(number, prime) {
  let [low, high, one, other] = [modulo(number, prime), prime, 1n, 0n];
  while (low > 1n) {
    const times = high / low;
    [low, high, one, other] = [high - times * low, low, other - times * one, one];
  }
  return modulo(one, prime);
}

/** Adds any two points by the complete formulas of Renes, Costello and Batina (2015), section 3. */
function sum([x1, y1, z1], [x2, y2, z2]) {
  const [x, y, z] = [(3n * x1 * x2) % P, (y1 * y2) % P, (21n * z1 * z2) % P];
  const [xy, yz] = [(x1 * y2 + x2 * y1) % P, (y1 * z2 + y2 * z1) % P];
  const xz = (21n * (x1 * z2 + x2 * z1)) % P;
  const [less, more] = [y - z, y + z];
  return [
    modulo(xy * less - yz * xz, P),
    modulo(more * less + x * xz, P),
    modulo(yz * more + x * xy, P),
  ];
}

/** The sum of two points, each so many times; what both need is doubled once. */
function combined(s, a, t, b) {
  const sums = [null, a, b, sum(a, b)];
  let total = INFINITY;
  for (let place = BITS - 1; place >= 0; place -= 1) {
    total = sum(total, total);
    const shift = BigInt(place);
    const chosen = Number(((s >> shift) & 1n) + 2n * ((t >> shift) & 1n));
    if (chosen) total = sum(total, sums[chosen]);
  }
  return total;
}

/**
 * The public key [x, y] whose signature over a hash this is, or null if no key can have made it.
 * All are BigInt but `odd`, which says whether y of the signature's point is odd.
 */
export function recovered(hash, r, s, odd) {
  if (r <= 0n || r >= ORDER || s <= 0n || s >= ORDER) return null;
  const square = (r * r * r + 7n) % P;
  const y = power(square, (P + 1n) / 4n);
  if ((y * y) % P !== square) return null;
  const point = [r, (y & 1n) === (odd ? 1n : 0n) ? y : P - y, 1n];
  const turn = inverse(r, ORDER);
  const key = combined((s * turn) % ORDER, point, modulo(-hash * turn, ORDER), BASE);
  if (key[2] === 0n) return null;
  const scale = inverse(key[2], P);
  return [(key[0] * scale) % P, (key[1] * scale) % P];
}
