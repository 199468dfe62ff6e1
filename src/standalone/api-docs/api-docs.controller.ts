import { Controller, Get, Header, Inject } from '@nestjs/common';
import type { AgentWebkitOpenApi } from '../../agent-webkit/openapi/openapi.js';
import { TRY_CSS, TRY_HTML, TRY_JS } from './try-page.js';

/** Injection token of the OpenAPI document. */
export const API_DESCRIPTION = Symbol('api-description');

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** Serves the OpenAPI document and a page to try the routes. Both are public: they reveal only what this source does. */
@Controller()
export class ApiDocsController {
  constructor(@Inject(API_DESCRIPTION) private readonly description: AgentWebkitOpenApi) {}

  @Get('openapi.json')
  openapi(): AgentWebkitOpenApi {
    return this.description;
  }

  @Get('docs')
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Content-Security-Policy', POLICY)
  page(): string {
    return TRY_HTML;
  }

  @Get('docs/try.js')
  @Header('Content-Type', 'text/javascript; charset=utf-8')
  script(): string {
    return TRY_JS;
  }

  @Get('docs/try.css')
  @Header('Content-Type', 'text/css; charset=utf-8')
  style(): string {
    return TRY_CSS;
  }
}
