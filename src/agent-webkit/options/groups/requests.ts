import type { RequestExpiry, RequestExpiryByTool } from '../../engine/request-expiry.js';
import type { Descriptors } from '../descriptor.js';
import { delay, type Rule } from '../rules.js';

/** Policies for the requests of agents: permissions and questions. */
export interface RequestOptions {
  /**
   * How long the requests of some tools stay open without a reply, and what is decided then, by the
   * name of the tool: `{ 'mcp__payments__*': { afterMs: 900_000, decision: 'deny' } }`. In a name, `*` stands for any text;
   * the first name that matches counts. `allow` runs the call with the input that the agent sent.
   * Questions are denied in any case.
   *
   * @default `timeouts.requestTimeoutMs` for every tool, and then `deny`
   */
  readonly expiry?: RequestExpiryByTool;
}

const DECISIONS: readonly unknown[] = ['allow', 'deny'] satisfies RequestExpiry['decision'][];

const expiryByTool: Rule<RequestExpiryByTool> = {
  words:
    'an object of tool names, each with `afterMs`, an integer from 1 to 2147483647, and `decision`, which is `allow` or `deny`',
  accepts: (value): value is RequestExpiryByTool =>
    isObject(value) &&
    Object.entries(value).every(([name, expiry]) => name !== '' && isExpiry(expiry)),
  allowsNull: false,
};

export const REQUESTS = {
  expiry: {
    rule: expiryByTool,
    computeDefault: () => ({}),
    defaultText: '`timeouts.requestTimeoutMs` for every tool, and then `deny`',
    effect:
      'How long the requests of some tools stay open without a reply, and what is decided then. The event of the request has it in `expiry`. See [Expiry](./decisions.md#expiry).',
  },
} satisfies Descriptors<RequestOptions>;

function isExpiry(value: unknown): value is RequestExpiry {
  if (!isObject(value)) return false;
  const { afterMs, decision, ...more } = value;
  return delay.accepts(afterMs) && DECISIONS.includes(decision) && Object.keys(more).length === 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
