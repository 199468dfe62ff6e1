import { type FormEvent, Fragment, useRef, useState } from 'react';
import type { SessionInfo } from '../../../src/agent-webkit/protocol/answers.js';
import { explain } from '../client/words.js';
import type { SessionMember } from '../../../src/agent-webkit/protocol/session-members.js';

type Role = SessionMember['role'];

/** The roles, with what each permits. */
const ROLES: Readonly<Record<Role, string>> = {
  viewer: 'reads',
  contributor: 'reads and writes',
  approver: 'reads, writes, and answers the agent',
};
const MAX_ID_CHARS = 256;

interface MembersProps {
  info: SessionInfo;
  /** Null for a user who may not change the members. */
  onChange: ChangeMembers | null;
}

/** Replaces the members, if they are still those that were shown. */
type ChangeMembers = (
  members: readonly SessionMember[],
  shown: readonly SessionMember[],
) => Promise<void>;

/** Shows who can see a session. The owner adds members, changes their roles and removes them. */
export function MembersDialog({ info, onChange }: MembersProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { members, owner } = info;
  return (
    <>
      <button
        type="button"
        className="quiet"
        aria-haspopup="dialog"
        onClick={() => dialog.current?.showModal()}
      >
        {onChange === null ? 'Members' : 'Share'}
        {members.length === 0 ? null : <span className="chip count">{members.length}</span>}
      </button>
      <dialog ref={dialog} className="members" aria-label="Members">
        <h2>{onChange === null ? 'Members' : 'Share this session'}</h2>
        {onChange === null ? (
          <ul>
            <Member id={owner} words="owner" />
            {members.map(({ id, role }) => (
              <Member key={id} id={id} words={role} />
            ))}
          </ul>
        ) : (
          <MemberForm members={members} onChange={onChange} />
        )}
        <div className="actions">
          <button type="button" className="quiet" onClick={() => dialog.current?.close()}>
            Close
          </button>
        </div>
      </dialog>
    </>
  );
}

function Member({ id, words }: { id: string; words: string }) {
  return (
    <li>
      <span className="member-id">{id}</span>
      <span className="chip">{words}</span>
    </li>
  );
}

interface FormProps {
  members: readonly SessionMember[];
  onChange: ChangeMembers;
}

function MemberForm({ members, onChange }: FormProps) {
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  // One change at a time: each sends the whole list, and that which is shown.
  const change = async (next: readonly SessionMember[]) => {
    setSending(true);
    setProblem(null);
    try {
      await onChange(next, members);
      return true;
    } catch (error) {
      setProblem(explain(error));
      return false;
    } finally {
      setSending(false);
    }
  };
  const without = (id: string) => members.filter((member) => member.id !== id);
  const add = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    const id = (given.get('id') as string).trim();
    const role = given.get('role') as Role;
    if (id === '') return;
    if (members.some((member) => member.id === id)) {
      setProblem(`${id} is a member already. Change the role in the list.`);
      return;
    }
    if (await change([...members, { id, role }])) form.reset();
  };
  return (
    <fieldset disabled={isSending}>
      {members.length === 0 ? (
        <p className="hint">Only you can see this session.</p>
      ) : (
        <ul>
          {members.map(({ id, role }) => (
            <li key={id}>
              <span className="member-id">{id}</span>
              <RoleChoice
                label={`Role of ${id}`}
                value={role}
                onChange={(next) =>
                  void change(members.map((one) => (one.id === id ? { id, role: next } : one)))
                }
              />
              <button
                type="button"
                className="quiet"
                aria-label={`Remove ${id}`}
                onClick={() => void change(without(id))}
              >
                Remove
              </button>
            </li>
          ))}
        </ul>
      )}
      {problem === null ? null : (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <form onSubmit={(event) => void add(event)}>
        <label className="field">
          Name of the user
          <input
            name="id"
            required
            maxLength={MAX_ID_CHARS}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
          />
        </label>
        <div className="field">
          <span aria-hidden="true">Role</span>
          <RoleChoice name="role" label="Role" />
        </div>
        <dl className="hint">
          {Object.entries(ROLES).map(([role, words]) => (
            <Fragment key={role}>
              <dt>{role}</dt>
              <dd>{words}</dd>
            </Fragment>
          ))}
        </dl>
        <div className="actions">
          <button type="submit" className="primary">
            Add
          </button>
        </div>
      </form>
    </fieldset>
  );
}

interface ChoiceProps {
  name?: string;
  label: string;
  value?: Role;
  onChange?: (role: Role) => void;
}

function RoleChoice({ name, label, value, onChange }: ChoiceProps) {
  return (
    <select
      name={name}
      aria-label={label}
      value={value}
      onChange={(event) => onChange?.(event.target.value as Role)}
    >
      {Object.keys(ROLES).map((role) => (
        <option key={role}>{role}</option>
      ))}
    </select>
  );
}
