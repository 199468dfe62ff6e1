import type { Outcome } from '../../session/blocks.js';
import { readQuestions } from '../questions.js';

/** The questions of the agent with the answers of the user. */
export function Answers({ input, outcome }: { input: unknown; outcome: Outcome }) {
  const answers = readAnswers(outcome);
  return (
    <dl className="answers">
      {readQuestions((input ?? {}) as Record<string, unknown>).map(({ question }, index) => (
        <div key={index}>
          <dt>{question}</dt>
          <dd>{Object.hasOwn(answers, question) ? String(answers[question]) : 'No answer'}</dd>
        </div>
      ))}
    </dl>
  );
}

function readAnswers({ updatedInput }: Outcome): Record<string, unknown> {
  const answers = updatedInput?.['answers'];
  return typeof answers === 'object' && answers !== null ? { ...answers } : {};
}
