import type { AgentClient } from '../agent-webkit-client/agent-client.js';
import { retry } from '../agent-webkit-client/backoff.js';
import type { GenuiSchema } from '../agent-webkit/protocol/answers.js';
import { Store } from './store.js';

/** The schema of the components, for a component. */
export interface SchemaView {
  /** Null until it was read. */
  readonly schema: GenuiSchema | null;
  /** Why it could not be read; null if it could, and while it is read. */
  readonly error: unknown;
}

/** The components of the server, read once, as soon as the server is there. */
export class SchemaStore extends Store<SchemaView> {
  readonly #client: AgentClient;
  #view: SchemaView = { schema: null, error: null };

  constructor(client: AgentClient, onStop: () => void) {
    super({ schema: null, error: null }, onStop);
    this.#client = client;
  }

  protected override run(signal: AbortSignal): void {
    retry(() => this.#client.genuiSchema({ signal }), {
      signal,
      max: Infinity,
      backoff: undefined,
    }).then(
      (schema) => this.#show({ schema, error: null }),
      (error: unknown) => {
        if (!signal.aborted) this.#show({ schema: null, error });
      },
    );
  }

  protected override read(): SchemaView {
    return this.#view;
  }

  #show(view: SchemaView): void {
    this.#view = view;
    this.changed();
  }
}
