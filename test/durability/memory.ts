import type { ModelRequest } from '../support/fake-messages-api.js';
import type { SseEvent } from '../support/sse-client.js';

/**
 * Says in words what the agent has forgotten: whenever it told the model what a user said, it was to
 * tell it with everything whose turn had come to its own end before. And it was to tell it once.
 *
 * @param stored a session's log, in which no two messages have the same content
 * @param requests what the model was asked, by the agents of this session and of others
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
    return requests.some(({ text }) => text === said) ? [] : [`'${said}' was never told.`];
  });
}

function checkTold(
  said: string,
  remembered: readonly string[],
  requests: readonly ModelRequest[],
): string[] {
  // A turn that uses a tool asks the model once more with its result.
  const asked = requests.filter(
    ({ text, toolResults }) => text === said && toolResults.length === 0,
  );
  const forgotten = asked.flatMap(({ messages }) => {
    const told = JSON.stringify(messages);
    return remembered.filter((content) => !told.includes(JSON.stringify(content)));
  });
  return [
    ...(forgotten.length > 0 ? [`At '${said}' forgotten: ${forgotten.join(', ')}.`] : []),
    ...(asked.length > 1 ? [`'${said}' was told ${asked.length} times.`] : []),
  ];
}
