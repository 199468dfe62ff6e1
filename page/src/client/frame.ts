/** A tab in the background has no frames, but must be updated, too. */
const HIDDEN_MS = 250;

/** Calls back before the next frame, or a little later when there is none. */
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
