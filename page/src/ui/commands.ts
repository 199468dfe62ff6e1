import type { OfferedCommand } from '../../../src/agent-webkit/protocol/answers.js';

/** The most commands that are offered at a time. */
const MAX_OFFERED = 8;

/** Returns the commands that the beginning of a message can become; none unless it is a slash and a part of a name. */
export function matchCommands(
  text: string,
  commands: readonly OfferedCommand[],
): readonly OfferedCommand[] {
  const typed = /^\/(\S*)$/.exec(text)?.[1]?.toLowerCase();
  if (typed === undefined) return [];
  const begins = (name: string) => name.toLowerCase().startsWith(typed);
  const named = commands.filter(({ name }) => begins(name));
  const aliased = commands.filter(
    (command) => !named.includes(command) && command.aliases?.some(begins),
  );
  return [...named, ...aliased].slice(0, MAX_OFFERED);
}
