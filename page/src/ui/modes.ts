import type { CreateSession } from '../../../src/agent-webkit/protocol/inbound.js';

type Mode = NonNullable<CreateSession['permission_mode']>;

/** The labels of the permission modes. The server decides which of them a session may have. */
export const MODES: Readonly<Record<Mode, string>> = {
  default: 'Ask me',
  acceptEdits: 'Accept edits',
  plan: 'Plan only',
  dontAsk: 'Deny without asking',
  auto: 'Auto',
  bypassPermissions: 'Allow everything',
};

export function isMode(name: string): name is Mode {
  return Object.hasOwn(MODES, name);
}

/** Returns the modes that the host permits, and the current one. Null permits all, until the server has told. */
export function offeredModes(
  permitted: readonly string[] | null,
  current: string | undefined,
): readonly (readonly [mode: string, label: string])[] {
  return Object.entries(MODES).filter(
    ([mode]) => permitted === null || permitted.includes(mode) || mode === current,
  );
}
