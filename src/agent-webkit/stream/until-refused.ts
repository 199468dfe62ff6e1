import { NEVER, Observable } from 'rxjs';

/**
 * Emits nothing, and completes when the caller of a stream is no longer allowed to read it.
 *
 * @param isAllowed checks the caller again. Called once at a time, however long a check takes. Never rejects.
 * @param intervalMs how often the caller is checked, in milliseconds; null for never
 */
export function untilRefused(
  isAllowed: () => Promise<boolean>,
  intervalMs: number | null,
): Observable<never> {
  if (intervalMs === null) return NEVER;
  // RxJS' operators for this (`exhaustMap`, `takeWhile`) take two kilobytes of every open stream.
  return new Observable((subscriber) => {
    let isAsking = false;
    const ask = async () => {
      if (isAsking) return;
      isAsking = true;
      if (!(await isAllowed())) subscriber.complete();
      isAsking = false;
    };
    const timer = setInterval(() => void ask(), intervalMs);
    return () => clearInterval(timer);
  });
}
