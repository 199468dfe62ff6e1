import { join } from 'node:path';
import type { Descriptors } from '../descriptor.js';
import { count, folder, oneOf, orNull } from '../rules.js';

/** Which sessions share a folder. */
export type WorkspacePer = 'session' | 'owner' | 'shared';

/** The folders that agents work in. */
export interface WorkspaceOptions {
  /**
   * The directory that contains the folders of all sessions, and the homes of their agents.
   *
   * @default `workspace` in the current directory of the process, which is created
   */
  readonly root?: string;

  /**
   * Which sessions share a folder. `session`: each has its own, which is removed with it. `owner`: all
   * sessions of a caller share one, which is kept. `shared`: all sessions of all callers work in the
   * root itself.
   *
   * @default session
   */
  readonly per?: WorkspacePer;

  /**
   * The auto memory of Claude Code, which the agent writes by itself, and which enters every prompt.
   * `off`, or `owner`: all sessions of a caller share one.
   *
   * @default off
   */
  readonly autoMemory?: 'off' | 'owner';

  /**
   * Maximum size of a session's folder and home together, in bytes. It is measured between turns, and
   * while a turn runs. A turn that exceeds it ends with the `error` event `disk_quota_exceeded`. Null for
   * no limit.
   *
   * @default 1 GiB
   */
  readonly quotaBytes?: number | null;
}

const GIB = 1024 ** 3;

export const WORKSPACE = {
  root: {
    rule: folder,
    computeDefault: () => join(process.cwd(), 'workspace'),
    defaultText: '`workspace` in the current directory of the process, which is created',
    variable: 'AGENT_WEBKIT_WORKSPACE',
    effect: 'The directory that contains the folders of all sessions.',
  },
  per: {
    rule: oneOf<WorkspacePer>(['session', 'owner', 'shared']),
    default: 'session',
    variable: 'AGENT_WEBKIT_WORKSPACE_PER',
    effect:
      'Which sessions share a folder. `session`: each has its own. `owner`: those of one caller. `shared`: all work in the root itself.',
  },
  autoMemory: {
    rule: oneOf<'off' | 'owner'>(['off', 'owner']),
    default: 'off',
    effect:
      'The auto memory of Claude Code, which enters every prompt. `owner`: all sessions of a caller share one.',
  },
  quotaBytes: {
    rule: orNull(count),
    default: GIB,
    defaultText: '1 GiB',
    unit: 'bytes',
    effect:
      'Maximum size of the folder and the home of a session. A turn that exceeds it ends with the `error` event `disk_quota_exceeded`. Null for no limit.',
  },
} satisfies Descriptors<WorkspaceOptions>;
