import { useEffect, useMemo, useState } from 'react';
import { apiBase, forgetAll, keepToken, takeToken } from '../client/access.js';
import { AgentApi } from '../client/agent-api.js';
import { SignIn } from './sign-in.js';
import { Workspace } from './workspace.js';

/** The page. It shows the sign-in first when the server requires a token. */
export function App() {
  const [token, setToken] = useState(takeToken);
  const [refused, setRefused] = useState<string | null | undefined>(undefined);
  const api = useMemo(() => new AgentApi(apiBase(), token), [token]);

  // A link with a token may also be opened in a tab that shows the page already.
  useEffect(() => {
    const onChange = () => {
      if (new URLSearchParams(location.hash.slice(1)).has('token')) {
        setRefused(undefined);
        setToken(takeToken());
      }
    };
    addEventListener('hashchange', onChange);
    return () => removeEventListener('hashchange', onChange);
  }, []);

  if (refused !== undefined && refused === token) {
    const problem = token === null ? null : 'This token is not valid.';
    const signIn = (given: string) => {
      keepToken(given);
      setRefused(undefined);
      setToken(given);
    };
    return <SignIn problem={problem} onSignIn={signIn} />;
  }
  return (
    <Workspace
      key={token}
      api={api}
      hasToken={token !== null}
      onUnauthorized={() => setRefused(token)}
      onSignOut={() => {
        forgetAll();
        location.hash = '';
        setToken(null);
        setRefused(null);
      }}
    />
  );
}
