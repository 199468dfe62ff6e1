import { readQuestions } from './questions.js';

/** The most informative field of a tool's input, which distinguishes its calls. */
const TELLING = [
  'command',
  'file_path',
  'path',
  'pattern',
  'url',
  'query',
  'description',
  'prompt',
];

/** Returns the input of a tool as one line. */
export function summarize(input: unknown): string {
  if (typeof input !== 'object' || input === null) return '';
  const fields = new Map<string, unknown>(Object.entries(input));
  const [question] = readQuestions({ questions: fields.get('questions') });
  if (question) return question.question;
  const name = TELLING.find((field) => typeof fields.get(field) === 'string');
  const text = name === undefined ? JSON.stringify(input) : String(fields.get(name));
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}

/** Returns the text and the images of a tool's output. */
export function readOutput(output: unknown): { text: string; images: string[] } {
  if (typeof output === 'string') return { text: output, images: [] };
  if (!Array.isArray(output)) return { text: JSON.stringify(output, null, 2) ?? '', images: [] };
  const texts: string[] = [];
  const images: string[] = [];
  for (const block of output as unknown[]) {
    const image = imageUrl(block);
    if (image !== null) images.push(image);
    else if (isTextBlock(block)) texts.push(block.text);
    else texts.push(JSON.stringify(block, null, 2));
  }
  return { text: texts.join('\n'), images };
}

/** Returns an image block as a data URL; null for any other block. */
export function imageUrl(block: unknown): string | null {
  const { type, source } = block as { type?: unknown; source?: Record<string, unknown> };
  if (type !== 'image' || source?.['type'] !== 'base64') return null;
  const { media_type: mediaType, data } = source;
  if (!/^image\/(?:png|jpeg|gif|webp)$/.test(String(mediaType))) return null;
  return `data:${String(mediaType)};base64,${String(data)}`;
}

function isTextBlock(block: unknown): block is { type: 'text'; text: string } {
  return (block as { type?: unknown }).type === 'text';
}
