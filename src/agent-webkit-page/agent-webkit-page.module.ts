import { fileURLToPath } from 'node:url';
import { type DynamicModule, Logger, Module } from '@nestjs/common';
import { createPageController, PAGE_FILES } from './page.controller.js';
import { type PageFiles, readPageFiles } from './page-files.js';
import {
  type AgentWebkitPageOptions,
  relativeApiPath,
  resolvePageOptions,
  type ResolvedPageOptions,
} from './page-options.js';

/** The folders of the built page: beside this one in the package; in `dist` when the sources are run. */
const FOLDERS = ['../page/', '../../dist/page/'];

/**
 * Serves the page on which users create sessions, send messages and answer requests. The page is static
 * and the same for all users. It reads its data from the routes of `AgentWebkitModule`, with the token
 * of the user.
 */
@Module({})
export class AgentWebkitPageModule {
  /**
   * Mounts the page under a path.
   *
   * @example
   * AgentWebkitPageModule.forRoot({ path: '/agents' })
   */
  static forRoot(options: AgentWebkitPageOptions = {}): DynamicModule {
    const resolved = resolvePageOptions(options);
    return {
      module: AgentWebkitPageModule,
      controllers: [createPageController(resolved)],
      providers: [{ provide: PAGE_FILES, useFactory: () => findPageFiles(resolved) }],
    };
  }
}

async function findPageFiles(options: ResolvedPageOptions): Promise<PageFiles | null> {
  const apiPath = relativeApiPath(options);
  for (const folder of FOLDERS) {
    const path = fileURLToPath(new URL(folder, import.meta.url));
    // oxlint-disable-next-line no-await-in-loop -- the second folder is read only without the first
    const files = await readPageFiles(path, apiPath);
    if (files) return files;
  }
  new Logger(AgentWebkitPageModule.name).warn(
    'The page is not built, so it is not served. Run `npm run build`.',
  );
  return null;
}
