// /web3-market start: the lines that OpenClaw's configuration still needs. It writes nothing.

import { declared } from "../../declared.js";

const ENTRY = `plugins.entries.${declared.id}`;
const INSTALL = "clawmarket openclaw install";
// The host's tool profiles that show the agent only what they name themselves.
const NARROW = new Set(["minimal", "coding", "messaging"]);

export function startPage(config) {
  const steps = [...missing(config)];
  const outside = steps.filter(({ run }) => run);
  const inside = steps.filter(({ set }) => set);
  if (!steps.length) return ["Nothing is missing: the market is on.", "next: /web3-market status"];
  const locked = inside.length > 0 && config.commands?.config !== true;
  return [
    "This writes nothing. What is missing:",
    ...(locked
      ? [
          "",
          "First, in a terminal (the chat cannot turn this on):",
          "openclaw config set commands.config true",
        ]
      : []),
    ...outside.flatMap(({ why, run }) => ["", `${why}, in a terminal:`, run]),
    ...inside.flatMap(({ why, set }) => ["", `${why}:`, `/config set ${set}`]),
    ...(locked ? ["", "/config is for the owner. Turn it off again the same way, with false."] : []),
    "",
    "next: /web3-market start (shows what is left)",
  ];
}

function* missing(config) {
  const entry = config.plugins?.entries?.[declared.id] ?? {};
  if (!entry.config?.serviceUrl || !entry.config?.keyFile)
    yield { why: "The market's address and a key", run: INSTALL };
  if (entry.enabled === false) yield { why: "The plugin", set: `${ENTRY}.enabled=true` };
  if (entry.hooks?.allowConversationAccess !== true)
    yield {
      why: "Audit and spending guard, which see the conversation",
      set: `${ENTRY}.hooks.allowConversationAccess=true`,
    };
  yield* hidden(config.tools ?? {});
}

function* hidden({ profile, allow, alsoAllow, deny }) {
  const names = [declared.id, ...declared.tools.map((tool) => tool.name)];
  const shut = (deny ?? []).filter((name) => names.includes(name));
  if (shut.length) {
    const kept = deny.filter((name) => !shut.includes(name));
    yield { why: "Tools that are denied", set: `tools.deny=${JSON.stringify(kept)}` };
  }
  const listed = Array.isArray(allow) && allow.length > 0 && !allow.includes("*");
  if (!listed && !NARROW.has(profile)) return;
  const shown = new Set([...(allow ?? []), ...(alsoAllow ?? [])]);
  if (shown.has(declared.id) || declared.tools.every(({ name }) => shown.has(name))) return;
  const [path, before] = listed ? ["tools.allow", allow] : ["tools.alsoAllow", alsoAllow ?? []];
  yield { why: "The agent's tools", set: `${path}=${JSON.stringify([...before, declared.id])}` };
}
