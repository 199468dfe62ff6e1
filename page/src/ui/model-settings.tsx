import type {
  SessionCapabilities,
  SessionInfo,
} from '../../../src/agent-webkit/protocol/answers.js';
import type { InboundMessage } from '../../../src/agent-webkit/protocol/inbound.js';

type Effort = Extract<InboundMessage, { type: 'set_effort' }>['effort'];

interface ModelProps {
  info: SessionInfo;
  capabilities: SessionCapabilities | null;
  onChange: (setting: InboundMessage) => void;
}

/** The choice of the model and of its effort, with what the host permits. */
export function ModelSettings({ info, capabilities, onChange }: ModelProps) {
  if (capabilities === null) return null;
  const models = capabilities.models ?? [];
  const chosen = models.find(({ model }) => model === info.model);
  const levels = (chosen?.effort_levels ?? capabilities.effort_levels) as Exclude<Effort, null>[];
  return (
    <>
      {models.length === 0 ? null : (
        <label className="field">
          Model
          <select
            value={info.model ?? ''}
            onChange={({ target }) =>
              onChange({ type: 'set_model', model: target.value === '' ? null : target.value })
            }
          >
            {chosen === undefined ? (
              <option value={info.model ?? ''} disabled>
                {info.model ?? 'Default'}
              </option>
            ) : null}
            {models.map(({ model, name }) => (
              <option key={model ?? ''} value={model ?? ''}>
                {name ?? model ?? 'Default'}
              </option>
            ))}
          </select>
        </label>
      )}
      {levels.length === 0 ? null : (
        <label className="field">
          Effort
          <select
            value={info.effort ?? ''}
            onChange={({ target }) =>
              onChange({
                type: 'set_effort',
                effort: levels.find((level) => level === target.value) ?? null,
              })
            }
          >
            <option value="">Default</option>
            {levels.map((level) => (
              <option key={level} value={level}>
                {level}
              </option>
            ))}
          </select>
        </label>
      )}
    </>
  );
}
