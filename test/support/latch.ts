/** A promise that a test keeps waiting for as long as it likes. */
export function latch(): { released: Promise<void>; release: () => void } {
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  return { released, release };
}
