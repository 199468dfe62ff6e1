import { type FormEvent, type RefObject, useState } from 'react';
import type { Capabilities } from '../../../src/agent-webkit/protocol/answers.js';
import type { CreateSession } from '../../../src/agent-webkit/protocol/inbound.js';
import type { AgentApi } from '../client/agent-api.js';
import { explain } from '../client/words.js';
import { isMode, MODES, offeredModes } from './modes.js';
import { useChoices } from './use-choices.js';

interface NewSessionProps {
  api: AgentApi;
  dialog: RefObject<HTMLDialogElement | null>;
  onCreate: (wish: CreateSession) => Promise<void>;
}

/** The form for a new session. All fields are optional. */
export function NewSession({ api, dialog, onCreate }: NewSessionProps) {
  const choices = useChoices(api);
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setSending(true);
    setProblem(null);
    try {
      await onCreate(readWish(new FormData(event.currentTarget)));
      dialog.current?.close();
    } catch (error) {
      setProblem(explain(error));
    } finally {
      setSending(false);
    }
  };
  return (
    <dialog ref={dialog} aria-labelledby="new-session-title">
      <form onSubmit={(event) => void submit(event)}>
        <h2 id="new-session-title">New session</h2>
        <ModelField choices={choices} />
        <label className="field">
          Permission mode
          <select name="permission_mode" defaultValue="">
            <option value="">{serverDefault(defaultMode(choices))}</option>
            {offeredModes(choices?.permission_modes ?? null, undefined).map(([mode, name]) => (
              <option key={mode} value={mode}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label className="field">
          Folder
          <input name="cwd" placeholder="Whole workspace" autoComplete="off" spellCheck={false} />
        </label>
        <label className="check">
          <input type="checkbox" name="streaming" defaultChecked /> Show text as it is written
        </label>
        {problem === null ? null : (
          <p className="problem" role="alert">
            {problem}
          </p>
        )}
        <fieldset className="actions" disabled={isSending} aria-label="New session">
          <button type="submit" className="primary">
            Start session
          </button>
          <button type="button" className="quiet" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
        </fieldset>
      </form>
    </dialog>
  );
}

/** The model: one of the list where the host has one, else any name. */
function ModelField({ choices }: { choices: Capabilities | null }) {
  const models = choices?.models ?? null;
  return (
    <label className="field">
      Model
      {models === null ? (
        <input name="model" placeholder="Server default" autoComplete="off" spellCheck={false} />
      ) : (
        <select name="model" defaultValue="">
          <option value="">{serverDefault(choices?.model ?? null)}</option>
          {models.map((model) => (
            <option key={model} value={model}>
              {model}
            </option>
          ))}
        </select>
      )}
    </label>
  );
}

function serverDefault(name: string | null): string {
  return name === null ? 'Server default' : `Server default (${name})`;
}

function defaultMode(choices: Capabilities | null): string | null {
  const mode = choices?.permission_modes[0];
  return mode !== undefined && isMode(mode) ? MODES[mode] : null;
}

function readWish(form: FormData): CreateSession {
  const read = (name: string) => (form.get(name) as string).trim();
  const [model, mode, cwd] = [read('model'), read('permission_mode'), read('cwd')];
  return {
    ...(model === '' ? {} : { model }),
    ...(isMode(mode) ? { permission_mode: mode } : {}),
    ...(cwd === '' ? {} : { cwd }),
    include_partial_messages: form.get('streaming') !== null,
  };
}
