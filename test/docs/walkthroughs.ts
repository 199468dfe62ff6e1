import { type Block, DOCUMENTS, readBlocks } from './markdown.js';

/** Requests that a page asks its reader to send, with the output that the page shows. */
export interface Step {
  block: Block;
  /** The lines of the output, in order. */
  shown: RegExp[];
}

/** The steps of one page, in order, and the variables its server is started with. */
export interface Walkthrough {
  path: string;
  env: Record<string, string>;
  steps: Step[];
}

export const sendsRequests = ({ language, code }: Block): boolean =>
  language === 'sh' && /\bcurl\b/.test(code);

/**
 * Every page with `curl` commands. The block of text after the commands shows their output: its lines have to
 * appear in that order, and `...` stands for anything within a line.
 */
export function findWalkthroughs(): Walkthrough[] {
  return DOCUMENTS.map((path) => {
    const blocks = readBlocks(path);
    const first = blocks.findIndex(sendsRequests);
    const steps = blocks.flatMap((block, index) =>
      sendsRequests(block) ? [{ block, shown: readOutput(block, blocks[index + 1]) }] : [],
    );
    return { path, env: readEnv(blocks.slice(0, Math.max(first, 0))), steps };
  }).filter(({ steps }) => steps.length > 0);
}

function readOutput(command: Block, output: Block | undefined): RegExp[] {
  if (output?.language !== 'text') {
    throw new Error(`${command.path}:${command.line}: no block of text shows the output.`);
  }
  return output.code
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && line !== '...')
    .map((line) => new RegExp(line.split('...').map(escape).join('.*')));
}

const escape = (text: string) => text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);

/** The variables of the last `npm start` before the first request. */
function readEnv(blocks: Block[]): Record<string, string> {
  const start = blocks.findLast(({ code }) => /\bnpm start$/m.test(code));
  const assignments = start?.code.matchAll(/([A-Z_]+)=(\S+)/g) ?? [];
  const env = Object.fromEntries([...assignments].map(([, name, value]) => [name, value]));
  return Object.keys(env).length > 0 ? env : { AGENT_WEBKIT_NO_AUTH: '1' };
}
