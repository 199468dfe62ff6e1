import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { afterEach, expect, it } from '@jest/globals';
import { createClient } from 'redis';
import { RedisBus, redisAt } from '../../src/agent-webkit/bus/redis/redis-bus.js';
import type { Bus } from '../../src/agent-webkit/engine/bus.js';
import { eventually } from '../support/eventually.js';
import { findFreePort } from '../support/free-port.js';
import { describeOwnRedis, OwnRedis } from '../support/own-redis.js';
import { startStallingProxy } from '../support/stalling-proxy.js';
import { Endings, join, openResources, reaches } from './members.js';

const TIMING = { responseMs: 300, probeMs: 50 };

describeOwnRedis('RedisBus over a network that fails', () => {
  const endings = new Endings();
  afterEach(() => endings.run());

  const start = async (...options: string[]) => {
    const redis = await OwnRedis.start(...options);
    endings.add(() => redis.remove());
    return redis;
  };
  const opened = async (bus: Bus) => {
    endings.add(() => bus.close());
    return join(bus);
  };
  const impatient = async (url: string) => {
    const redis = await redisAt(url);
    return opened(new RedisBus(redis.name, redis.createClient, TIMING));
  };

  const behindProxy = async () => {
    const redis = await start();
    const proxy = await startStallingProxy('127.0.0.1', redis.port);
    endings.add(() => proxy.close());
    const near = await impatient(`redis://127.0.0.1:${proxy.port}`);
    const far = await opened(await RedisBus.connect(redis.url));
    await reaches(far, near);
    return { proxy, near, far };
  };

  it('replaces connections that are silent, also while they are idle', async () => {
    const { proxy, near, far } = await behindProxy();
    proxy.stall();
    await eventually(() => near.problems.length);
    await reaches(far, near);
    await reaches(near, far);
    expect(near.problems).toHaveLength(1);
    expect(far.problems).toEqual([]);
  });

  it('connects again after a network that was away for longer', async () => {
    const { proxy, near, far } = await behindProxy();
    proxy.unplug();
    await eventually(() => near.problems.length);
    near.bus.send(far.address, 'lost');
    proxy.replug();
    await reaches(near, far);
    await reaches(far, near);
    expect(near.problems).toHaveLength(1);
  });

  it('opens and closes while the server is frozen, and connects when it continues', async () => {
    const redis = await start();
    redis.signal('SIGSTOP');
    const [first, second] = [await impatient(redis.url), await impatient(redis.url)];
    expect(first.problems).toHaveLength(1);
    const { name, createClient: create } = await redisAt(redis.url);
    const closed = new RedisBus(name, create, TIMING);
    await join(closed);
    await closed.close();
    redis.signal('SIGCONT');
    await reaches(first, second);
  });

  it('leaves nothing that keeps the process alive', async () => {
    const redis = await start();
    const before = openResources();
    const bus = await RedisBus.connect(redis.url);
    const member = await join(bus);
    await reaches(member, member);
    await bus.close();
    await eventually(() => openResources() <= before);
    const away = await RedisBus.connect('redis://127.0.0.1:1');
    expect((await join(away)).problems).toHaveLength(1);
    await away.close();
    await eventually(() => openResources() <= before);
  });

  it('uses the user and the password of its URL, and never shows them', async () => {
    const redis = await start(
      ...'--user ann on >s3cret:@ +publish +subscribe +ping &agent-webkit:*'.split(' '),
    );
    const url = (password: string) => `redis://ann:${password}@127.0.0.1:${redis.port}/0`;
    const good = await opened(await RedisBus.connect(url('s3cret%3A%40')));
    await reaches(good, good);
    expect(good.problems).toEqual([]);
    const bad = await opened(await RedisBus.connect(url('wr0ng')));
    expect(bad.problems).toEqual([
      expect.stringMatching(/^The bus has no connection to Redis at 127\.0\.0\.1:\d+ \(WRONGPASS/),
    ]);
    expect(bad.problems[0]).not.toMatch(/wr0ng|ann/);
  });

  it.each([
    'redis://u:s3cret@host:port',
    'http://u:s3cret@host',
    'redis://u:s3cret@host/name',
    's3cret',
  ])('rejects the URL %s without its password', async (url) => {
    const error = await RedisBus.connect(url).catch(String);
    expect(error).toContain('TypeError: The URL of the bus must be such as redis://');
    expect(error).not.toContain('s3cret');
  });

  it('connects by TLS, and to no server whose certificate is not trusted', async () => {
    const folder = await mkdtemp(path(tmpdir(), 'agent-webkit-tls-'));
    endings.add(() => rm(folder, { recursive: true }));
    const [key, cert] = [path(folder, 'key.pem'), path(folder, 'cert.pem')];
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-days',
        '2',
        '-keyout',
        key,
        '-out',
        cert,
        ...names,
      ],
      { stdio: 'ignore' },
    );
    const port = await findFreePort();
    await start(
      '--tls-port',
      String(port),
      '--tls-cert-file',
      cert,
      '--tls-key-file',
      key,
      '--tls-ca-cert-file',
      cert,
      '--tls-auth-clients',
      'no',
    );
    const url = `rediss://127.0.0.1:${port}`;
    const stranger = await opened(await RedisBus.connect(url));
    expect(stranger.problems).toEqual([expect.stringContaining('self-signed certificate')]);
    const ca = await readFile(cert, 'utf8');
    const createTrusting = () => createClient({ url, socket: { ca, reconnectStrategy: false } });
    const trusting = await opened(new RedisBus('Redis', createTrusting));
    await reaches(trusting, trusting);
    expect(trusting.problems).toEqual([]);
  });
});
