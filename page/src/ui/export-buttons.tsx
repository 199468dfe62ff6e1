import type { SessionSnapshot } from '../client/session-store.js';
import { toJsonLines, toMarkdown } from '../session/export.js';
import { saveFile } from './save-file.js';

interface ExportProps {
  id: string;
  title: string;
  snapshot: SessionSnapshot;
}

/** Saves the conversation that the page has as a file. */
export function ExportButtons({ id, title, snapshot }: ExportProps) {
  const name = `session-${id.slice(0, 8)}`;
  const saveMarkdown = () =>
    saveFile(`${name}.md`, 'text/markdown', toMarkdown(title, snapshot.conversation.items));
  const saveEvents = () => {
    const events = snapshot.rows.flatMap((row) => (row.kind === 'event' ? [row.event] : []));
    saveFile(`${name}.jsonl`, 'application/jsonl', toJsonLines(events));
  };
  return (
    <fieldset className="actions" aria-label="Export">
      <button type="button" onClick={saveMarkdown}>
        Export as Markdown
      </button>
      <button type="button" onClick={saveEvents}>
        Export as JSON Lines
      </button>
    </fieldset>
  );
}
