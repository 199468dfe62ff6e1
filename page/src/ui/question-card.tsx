import { type FormEvent, useId, useState } from 'react';
import type { SessionStore } from '../client/session-store.js';
import { explain } from '../client/words.js';
import type { OpenRequest } from '../session/conversation.js';
import { EscalationNote } from './escalation-note.js';
import { type Choice, type Question, readQuestions, toAnswers } from './questions.js';

type QuestionRequest = Extract<OpenRequest, { kind: 'question' }>;

/** The questions of the agent. The card disappears when they are resolved. */
export function QuestionCard({
  request,
  store,
}: {
  request: QuestionRequest;
  store: SessionStore;
}) {
  const { correlation_id: id } = request;
  const questions = readQuestions(request.questions);
  const [choices, setChoices] = useState<readonly Choice[]>(() =>
    questions.map(() => ({ options: [], text: '' })),
  );
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const titleId = useId();
  const answers = toAnswers(questions, choices);

  const reply = async (send: () => Promise<void>) => {
    setSending(true);
    setProblem(null);
    try {
      await send();
    } catch (error) {
      setProblem(explain(error));
      setSending(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (answers === null) setProblem('Answer every question, or decline to answer.');
    else void reply(() => store.answer(id, answers));
  };
  const decline = () => reply(() => store.deny(id, { message: 'The user prefers not to answer.' }));

  return (
    <section className="card question" aria-labelledby={titleId}>
      <header>
        <h3 id={titleId}>
          {questions.length > 1 ? 'The agent has questions' : 'The agent has a question'}
        </h3>
      </header>
      <EscalationNote to={request.escalatedTo} />
      <form onSubmit={submit}>
        {questions.map((question, index) => (
          <QuestionFields
            key={index}
            question={question}
            choice={choices[index] ?? { options: [], text: '' }}
            onChange={(choice) => setChoices(choices.with(index, choice))}
          />
        ))}
        {problem === null ? null : (
          <p className="problem" role="alert">
            {problem}
          </p>
        )}
        <fieldset className="actions" disabled={isSending} aria-label="Your answer">
          <button type="submit" className="primary">
            Answer
          </button>
          <button type="button" className="quiet" onClick={() => void decline()}>
            Decline to answer
          </button>
        </fieldset>
      </form>
    </section>
  );
}

interface FieldsProps {
  question: Question;
  choice: Choice;
  onChange: (choice: Choice) => void;
}

function QuestionFields({ question, choice, onChange }: FieldsProps) {
  const name = useId();
  const { multiSelect, options } = question;
  const toggle = (label: string, isOn: boolean) => {
    if (!multiSelect) onChange({ options: [label], text: '' });
    else {
      const others = choice.options.filter((other) => other !== label);
      onChange({ ...choice, options: isOn ? [...others, label] : others });
    }
  };
  const write = (text: string) =>
    onChange({ options: multiSelect || text === '' ? choice.options : [], text });
  return (
    <fieldset className="question-fields">
      <legend>
        {question.header === '' ? null : <span className="chip">{question.header}</span>}
        {question.question}
        {multiSelect ? <span className="hint"> Select all that apply.</span> : null}
      </legend>
      <div className="options">
        {options.map(({ label, description }) => (
          <label className="option" key={label}>
            <input
              type={multiSelect ? 'checkbox' : 'radio'}
              name={name}
              checked={choice.options.includes(label)}
              onChange={(event) => toggle(label, event.target.checked)}
            />
            <span>
              {label}
              {description === '' ? null : <small>{description}</small>}
            </span>
          </label>
        ))}
      </div>
      <input
        type="text"
        className="free-text"
        aria-label={`Your own answer: ${question.question}`}
        placeholder={options.length === 0 ? 'Your answer' : 'Or in your own words'}
        value={choice.text}
        onChange={(event) => write(event.target.value)}
      />
    </fieldset>
  );
}
