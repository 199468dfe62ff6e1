import { useEffect, useRef, useState } from 'react';
import type { Conversation } from '../session/conversation.js';
import { describeNews } from './news.js';

/** Announces whole messages and requests to screen readers, but not each chunk of text. */
export function Announcer({ conversation }: { conversation: Conversation }) {
  const before = useRef<Conversation | null>(null);
  const [text, setText] = useState('');
  useEffect(() => {
    // Items that exist when the page opens are not announced.
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
