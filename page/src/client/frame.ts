/** The delay in milliseconds in a background tab, which has no frames but must be updated, too. */
const HIDDEN_MS = 250;

/** Calls `callback` before the next frame, or after `HIDDEN_MS` when there is none. */
export function onNextFrame(callback: () => void): void {
  let isDue = true;
  const call = () => {
    if (!isDue) return;
    isDue = false;
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    callback();
  };
  const frame = requestAnimationFrame(call);
  const timer = setTimeout(call, HIDDEN_MS);
}
