export interface Question {
  question: string;
  header: string;
  multiSelect: boolean;
  options: { label: string; description: string }[];
}

/** What a person has chosen for one question so far. */
export interface Choice {
  options: readonly string[];
  text: string;
}

/** The questions of a tool's input, which the protocol hands on as the agent wrote it. */
export function readQuestions(input: Record<string, unknown>): Question[] {
  return list(input['questions']).map((item) => ({
    question: text(item['question']),
    header: text(item['header']),
    multiSelect: item['multiSelect'] === true,
    options: list(item['options']).map((option) => ({
      label: text(option['label']),
      description: text(option['description']),
    })),
  }));
}

/** The answer to each question by its text; null while one has none. */
export function toAnswers(
  questions: readonly Question[],
  choices: readonly Choice[],
): Record<string, string> | null {
  const answers = questions.map(({ question, options }, index) => {
    const { options: chosen, text: own } = choices[index] ?? { options: [], text: '' };
    const labels = options.map(({ label }) => label).filter((label) => chosen.includes(label));
    return [question, [...labels, own.trim()].filter((part) => part !== '').join(', ')] as const;
  });
  return answers.some(([, answer]) => answer === '') ? null : Object.fromEntries(answers);
}

function list(value: unknown): Record<string, unknown>[] {
  if (!Array.isArray(value)) return [];
  return value.filter((item) => typeof item === 'object' && item !== null);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
