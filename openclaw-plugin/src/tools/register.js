// Tools of the agent; what they answer goes to a model provider, so it is redacted like the chat.

import { declared } from "../declared.js";
import { sessionHash, sha256 } from "../digest.js";
import { failureOf } from "../failure.js";
import { statusOptions } from "../options.js";
import { safeAnswer } from "../redaction.js";
import { lookingOnly } from "../rights.js";
import { inCredits } from "../status.js";
import { Approval } from "./approval.js";
import { digestOf } from "./arguments.js";

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
    if (name === STATUS) return inCredits(await status.look(statusOptions(params, service.budgetMs)));
    const session = sessionHash(ctx?.sessionKey);
    if (!tool.writes) {
      digestOf(params);
      return service.use(name, params, "", { session });
    }
    const { digest, runId } = await approval.agreed(tool, toolCallId, params, ctx?.sessionKey);
    // The same call of the same turn is the same deed, however often the host repeats it.
    const said = ["tool", ctx?.sessionKey ?? "", runId, toolCallId, name, digest];
    const key = sha256(said.join("\n"));
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
    const failure = lookingOnly(await failureOf(error, service, logger));
    const isUnsure = tool.writes && failure.isUnsure;
    return { ok: false, error: failure.message, next: isUnsure ? UNSURE : failure.next };
  }
}

const UNSURE =
  'Whether it happened is not known: look with web3_market_list_tasks {"mine": true} or ' +
  "web3_market_task_status before you try again.";

function result(value) {
  return { content: [{ type: "text", text: JSON.stringify(value, null, 2) }], details: value };
}
