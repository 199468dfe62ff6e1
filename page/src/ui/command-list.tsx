import type { CommandChoice } from './use-commands.js';

const LIST_ID = 'commands';

/** The slash commands that complete the message. The focus stays in the message. */
export function CommandList({ offered, active, pick }: CommandChoice) {
  if (offered.length === 0) return null;
  return (
    <ul id={LIST_ID} className="commands" role="listbox" aria-label="Commands">
      {offered.map((command, at) => (
        <li
          key={command.name}
          id={optionId(at)}
          role="option"
          aria-selected={at === active}
          // The field would lose the focus.
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => pick(command)}
        >
          <code>
            /{command.name} {command.argument_hint}
          </code>
          <span className="hint">{command.description}</span>
        </li>
      ))}
    </ul>
  );
}

/** Returns the attributes of the field that the list completes. */
export function comboBox({ offered, active }: CommandChoice) {
  if (offered.length === 0) return {};
  return {
    'aria-autocomplete': 'list',
    'aria-controls': LIST_ID,
    'aria-activedescendant': optionId(active),
  } as const;
}

function optionId(at: number): string {
  return `command-${at}`;
}
