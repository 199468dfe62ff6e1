import type { SessionInfo } from '../../../src/agent-webkit/protocol/answers.js';

/** The actions in a session that are offered to the user. */
export interface Permitted {
  /** True when the user may send messages, stop the agent and change settings. */
  readonly maySend: boolean;
  readonly mayAnswer: boolean;
  /** True when the user may share and delete the session. */
  readonly mayShare: boolean;
}

const ALL: Permitted = { maySend: true, mayAnswer: true, mayShare: true };

/** By role. Without one, only code of the host decides: everything is offered, and the server may refuse. */
const BY_ROLE: Readonly<Record<NonNullable<SessionInfo['role']>, Permitted>> = {
  owner: ALL,
  approver: { ...ALL, mayShare: false },
  contributor: { maySend: true, mayAnswer: false, mayShare: false },
  viewer: { maySend: false, mayAnswer: false, mayShare: false },
};

/** Returns the actions that a session offers to the user; all until the server has described it. */
export function permittedIn(info: SessionInfo | null): Permitted {
  return info?.role ? BY_ROLE[info.role] : ALL;
}
