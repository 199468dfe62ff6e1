import type { ThreadOptions } from '../thread-protocol.js';
import type { Database } from './driver.js';

/**
 * Applies the steps that a database lacks. The ledger is one row; without a breaking version, every
 * step up to the version was breaking. Part of the thread's program: it refers to nothing outside of
 * itself.
 *
 * @throws Error when a newer release changed the database in a way that this one cannot use
 */
export function migrateFile(
  database: Database,
  { file, versionTable, migrations }: Pick<ThreadOptions, 'file' | 'versionTable' | 'migrations'>,
): void {
  const known = migrations.length;
  database.exec('begin immediate');
  database.exec(`create table if not exists ${versionTable} (version integer not null)`);
  const [row = {}] = database.prepare(`select * from ${versionTable}`).all();
  const version = Number(row['version'] ?? 0);
  if (Number(row['breaking_version'] ?? version) > known) {
    throw new Error(
      `The database ${file} is at version ${version}, which this release (version ${known}) ` +
        'cannot work with: start the release that migrated the file, or a later one, or choose ' +
        'another file.',
    );
  }
  if (version < known) {
    for (const { sql } of migrations.slice(version)) database.exec(sql);
    const breaking = migrations.findLastIndex(({ isBreaking }) => isBreaking) + 1;
    const hasMarks = 'breaking_version' in row;
    // Not before it is needed: earlier releases write a row of one column.
    if (!hasMarks && breaking < known) {
      database.exec(`alter table ${versionTable} add column breaking_version integer`);
    }
    database.exec(`delete from ${versionTable}`);
    database.exec(`insert into ${versionTable} (version) values (${known})`);
    if (hasMarks || breaking < known) {
      database.exec(`update ${versionTable} set breaking_version = ${breaking}`);
    }
  }
  database.exec('commit');
}
