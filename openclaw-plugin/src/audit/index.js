// The audit of what the agent does: hooks that only look, and a part that delivers.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { declared } from "../declared.js";
import { shared } from "../meeting.js";
import { safeText } from "../redaction.js";
import { Delivery } from "./delivery.js";
import { HOOKS, OF_CONVERSATIONS } from "./kinds.js";
import { Recorder } from "./recorder.js";
import { Spool } from "./spool.js";

const LAST_MS = 1000;

// One copy has the spool, whichever copy's hooks are called.
const meeting = shared("audit", () => ({ running: null }));

export function registerAudit(api, service, lifecycle) {
  const { audit = true, keyFile } = api.pluginConfig ?? {};
  if (!audit || !keyFile) return;
  const mayListen = api.config?.plugins?.entries?.[declared.id]?.hooks?.allowConversationAccess;
  for (const hook of HOOKS) {
    // The host would refuse these and complain.
    if (OF_CONVERSATIONS.has(hook) && mayListen !== true) continue;
    api.on(hook, (event, ctx) => {
      meeting.running?.note(hook, event, ctx);
    });
  }
  const running = new Audit(service, api.logger);
  lifecycle.add({
    start: ({ stateDir }) => running.start(stateDir),
    stop: () => running.end(),
  });
}

// How it stands: what waits, what was lost and not told of yet, why the last attempt failed; null
// while nothing is written down.
export function auditStanding() {
  return meeting.running?.standing ?? null;
}

class Audit {
  #spool = new Spool();
  #recorder;
  #delivery;
  #logger;
  #isOpen = false;

  constructor(service, logger) {
    this.#delivery = new Delivery(this.#spool, service, logger);
    this.#recorder = new Recorder(this.#spool, () => this.#delivery.wake());
    this.#logger = logger;
  }

  get standing() {
    const { waiting, lost } = this.#spool;
    return { waiting, lost, failed: this.#delivery.failed };
  }

  note(hook, event, ctx) {
    this.#recorder.note(hook, event, ctx);
  }

  // Whoever had the spool before lets go of it first.
  async start(stateDir) {
    if (this.#isOpen) return;
    try {
      await meeting.running?.end();
      await this.#spool.open(join(stateDir, "clawmarket", "audit"));
      this.#isOpen = true;
      this.#delivery.start();
      meeting.running = this;
    } catch (error) {
      const why = safeText(error?.code ?? error?.message);
      this.#logger?.warn?.(`clawmarket: audit: nothing is written down: ${why}`);
    }
  }

  // The host ends its sessions before it stops its services, and waits for both.
  async end() {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (meeting.running === this) meeting.running = null;
    await Promise.race([this.#recorder.settled(), sleep(LAST_MS, null, { ref: false })]);
    await this.#delivery.stop(LAST_MS);
    await this.#spool.close();
  }
}
