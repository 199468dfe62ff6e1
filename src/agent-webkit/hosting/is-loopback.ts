/** True for an address, or a name of one, that only this machine can reach. */
export function isLoopback(address: string): boolean {
  return (
    address === 'localhost' || address === '::1' || /^(?:::ffff:)?127\.\d+\.\d+\.\d+$/.test(address)
  );
}
