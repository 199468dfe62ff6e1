import { parseSessionEvent } from '../session-event.js';
import type { EventAppend, RequestMark } from '../storage.js';
import type { OpenRequest, SessionState } from './session-state.js';

/**
 * The open requests of a session as its storage has them, so that those of many sessions are found without
 * their events. They are part of each append that changes them.
 */
export class RequestMarks {
  /** The marks of the last append, oldest first. */
  #stored: readonly RequestMark[] = [];
  /** True until the first append of a log that was read from the storage. */
  #isUnknown = false;

  /** Call it when the state was read from the storage, whose marks an earlier release may not have stored. */
  restore(state: SessionState): void {
    this.#stored = this.#marksOf(state);
    this.#isUnknown = true;
  }

  /** Returns the marks for an append of all events of the state; nothing when they are those of the append before. */
  takeChanged(state: SessionState): Pick<EventAppend, 'requests'> {
    if (!this.#isUnknown && !this.#hasChanged(state)) return UNCHANGED;
    this.#isUnknown = false;
    this.#stored = this.#marksOf(state);
    return { requests: this.#stored };
  }

  #hasChanged(state: SessionState): boolean {
    if (state.requests.size === 0 && this.#stored.length === 0) return false;
    const open = openRequestsOf(state);
    if (open.length !== this.#stored.length) return true;
    return open.some((request, index) => {
      const stored = this.#stored[index];
      // The callers who have approved it only become more, and it is escalated once.
      return (
        request.event.seq !== stored?.seq ||
        approvedBy(request)?.length !== stored.approvedBy?.length ||
        request.escalatedTo?.length !== stored.escalatedTo?.length
      );
    });
  }

  #marksOf(state: SessionState): RequestMark[] {
    const known = new Map(this.#stored.map((mark) => [mark.seq, mark]));
    return openRequestsOf(state).map((request) => {
      const { event, escalatedTo } = request;
      const approved = approvedBy(request);
      return {
        seq: event.seq,
        openedAt: known.get(event.seq)?.openedAt ?? timeOf(event),
        ...(approved && { approvedBy: approved }),
        ...(escalatedTo && { escalatedTo }),
      };
    });
  }
}

const UNCHANGED: Pick<EventAppend, 'requests'> = {};

/** Nothing is open in a session that was deleted. */
function openRequestsOf({ closed, requests }: SessionState): OpenRequest[] {
  return closed ? [] : [...requests.values()];
}

/** Returns the callers who have approved a request that needs several approvals; undefined for any other. */
function approvedBy({
  approvals,
  approvedBy: callers,
}: OpenRequest): readonly string[] | undefined {
  return approvals && callers;
}

/** Returns the time of an event. Those of early releases have none, and are the oldest ones. */
function timeOf(event: OpenRequest['event']): Date {
  const { time } = parseSessionEvent(event).data;
  return new Date(time ?? 0);
}
