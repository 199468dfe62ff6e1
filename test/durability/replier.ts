import { setTimeout as delay } from 'node:timers/promises';
import type { Answer } from '../support/ask.js';
import { eventually } from '../support/eventually.js';
import type { SseEvent } from '../support/sse-client.js';

/** The delay before the reply to every other request, which stays open meanwhile. */
const THINKING_MS = 150;

/** A user who replies to the agent's requests until a reply is accepted or the request is closed. */
export class Replier {
  /** The correlation ids of the requests whose reply was accepted with 204. */
  readonly taken: string[] = [];
  readonly #send: (message: object) => Promise<Answer | null>;
  #requests = 0;

  /** @param send sends a message to the session, once */
  constructor(send: (message: object) => Promise<Answer | null>) {
    this.#send = send;
  }

  /** Call this with each received event. */
  see(event: SseEvent): void {
    const reply = replyTo(event);
    if (!reply) return;
    this.#reply(String(event.data['correlation_id']), reply).catch(() => {
      // No server runs any more, and the test has ended.
    });
  }

  async #reply(correlationId: string, reply: object): Promise<void> {
    this.#requests += 1;
    if (this.#requests % 2 === 0) await delay(THINKING_MS);
    await eventually(
      async () => {
        const answer = await this.#send({ ...reply, correlation_id: correlationId });
        if (answer?.status === 204) this.taken.push(correlationId);
        // 409: it was cancelled, or an earlier attempt was accepted.
        return answer?.status === 204 || answer?.status === 409;
      },
      Boolean,
      Infinity,
    );
  }
}

function replyTo({ event, data }: SseEvent): object | null {
  if (event === 'permission_request') return { type: 'permission_response', behavior: 'allow' };
  if (event !== 'ask_user_question') return null;
  const { questions } = data['questions'] as { questions: { question: string }[] };
  const answers = Object.fromEntries(questions.map(({ question }) => [question, 'yes']));
  return { type: 'question_response', answers };
}
