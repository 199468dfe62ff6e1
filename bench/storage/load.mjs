import { messageStart, PlayedAgent, textDelta } from '../agent.mjs';

const WORDS = 'some words of an answer';

/**
 * Agents that answer a message with a steady stream of words, whatever becomes of them: each is due
 * at a time of its own, and is said as soon as the event loop gets there. It tells the time at which
 * it was due, so that what held it up counts in how long it took to arrive.
 */
export class Load {
  /** How many words were said. */
  said = 0;
  #periodMs;
  #staggerMs;
  #turns = [];
  #timer;

  /** @param staggerMs within which time of its message an agent begins, so that they are not in step */
  constructor({ eventsPerSecond, staggerMs }) {
    this.#periodMs = 1000 / eventsPerSecond;
    this.#staggerMs = staggerMs;
  }

  createAgent() {
    const agent = new PlayedAgent(() => this.#begin(agent));
    return agent;
  }

  /** Ends the turns. */
  end() {
    clearInterval(this.#timer);
    for (const { agent } of this.#turns) agent.say(result());
  }

  #begin(agent) {
    agent.say({ type: 'system', subtype: 'init', mcp_servers: [] });
    agent.say(messageStart());
    this.#turns.push({ agent, dueAt: performance.now() + Math.random() * this.#staggerMs });
    this.#timer ??= setInterval(() => this.#speak(performance.now()), 1);
  }

  #speak(now) {
    for (const turn of this.#turns) {
      for (; turn.dueAt <= now; turn.dueAt += this.#periodMs) {
        turn.agent.say(textDelta(`${turn.dueAt.toFixed(3)} ${WORDS}`));
        this.said += 1;
      }
    }
  }
}

/** When the words of an event were due, or null when it has none. */
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
