import { ManualAgent, messageStart, textDelta } from '../agent.mjs';

const WORDS = 'some words of an answer';

/**
 * Agents that reply to a message with deltas at a constant rate, independent of how fast these are delivered.
 * Each delta is due at its own time, and is emitted as soon as the event loop is free. It contains the time
 * at which it was due, so that every delay is part of its latency.
 */
export class Load {
  /** The number of emitted deltas. */
  emitted = 0;
  #periodMs;
  #staggerMs;
  #turns = [];
  #timer;

  /** @param staggerMs each agent starts at a random time within this period, so that they are not in step */
  constructor({ eventsPerSecond, staggerMs }) {
    this.#periodMs = 1000 / eventsPerSecond;
    this.#staggerMs = staggerMs;
  }

  createAgent() {
    const agent = new ManualAgent(() => this.#begin(agent));
    return agent;
  }

  /** Ends the turns. */
  end() {
    clearInterval(this.#timer);
    for (const { agent } of this.#turns) agent.emit(result());
  }

  #begin(agent) {
    agent.emit({ type: 'system', subtype: 'init', mcp_servers: [] });
    agent.emit(messageStart());
    this.#turns.push({ agent, dueAt: performance.now() + Math.random() * this.#staggerMs });
    this.#timer ??= setInterval(() => this.#emitDue(performance.now()), 1);
  }

  #emitDue(now) {
    for (const turn of this.#turns) {
      for (; turn.dueAt <= now; turn.dueAt += this.#periodMs) {
        turn.agent.emit(textDelta(`${turn.dueAt.toFixed(3)} ${WORDS}`));
        this.emitted += 1;
      }
    }
  }
}

/** Returns the time at which the delta of an event was due, or null if the event is not a delta. */
export function dueAtOf({ name, data }) {
  if (name !== 'message_delta') return null;
  return Number(/"text":"([\d.]+) /.exec(data)?.[1]);
}

function result() {
  return {
    type: 'result',
    subtype: 'success',
    is_error: false,
    total_cost_usd: 0,
    duration_ms: 0,
    num_turns: 1,
    usage: {},
  };
}
