// The guard's places in the host. A hook that fails would stop every tool and turn, so none does;
// a defect of ours in front of a paid tool is an answer that did not come.

import { shared } from "../meeting.js";
import { safeText } from "../redaction.js";
import { Guard } from "./guard.js";

// After the hooks of all others: what they forbid is not reserved.
const LAST = -100;
// One guard runs in a process, whichever copy's hooks are called.
const meeting = shared("guard", () => ({ running: null }));

export function registerGuard(api, connection, lifecycle) {
  const own = new Guard(connection, api.pluginConfig?.guard, api.logger);
  const running = () => meeting.running ?? own;
  lifecycle.add({
    start(ctx) {
      meeting.running = own;
      own.start(ctx);
    },
    stop() {
      if (meeting.running === own) meeting.running = null;
      own.stop();
    },
  });
  const on = (hook, run, { otherwise = () => undefined, ...options } = {}) =>
    api.on(
      hook,
      async (event, ctx) => {
        try {
          return await run(running(), event, ctx ?? {});
        } catch (error) {
          api.logger?.warn?.(`clawmarket: ${safeText(error?.stack ?? error)}`);
          return otherwise(event);
        }
      },
      options,
    );
  on("before_agent_run", (guard, _event, ctx) => guard.beforeRun(ctx));
  on("before_tool_call", (guard, event, ctx) => guard.beforeTool(event, ctx), {
    otherwise: (event) => running().unheard(event),
    priority: LAST,
  });
  on("after_tool_call", (guard, event, ctx) => guard.afterTool(event, ctx));
  on("agent_end", (guard, event, ctx) => guard.afterRun({ runId: event.runId ?? ctx.runId }));
  on("llm_output", (guard, event, ctx) => guard.output(event, ctx));
  on("session_end", (guard, event, ctx) => guard.sessionEnd(event, ctx));
}
