import { useState } from 'react';
import { explain } from '../client/words.js';

interface Reply {
  /** Sends a reply to a request, and shows the problem if the server rejects it. */
  send: (reply: () => Promise<void>) => Promise<void>;
  isSending: boolean;
  problem: string | null;
  setProblem: (problem: string) => void;
}

/** The reply of a card, which stays until the request is resolved. */
export function useReply(): Reply {
  const [isSending, setSending] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const send = async (reply: () => Promise<void>) => {
    setSending(true);
    setProblem(null);
    try {
      await reply();
    } catch (error) {
      setProblem(explain(error));
      setSending(false);
    }
  };
  return { send, isSending, problem, setProblem };
}
