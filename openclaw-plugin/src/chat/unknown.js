// What looks like a command and is none: a hint for whoever may have one, silence for others.

import { mayLearn } from "./senders.js";
import { plain, suggestions } from "./suggestions.js";

const COMMAND = /^\/([A-Za-z][\w-]{0,63})(@[\w-]{1,64})?(?=$|[\s:])\s*:?\s*([^]*)$/;

export function registerUnknown(api, handlers, namesOf = hostNames) {
  api.on("before_dispatch", async (event) => {
    const text = String(event.content ?? "").trim();
    const [, token, mention, args] = COMMAND.exec(text) ?? [];
    if (!token) return undefined;
    const config = configOf(api);
    const where = { channel: event.channel, senderId: event.senderId };
    if (config.commands?.text === false || !mayLearn(where, config)) return undefined;
    const name = [...handlers.keys()].find((known) => plain(known) === plain(token));
    if (name) return mention && !event.isGroup ? addressed(name, args, event, config) : undefined;
    if (mention) return undefined;
    const names = await namesOf(config);
    return hint(token, names && [...names, ...handlers.keys()]);
  });

  // `/credits@somebot`: the host takes the name off where it knows its own. What only an owner may
  // do is not done here, since nothing tells who that is.
  async function addressed(name, args, event, config) {
    const { text } = await handlers.get(name)({
      args,
      channel: event.channel,
      senderId: event.senderId,
      sessionKey: event.sessionKey,
      config,
    });
    return { handled: true, text };
  }
}

function hint(token, names) {
  if (!names || names.some((name) => plain(name) === plain(token))) return undefined;
  const meant = suggestions(token, names);
  if (!meant.length) return undefined;
  const listed = meant.map((name) => `/${name}`).join(", ");
  return {
    handled: true,
    text: `There is no command /${token}. Did you mean ${listed}?\nnext: /commands`,
  };
}

function configOf(api) {
  try {
    return api.runtime?.config?.current?.() ?? api.config ?? {};
  } catch {
    return api.config ?? {};
  }
}

// Null where the host does not tell its commands: then what is unknown cannot be told either.
async function hostNames(config) {
  try {
    const host = await import("openclaw/plugin-sdk/command-auth");
    const own = host.listChatCommandsForConfig(config);
    const aliases = own.flatMap(({ textAliases = [], nativeName }) => [
      ...textAliases.map((alias) => alias.replace(/^\//, "")),
      ...(nativeName ? [nativeName] : []),
    ]);
    const skills = host.listReservedChatSlashCommandNames?.() ?? [];
    const plugins = (host.getPluginCommandSpecs?.() ?? []).map(({ name }) => name);
    const known = [...aliases, ...skills, ...plugins];
    return known.filter((name) => /^[a-z][\w-]*$/i.test(name));
  } catch {
    return null;
  }
}
