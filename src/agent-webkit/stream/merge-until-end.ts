import { Observable } from 'rxjs';

/**
 * Merges Observables as RxJS' `merge` does, but completes as soon as one of them completes: a stream
 * ends with its session, although its keep-alive interval would go on.
 *
 * All sources emit to the same subscriber. `merge` creates one for each source, about three kilobytes
 * for every stream that is open.
 */
export function mergeUntilEnd<T>(...sources: readonly Observable<T>[]): Observable<T> {
  return new Observable<T>((subscriber) => {
    for (const source of sources) {
      if (subscriber.closed) return;
      source.subscribe(subscriber);
    }
  });
}
