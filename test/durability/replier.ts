import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import type { SseEvent } from '../support/sse-client.js';
import type { Answer } from './real-server.js';

/** How long the person thinks about every other request, which is open meanwhile. */
const THINKING_MS = 150;

/** A person who answers what the agent asks, until the reply is taken or none is wanted any more. */
export class Replier {
  /** The requests whose reply was answered 204, by correlation id. */
  readonly taken: string[] = [];
  readonly #send: (message: object) => Promise<Answer | null>;
  #requests = 0;

  /** @param send sends a message to the session, once */
  constructor(send: (message: object) => Promise<Answer | null>) {
    this.#send = send;
  }

  /** To be called with each event that is seen. */
  see(event: SseEvent): void {
    const reply = replyTo(event);
    if (!reply) return;
    this.#reply(String(event.data['correlation_id']), reply).catch(() => {
      // There is no server any more, and nobody who wants to know.
    });
  }

  async #reply(correlationId: string, reply: object): Promise<void> {
    this.#requests += 1;
    if (this.#requests % 2 === 0) await delay(THINKING_MS);
    await eventually(
      async () => {
        const answer = await this.#send({ ...reply, correlation_id: correlationId });
        if (answer?.status === 204) this.taken.push(correlationId);
        // 409: it was cancelled, or an earlier try got through.
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
