import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const KEY_PURPOSE = 'agent-webkit messages between servers';
const SENDER_BYTES = 16;
const NUMBER_BYTES = 6;
const NONCE_BYTES = 12;
const HEAD_BYTES = SENDER_BYTES + NONCE_BYTES;
const TAG_BYTES = 16;
/** How many senders are remembered. A server that stays up for long sees many others start and stop. */
const MAX_SENDERS = 10_000;

/** The result of {@link MessageSeal.open}. */
export interface OpenedMessage {
  readonly text: string;
  /** False when this message, or a later one of its sender, was opened before. */
  readonly isNew: boolean;
}

interface Sender {
  readonly key: Buffer;
  /** The number of its last message that was opened. */
  readonly number: number;
}

/**
 * Encrypts and authenticates messages by a key that only the servers of one storage know. Whoever else uses
 * their bus can neither read a message nor make one up, change one, pass one on to another server, or repeat one.
 *
 * A sealed message is the base64 of: the id of its sender, a nonce, the encrypted text, and a tag. Each sender
 * has a random id, and encrypts by a key that is derived from it. A nonce is the number of the message, and
 * random bytes, so that none is used twice with a key, however many messages all servers send.
 */
export class MessageSeal {
  readonly #sharedKey: Uint8Array;
  readonly #id = randomBytes(SENDER_BYTES);
  readonly #key: Buffer;
  #number = 0;
  /** By id, the sender of the last message at the end. */
  readonly #senders = new Map<string, Sender>();

  /**
   * @param sharedKey 32 random bytes
   * @throws TypeError when it has another length
   */
  constructor(sharedKey: Uint8Array) {
    if (sharedKey.length !== KEY_BYTES) {
      throw new TypeError(
        `messageKey() must resolve to ${KEY_BYTES} bytes, and there are ${sharedKey.length}.`,
      );
    }
    this.#sharedKey = sharedKey;
    this.#key = this.#keyOf(this.#id);
  }

  /** Returns the sealed message, as text. @param to the address of the only server that can open it */
  seal(message: string, to: string): string {
    this.#number += 1;
    const nonce = randomBytes(NONCE_BYTES);
    nonce.writeUIntBE(this.#number, 0, NUMBER_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, nonce).setAAD(Buffer.from(to));
    const encrypted = [cipher.update(message, 'utf8'), cipher.final(), cipher.getAuthTag()];
    return Buffer.concat([this.#id, nonce, ...encrypted]).toString('base64');
  }

  /** Returns null when the message was not sealed by this key for this address. */
  open(sealed: string, to: string): OpenedMessage | null {
    const bytes = Buffer.from(sealed, 'base64');
    if (bytes.length < HEAD_BYTES + TAG_BYTES) return null;
    const id = bytes.toString('base64', 0, SENDER_BYTES);
    const known = this.#senders.get(id);
    const key = known?.key ?? this.#keyOf(bytes.subarray(0, SENDER_BYTES));
    const text = decrypt(bytes, key, to);
    if (text === null) return null;
    const number = bytes.readUIntBE(SENDER_BYTES, NUMBER_BYTES);
    const isNew = number > (known?.number ?? 0);
    if (isNew) this.#remember(id, { key, number });
    return { text, isNew };
  }

  #keyOf(id: Uint8Array): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#sharedKey, id, KEY_PURPOSE, KEY_BYTES));
  }

  #remember(id: string, sender: Sender): void {
    this.#senders.delete(id);
    this.#senders.set(id, sender);
    if (this.#senders.size <= MAX_SENDERS) return;
    const [longestSilent = ''] = this.#senders.keys();
    this.#senders.delete(longestSilent);
  }
}

/** Returns the size of the largest message that fits into `bytes` when it is sealed; 0 when none does. */
export function maxMessageBytes(bytes: number): number {
  return Math.max(0, Math.floor(bytes / 4) * 3 - HEAD_BYTES - TAG_BYTES);
}

function decrypt(bytes: Buffer, key: Buffer, to: string): string | null {
  const nonce = bytes.subarray(SENDER_BYTES, HEAD_BYTES);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(to)).setAuthTag(bytes.subarray(-TAG_BYTES));
  const text = decipher.update(bytes.subarray(HEAD_BYTES, -TAG_BYTES));
  try {
    return Buffer.concat([text, decipher.final()]).toString('utf8');
  } catch {
    return null; // another key, another receiver, or a changed message
  }
}
