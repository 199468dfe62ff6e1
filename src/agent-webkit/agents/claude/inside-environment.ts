import type { Settings } from '@anthropic-ai/claude-agent-sdk';

type Environment = Readonly<Record<string, string | undefined>>;

/** The variables of the server that an agent receives when the host gives it none. */
const SYSTEM = /^(PATH|LANG|LANGUAGE|LC_[A-Z]+|TZ|TERM|COLORTERM|NO_COLOR)$/;

/** The settings of Claude Code that choose models, or change what it does, and contain no credentials. */
const CLAUDE_SETTINGS =
  /^(ANTHROPIC_(MODEL|SMALL_FAST_MODEL|BETAS|DEFAULT_[A-Z]+_MODEL(_[A-Z_]+)?)|API_TIMEOUT_MS|BASH_(DEFAULT_TIMEOUT_MS|MAX_TIMEOUT_MS|MAX_OUTPUT_LENGTH)|CLAUDE_AUTOCOMPACT_PCT_OVERRIDE|CLAUDE_CODE_(SUBAGENT_MODEL|EFFORT_LEVEL|(AUTO|DISABLE|ENABLE|MAX)_[A-Z0-9_]+)|(DISABLE|ENABLE)_[A-Z0-9_]+|MAX_(THINKING|MCP_OUTPUT)_TOKENS|MCP_(TOOL_)?TIMEOUT)$/;

/**
 * The variables that never come from outside: credentials and providers, which the model gateway serves,
 * proxies and sockets, which do not exist inside, and the folders, which are the session's.
 */
const WITHHELD =
  /^(AGENT_WEBKIT_.+|ANTHROPIC_.+|AWS_.+|AZURE_.+|CLOUDSDK_.+|CLOUD_ML_.+|GCLOUD_.+|GOOGLE_.+|VERTEX_.+|CLAUDE_CODE_(API_.+|CLIENT_.+|OAUTH_.+|SKIP_.+_AUTH|USE_.+|.+_FILE_DESCRIPTOR)|CLAUDE_CODE_TMPDIR|CLAUDE_CONFIG_DIR|CLAUDE_SECURESTORAGE_.+|HOME|USERPROFILE|TE?MP|TMPDIR|XDG_.+|(ALL|FTP|HTTPS?|NO)_PROXY|SSH_(AUTH_SOCK|AGENT_PID))$/i;

/**
 * Returns what an agent may have of an environment. A host that has given none, or has given the whole
 * environment of the server with some additions, gives nothing of the server but what is harmless.
 *
 * @param given the environment of the host; undefined for that of the server
 */
export function insideEnvironment(
  given: Environment | undefined,
  server: Environment = process.env,
): Record<string, string> {
  const entries = Object.entries(given ?? server).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const isInherited = (name: string, value: string) =>
    given === undefined || server[name] === value;
  return Object.fromEntries(
    entries.filter(
      ([name, value]) => isHarmless(name) || (!WITHHELD.test(name) && !isInherited(name, value)),
    ),
  );
}

function isHarmless(name: string): boolean {
  return SYSTEM.test(name) || CLAUDE_SETTINGS.test(name);
}

/** Returns the settings of an agent, without the credentials among their variables. */
export function insideSettings(settings: Settings): Settings {
  if (settings.env === undefined) return settings;
  const env = Object.entries(settings.env).filter(
    ([name]) => isHarmless(name) || !WITHHELD.test(name),
  );
  return { ...settings, env: Object.fromEntries(env) };
}
