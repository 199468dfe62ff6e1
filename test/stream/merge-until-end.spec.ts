import { describe, expect, it, jest } from '@jest/globals';
import { EMPTY, Observable, Subject, throwError } from 'rxjs';
import { mergeUntilEnd } from '../../src/agent-webkit/stream/merge-until-end.js';

function observe<T>(source: Observable<T>) {
  const events: unknown[] = [];
  const subscription = source.subscribe({
    next: (value) => events.push(value),
    error: (error: Error) => events.push(error.message),
    complete: () => events.push('complete'),
  });
  return { events, subscription };
}

describe('mergeUntilEnd', () => {
  it('emits the values of all sources and completes with the first that completes', () => {
    const [one, two] = [new Subject<number>(), new Subject<number>()];
    const { events } = observe(mergeUntilEnd(one, two));
    one.next(1);
    two.next(2);
    one.next(3);
    two.complete();
    expect(events).toEqual([1, 2, 3, 'complete']);
    expect([one.observed, two.observed]).toEqual([false, false]);
  });

  it('errors with the first source that errors', () => {
    const [one, two] = [new Subject<number>(), new Subject<number>()];
    const { events } = observe(mergeUntilEnd(one, two));
    two.error(new Error('broken'));
    expect(events).toEqual(['broken']);
    expect(one.observed).toBe(false);
  });

  it('unsubscribes from all sources when it is unsubscribed from', () => {
    const [one, two] = [new Subject<number>(), new Subject<number>()];
    observe(mergeUntilEnd(one, two)).subscription.unsubscribe();
    expect([one.observed, two.observed]).toEqual([false, false]);
  });

  it.each([
    ['completes', EMPTY],
    ['errors', throwError(() => new Error('refused'))],
  ])('subscribes to nothing more after a source that %s at once', (_, first) => {
    const subscribe = jest.fn<() => void>();
    observe(mergeUntilEnd(first, new Observable(subscribe)));
    expect(subscribe).not.toHaveBeenCalled();
  });
});
