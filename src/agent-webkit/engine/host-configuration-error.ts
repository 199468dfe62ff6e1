/** `configureSession` returned an invalid value. The host corrects it; the client's request was right. */
export class HostConfigurationError extends TypeError {
  constructor(field: string, words: string, received: unknown) {
    super(
      `configureSession must return \`${field}\` as ${words}, but returned ${describe(received)}. The session was not created.`,
    );
    this.name = 'HostConfigurationError';
  }
}

/** Leaves out the content of objects, which may contain a password. */
function describe(value: unknown): string {
  if (typeof value === 'string') return `'${value.slice(0, 100)}'`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
