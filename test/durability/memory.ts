import type { ModelRequest } from '../support/fake-messages-api.js';
import type { SseEvent } from '../support/sse-client.js';

/**
 * Returns messages about losses of memory. When an agent sends a user message to the model, it must
 * also send all earlier ones whose turns have completed, and each of them only once.
 *
 * @param stored the log of a session, in which all messages have different contents
 * @param requests the requests to the model by the agents of this session and of others
 */
export function findForgotten(
  stored: readonly SseEvent[],
  requests: readonly ModelRequest[],
): string[] {
  const contents = new Map<unknown, string>();
  const remembered: string[] = [];
  let said = '';
  return stored.flatMap(({ event, data }) => {
    if (event === 'user_message') contents.set(data['message_id'], String(data['content']));
    if (event === 'turn_start') {
      said = contents.get(data['message_id']) ?? '';
      return checkTold(said, remembered, requests);
    }
    if (event !== 'result' || data['subtype'] !== 'success') return [];
    remembered.push(said);
    return requests.some(({ text }) => text === said) ? [] : [`'${said}' was never sent.`];
  });
}

function checkTold(
  said: string,
  remembered: readonly string[],
  requests: readonly ModelRequest[],
): string[] {
  // A turn that uses a tool sends another request to the model with the result.
  const asked = requests.filter(
    ({ text, toolResults }) => text === said && toolResults.length === 0,
  );
  const forgotten = asked.flatMap(({ messages }) => {
    const told = JSON.stringify(messages);
    return remembered.filter((content) => !told.includes(JSON.stringify(content)));
  });
  return [
    ...(forgotten.length > 0 ? [`At '${said}' forgotten: ${forgotten.join(', ')}.`] : []),
    ...(asked.length > 1 ? [`'${said}' was sent ${asked.length} times.`] : []),
  ];
}
