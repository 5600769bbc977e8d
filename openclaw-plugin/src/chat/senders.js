// Who stands behind a message, as far as the host tells.

const GATEWAY = "webchat";
const ADMIN = "operator.admin";

// A client of the gateway is its owner with the administrator's scope. In a channel the host itself
// tells, and only for commands that declare a scope.
export function isOwner({ senderIsOwner, gatewayClientScopes }) {
  return senderIsOwner === true || (gatewayClientScopes ?? []).includes(ADMIN);
}

// Whether somebody may learn which commands there are: the gateway's own clients, and whom the
// host's configuration names for this channel.
export function mayLearn({ channel, senderId }, { commands = {}, channels = {} } = {}) {
  if (channel === GATEWAY) return true;
  if (!channel || !senderId) return false;
  const lists = [
    commands.ownerAllowFrom,
    commands.allowFrom?.[channel],
    commands.allowFrom?.["*"],
    channels[channel]?.allowFrom,
    channels[channel]?.dm?.allowFrom,
  ];
  const names = new Set([String(senderId), `${channel}:${senderId}`]);
  return lists.filter(Array.isArray).flat().map(String).some((entry) => names.has(entry));
}
