export interface Question {
  question: string;
  header: string;
  multiSelect: boolean;
  options: { label: string; description: string }[];
}

/** The user's current selection for one question. */
export interface Choice {
  options: readonly string[];
  text: string;
}

/** Returns the questions in the input of a tool, which the protocol passes on unchanged. */
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

/** Returns the answers by the texts of the questions; null while one is missing. */
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
