import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeNeeding } from '../support/needs.js';
import { readBlocks } from '../docs/markdown.js';
import { PAGE_RECIPES } from './page-recipes.js';
import { findMissingPrograms, recipeNames, RECIPES, RecipeFolder } from './recipes.js';
import {
  CURSORS,
  playRefusals,
  QUIET,
  RETRY_AFTER_S,
  SHOWN,
  SILENCE_S,
  STEPS,
} from './refusal-steps.js';
import { type Step, StubbornServer } from './stubborn-server.js';

const TOKEN = 'a-token-for-the-clients';
describeNeeding(findMissingPrograms())('A server that refuses, breaks and falls silent', () => {
  let folder: RecipeFolder;
  beforeAll(async () => {
    folder = await RecipeFolder.create({ silenceSeconds: SILENCE_S, build: true });
  }, 120_000);
  const servers: StubbornServer[] = [];
  afterAll(async () => {
    await folder?.remove();
    await Promise.all(servers.map((server) => server.close()));
  });

  const start = async (recipe: (typeof RECIPES)[number], steps: readonly Step[]) => {
    const server = await StubbornServer.start(steps);
    servers.push(server);
    const program = folder.start(recipe, { url: server.url, token: TOKEN, session: 's' });
    return { server, program };
  };

  it.concurrent.each(RECIPES.map((recipe) => [recipe.file, recipe] as const))(
    'is read to its end by %s, which follows the rules of the page',
    async (_, recipe) => {
      const { server, program } = await start(recipe, STEPS);
      await playRefusals(server, program);
      const status = await program.ended();
      const { asked } = server;

      expect([status, await program.text()]).toEqual([0, SHOWN]);
      expect(asked.map(({ cursor }) => cursor)).toEqual(CURSORS);
      expect(new Set(asked.map(({ authorization }) => authorization))).toEqual(
        new Set([`Bearer ${TOKEN}`]),
      );
      const waited = asked.slice(1, 3).map(({ at }, index) => at - (asked[index]?.at ?? 0));
      expect(Math.min(...waited)).toBeGreaterThan(RETRY_AFTER_S * 1000 - 50);
    },
    60_000,
  );

  it.concurrent.each(RECIPES.map((recipe) => [recipe.file, recipe] as const))(
    'keeps its connection while keep-alive comments arrive in %s',
    async (_, recipe) => {
      const { server, program } = await start(recipe, QUIET);
      const status = await program.ended();

      expect([status, await program.text()]).toEqual([0, 'a']);
      expect(server.asked).toHaveLength(1);
    },
    60_000,
  );

  it.concurrent.each(RECIPES.map((recipe) => [recipe.file, recipe] as const))(
    'ends after one request that is answered 401 in %s',
    async (_, recipe) => {
      const { server, program } = await start(recipe, [{ status: 401 }]);
      const status = await program.ended();

      expect([status, await program.text()]).toEqual([1, expect.stringContaining('401')]);
      expect(server.asked).toHaveLength(1);
    },
    60_000,
  );

  it.concurrent.each(RECIPES.map((recipe) => [recipe.file, recipe] as const))(
    'ends after one request that a proxy rejects with HTML in %s',
    async (_, recipe) => {
      const { server, program } = await start(recipe, [{ status: 403, isHtml: true }]);
      const status = await program.ended();

      expect([status, await program.text()]).toEqual([1, expect.stringContaining('403')]);
      expect(server.asked).toHaveLength(1);
    },
    60_000,
  );
});

it('The page has no program that is not tested', () => {
  const parts = ['watched-fetch.mjs', 'cookie-guard.ts'];
  const tested = [...RECIPES.map(({ file }) => file), ...PAGE_RECIPES, ...parts];

  expect(new Set(recipeNames())).toEqual(new Set(tested));
  expect(readBlocks('docs/clients.md').filter(({ label }) => label === '')).toEqual([]);
});
