// Tools of the agent; what they answer goes to a model provider, so it is redacted like the chat.

import { failureOf } from "../chat/answering.js";
import { declared } from "../declared.js";
import { statusOptions } from "../chat/options.js";
import { safeAnswer } from "../redaction.js";
import { Approval, sessionOf } from "./approval.js";
import { digestOf, hashOf } from "./arguments.js";

const STATUS = "web3_market_status";
// What changes something may wait longer: giving up early leaves everybody in the dark.
const WRITE_MS = 10_000;

export function registerTools(api, service, status) {
  const approval = new Approval(service, api.pluginConfig);
  approval.listen(api);
  const desk = { api, service, status, approval };
  for (const tool of declared.tools) {
    api.registerTool((ctx) => agentTool(tool, ctx, desk), { name: tool.name });
  }
}

function agentTool(tool, ctx, { api, service, status, approval }) {
  const { name, label, description, parameters } = tool;
  const run = async (toolCallId, params) => {
    if (name === STATUS) return status.look(statusOptions(params, service.budgetMs));
    const session = sessionOf(ctx?.sessionKey);
    if (!tool.writes) {
      digestOf(params);
      return service.use(name, params, "", { session });
    }
    const { digest, runId } = await approval.agreed(tool, toolCallId, params, ctx?.sessionKey);
    // The same call of the same turn is the same deed, however often the host repeats it.
    const key = hashOf("tool", ctx?.sessionKey ?? "", runId, toolCallId, name, digest);
    return service.use(name, params, key, { session, budgetMs: WRITE_MS });
  };
  return {
    name,
    label,
    description,
    parameters,
    execute: async (toolCallId, params) =>
      result(await answered(() => run(toolCallId, params), tool, service, api.logger)),
  };
}

async function answered(run, tool, service, logger) {
  try {
    return { ok: true, result: safeAnswer(await run()) };
  } catch (error) {
    const { message, next, code } = await failureOf(error, service, logger);
    const unsure = tool.writes && code === "E_TIMEOUT";
    return { ok: false, error: message, next: unsure ? UNSURE : next };
  }
}

const UNSURE =
  'Whether it happened is not known: look with web3_market_list_tasks {"mine": true} or ' +
  "web3_market_task_status before you try again.";

function result(value) {
  return { content: [{ type: "text", text: JSON.stringify(value, null, 2) }], details: value };
}
