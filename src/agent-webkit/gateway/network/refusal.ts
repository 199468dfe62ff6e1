/** A request of an agent that the gateway does not forward: an HTTP status, a short reason, and sentences for the agent. */
export class Refusal extends Error {
  readonly status: number;
  /** The text of the status line, which is all that some programs show. ASCII, in one line. */
  readonly reason: string;

  constructor(status: number, reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Refusal';
    this.status = status;
    this.reason = reason;
  }
}

/** Returns the refusal that an error is, or stands for. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  return new Refusal(502, 'Bad Gateway', 'The request could not be forwarded.', { cause: error });
}

export function hostRefused(name: string): Refusal {
  return new Refusal(
    403,
    `Host ${name} is not permitted by network.allow`,
    `The host ${name} is not permitted. The operator of this server permits hosts by the option ` +
      '`network.allow`. If the task needs this host, tell the user.',
  );
}

export function portRefused(name: string, port: number, permitted: readonly number[]): Refusal {
  return new Refusal(
    403,
    `Port ${port} of ${name} is not permitted by network.allow`,
    `Port ${port} of ${name} is not permitted. Permitted: ${permitted.join(', ')}. The operator of this ` +
      'server permits others by the option `network.allow`, for example as `example.org:8443`.',
  );
}

export function noHostName(): Refusal {
  return new Refusal(
    403,
    'Only names of hosts are permitted by network.allow',
    'Only hosts with a full DNS name can be reached, and no IP addresses. The operator of this server ' +
      'permits hosts by the option `network.allow`.',
  );
}

export function addressRefused(name: string): Refusal {
  return new Refusal(
    403,
    `Host ${name} has no public address`,
    `The host ${name} has no public address. Agents cannot reach private networks, also where ` +
      '`network.allow` permits the name.',
  );
}

export function notResolved(name: string, cause: unknown): Refusal {
  return new Refusal(
    502,
    `Host ${name} could not be resolved`,
    `The name ${name} does not exist, or could not be resolved. Check its spelling, or try again later.`,
    { cause },
  );
}

export function notConnected(name: string, port: number, cause: unknown): Refusal {
  return new Refusal(
    502,
    `Could not connect to ${name}`,
    `Could not connect to port ${port} of ${name}. The server may be down. Try again later.`,
    { cause },
  );
}

export function connectTimedOut(name: string, ms: number): Refusal {
  return new Refusal(
    504,
    `Connecting to ${name} timed out`,
    `The host ${name} could not be reached within ${ms / 1000} s. Try again later.`,
  );
}

export function tooManyConnections(max: number): Refusal {
  return new Refusal(
    503,
    'Too many connections',
    `This agent has ${max} connections open, which is the maximum. Close some, or open fewer at a time.`,
  );
}

export function invalidRequest(message: string): Refusal {
  return new Refusal(400, 'Bad Request', message);
}

/** The end of a tunnel in which the agent speaks another protocol, or opens TLS for another name. Only the log shows it. */
export function protocolRefused(name: string): Refusal {
  return new Refusal(
    403,
    `A tunnel to ${name} had neither HTTP nor TLS for this name`,
    `A tunnel to ${name} must have HTTP, or TLS for this name.`,
  );
}
