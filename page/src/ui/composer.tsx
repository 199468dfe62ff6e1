import {
  type ClipboardEvent,
  type DragEvent,
  type KeyboardEvent,
  useEffect,
  useRef,
  useState,
} from 'react';
import type { OfferedCommand } from '../../../src/agent-webkit/protocol/answers.js';
import type { ImageBlock, UserContent } from '../../../src/agent-webkit/protocol/events.js';
import type { MessageDelivery } from '../../../src/agent-webkit/protocol/inbound.js';
import { recallDraft, rememberDraft } from '../client/access.js';
import { comboBox, CommandList } from './command-list.js';
import { focusComposer } from './focus.js';
import { IMAGE_TYPES, readImages } from './images.js';
import { imageUrl } from './tool-input.js';
import { useCommands } from './use-commands.js';

interface ComposerProps {
  sessionId: string;
  /** The slash commands that the user may send. */
  commands: readonly OfferedCommand[];
  isRunning: boolean;
  isClosed: boolean;
  /** True when pressing Escape once more interrupts the turn. */
  isInterruptArmed: boolean;
  onSay: (content: UserContent, delivery: MessageDelivery) => void;
  onInterrupt: () => void;
}

/** The input for messages and images. A draft survives a reload. */
export function Composer(props: ComposerProps) {
  const { sessionId, commands, isRunning, isClosed, isInterruptArmed, onSay, onInterrupt } = props;
  const [text, setText] = useState(() => recallDraft(sessionId));
  const [images, setImages] = useState<readonly ImageBlock[]>([]);
  const [problem, setProblem] = useState<string | null>(null);
  const [isDropTarget, setDropTarget] = useState(false);
  const picker = useRef<HTMLInputElement>(null);

  useEffect(focusComposer, []);
  const write = (value: string) => {
    setText(value);
    rememberDraft(sessionId, value);
  };
  const choice = useCommands(text, commands, write);
  const add = async (files: readonly File[]) => {
    const read = await readImages(files, images.length);
    setImages((before) => [...before, ...read.images]);
    setProblem(read.problem);
  };
  const isEmpty = text.trim() === '' && images.length === 0;
  const send = (delivery: MessageDelivery = 'queue') => {
    if (isEmpty) return;
    onSay(images.length === 0 ? text : toBlocks(images, text), delivery);
    write('');
    setImages([]);
    setProblem(null);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (choice.onKeyDown(event)) return;
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    // Answers the open request, see `useConfirmKey`.
    const isNow = event.ctrlKey || event.metaKey;
    if (isNow && isEmpty) return;
    event.preventDefault();
    send(isNow && isRunning ? 'next_step' : 'queue');
  };
  const onPaste = (event: ClipboardEvent) => {
    const files = [...event.clipboardData.files];
    if (files.length === 0) return;
    event.preventDefault();
    void add(files);
  };
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setDropTarget(false);
    void add([...event.dataTransfer.files]);
  };

  if (isClosed)
    return (
      <p className="composer-closed">This session has ended. Start a new session to continue.</p>
    );
  return (
    <form
      className="composer"
      data-drop={isDropTarget || undefined}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      onDragOver={(event) => {
        event.preventDefault();
        setDropTarget(true);
      }}
      onDragLeave={() => setDropTarget(false)}
      onDrop={onDrop}
    >
      {images.length === 0 ? null : (
        <ul className="thumbnails" aria-label="Images to send">
          {images.map((image, index) => (
            <li key={index}>
              <img src={imageUrl(image) ?? ''} alt={`To send: ${index + 1}`} />
              <button
                type="button"
                aria-label={`Remove image ${index + 1}`}
                onClick={() => setImages(images.filter((_, other) => other !== index))}
              >
                ×
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
      <CommandList {...choice} />
      <textarea
        {...comboBox(choice)}
        aria-label="Message"
        placeholder={isRunning ? 'Write the next message; it will be queued' : 'Write a message'}
        rows={1}
        value={text}
        onChange={(event) => write(event.target.value)}
        onKeyDown={onKeyDown}
        onPaste={onPaste}
        enterKeyHint="send"
      />
      <div className="composer-bar">
        <input
          ref={picker}
          type="file"
          accept={IMAGE_TYPES}
          multiple
          hidden
          onChange={(event) => {
            void add([...(event.target.files ?? [])]);
            event.target.value = '';
          }}
        />
        <button type="button" className="quiet" onClick={() => picker.current?.click()}>
          Attach image
        </button>
        <span className="hint composer-hint">
          {isInterruptArmed ? (
            <strong>Press Esc again to stop the agent</strong>
          ) : (
            <>
              <kbd>Enter</kbd> to send, <kbd>Shift</kbd> <kbd>Enter</kbd> for a new line
            </>
          )}
        </span>
        {isRunning ? (
          <>
            <button type="button" className="danger" onClick={onInterrupt}>
              Stop
            </button>
            <button
              type="button"
              disabled={isEmpty}
              title="The agent has it in its next step. Ctrl+Enter"
              onClick={() => send('next_step')}
            >
              Send now
            </button>
          </>
        ) : null}
        <button type="submit" className="primary" disabled={isEmpty}>
          Send
        </button>
      </div>
    </form>
  );
}

function toBlocks(images: readonly ImageBlock[], text: string): UserContent {
  return text.trim() === '' ? [...images] : [...images, { type: 'text', text }];
}
