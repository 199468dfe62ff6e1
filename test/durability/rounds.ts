/** How often something is killed: as often as said, or a sixth of it where DURABILITY=brief. */
export function rounds(full: number): number {
  return process.env['DURABILITY'] === 'brief' ? Math.max(2, Math.ceil(full / 6)) : full;
}
