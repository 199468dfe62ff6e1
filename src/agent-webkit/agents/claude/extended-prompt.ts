import type { Options } from '@anthropic-ai/claude-agent-sdk';

type SystemPrompt = NonNullable<Options['systemPrompt']>;

/** Returns the system prompt of the host, in whichever form it is, with a paragraph at its end. */
export function extendedPrompt(given: Options['systemPrompt'], paragraph: string): SystemPrompt {
  if (given === undefined) return paragraph;
  if (typeof given === 'string' || Array.isArray(given)) return extended(given, paragraph);
  if (given.type === 'custom') return { ...given, prompt: extended(given.prompt, paragraph) };
  const { append } = given;
  return { ...given, append: append === undefined ? paragraph : `${append}\n\n${paragraph}` };
}

function extended(prompt: string | string[], paragraph: string): string | string[] {
  return Array.isArray(prompt) ? [...prompt, paragraph] : `${prompt}\n\n${paragraph}`;
}
