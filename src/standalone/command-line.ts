/** The request of a command line. The file of `verify` is `-` for the standard input. */
export type Command =
  | { readonly name: 'start' | 'help' | 'version' }
  | { readonly name: 'verify'; readonly file: string };

/** A command line that the program does not understand. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The text of `--help`. Every option of the module has a setting; these are the ones to begin with. */
export const HELP = `Usage: nestjs-agent-webkit [--help] [--version]
       nestjs-agent-webkit verify <file>

Starts a server for Claude Agent SDK sessions, with a web page. Environment variables configure it:

  PORT                   Port to listen on. Default: 3000
  HOST                   Address to listen on. Default: 127.0.0.1
  AGENT_WEBKIT_TOKEN     token or owner:token, comma-separated. Default: a token for this run
  AGENT_WEBKIT_STORAGE   memory:, file:<path> or postgres://... Default: memory:
  AGENT_WEBKIT_WORKSPACE Directory with the folders of all sessions. Default: workspace
  AGENT_WEBKIT_AGENT     claude or demo. Default: claude if credentials are set
  AGENT_WEBKIT_SANDBOX   auto, required or none: the walls around agents. Default: auto
  AGENT_WEBKIT_ALLOWED_HOSTS
                         Hosts that agents can reach, comma-separated. Default: none
  ANTHROPIC_API_KEY      Credentials of the Claude Agent SDK

verify checks an export of GET /sessions/:id/decisions; - reads the standard input. It exits with 0 for a
file without an error, with 1 for a file with a wrong line, and with 2 for a file that it cannot read.

Every setting is described in docs/options.md of the project.
`;

/**
 * Reads the arguments of the program.
 *
 * @throws UsageError for an argument that does not exist
 */
export function readCommand(args: readonly string[]): Command {
  if (args[0] === 'verify') return readVerify(args.slice(1));
  const unknown = args.find((arg) => !['--help', '-h', '--version', '-v'].includes(arg));
  if (unknown !== undefined) {
    throw new UsageError(
      `'${unknown}' is not an argument. Configure the server with environment variables; --help lists them.`,
    );
  }
  if (args.includes('--help') || args.includes('-h')) return { name: 'help' };
  return { name: args.length > 0 ? 'version' : 'start' };
}

function readVerify([file, ...more]: readonly string[]): Command {
  if (file === '--help' || file === '-h') return { name: 'help' };
  if (file === undefined || file === '' || more.length > 0) {
    throw new UsageError('verify takes one file, or - for the standard input: verify <file>');
  }
  return { name: 'verify', file };
}
