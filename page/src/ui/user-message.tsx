import { createContext, type FormEvent, use, useState } from 'react';
import type { UserContent } from '../../../src/agent-webkit/protocol/events.js';
import type { SessionStore } from '../client/session-store.js';
import type { Item } from '../session/conversation.js';
import { focusComposer } from './focus.js';
import { ImageView } from './image-view.js';
import { Time } from './time.js';
import { imageUrl } from './tool-input.js';
import { useReply } from './use-reply.js';

/** The session whose messages can be replaced; null while the agent is at work, or none can be. */
export const ReplaceContext = createContext<SessionStore | null>(null);

/** A message of the user. It can be sent again, also with another text: the agent then forgets it and what followed. */
export function UserMessageView({ item }: { item: Item & { kind: 'user' } }) {
  const store = use(ReplaceContext);
  const isReplaceable = store !== null && !item.isReplaced;
  return (
    <article
      className="item user"
      aria-label={item.isReplaced ? 'You, replaced' : 'You'}
      data-replaceable={isReplaceable || undefined}
    >
      {isReplaceable ? <ReplaceableContent item={item} store={store} /> : null}
      {isReplaceable ? null : <UserContentView content={item.content} />}
      <p className="item-time">
        <Time at={item.at} />
      </p>
    </article>
  );
}

function ReplaceableContent({
  item: { key, content },
  store,
}: {
  item: Item & { kind: 'user' };
  store: SessionStore;
}) {
  const [isEditing, setEditing] = useState(false);
  const { send, isSending, problem } = useReply();
  const replace = (next: UserContent) =>
    send(async () => {
      await store.replace(key, next);
      setEditing(false);
      focusComposer();
    });
  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const text = (new FormData(event.currentTarget).get('text') as string).trim();
    if (text !== '') void replace(withText(content, text));
  };
  return (
    <>
      {isEditing ? (
        <form className="message-edit" onSubmit={save}>
          <textarea
            name="text"
            aria-label="Edited message"
            rows={3}
            defaultValue={textOf(content)}
          />
          <div className="message-tools">
            <button type="submit" className="primary" disabled={isSending}>
              Send
            </button>
            <button type="button" className="quiet" onClick={() => setEditing(false)}>
              Cancel
            </button>
          </div>
        </form>
      ) : (
        <>
          <UserContentView content={content} />
          <div className="message-tools">
            <button
              type="button"
              className="quiet"
              disabled={isSending}
              title="Send it again. The agent forgets what followed."
              onClick={() => void replace(content)}
            >
              Retry
            </button>
            <button
              type="button"
              className="quiet"
              title="Change it and send it again. The agent forgets what followed."
              onClick={() => setEditing(true)}
            >
              Edit
            </button>
          </div>
        </>
      )}
      {problem === null ? null : (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}

/** The content of a user message. */
export function UserContentView({ content }: { content: UserContent }) {
  if (typeof content === 'string') return <div className="plain">{content}</div>;
  return content.map((block, index) =>
    block.type === 'text' ? (
      <div className="plain" key={index}>
        {block.text}
      </div>
    ) : (
      <ImageView key={index} url={imageUrl(block) ?? ''} alt="Sent by you" />
    ),
  );
}

function textOf(content: UserContent): string {
  if (typeof content === 'string') return content;
  return content.flatMap((block) => (block.type === 'text' ? block.text : [])).join('\n');
}

/** Returns the content with another text. Its images stay. */
function withText(content: UserContent, text: string): UserContent {
  if (typeof content === 'string') return text;
  const images = content.filter(({ type }) => type !== 'text');
  return [...images, { type: 'text', text }];
}
