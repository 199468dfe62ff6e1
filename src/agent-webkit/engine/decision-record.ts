import type { DecisionRecord } from '../protocol/answers.js';
import type { DecisionLink, EventPayloads } from '../protocol/events.js';
import { digestOf } from './digest.js';

/** A request as its event described it. */
export interface RecordedRequest {
  readonly toolName: string;
  readonly input: Record<string, unknown>;
  /** When it was opened, in ISO 8601; null for a request of an earlier version. */
  readonly openedAt: string | null;
}

/** A resolution whose event has everything that the record of a decision needs. */
export type RecordedResolution = Omit<EventPayloads['request_resolved'], 'link'> &
  Required<Pick<EventPayloads['request_resolved'], 'at' | 'input_digest'>>;

type Unlinked = Omit<DecisionRecord, keyof DecisionLink>;

/** Returns the record of a decision, without its link. */
export function describeDecision(
  sessionId: string,
  request: RecordedRequest,
  resolved: RecordedResolution,
): Unlinked {
  const {
    correlation_id,
    kind,
    outcome,
    by = null,
    approved_by,
    escalated_to,
    expired,
    at,
    input_digest,
  } = resolved;
  const { updated_input, updated_input_digest } = resolved;
  return {
    session_id: sessionId,
    correlation_id,
    kind,
    tool_name: request.toolName,
    input: request.input,
    input_digest,
    opened_at: request.openedAt,
    outcome,
    by,
    ...(approved_by && { approved_by }),
    ...(escalated_to && { escalated_to }),
    ...(expired && { expired }),
    at,
    ...(updated_input && { updated_input }),
    ...(updated_input_digest !== undefined && { updated_input_digest }),
  };
}

/** Returns the link of a decision that follows the last one of its session. */
export function linkAfter(last: DecisionLink | null, decision: Unlinked): DecisionLink {
  const link = { number: (last?.number ?? 0) + 1, prev: last?.hash ?? null };
  return { ...link, hash: hashDecision({ ...decision, ...link }) };
}

/**
 * Returns the hash of a decision: the digest of its record without the hash and the inputs. As the record has
 * the digests of the inputs, a record from which an input was removed keeps its hash.
 */
export function hashDecision(record: object): string {
  const hashed = Object.entries(record).filter(([name]) => !NOT_HASHED.has(name));
  return digestOf(Object.fromEntries(hashed));
}

const NOT_HASHED: ReadonlySet<string> = new Set(['hash', 'input', 'updated_input']);
