import { type FormEvent, useState } from 'react';
import { Logo } from './logo.js';

/** The sign-in form for a token. */
export function SignIn({
  problem,
  onSignIn,
}: {
  problem: string | null;
  onSignIn: (token: string) => void;
}) {
  const [token, setToken] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (token.trim() !== '') onSignIn(token.trim());
  };
  return (
    <main className="sign-in">
      <form onSubmit={submit}>
        <Logo />
        <h1>Agent sessions</h1>
        <p>Sign in with a token of this server. The token is stored until you close this tab.</p>
        <label className="field">
          Token
          <input
            type="password"
            name="token"
            autoComplete="current-password"
            value={token}
            onChange={(event) => setToken(event.target.value)}
            autoFocus
          />
        </label>
        {problem === null ? null : (
          <p className="problem" role="alert">
            {problem}
          </p>
        )}
        <button type="submit" className="primary">
          Sign in
        </button>
      </form>
    </main>
  );
}
