import { useEffect, useRef, useState } from 'react';
import type { Conversation } from '../session/conversation.js';
import { describeNews } from './news.js';

/** Tells a screen reader what has happened: whole messages and requests, never each piece of text. */
export function Announcer({ conversation }: { conversation: Conversation }) {
  const before = useRef<Conversation | null>(null);
  const [text, setText] = useState('');
  useEffect(() => {
    // What was there when the page opened is read at leisure.
    const news =
      before.current && before.current.lastId > 0 ? describeNews(before.current, conversation) : '';
    before.current = conversation;
    if (news !== '') setText(news);
  }, [conversation]);
  return (
    <div className="visually-hidden" role="status" aria-live="polite">
      {text}
    </div>
  );
}
