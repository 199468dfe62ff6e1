import { type KeyboardEvent, useEffect, useState } from 'react';
import type { OfferedCommand } from '../../../src/agent-webkit/protocol/answers.js';
import { matchCommands } from './commands.js';

export interface CommandChoice {
  readonly offered: readonly OfferedCommand[];
  /** The place of the selected command in the list. */
  readonly active: number;
  readonly pick: (command: OfferedCommand) => void;
  /** Returns true if the key was for the list. */
  readonly onKeyDown: (event: KeyboardEvent) => boolean;
}

/** Completes a slash command in the message: arrow keys select one, Tab and Enter take it, Escape closes the list. */
export function useCommands(
  text: string,
  commands: readonly OfferedCommand[],
  write: (text: string) => void,
): CommandChoice {
  const [selected, select] = useState(0);
  /** The text for which the user has closed the list. */
  const [closedFor, close] = useState<string | null>(null);
  useEffect(() => select(0), [text]);
  const offered = closedFor === text ? [] : matchCommands(text, commands);
  const active = Math.min(selected, offered.length - 1);
  const pick = ({ name }: OfferedCommand) => write(`/${name} `);
  const onKeyDown = (event: KeyboardEvent): boolean => {
    const command = offered[active];
    if (!command || event.nativeEvent.isComposing) return false;
    const move = (by: number) => select((active + by + offered.length) % offered.length);
    switch (event.key) {
      case 'ArrowDown':
        move(1);
        break;
      case 'ArrowUp':
        move(-1);
        break;
      case 'Escape':
        close(text);
        break;
      case 'Enter':
      case 'Tab':
        // A modifier, or a complete command: the key does what it does without a list.
        if (event.shiftKey || event.ctrlKey || event.metaKey) return false;
        if (event.key === 'Enter' && text === `/${command.name}`) return false;
        pick(command);
        break;
      default:
        return false;
    }
    event.preventDefault();
    event.stopPropagation();
    return true;
  };
  return { offered, active, pick, onKeyDown };
}
