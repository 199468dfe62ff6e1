/** The tokens of one response that count, as far as they are known. */
export interface Tokens {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheCreationTokens: number;
}

export const NO_TOKENS: Tokens = { inputTokens: 0, outputTokens: 0, cacheCreationTokens: 0 };

/** Returns their number. What the model reads from its cache is not part of it. */
export function countTokens({ inputTokens, outputTokens, cacheCreationTokens }: Tokens): number {
  return inputTokens + outputTokens + cacheCreationTokens;
}

/** Returns the tokens after an event of a stream. Later events repeat those of earlier ones, with higher numbers. */
export function readEvent(text: string, before: Tokens): Tokens {
  if (!text.includes('"message_start"') && !text.includes('"message_delta"')) return before;
  const event = fieldsOf(parse(text));
  if (event['type'] === 'message_start') {
    return readUsage(fieldsOf(event['message'])['usage'], before);
  }
  return event['type'] === 'message_delta' ? readUsage(event['usage'], before) : before;
}

/** Returns the tokens of a whole message. */
export function readMessage(text: string, before: Tokens): Tokens {
  return readUsage(fieldsOf(parse(text))['usage'], before);
}

function readUsage(value: unknown, before: Tokens): Tokens {
  const usage = fieldsOf(value);
  const read = (name: string, known: number) => {
    const count = usage[name];
    return typeof count === 'number' && count > known ? count : known;
  };
  return {
    inputTokens: read('input_tokens', before.inputTokens),
    outputTokens: read('output_tokens', before.outputTokens),
    cacheCreationTokens: read('cache_creation_input_tokens', before.cacheCreationTokens),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Not an event of the Messages API.
    return null;
  }
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
