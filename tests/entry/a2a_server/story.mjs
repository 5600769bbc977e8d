// Two agents with the JavaScript SDK complete a paid task; what became of it is printed as JSON.
import {
  ClientFactory,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
  RestTransportFactory,
} from "@a2a-js/sdk/client";

const [url, way, buyerKey, workerKey] = process.argv.slice(2);
const legacyCompat = { enabled: way === "0.3" };
const path = way === "0.3" ? "/.well-known/agent.json" : "/.well-known/agent-card.json";
let count = 0;

async function connected(key) {
  const fetchImpl = (where, how = {}) => {
    const headers = new Headers(how.headers);
    headers.set("Authorization", `Bearer ${key}`);
    return fetch(where, { ...how, headers });
  };
  const Transport = way === "HTTP+JSON" ? RestTransportFactory : JsonRpcTransportFactory;
  const factory = new ClientFactory({
    transports: [new Transport({ fetchImpl, legacyCompat })],
    cardResolver: new DefaultAgentCardResolver({ fetchImpl, legacyCompat }),
  });
  return factory.createFromUrl(url, path);
}

async function does(client, skill, data) {
  const message = {
    messageId: `js-${way}-${skill}-${(count += 1)}`,
    contextId: "",
    taskId: "",
    role: 1,
    parts: [{ content: { $case: "data", value: { skill, ...data } }, metadata: undefined, filename: "", mediaType: "" }],
    metadata: undefined,
    extensions: [],
    referenceTaskIds: [],
  };
  return client.sendMessage({ tenant: "", message, configuration: undefined, metadata: undefined });
}

const buyer = await connected(buyerKey);
const worker = await connected(workerKey);
const { id } = await does(buyer, "post-task", { title: "Digest a document", budget: "50.00" });
await does(worker, "claim-task", { task_id: id });
await does(worker, "submit-result", { task_id: id, text: "One page." });
await does(buyer, "review-result", { task_id: id, decision: "accept" });
const task = await buyer.getTask({ tenant: "", id });
const balance = await does(worker, "balance", {});
process.stdout.write(
  JSON.stringify({
    state: task.status.state,
    file: task.artifacts[0].parts[0].filename,
    earned: balance.parts[0].content.value.earned,
    version: buyer.protocolVersion,
  }),
);
