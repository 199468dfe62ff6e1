/** Returns the milliseconds of the machine's clock, which is the same in all its processes. */
export function clockMs() {
  return Number(process.hrtime.bigint()) / 1e6;
}
