/** A tab in the background is drawn by no frame, and goes on all the same. */
const HIDDEN_MS = 250;

/** Calls back before the next frame is drawn, or a little later where none is. */
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
