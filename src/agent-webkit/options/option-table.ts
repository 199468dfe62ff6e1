import type { OptionGroups } from './agent-webkit.options.js';
import type { Descriptor, Descriptors } from './descriptor.js';
import { AGENT } from './groups/agent.js';
import { HOOKS } from './groups/hooks.js';
import { LIMITS } from './groups/limits.js';
import { NETWORK } from './groups/network.js';
import { NOTIFY } from './groups/notify.js';
import { REQUESTS } from './groups/requests.js';
import { RETENTION } from './groups/retention.js';
import { SANDBOX } from './groups/sandbox.js';
import { STREAM } from './groups/stream.js';
import { TELEMETRY } from './groups/telemetry.js';
import { TIMEOUTS } from './groups/timeouts.js';
import { TOP_LEVEL } from './groups/top-level.js';
import { WORKSPACE } from './groups/workspace.js';

/**
 * The table of options: one descriptor for each option. To add an option, add its field and its
 * descriptor to the file of its group; to add a group, add its file here and to `OptionGroups`.
 */
export const GROUPS = {
  agent: AGENT,
  workspace: WORKSPACE,
  sandbox: SANDBOX,
  network: NETWORK,
  limits: LIMITS,
  stream: STREAM,
  timeouts: TIMEOUTS,
  retention: RETENTION,
  notify: NOTIFY,
  requests: REQUESTS,
  telemetry: TELEMETRY,
  hooks: HOOKS,
} satisfies {
  readonly [Group in keyof OptionGroups]-?: Descriptors<NonNullable<OptionGroups[Group]>>;
};

/** An option and its place: `auth`, or `limits.maxEvents`. */
export interface OptionEntry {
  readonly group: string | null;
  readonly name: string;
  readonly path: string;
  readonly descriptor: Descriptor<unknown>;
}

/** All options, in the order of the documentation. */
export const OPTIONS: readonly OptionEntry[] = [
  ...entriesOf(null, TOP_LEVEL),
  ...Object.entries(GROUPS).flatMap(([group, table]) => entriesOf(group, table)),
];

function entriesOf(group: string | null, table: object): OptionEntry[] {
  return Object.entries(table).map(([name, descriptor]: [string, Descriptor<unknown>]) => ({
    group,
    name,
    path: group === null ? name : `${group}.${name}`,
    descriptor,
  }));
}
