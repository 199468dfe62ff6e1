import type { DeliveredEvent, UserContent } from '../../../src/agent-webkit/protocol/events.js';
import type { Block } from './blocks.js';
import type { Item } from './conversation.js';

/** The most characters of an exported file. The beginning is cut off first, at an entry. */
export const MAX_EXPORT_CHARS = 20_000_000;

/** Returns the events as JSON Lines, in the form of `GET /sessions/:id/events`. */
export function toJsonLines(
  events: readonly DeliveredEvent[],
  maxChars: number = MAX_EXPORT_CHARS,
): string {
  return lastOf(
    events.map((event) => `${JSON.stringify(event)}\n`),
    maxChars,
    '',
  );
}

/** Returns the conversation as Markdown. */
export function toMarkdown(
  title: string,
  items: readonly Item[],
  maxChars: number = MAX_EXPORT_CHARS,
): string {
  const entries = items.map(describeItem).filter((text) => text !== '');
  const cut = '*The beginning is not in this file.*\n\n';
  return `# ${title.replaceAll(/\s+/g, ' ')}\n\n${lastOf(entries, maxChars, cut)}`;
}

/** Joins the last entries that fit; with the note in front if there were more. */
function lastOf(entries: readonly string[], maxChars: number, note: string): string {
  let from = entries.length;
  for (let left = maxChars; from > 0; from -= 1) {
    left -= entries[from - 1]?.length ?? 0;
    if (left < 0) break;
  }
  return (from === 0 ? '' : note) + entries.slice(from).join('');
}

function describeItem(item: Item): string {
  switch (item.kind) {
    case 'user':
      return `## User\n\n${describeContent(item.content)}\n\n`;
    case 'agent': {
      const said = item.blocks.map(describeBlock).filter(Boolean).join('\n\n');
      return said === '' ? '' : `## ${item.parent === null ? 'Agent' : 'Sub-agent'}\n\n${said}\n\n`;
    }
    case 'error':
      return `**Error:** ${item.message}\n\n`;
    case 'note':
      return `*${item.text}*\n\n`;
    case 'result':
      return '';
    default:
      return item satisfies never;
  }
}

function describeContent(content: UserContent): string {
  if (typeof content === 'string') return content;
  return content
    .map((block) => (block.type === 'text' ? block.text : `*(${block.type})*`))
    .join('\n\n');
}

function describeBlock(block: Block): string {
  switch (block.kind) {
    case 'text':
      return block.text;
    case 'thinking':
      return block.text.replaceAll(/^/gm, '> ');
    case 'tool': {
      const input = fence(JSON.stringify(block.input ?? {}, null, 2), 'json');
      const { result } = block;
      if (result === null) return `**${block.name}**\n\n${input}`;
      const { output } = result;
      const text = typeof output === 'string' ? output : JSON.stringify(output, null, 2);
      return `**${block.name}**\n\n${input}\n\n${result.isError ? 'Error' : 'Result'}:\n\n${fence(text ?? '', '')}`;
    }
    case 'other':
      return '';
    default:
      return block satisfies never;
  }
}

/** Returns a code block whose fence is longer than any in the text. */
function fence(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const ticks = '`'.repeat(longest + 1);
  return `${ticks}${language}\n${text}\n${ticks}`;
}
