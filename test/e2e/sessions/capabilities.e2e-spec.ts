import { afterEach, describe, expect, it } from '@jest/globals';
import { refused } from '../../support/refused.js';
import { ADAPTERS, startFakeApp, type TestApp } from '../../support/start-app.js';

const ANN = { authorization: 'Bearer ann' };

describe.each(ADAPTERS)('GET /capabilities on %s', (adapter) => {
  let server: TestApp;
  afterEach(() => server.close());
  const read = async () => (await server.request('GET', '/capabilities')).body;
  const create = (wish: object) => server.request('POST', '/sessions', wish);

  it('has what a new session accepts, and nothing that it refuses', async () => {
    ({ server } = await startFakeApp(
      {
        auth: { tokens: ['ann:ann'] },
        agent: {
          permissionModes: ['plan', 'default'],
          effortLevels: ['low', 'high'],
          model: 'small',
          models: ['small', 'large'],
        },
      },
      { adapter, headers: ANN },
    ));
    const offered = await read();
    expect(offered).toEqual({
      permission_modes: ['plan', 'default'],
      model: 'small',
      models: ['small', 'large'],
      effort_levels: ['low', 'high'],
    });
    for (const wish of [
      ...(offered['permission_modes'] as string[]).map((mode) => ({ permission_mode: mode })),
      ...(offered['models'] as string[]).map((model) => ({ model })),
      ...(offered['effort_levels'] as string[]).map((effort) => ({ effort })),
    ]) {
      expect(await create(wish)).toMatchObject({ status: 200 }); // oxlint-disable-line no-await-in-loop -- one after the other
    }
    for (const wish of [
      { permission_mode: 'acceptEdits' },
      { model: 'other' },
      { effort: 'max' },
    ]) {
      expect(await create(wish)).toMatchObject({ status: 403 }); // oxlint-disable-line no-await-in-loop -- as above
    }
  });

  it('has null where any model is permitted, and needs a token', async () => {
    ({ server } = await startFakeApp({ auth: { tokens: ['ann:ann'] } }, { adapter, headers: ANN }));
    expect(await read()).toMatchObject({ model: null, models: null });
    expect(
      await server.request('GET', '/capabilities', undefined, { authorization: 'x' }),
    ).toMatchObject(refused(401, 'unauthorized', /./));
  });
});
