// What the host keeps of a conversation: of a command of ours with a secret in it, only its name.
//
// The host stores what was typed and shows it to the model at the next turn; this hook is its last
// stop before it is stored. It sees every message, so it looks at nothing but our own commands.

import { plain } from "./suggestions.js";
import { looksSecret } from "./typed.js";

const COMMAND = /^\s*(?:\[[^\]\n]{1,60}\]\s*)?\/([A-Za-z][\w-]{0,63})(?=$|[\s:@])([^]*)$/;
const HIDDEN = "(what followed looked like a secret, and was not kept)";

export function registerKeeping(api, names) {
  const ours = new Set(names.map(plain));
  const kept = (text) => {
    const [, token, args] = COMMAND.exec(text) ?? [];
    return token && ours.has(plain(token)) && looksSecret(args) ? `/${token} ${HIDDEN}` : text;
  };
  api.on("before_message_write", ({ message }) => {
    if (message?.role !== "user") return undefined;
    const content = mapped(message.content, kept);
    return content === message.content ? undefined : { message: { ...message, content } };
  });
}

function mapped(content, kept) {
  if (typeof content === "string") return kept(content);
  if (!Array.isArray(content)) return content;
  const parts = content.map((part) => {
    if (typeof part?.text !== "string") return part;
    const text = kept(part.text);
    return text === part.text ? part : { ...part, text };
  });
  return parts.some((part, index) => part !== content[index]) ? parts : content;
}
