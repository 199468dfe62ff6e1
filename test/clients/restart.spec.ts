import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { HostFolder } from '../docs/host-folder.js';
import { describeNeeding } from '../support/needs.js';
import { findMissingPrograms, RECIPES, RecipeFolder, type Running } from './recipes.js';
import { LARGE_TEXT, playRestart } from './restart-scenario.js';
import { RestartableServer } from './restartable-server.js';

const TOKEN = 'a-token-for-the-clients';

describeNeeding(findMissingPrograms())('A server that is killed in the middle of a message', () => {
  let host: HostFolder;
  let folder: RecipeFolder;
  let server: RestartableServer;
  let programs: Map<string, Running>;
  let expected: string;
  beforeAll(async () => {
    [host, folder] = await Promise.all([HostFolder.create(), RecipeFolder.create({ build: true })]);
    server = await RestartableServer.start(
      host,
      host.server,
      { AGENT_WEBKIT_TOKEN: `ann:${TOKEN}` },
      { authorization: `Bearer ${TOKEN}` },
    );
    const session = await server.createSession();
    const target = { url: server.url, token: TOKEN, session };
    programs = new Map(RECIPES.map((recipe) => [recipe.file, folder.start(recipe, target)]));
    expected = await playRestart(server, session, [...programs.values()]);
  }, 180_000);
  afterAll(async () => {
    await server?.kill();
    await folder?.remove();
    await host?.remove();
  });

  it.each(RECIPES.map(({ file }) => file))(
    'is followed to the end of the session without a lost or doubled event by %s',
    async (file) => {
      const program = programs.get(file);

      const status = await program?.ended();

      expect([status, await program?.text()]).toEqual([0, expected]);
      expect(expected).toContain(LARGE_TEXT);
    },
  );
});
