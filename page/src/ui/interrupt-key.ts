import { useEffect, useRef, useState } from 'react';

/** How long the second Escape may take. */
const ARMED_MS = 2_000;

/**
 * Interrupts when Escape is pressed twice: once is too easily pressed. Returns whether one more
 * press does it.
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
