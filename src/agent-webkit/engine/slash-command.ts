import type { UserContent } from '../protocol/events.js';
import { ForbiddenError } from './errors.js';

/** The names of the slash commands that clients may send, without the slash; null for all. */
export type PermittedCommands = readonly string[] | null;

/**
 * The form of a slash command: `/name`, alone or followed by white space. A path such as `/etc/hosts` does
 * not have it, nor does a text that begins with a space.
 */
const COMMAND = /^\/([^\s/]+)(?=\s|$)/;

/** A mention of a file, an agent or a resource. Claude Code expands those in the arguments of a command. */
const MENTION = /(?<![A-Za-z0-9])@/;

/**
 * Returns the name of the slash command that Claude Code could take a user message for; null for text.
 * It reads only the last block as a command.
 */
function commandName(content: UserContent): string | null {
  const last = typeof content === 'string' ? { type: 'text', text: content } : content.at(-1);
  return last?.type === 'text' && 'text' in last ? (COMMAND.exec(last.text)?.[1] ?? null) : null;
}

/** True when a user message is a slash command, clients may send it, and it mentions nothing. */
export function isPermittedCommand(content: UserContent, permitted: PermittedCommands): boolean {
  const name = commandName(content);
  return name !== null && isPermittedName(name, permitted) && !hasMention(content);
}

/** @throws ForbiddenError for a slash command that clients may not send, and for one with a mention */
export function checkCommand(content: UserContent, permitted: PermittedCommands): void {
  const name = commandName(content);
  if (name === null) return;
  if (!isPermittedName(name, permitted)) {
    const names = permitted?.map((each) => `/${each}`).join(', ') ?? '';
    throw new ForbiddenError(
      `content: the command '/${name}' is not permitted. Permitted: ${names || 'none'}. ` +
        'To send it as text, begin it with a space.',
    );
  }
  if (hasMention(content)) {
    throw new ForbiddenError(
      `content: a command cannot mention a file, an agent or a resource. Remove the '@' in front of the name.`,
    );
  }
}

/** True for the name of a slash command, without the slash, that clients may send. */
export function isPermittedName(name: string, permitted: PermittedCommands): boolean {
  return permitted?.includes(name) ?? true;
}

function hasMention(content: UserContent): boolean {
  const texts = typeof content === 'string' ? [content] : content.map(textOf);
  return texts.some((text) => MENTION.test(text));
}

function textOf(block: Exclude<UserContent, string>[number]): string {
  return block.type === 'text' ? block.text : '';
}
