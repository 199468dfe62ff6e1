import type { RequestEscalationData, RequestKind } from '../protocol/events.js';
import { firstMatch } from './tool-names.js';

/** A request of the agent that was not resolved in time. */
export interface EscalatedRequest {
  readonly sessionId: string;
  /** The id of the caller who owns the session. */
  readonly owner: string;
  readonly correlationId: string;
  readonly kind: RequestKind;
  readonly toolName: string;
  /** The tool's input, or the questions, as the agent sent them. A copy. */
  readonly input: Readonly<Record<string, unknown>>;
  /** The ids of the callers who have approved it so far, if it needs several approvals. */
  readonly approvedBy: readonly string[];
}

/**
 * Returns to whom a request is escalated: the ids of callers, or other names that the host understands. From 1 to 20
 * names, each of 1 to 200 characters. If it rejects, returns anything else, or takes longer than 15 s, it is
 * called again later, as long as the request is open. It can be called again after it succeeded, when the server ends
 * before the escalation is stored.
 */
export type EscalateTo = (
  request: EscalatedRequest,
) => string | readonly string[] | Promise<string | readonly string[]>;

/** When the requests of a tool are escalated, and to whom. */
export interface RequestEscalation {
  /** How long a request is open before that, in milliseconds. */
  readonly afterMs: number;
  readonly to: EscalateTo;
}

/** The escalation of requests by the name of their tool, in which `*` stands for any text. The first name that matches counts. */
export type RequestEscalationByTool = Readonly<Record<string, RequestEscalation>>;

/**
 * Returns when a request of a tool is escalated, for its event; undefined when it never is.
 *
 * @param expiresAfterMs after how long it expires, in milliseconds; undefined when it stays open
 * @param now in milliseconds since 1970
 */
export function escalationOf(
  toolName: string,
  byTool: RequestEscalationByTool,
  expiresAfterMs: number | undefined,
  now: number,
): RequestEscalationData | undefined {
  const afterMs = firstMatch(byTool, toolName)?.afterMs;
  if (afterMs === undefined) return undefined;
  if (expiresAfterMs !== undefined && expiresAfterMs <= afterMs) return undefined;
  return { at: new Date(now + afterMs).toISOString() };
}

const MAX_NAMES = 20;
const MAX_NAME_LENGTH = 200;

/**
 * Returns the names that a host function returned, each once.
 *
 * @throws TypeError when they are not names, too many or too long
 */
export function readEscalatedTo(returned: unknown): string[] {
  const names: readonly unknown[] = Array.isArray(returned) ? returned : [returned];
  // Checked first: a longer list is not read.
  if (names.length === 0 || names.length > MAX_NAMES || !names.every(isName)) {
    throw new TypeError(
      `\`to\` must return a text of 1 to ${MAX_NAME_LENGTH} characters, or a list of 1 to ${MAX_NAMES} of them.`,
    );
  }
  return [...new Set(names)];
}

/** A half of a surrogate pair cannot be stored. */
function isName(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  return value !== '' && value.length <= MAX_NAME_LENGTH && !/\p{Surrogate}/u.test(value);
}
