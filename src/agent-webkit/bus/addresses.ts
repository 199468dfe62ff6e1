const ADDRESS = /^[A-Za-z0-9-]{1,40}$/;

/** True for the name of a server, which every engine accepts as a part of a channel. */
export function isAddress(text: string): boolean {
  return ADDRESS.test(text);
}

/** @throws TypeError when the address of this server is invalid */
export function checkAddress(address: string): void {
  if (isAddress(address)) return;
  throw new TypeError(
    `\`address\` must be 1 to 40 letters, digits and hyphens, but got ${JSON.stringify(address)}.`,
  );
}
