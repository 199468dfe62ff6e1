import {
  Controller,
  Get,
  Inject,
  NotFoundException,
  Param,
  Req,
  Res,
  type Type,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import type { PageFiles } from './page-files.js';
import type { ResolvedPageOptions } from './page-options.js';
import { type PageRequest, type PageResponse, sendPageFile } from './send-page-file.js';

/** The built page; null when it was not built. */
export const PAGE_FILES = Symbol('agent-webkit:page-files');

/** Creates a controller for a mount: a controller is bound to its path when it is declared. */
export function createPageController({ path, decorators }: ResolvedPageOptions): Type {
  @Controller({ path, version: VERSION_NEUTRAL })
  class AgentWebkitPageController {
    constructor(@Inject(PAGE_FILES) private readonly files: PageFiles | null) {}

    @Get()
    index(@Req() request: PageRequest, @Res() response: PageResponse): void {
      const file = this.built().index(folderSeenFrom(request.originalUrl ?? request.url));
      sendPageFile(request, response, file, 'no-cache');
    }

    @Get('assets/:name')
    asset(
      @Param('name') name: string,
      @Req() request: PageRequest,
      @Res() response: PageResponse,
    ): void {
      const file = this.built().assets.get(name);
      if (!file) throw new NotFoundException('The page has no file of this name.');
      sendPageFile(request, response, file, 'public, max-age=31536000, immutable');
    }

    private built(): PageFiles {
      if (this.files) return this.files;
      throw new NotFoundException('The page is not built. Run: npm run build');
    }
  }
  for (const decorate of decorators) decorate(AgentWebkitPageController);
  return AgentWebkitPageController;
}

/** A browser at `/agents` finds the files under `./agents/`; at `/agents/` and at `/`, under `./`. */
function folderSeenFrom(url: string): string {
  const [path = ''] = url.split('?');
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (/^[\w.~%-]*$/.test(name)) return name === '' ? './' : `./${name}/`;
  throw new NotFoundException('The page is not served at this path.');
}
