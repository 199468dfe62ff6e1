import type { GivenFiles } from '../../src/agent-webkit/engine/agent-client.js';
import { ForbiddenError } from '../../src/agent-webkit/engine/errors.js';
import type {
  FolderSession,
  NewFolders,
  SessionFolders,
} from '../../src/agent-webkit/engine/workspace/session-folders.js';

/** The root of {@link FakeFolders}. */
export const FAKE_ROOT = '/fake-workspace';

/** Folders of sessions that exist in memory only. */
export class FakeFolders implements SessionFolders {
  /** The ids of the sessions that have folders. */
  readonly ids = new Set<string>();
  readonly canStartAhead = true;
  readonly quotaBytes: number | null = null;

  open = () => Promise.resolve();
  cwdOfHost = (asked: string) => Promise.resolve(asked);
  checkFiles = (files: unknown) => Promise.resolve(files as GivenFiles);
  measure: SessionFolders['measure'] = () => Promise.resolve(0);
  recorded = () => Promise.resolve();
  resolve = (_: FolderSession, paths: readonly string[]) => Promise.resolve([...paths]);

  async cwdOf(asked = '.'): Promise<string> {
    if (asked.startsWith('/')) throw new ForbiddenError('cwd: must be a path inside the folder.');
    return asked;
  }

  async create(id: string, _: string | null, config: FolderSession['config']): Promise<NewFolders> {
    this.ids.add(id);
    const folders = foldersOf(id);
    const { cwd } = config;
    return { cwd: cwd === '.' ? folders.folder : `${folders.folder}/${cwd}`, folders };
  }

  async find({ id }: Pick<FolderSession, 'id'>) {
    return foldersOf(id);
  }

  async remove(id: string): Promise<void> {
    this.ids.delete(id);
  }

  close = () => Promise.resolve();
}

function foldersOf(id: string) {
  const folder = `${FAKE_ROOT}/sessions/${id}`;
  return { folder, home: `${FAKE_ROOT}/homes/${id}`, memory: null, hidden: [] };
}
