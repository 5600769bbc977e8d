// The guard's places in the host. A hook that fails would stop every tool and turn, so none does;
// a defect of ours in front of a paid tool is an answer that did not come.

import { safeText } from "../redaction.js";
import { Guard } from "./guard.js";

// After the hooks of all others: what they forbid is not reserved.
const LAST = -100;
// The host loads and registers the plugin more than once, and its hooks may belong to another
// registration than the service that it starts: there is one guard in the process that runs.
const RUNNING = Symbol.for("clawmarket.guard");

export function registerGuard(api, connection, lifecycle) {
  const own = new Guard(connection, api.pluginConfig?.guard, api.logger);
  const running = () => globalThis[RUNNING] ?? own;
  lifecycle.add({
    start(ctx) {
      globalThis[RUNNING] = own;
      own.start(ctx);
    },
    stop() {
      if (globalThis[RUNNING] === own) delete globalThis[RUNNING];
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
