import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from '@jest/globals';
import { describeOwnPostgres, OwnPostgres } from '../durability/own-postgres.js';

/** An empty storage that can be put back to an earlier state. */
export interface Restorable {
  /** The value of `AGENT_WEBKIT_STORAGE` for it. */
  readonly setting: string;
  /** Remembers its present state. */
  backUp(): Promise<void>;
  /** Puts it back to the remembered state. */
  restore(): Promise<void>;
  remove(): Promise<void>;
}

/** The ways to restore a backup. `isOnline` is true where the server may run during the backup. */
export const WAYS = [
  { name: 'a copied SQLite file', describe, create: createFile, isOnline: false },
  {
    name: 'a dump of PostgreSQL',
    describe: describeOwnPostgres,
    create: () =>
      createDatabase(
        (postgres) => postgres.dump(),
        (postgres) => postgres.load(),
      ),
    isOnline: true,
  },
  {
    name: "a copy of PostgreSQL's files",
    describe: describeOwnPostgres,
    create: () =>
      createDatabase(
        async (postgres) => {
          await postgres.kill();
          await postgres.copyFolder();
          await postgres.restart();
        },
        (postgres) => postgres.restoreFolder(),
      ),
    isOnline: true,
  },
];

/** Creates a PostgreSQL. Its restoration is a failover to a standby that lacks every commit since the backup. */
export function createFailover(): Promise<Restorable> {
  return createDatabase(
    (postgres) => postgres.addStandby(),
    (postgres) => postgres.failOver(),
  );
}

async function createFile(): Promise<Restorable> {
  const folder = await mkdtemp(join(tmpdir(), 'agent-webkit-restored-'));
  const [used, kept] = [join(folder, 'used'), join(folder, 'kept')];
  return {
    setting: `file:${join(used, 'sessions.db')}`,
    backUp: async () => {
      await rm(kept, { recursive: true, force: true });
      await cp(used, kept, { recursive: true });
    },
    restore: async () => {
      await rm(used, { recursive: true });
      await cp(kept, used, { recursive: true });
    },
    remove: () => rm(folder, { recursive: true }),
  };
}

async function createDatabase(
  backUp: (postgres: OwnPostgres) => Promise<void>,
  restore: (postgres: OwnPostgres) => Promise<void>,
): Promise<Restorable> {
  const postgres = await OwnPostgres.start();
  return {
    setting: postgres.url,
    backUp: () => backUp(postgres),
    restore: () => restore(postgres),
    remove: () => postgres.remove(),
  };
}
