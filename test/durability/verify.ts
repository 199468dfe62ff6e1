import { isDeepStrictEqual } from 'node:util';
import type { SseEvent } from '../support/sse-client.js';

export interface SentMessage {
  messageId: string;
  content: string;
  /** True when it was accepted with 204. Otherwise its outcome is unknown. */
  isAccepted: boolean;
}

/** The facts about a session that are known outside of its server. */
export interface History {
  /** The whole current log, as the server returns it. */
  stored: readonly SseEvent[];
  /** The events that each reader received before, in order, over all of its connections. */
  seen: readonly (readonly SseEvent[])[];
  /** The messages that each writer has sent, in order, with their acceptance. */
  sent: readonly (readonly SentMessage[])[];
  /** The correlation ids of the requests whose reply had been accepted with 204 before. */
  replied: readonly string[];
  /** True when the session was finished. */
  isFinished: boolean;
}

/** Returns the violations of the guarantees about a session's log, as messages. */
export function findViolations(history: History): string[] {
  return [
    ...checkIds(history.stored),
    ...history.seen.flatMap((seen, reader) => checkSeen(history.stored, seen, reader + 1)),
    ...checkMessages(history),
    ...checkTurnStarts(history),
    ...checkTurns(history),
    ...checkRequests(history),
  ];
}

/**
 * A new generation skips ids at random, from 1 to 2^31, and there may be several without an event: an owner also
 * stores the status of the session. Fewer than these are an event that is missing.
 */
const MIN_SKIPPED = 1000;
const MAX_SKIPPED = 100 * 2 ** 31;

/** Returns the violations in the ids of a whole log. */
export function checkIds(stored: readonly SseEvent[]): string[] {
  const violations = stored.flatMap(({ id }, index) => {
    const expected = (stored[index - 1]?.id ?? 0) + 1;
    const isNewGeneration = id >= expected + MIN_SKIPPED && id <= expected + MAX_SKIPPED;
    if (id === expected || isNewGeneration) return [];
    return [`The log has event ${id} instead of ${expected}.`];
  });
  if (stored[0]?.event === 'session_ready') return violations;
  return [...violations, `The log starts with ${stored[0]?.event ?? 'nothing'}.`];
}

function checkSeen(
  stored: readonly SseEvent[],
  seen: readonly SseEvent[],
  reader: number,
): string[] {
  const byId = new Map(stored.map((event) => [event.id, event]));
  const nextIds = new Map(stored.map(({ id }, index) => [stored[index - 1]?.id ?? 0, id]));
  return seen.flatMap((event, index) => {
    const previous = seen[index - 1]?.id ?? 0;
    // The log decides which event comes next, because a new generation skips ids.
    const expected = nextIds.get(previous) ?? previous + 1;
    const told = byId.get(event.id);
    return [
      ...(event.id === expected
        ? []
        : [`Reader ${reader} received ${event.id} after ${previous}.`]),
      ...(isDeepStrictEqual(event, told)
        ? []
        : [`Reader ${reader} received ${inWords(event)}, but the log has ${inWords(told)}.`]),
    ];
  });
}

function checkMessages({ stored, sent }: History): string[] {
  const violations: string[] = [];
  const places = new Map<string, number>();
  const contents = new Map(sent.flat().map(({ messageId, content }) => [messageId, content]));
  for (const { id, data } of named(stored, 'user_message')) {
    const messageId = String(data['message_id']);
    if (places.has(messageId)) violations.push(`Message ${messageId} occurs again at ${id}.`);
    places.set(messageId, id);
    if (contents.get(messageId) !== data['content']) {
      violations.push(`Message ${messageId} at ${id} differs from the sent one.`);
    }
  }
  for (const messages of sent) {
    let last = 0;
    for (const { messageId, isAccepted } of messages) {
      const place = places.get(messageId);
      if (place === undefined) {
        if (isAccepted) violations.push(`Message ${messageId} was accepted and is not in the log.`);
        continue;
      }
      if (place < last) violations.push(`Message ${messageId} is at ${place}, too early.`);
      last = place;
    }
  }
  return violations;
}

function checkTurnStarts({ stored, isFinished }: History): string[] {
  const accepted = messageIds(stored, 'user_message');
  const started = messageIds(stored, 'turn_start');
  const due = isFinished ? accepted : accepted.slice(0, started.length);
  return isDeepStrictEqual(started, due)
    ? []
    : [`Turns were started for ${started.join(' ')}, and not for ${due.join(' ')}.`];
}

/** The events that come only from an agent, and only in a turn. */
const WORDS = ['message_delta', 'message_complete', 'tool_use', 'tool_result'];
const REQUESTS = ['permission_request', 'ask_user_question'];

function checkTurns({ stored, isFinished }: History): string[] {
  const violations: string[] = [];
  let turn: SseEvent | null = null;
  for (const [index, event] of stored.entries()) {
    const { id, data } = event;
    if (event.event === 'turn_start') {
      if (turn) violations.push(`A turn starts at ${id} while that of ${turn.id} runs.`);
      turn = event;
    } else if (event.event === 'result' && data['unasked'] !== true) {
      if (!turn) violations.push(`The result at ${id} ends no turn.`);
      turn = null;
    } else if ([...WORDS, ...REQUESTS].includes(event.event) && !turn) {
      violations.push(`The ${event.event} at ${id} is in no turn.`);
    } else if (data['code'] === 'turn_interrupted') {
      // A message that was being written is completed before the turn ends.
      const next = stored.slice(index + 1).find((later) => later.event !== 'message_complete');
      const isTold = next?.event === 'result' && next.data['subtype'] === 'error_during_execution';
      if (!turn || !isTold) violations.push(`The turn_interrupted at ${id} ends no turn.`);
    }
  }
  if (turn && isFinished) violations.push(`The turn of ${turn.id} has no end.`);
  return violations;
}

function checkRequests({ stored, replied }: History): string[] {
  const violations: string[] = [];
  const outcomes = new Map<string, unknown>();
  const open = new Set<string>();
  for (const { id, event, data } of stored) {
    const correlationId = String(data['correlation_id']);
    if (REQUESTS.includes(event)) open.add(correlationId);
    if (event === 'request_resolved') {
      if (!open.delete(correlationId)) {
        violations.push(`Request ${correlationId} is resolved at ${id} and was not open.`);
      }
      outcomes.set(correlationId, data['outcome']);
    }
    if (event === 'result') {
      for (const left of open) violations.push(`Request ${left} is open when its turn ends.`);
      open.clear();
    }
  }
  for (const correlationId of replied) {
    const outcome = outcomes.get(correlationId);
    if (outcome === 'allowed' || outcome === 'answered') continue;
    violations.push(`The reply to ${correlationId} was accepted, but it is ${String(outcome)}.`);
  }
  return violations;
}

function named(events: readonly SseEvent[], name: string): SseEvent[] {
  return events.filter(({ event }) => event === name);
}

function messageIds(events: readonly SseEvent[], name: string): string[] {
  return named(events, name).map(({ data }) => String(data['message_id']));
}

function inWords(event: SseEvent | undefined): string {
  return event ? JSON.stringify(event) : 'nothing';
}
