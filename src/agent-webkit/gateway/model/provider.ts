/** The address to which a request of an agent is sent, and what the request asks for. */
export interface ModelTarget {
  /** The whole address at the model's provider, which is built outside. */
  readonly url: URL;
  /** The model in the path; null where the body names it. */
  readonly model: string | null;
  /** False for a request that generates nothing. */
  readonly generates: boolean;
}

/** A way to reach models: its addresses, its credentials, and what an agent needs to use it. */
export interface ModelProvider {
  readonly name: 'anthropic' | 'bedrock' | 'vertex';
  /** The agent's variables, with placeholders for credentials. */
  readonly inside: Readonly<Record<string, string>>;
  /** Returns the target of a POST request; null for a path that agents do not need. */
  findTarget(path: string): ModelTarget | null;
  /** Returns the headers that the agent must not know. Their names are in lower case. */
  readonly secretHeaders: () => Promise<Readonly<Record<string, string>>>;
  /** The host's function for credentials; null for those of {@link secretHeaders} alone. */
  readonly credentials: ModelCredentials | null;
}

/** A request to a model, as it will be sent but for its credentials. */
export interface ModelCall {
  readonly provider: 'anthropic' | 'bedrock' | 'vertex';
  readonly method: 'POST';
  readonly url: string;
  /** Their names are in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/**
 * Returns the headers with the credentials of a request to a model, such as a signature. It runs in the
 * server. Called for each request.
 */
export type ModelCredentials = (
  call: ModelCall,
) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;

/** The environment has no credentials for the model, or some that cannot be used with walls. */
export class UnsupportedCredentialsError extends Error {
  override readonly name = 'UnsupportedCredentialsError';
}
