import type { Item } from '../session/conversation.js';

type Result = Extract<Item, { kind: 'result' }>;

/** Returns the models that worked in a turn, the one of the agent itself first. */
export function modelsOf({ model, model_usage: usage }: Result): string[] {
  const used = Object.keys(usage ?? {});
  const own = used.find((name) => name === model) ?? (used.length === 0 ? model : null);
  const all = own === null ? used : [own, ...used.filter((name) => name !== own)];
  return all.length > 2 ? [...all.slice(0, 2), `and ${all.length - 2} more`] : all;
}

/** Returns the tokens of a turn. Those that were read from a cache, or written to it, are input. */
export function countTokens(result: Result): { input: number; output: number } {
  const models: unknown[] = Object.values(result.model_usage ?? {});
  const usages = models.length > 0 ? models : [result.usage];
  const sum = (...names: string[]) =>
    usages.reduce<number>(
      (total, usage) => total + names.reduce((own, name) => own + numberIn(usage, name), 0),
      0,
    );
  return {
    input: sum('input_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens'),
    output: sum('output_tokens'),
  };
}

function numberIn(usage: unknown, name: string): number {
  const value = (usage as Record<string, unknown> | null | undefined)?.[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
