// The audit of what the agent does: hooks that only look, and a service of the host that delivers.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { safeText } from "../redaction.js";
import { Delivery } from "./delivery.js";
import { HOOKS } from "./kinds.js";
import { Recorder } from "./recorder.js";
import { Spool } from "./spool.js";

const ID = "clawmarket-audit";
const LAST_MS = 1000;

// Answers {waiting, lost, failed} to whoever asks how it stands.
export function registerAudit(api, service) {
  const { audit = true, keyFile } = api.pluginConfig ?? {};
  const spool = new Spool();
  const delivery = new Delivery(spool, service, api.logger);
  if (audit && keyFile) {
    const recorder = new Recorder(spool, () => delivery.wake());
    for (const hook of HOOKS) {
      api.on(hook, (event, ctx) => {
        recorder.note(hook, event, ctx);
      });
    }
    api.registerService({
      id: ID,
      start: async ({ stateDir }) => {
        try {
          await spool.open(join(stateDir, "clawmarket", "audit"));
          delivery.start();
        } catch (error) {
          const why = safeText(error?.code ?? error?.message);
          api.logger.warn(`clawmarket: audit: nothing is written down: ${why}`);
        }
      },
      // The host ends its sessions before it stops its services, and waits for both.
      stop: async () => {
        await Promise.race([recorder.settled(), sleep(LAST_MS, null, { ref: false })]);
        await delivery.stop(LAST_MS);
        await spool.close();
      },
    });
  }
  return () => ({ waiting: spool.waiting, lost: spool.lost, failed: delivery.failed });
}
