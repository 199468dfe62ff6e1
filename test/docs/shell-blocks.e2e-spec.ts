import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findCommandProblems } from './commands.js';
import { HostFolder } from './host-folder.js';
import { DOCUMENTS, readBlocks } from './markdown.js';
import { findWalkthroughs, sendsRequests } from './walkthroughs.js';

describe('The shell commands of the documents', () => {
  let host: HostFolder;
  beforeAll(async () => {
    host = await HostFolder.create();
  });
  afterAll(() => host?.remove());

  it('name scripts, packages and variables that exist', () => {
    const commands = DOCUMENTS.flatMap(readBlocks).filter(
      (block) => block.language === 'sh' && !sendsRequests(block),
    );

    expect(commands.length).toBeGreaterThan(5);
    expect(commands.flatMap(findCommandProblems)).toEqual([]);
  });

  it.each(findWalkthroughs().map((walkthrough) => [walkthrough.path, walkthrough] as const))(
    'print the output that %s shows',
    async (_, { env, steps }) => {
      const server = host.run(process.execPath, [host.server], {
        PORT: '0',
        AGENT_WEBKIT_WORKSPACE: host.path,
        ...env,
      });
      const [, url = ''] = await server.says(/Listening on (http:\S+)/);
      const shell = host.run('bash');
      for (const { block, shown } of steps) {
        let seen = shell.output.length;
        shell.write(block.code.replaceAll('http://127.0.0.1:3000', url));
        for (const line of shown) {
          // oxlint-disable-next-line no-await-in-loop -- the output arrives line by line
          const { index, 0: text } = await shell.says(line, seen);
          seen += index + text.length;
        }
      }
      // The shell's background `curl` ends with its stream.
      await server.end();
      await shell.end();
    },
  );
});
