// The audit of what the agent does: hooks that only look, and a service of the host that delivers.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { declared } from "../declared.js";
import { safeText } from "../redaction.js";
import { Delivery } from "./delivery.js";
import { HOOKS, OF_CONVERSATIONS } from "./kinds.js";
import { Recorder } from "./recorder.js";
import { Spool } from "./spool.js";

const ID = "clawmarket-audit";
const LAST_MS = 1000;

// The host loads a plugin's modules several times in one process: it starts the service of one
// copy and calls the hooks of another. This name is where they meet.
const MEETING = Symbol.for("clawmarket.audit");

export function registerAudit(api, service) {
  const { audit = true, keyFile } = api.pluginConfig ?? {};
  if (!audit || !keyFile) return;
  const mayListen = api.config?.plugins?.entries?.[declared.id]?.hooks?.allowConversationAccess;
  for (const hook of HOOKS) {
    // The host would refuse these and complain.
    if (OF_CONVERSATIONS.has(hook) && mayListen !== true) continue;
    api.on(hook, (event, ctx) => {
      globalThis[MEETING]?.note(hook, event, ctx);
    });
  }
  const spool = new Spool();
  const delivery = new Delivery(spool, service, api.logger);
  const recorder = new Recorder(spool, () => delivery.wake());
  let isOpen = false;
  // The host ends its sessions before it stops its services, and waits for both.
  const end = async () => {
    if (!isOpen) return;
    isOpen = false;
    if (globalThis[MEETING] === meeting) delete globalThis[MEETING];
    await Promise.race([recorder.settled(), sleep(LAST_MS, null, { ref: false })]);
    await delivery.stop(LAST_MS);
    await spool.close();
  };
  const meeting = {
    note: (hook, event, ctx) => recorder.note(hook, event, ctx),
    standing: () => ({ waiting: spool.waiting, lost: spool.lost, failed: delivery.failed }),
    end,
  };
  const start = async ({ stateDir }) => {
    if (isOpen) return;
    try {
      await globalThis[MEETING]?.end();
      await spool.open(join(stateDir, "clawmarket", "audit"));
      isOpen = true;
      delivery.start();
      globalThis[MEETING] = meeting;
    } catch (error) {
      const why = safeText(error?.code ?? error?.message);
      api.logger.warn(`clawmarket: audit: nothing is written down: ${why}`);
    }
  };
  api.registerService({ id: ID, start, stop: end });
}

// How it stands: what waits, what was lost and not told of yet, why the last attempt failed; null
// while nothing is written down.
export function auditStanding() {
  return globalThis[MEETING]?.standing() ?? null;
}
