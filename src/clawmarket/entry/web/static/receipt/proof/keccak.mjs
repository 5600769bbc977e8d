// Keccak-256 as Ethereum uses it: the sponge of FIPS 202 with the padding from before it.
// Each lane of 64 bits is a BigInt; a signature needs three blocks, so speed is no matter here.

const RATE = 136;
const LANES = 25;
const ROUNDS = 24;
const OUTPUT = 32;
const wide = (lane) => BigInt.asUintN(64, lane);
const turned = (lane, by) => wide((lane << BigInt(by)) | (lane >> BigInt(64 - by)));

/** The constants of the rounds, from the linear register of FIPS 202, section 3.2.5. */
function roundConstants() {
  const constants = [];
  let bits = 1;
  for (let round = 0; round < ROUNDS; round += 1) {
    let constant = 0n;
    for (let power = 0; power < 7; power += 1) {
      if (bits & 1) constant |= 1n << BigInt(2 ** power - 1);
      bits = (bits << 1) ^ ((bits >> 7) * 0x171);
    }
    constants.push(constant);
  }
  return constants;
}

/** Where each lane goes and how far it turns, by rho and pi together (sections 3.2.2, 3.2.3). */
function moves() {
  const steps = [[0, 0, 0]];
  let [x, y] = [1, 0];
  for (let step = 0; step < LANES - 1; step += 1) {
    const to = [y, (2 * x + 3 * y) % 5];
    steps.push([x + 5 * y, to[0] + 5 * to[1], (((step + 1) * (step + 2)) / 2) % 64]);
    [x, y] = to;
  }
  return steps;
}

const CONSTANTS = roundConstants();
const MOVES = moves();

function permuted(state) {
  let a = state;
  for (const constant of CONSTANTS) {
    const columns = [0, 1, 2, 3, 4].map((x) => a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20]);
    const mixed = columns.map((_, x) => columns[(x + 4) % 5] ^ turned(columns[(x + 1) % 5], 1));
    const b = new Array(LANES);
    for (const [from, to, by] of MOVES) b[to] = turned(a[from] ^ mixed[from % 5], by);
    a = b.map((lane, at) => {
      const row = at - (at % 5);
      return lane ^ (wide(~b[row + ((at + 1) % 5)]) & b[row + ((at + 2) % 5)]);
    });
    a[0] ^= constant;
  }
  return a;
}

export function keccak256(data) {
  const padded = new Uint8Array(data.length + RATE - (data.length % RATE));
  padded.set(data);
  padded[data.length] ^= 0x01;
  padded[padded.length - 1] ^= 0x80;
  const view = new DataView(padded.buffer);
  let state = new Array(LANES).fill(0n);
  for (let start = 0; start < padded.length; start += RATE) {
    for (let lane = 0; lane < RATE / 8; lane += 1) {
      state[lane] ^= view.getBigUint64(start + 8 * lane, true);
    }
    state = permuted(state);
  }
  const out = new DataView(new ArrayBuffer(OUTPUT));
  for (let lane = 0; lane < OUTPUT / 8; lane += 1) out.setBigUint64(8 * lane, state[lane], true);
  return new Uint8Array(out.buffer);
}
