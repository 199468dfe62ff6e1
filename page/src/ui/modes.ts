import type { CreateSession } from '../../../src/agent-webkit/protocol/inbound.js';

type Mode = NonNullable<CreateSession['permission_mode']>;

/** The permission modes in words. Which of them a session may have is the server's choice. */
export const MODES: Readonly<Record<Mode, string>> = {
  default: 'Ask me',
  acceptEdits: 'Accept edits',
  plan: 'Plan only',
  dontAsk: 'Deny, do not ask',
  auto: 'Auto',
  bypassPermissions: 'Allow everything',
};

export function isMode(name: string): name is Mode {
  return Object.hasOwn(MODES, name);
}
