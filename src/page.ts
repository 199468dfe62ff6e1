// The page, for a Nest app that wants it. What stands here is public.

export { AgentWebkitPageModule } from './agent-webkit-page/agent-webkit-page.module.js';
export type { AgentWebkitPageOptions } from './agent-webkit-page/page-options.js';
