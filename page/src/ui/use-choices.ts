import { useEffect, useState } from 'react';
import type { Capabilities } from '../../../src/agent-webkit/protocol/answers.js';
import type { AgentApi } from '../client/agent-api.js';

/** Returns what a new session may choose. Null, for no limit, until the first response, and when there is none. */
export function useChoices(api: AgentApi): Capabilities | null {
  const [choices, setChoices] = useState<Capabilities | null>(null);
  useEffect(() => {
    let isCurrent = true;
    const load = async () => {
      try {
        const loaded = await api.choices();
        if (isCurrent) setChoices(loaded);
      } catch {
        // the list of sessions shows that the server does not respond, and the server refuses a wrong choice
      }
    };
    void load();
    return () => {
      isCurrent = false;
    };
  }, [api]);
  return choices;
}
