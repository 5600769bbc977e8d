// Tools of the agent; what they answer goes to a model provider, so it is redacted like the chat.

import { unknownForm } from "./commands.js";
import { declared } from "./declared.js";
import { Failure } from "./failure.js";
import { statusOptions } from "./options.js";

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
        result(await answered(() => run[name](params), service)),
    });
  }
}

async function answered(run, service) {
  try {
    return { ok: true, result: await run() };
  } catch (error) {
    const failure = error instanceof Failure ? error : await unknownForm(service);
    return { ok: false, error: failure.message, next: failure.next };
  }
}

function result(value) {
  return { content: [{ type: "text", text: JSON.stringify(value, null, 2) }], details: value };
}
