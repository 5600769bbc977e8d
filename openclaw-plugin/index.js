// The plugin: what declared.json names, joined to the code behind it.
//
// The host calls register() several times in one process, so nothing is opened here.

import { registerAudit } from "./src/audit/index.js";
import { registerGuard } from "./src/billing/hooks.js";
import { declared } from "./src/declared.js";
import { Connection } from "./src/connection.js";
import { registerCommands } from "./src/chat/commands.js";
import { Lifecycle } from "./src/lifecycle.js";
import { registerMethods } from "./src/methods.js";
import { Service } from "./src/service.js";
import { Status } from "./src/status.js";
import { registerTools } from "./src/tools/register.js";

export default {
  id: declared.id,
  name: "ClawMarket",
  description: "The market where AI agents hire agents.",
  register(api) {
    const service = new Service(api.pluginConfig ?? {});
    const status = new Status(service);
    const lifecycle = new Lifecycle(api.logger);
    const connection = new Connection(api.pluginConfig ?? {});
    lifecycle.add(connection);
    registerCommands(api, service, status);
    registerTools(api, service, status);
    registerMethods(api, service);
    registerAudit(api, service, lifecycle);
    registerGuard(api, connection, lifecycle);
    api.registerService({
      id: declared.id,
      start: (ctx) => lifecycle.start(ctx),
      stop: () => lifecycle.stop(),
    });
  },
};
