import { Observable } from 'rxjs';

/**
 * Merges Observables as RxJS' `merge` does, but completes as soon as one of them completes, so that a
 * stream ends with its session although the keep-alive interval has no end.
 *
 * All sources emit to the same subscriber. `merge` creates one for each source, which takes about
 * three kilobytes for every open stream.
 */
export function mergeUntilEnd<T>(...sources: readonly Observable<T>[]): Observable<T> {
  return new Observable<T>((subscriber) => {
    for (const source of sources) {
      if (subscriber.closed) return;
      source.subscribe(subscriber);
    }
  });
}
