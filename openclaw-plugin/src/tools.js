// Tools of the agent; what they answer goes to a model provider, so it is redacted like the chat.

import { failureOf } from "./chat/commands.js";
import { declared } from "./declared.js";
import { statusOptions } from "./chat/options.js";
import { safeValue } from "./redaction.js";

export function registerTools(api, service, status) {
  const run = {
    web3_market_status: async (params) => status.look(statusOptions(params, service.budgetMs)),
  };
  for (const { name, label, description, parameters } of declared.tools) {
    api.registerTool({
      name,
      label,
      description,
      parameters,
      execute: async (_toolCallId, params) =>
        result(await answered(() => run[name](params), service, api.logger)),
    });
  }
}

async function answered(run, service, logger) {
  try {
    return { ok: true, result: safeValue(await run()) };
  } catch (error) {
    const { message, next } = await failureOf(error, service, logger);
    return { ok: false, error: message, next };
  }
}

function result(value) {
  return { content: [{ type: "text", text: JSON.stringify(value, null, 2) }], details: value };
}
