import { useEffect, useRef, useState } from 'react';

/** The time within which Escape must be pressed again. */
const ARMED_MS = 2_000;

/**
 * Interrupts the turn when Escape is pressed twice, because a single press may be accidental. Returns
 * true while one more press interrupts it.
 */
export function useInterruptKey(isRunning: boolean, interrupt: () => void): boolean {
  const [isArmed, setArmed] = useState(false);
  const latest = useRef(interrupt);
  latest.current = interrupt;
  useEffect(() => {
    if (!isRunning) {
      setArmed(false);
      return undefined;
    }
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || event.defaultPrevented) return;
      if (document.querySelector('dialog[open]')) return;
      if (isArmed) latest.current();
      setArmed(!isArmed);
    };
    const timer = isArmed ? setTimeout(() => setArmed(false), ARMED_MS) : undefined;
    document.addEventListener('keydown', onKeyDown);
    return () => {
      document.removeEventListener('keydown', onKeyDown);
      clearTimeout(timer);
    };
  }, [isRunning, isArmed]);
  return isArmed && isRunning;
}
