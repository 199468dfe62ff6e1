import { readProps } from '../../client/component-props.js';
import type { ToolBlock } from '../../session/blocks.js';
import { labelOf } from './labels.js';
import { PropertyTable } from './property-table.js';

/** A component that the agent renders. The page draws none itself: it shows the props as a table, while they are written, too. */
export function ComponentView({ tool, name }: { tool: ToolBlock; name: string }) {
  const props = readProps(tool);
  const isWriting = tool.input === undefined;
  return (
    <section className="component" aria-label={labelOf(name)} aria-busy={isWriting}>
      <h3>{labelOf(name)}</h3>
      {Object.keys(props).length === 0 ? (
        <p className="hint">…</p>
      ) : (
        <PropertyTable value={props} />
      )}
    </section>
  );
}
