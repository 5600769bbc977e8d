// One open WebSocket to the market's service: many calls in flight, each with a time budget.
//
// It comes back by itself. While it is known to be down a call fails at once, so whoever asks can
// decide without waiting; nothing here rejects unheard or outlives stop().

import { addressMissing, away, Failure, keyMissing, notAMarket, silent } from "./failure.js";
import { failureIn, keyIn, usable } from "./service.js";

const MAX_ANSWER_CHARS = 4 * 2 ** 20;
const MAX_UNSENT_BYTES = 2 ** 20;
const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 5000;
// Somebody waits for it: the pause is cut short, yet not below this.
const HURRY_MS = 500;
const SIGN_IN_MS = 3000;
// A socket that says nothing for so long after a late answer is taken for dead.
const QUIET_MS = 3000;
const SIGN_IN_ID = 0;
const PROBE_ID = -1;

export class Connection {
  #url;
  #keyFile;
  #key = "";
  #calls = new Map();
  #listeners = [];
  #running = false;
  #socket = null;
  #signedIn = false;
  #why = away();
  #lastId = 0;
  #frames = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #triedAt = 0;
  #timer = null;
  #watch = null;

  constructor({ serviceUrl, keyFile }) {
    const url = usable(serviceUrl);
    if (url) {
      url.protocol = url.protocol.replace("http", "ws");
      url.pathname = "/ws";
    }
    this.#url = url;
    this.#keyFile = keyFile;
  }

  get up() {
    return this.#signedIn;
  }

  // Told each time when the connection is there again.
  onUp(listener) {
    this.#listeners.push(listener);
  }

  start() {
    if (this.#running) return;
    this.#running = true;
    this.#open();
  }

  stop() {
    this.#running = false;
    clearTimeout(this.#timer);
    this.#drop(away());
  }

  // What the method answers; a Failure when refused, late, or when nobody is there.
  call(method, params = {}, { budgetMs = 3000, idempotencyKey = "" } = {}) {
    if (!this.#signedIn) {
      this.#hurry();
      return Promise.reject(this.#why);
    }
    if (this.#socket.bufferedAmount > MAX_UNSENT_BYTES) return Promise.reject(silent(budgetMs));
    return new Promise((resolve, reject) => {
      const id = (this.#lastId += 1);
      const timer = setTimeout(() => {
        this.#calls.delete(id);
        this.#suspect();
        reject(silent(budgetMs));
      }, budgetMs);
      this.#calls.set(id, { resolve, reject, timer });
      const frame = { type: "req", id, method, params };
      this.#send(idempotencyKey ? { ...frame, idempotencyKey } : frame);
    });
  }

  #send(frame) {
    this.#socket.send(JSON.stringify(frame));
  }

  // The key is read for every attempt: a new one needs no restart of the gateway.
  async #open() {
    this.#timer = null;
    this.#triedAt = performance.now();
    try {
      if (!this.#url) throw addressMissing();
      this.#key = await keyIn(this.#keyFile);
      if (!this.#key) throw keyMissing();
      if (this.#running && !this.#socket) this.#connect(new WebSocket(this.#url));
    } catch (error) {
      this.#again(error instanceof Failure ? error : away());
    }
  }

  #connect(socket) {
    this.#socket = socket;
    this.#watch = setTimeout(() => this.#lose(socket, away()), SIGN_IN_MS);
    socket.onopen = () => this.#signIn(socket);
    socket.onmessage = ({ data }) => this.#take(socket, data);
    socket.onclose = () => this.#lose(socket, away());
    // A close event follows; without a listener the error would be an unhandled one.
    socket.onerror = () => {};
  }

  // One that was given up may still open; what it throws would end the host.
  #signIn(socket) {
    if (socket === this.#socket) this.#send({ type: "auth", id: SIGN_IN_ID, token: this.#key });
  }

  #take(socket, data) {
    if (socket !== this.#socket) return;
    const frame = read(data, this.#key);
    if (!frame) {
      this.#lose(socket, notAMarket());
      return;
    }
    this.#frames += 1;
    if (frame.id === SIGN_IN_ID) this.#welcomed(socket, frame);
    else this.#answered(socket, frame);
  }

  #welcomed(socket, frame) {
    if (!frame.ok) {
      this.#lose(socket, failureIn(frame, this.#key));
      return;
    }
    this.#unwatch();
    this.#signedIn = true;
    for (const listener of this.#listeners) listener();
  }

  #answered(socket, frame) {
    this.#pauseMs = FIRST_PAUSE_MS;
    const call = this.#calls.get(frame.id);
    if (!call) return;
    this.#calls.delete(frame.id);
    clearTimeout(call.timer);
    if (frame.ok) {
      call.resolve(frame.payload ?? {});
      return;
    }
    const failure = failureIn(frame, this.#key);
    call.reject(failure);
    // The key was taken back: there may be a new one in the file.
    if (failure.reason === "key_refused") this.#lose(socket, failure);
  }

  // An answer is late: if not even a ping is answered, the other end is gone.
  #suspect() {
    if (this.#watch || !this.#signedIn) return;
    const [socket, seen] = [this.#socket, this.#frames];
    this.#send({ type: "req", id: PROBE_ID, method: "web3.status.ping" });
    this.#watch = setTimeout(() => {
      this.#watch = null;
      if (this.#frames === seen) this.#lose(socket, away());
    }, QUIET_MS);
  }

  #unwatch() {
    clearTimeout(this.#watch);
    this.#watch = null;
  }

  #lose(socket, failure) {
    if (socket !== this.#socket) return;
    this.#drop(failure);
    this.#again(failure);
  }

  #drop(failure) {
    const socket = this.#socket;
    this.#socket = null;
    this.#signedIn = false;
    this.#why = failure;
    this.#unwatch();
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const { reject, timer } of calls) {
      clearTimeout(timer);
      reject(failure);
    }
    socket?.close();
  }

  #again(failure) {
    this.#why = failure;
    if (!this.#running || this.#timer) return;
    const pauseMs = this.#pauseMs * (0.5 + Math.random() / 2);
    this.#pauseMs = Math.min(this.#pauseMs * 2, LAST_PAUSE_MS);
    this.#timer = setTimeout(() => this.#open(), pauseMs);
  }

  #hurry() {
    if (!this.#timer || performance.now() - this.#triedAt < HURRY_MS) return;
    clearTimeout(this.#timer);
    this.#open();
  }
}

// A frame of ours, or null; the key is taken out of whatever comes back.
function read(data, key) {
  if (typeof data !== "string" || data.length > MAX_ANSWER_CHARS) return null;
  try {
    const frame = JSON.parse(data.includes(key) ? data.replaceAll(key, "[TOKEN]") : data);
    return frame?.type === "res" && typeof frame.ok === "boolean" ? frame : null;
  } catch {
    return null;
  }
}
