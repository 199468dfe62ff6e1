import type { Session, UserInput } from '@agent-webkit/core';

/** An event as the published client returns it, also with a name that it does not know. */
export interface TabEvent {
  id: number;
  event: string;
  data: Record<string, unknown>;
}

/** Returns the text of a `message_complete` event. */
export function saidIn({ message }: TabEvent['data']): string {
  const { content } = message as { content: { type: string; text?: string }[] };
  return content.map((block) => block.text ?? `<${block.type}>`).join('');
}

/** A browser tab: a session of the published client, its events so far, and ways to wait for more. */
export class Tab {
  readonly events: TabEvent[] = [];
  /** Resolves to null when the events end, and to the error when they throw. */
  readonly ended: Promise<Error | null>;
  readonly #read = new Map<string, number>();
  #isOver = false;
  #waiting: (() => void)[] = [];

  /** @param seen the id of the last event that was read before */
  constructor(
    readonly session: Session,
    readonly seen = 0,
  ) {
    this.ended = this.#follow();
  }

  get id(): string {
    return this.session.id;
  }

  get lastId(): number {
    return this.events.at(-1)?.id ?? this.seen;
  }

  /** Resolves when `isTrue` returns true. It is called again after each event. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) {
      if (this.#isOver) throw new Error(`The events ended first: ${this.names().join(' ')}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Resolves to the data of the next event of this name that was not returned before. */
  async next(name: string): Promise<Record<string, unknown>> {
    const from = this.#read.get(name) ?? 0;
    const find = () => this.events.findIndex(({ event }, index) => index >= from && event === name);
    await this.until(() => find() !== -1);
    const index = find();
    this.#read.set(name, index + 1);
    return this.events[index]?.data ?? {};
  }

  /** Sends a message while no turn is running. Resolves to the result of its turn. */
  async turn(content: UserInput): Promise<Record<string, unknown>> {
    this.#read.set('result', this.events.length);
    await this.session.send(content);
    return this.next('result');
  }

  /** Resolves to the correlation id of the next permission request or question. */
  async asked(event = 'permission_request'): Promise<string> {
    return String((await this.next(event))['correlation_id']);
  }

  names(): string[] {
    return this.events.map(({ event }) => event);
  }

  ids(): number[] {
    return this.events.map(({ id }) => id);
  }

  /** The data of all events of this name so far. */
  all(name: string): Record<string, unknown>[] {
    return this.events.flatMap(({ event, data }) => (event === name ? [data] : []));
  }

  /** The texts of the assistant's messages so far. */
  said(): string[] {
    return this.all('message_complete').map(saidIn);
  }

  async #follow(): Promise<Error | null> {
    try {
      for await (const event of this.session.events()) {
        this.events.push(event);
        this.#notify();
      }
      return null;
    } catch (error) {
      return error as Error;
    } finally {
      this.#isOver = true;
      this.#notify();
    }
  }

  #notify(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
