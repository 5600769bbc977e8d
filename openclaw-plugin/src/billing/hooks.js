// The guard's places in the host. A hook that fails would stop every tool and turn, so none does;
// a defect of ours in front of a paid tool is an answer that did not come.

import { safeText } from "../redaction.js";
import { Guard } from "./guard.js";

// After the hooks of all others: what they forbid is not reserved.
const LAST = -100;

export function registerGuard(api, connection, lifecycle) {
  const guard = new Guard(connection, api.pluginConfig?.guard, api.logger);
  lifecycle.add(guard);
  const on = (hook, run, { otherwise = () => undefined, ...options } = {}) =>
    api.on(
      hook,
      async (event, ctx) => {
        try {
          return await run(event, ctx ?? {});
        } catch (error) {
          api.logger?.warn?.(`clawmarket: ${safeText(error?.stack ?? error)}`);
          return otherwise(event);
        }
      },
      options,
    );
  on("before_agent_run", (_event, ctx) => guard.beforeRun(ctx));
  on("before_tool_call", (event, ctx) => guard.beforeTool(event, ctx), {
    otherwise: (event) => guard.unheard(event),
    priority: LAST,
  });
  on("after_tool_call", (event, ctx) => guard.afterTool(event, ctx));
  on("agent_end", (event, ctx) => guard.afterRun({ runId: event.runId ?? ctx.runId }));
  on("llm_output", (event, ctx) => guard.output(event, ctx));
  on("session_end", (event, ctx) => guard.sessionEnd(event, ctx));
}
