import { formatFullTime, formatTime } from './format.js';

/** The time of an entry; nothing for an entry that was stored without one. */
export function Time({ at, before = '' }: { at: number; before?: string }) {
  if (at === 0) return null;
  return (
    <>
      {before}
      <time dateTime={new Date(at).toISOString()} title={formatFullTime(at)}>
        {formatTime(at, Date.now())}
      </time>
    </>
  );
}
