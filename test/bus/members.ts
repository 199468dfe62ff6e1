import { randomUUID } from 'node:crypto';
import type { Bus } from '../../src/agent-webkit/engine/bus.js';
import { eventually } from '../support/eventually.js';

/** A bus that is open, with what it has delivered and reported. */
export interface Member {
  readonly bus: Bus;
  readonly address: string;
  readonly messages: string[];
  readonly problems: string[];
}

/** Opens a bus at a new address. */
export async function join(bus: Bus): Promise<Member> {
  const member: Member = { bus, address: randomUUID(), messages: [], problems: [] };
  await bus.open(member.address, {
    onMessage: (message) => member.messages.push(message),
    onTrouble: (problem) => member.problems.push(problem),
  });
  return member;
}

/** Sends new messages until one has arrived. */
export async function reaches(sender: Member, receiver: Member): Promise<void> {
  const mark = randomUUID();
  await eventually(() => {
    sender.bus.send(receiver.address, `${mark} ${Math.random()}`);
    return receiver.messages.some((text) => text.startsWith(mark));
  });
}

/** Returns the timers and sockets that keep the process alive, to compare. */
export function openResources(): string {
  return process
    .getActiveResourcesInfo()
    .filter((name) => name !== 'Immediate')
    .sort()
    .join();
}

/** The things that a test has to end, the last one first. */
export class Endings {
  readonly #ends: (() => unknown)[] = [];

  add(end: () => unknown): void {
    this.#ends.push(end);
  }

  async run(): Promise<void> {
    // oxlint-disable-next-line no-await-in-loop -- in order
    for (let end = this.#ends.pop(); end; end = this.#ends.pop()) await end();
  }
}
