import { isDeepStrictEqual } from 'node:util';
import type { SseEvent } from '../support/sse-client.js';

export interface SentMessage {
  messageId: string;
  content: string;
  /** Whether it was answered 204. Otherwise nobody knows what became of it. */
  isAccepted: boolean;
}

/** What is known of a session outside of its server. */
export interface History {
  /** Its whole log, as the server tells it now. */
  stored: readonly SseEvent[];
  /** What each reader saw before that, in the order it saw it, over all of its connections. */
  seen: readonly (readonly SseEvent[])[];
  /** What each writer has sent, in the order of sending, and whether it was accepted before that. */
  sent: readonly (readonly SentMessage[])[];
  /** The requests whose reply had been answered 204 before that, by correlation id. */
  replied: readonly string[];
  /** Whether the session had nothing left to do. */
  isAtRest: boolean;
}

/** Says in words what a session's log must not be. Nothing, when all that was promised is kept. */
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

function checkIds(stored: readonly SseEvent[]): string[] {
  const violations = stored.flatMap(({ id }, index) => {
    const expected = (stored[index - 1]?.id ?? 0) + 1;
    return id === expected ? [] : [`The log has event ${id} where ${expected} belongs.`];
  });
  if (stored[0]?.event === 'session_ready') return violations;
  return [...violations, `The log begins with ${stored[0]?.event ?? 'nothing'}.`];
}

function checkSeen(
  stored: readonly SseEvent[],
  seen: readonly SseEvent[],
  reader: number,
): string[] {
  const byId = new Map(stored.map((event) => [event.id, event]));
  return seen.flatMap((event, index) => {
    const expected = (seen[index - 1]?.id ?? 0) + 1;
    const told = byId.get(event.id);
    return [
      ...(event.id === expected ? [] : [`Reader ${reader} saw ${event.id} after ${expected - 1}.`]),
      ...(isDeepStrictEqual(event, told)
        ? []
        : [`Reader ${reader} saw ${inWords(event)}, which the log tells as ${inWords(told)}.`]),
    ];
  });
}

function checkMessages({ stored, sent }: History): string[] {
  const violations: string[] = [];
  const places = new Map<string, number>();
  const contents = new Map(sent.flat().map(({ messageId, content }) => [messageId, content]));
  for (const { id, data } of named(stored, 'user_message')) {
    const messageId = String(data['message_id']);
    if (places.has(messageId)) violations.push(`Message ${messageId} stands twice, at ${id}, too.`);
    places.set(messageId, id);
    if (contents.get(messageId) !== data['content']) {
      violations.push(`Message ${messageId} at ${id} is not as it was sent.`);
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
      if (place < last) violations.push(`Message ${messageId} stands at ${place}, too early.`);
      last = place;
    }
  }
  return violations;
}

function checkTurnStarts({ stored, isAtRest }: History): string[] {
  const accepted = messageIds(stored, 'user_message');
  const started = messageIds(stored, 'turn_start');
  const due = isAtRest ? accepted : accepted.slice(0, started.length);
  return isDeepStrictEqual(started, due)
    ? []
    : [`Turns were started for ${started.join(' ')}, and not for ${due.join(' ')}.`];
}

/** What only an agent says, and only in a turn. */
const WORDS = ['message_delta', 'message_complete', 'tool_use', 'tool_result'];
const REQUESTS = ['permission_request', 'ask_user_question'];

function checkTurns({ stored, isAtRest }: History): string[] {
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
      violations.push(`The ${event.event} at ${id} stands in no turn.`);
    } else if (data['code'] === 'turn_interrupted') {
      const next = stored[index + 1];
      const isTold = next?.event === 'result' && next.data['subtype'] === 'error_during_execution';
      if (!turn || !isTold) violations.push(`The turn_interrupted at ${id} ends no turn.`);
    }
  }
  if (turn && isAtRest) violations.push(`The turn of ${turn.id} has no end.`);
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
    violations.push(`The reply to ${correlationId} was taken, and it is ${String(outcome)}.`);
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
