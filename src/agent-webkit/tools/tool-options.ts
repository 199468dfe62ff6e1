import type { AgentToolOptions } from './agent-tool.decorator.js';

/** The options of a tool that were checked, with their defaults. */
export type CheckedToolOptions = Pick<AgentToolOptions, 'schema' | 'rateLimit' | 'description'> &
  Required<Pick<AgentToolOptions, 'name' | 'server' | 'timeoutMs'>> & {
    readonly asks: 'never' | 'always' | 'by-mode';
  };

const DEFAULT_SERVER = 'app';
const DEFAULT_TIMEOUT_MS = 60_000;
const MAX_TIMER_MS = 2_147_483_647;

/**
 * @param method the name of the decorated method
 * @throws TypeError which says what is wrong
 */
export function checkToolOptions(options: AgentToolOptions, method: string): CheckedToolOptions {
  const { name = snakeCase(method), server = DEFAULT_SERVER, description, rateLimit } = options;
  const { readOnly = false, alwaysAsks = false, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  check(/^[\w-]{1,64}$/.test(name), `'name' must have 1 to 64 letters, digits, _ and -`);
  check(/^[A-Za-z\d-]{1,32}$/.test(server), `'server' must have 1 to 32 letters, digits and -`);
  check(typeof description === 'string' && description !== '', `'description' must not be empty`);
  check(!(readOnly && alwaysAsks), `'readOnly' and 'alwaysAsks' exclude each other`);
  check(isDelay(timeoutMs), `'timeoutMs' must be an integer from 1 to ${MAX_TIMER_MS}`);
  check(
    rateLimit === undefined || (isCount(rateLimit.calls) && isDelay(rateLimit.perMs)),
    `'rateLimit' must have 'calls' from 1 to 10000, and 'perMs' from 1 to ${MAX_TIMER_MS}`,
  );
  const asks = readOnly ? 'never' : alwaysAsks ? 'always' : 'by-mode';
  return {
    name,
    server,
    description,
    asks,
    timeoutMs,
    ...(options.schema && { schema: options.schema }),
    ...(rateLimit && { rateLimit }),
  };
}

function check(isRight: boolean, problem: string): void {
  if (!isRight) throw new TypeError(problem);
}

function isDelay(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= MAX_TIMER_MS;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= 10_000;
}

/** Returns a name of TypeScript in snake case: `findOrder` is `find_order`. */
export function snakeCase(name: string): string {
  return name.replaceAll(/(?<=[a-z\d])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
}
