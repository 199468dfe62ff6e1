// The optional page for a Nest app. Every exported name is public.

export { AgentWebkitPageModule } from './agent-webkit-page/agent-webkit-page.module.js';
export type { AgentWebkitPageOptions } from './agent-webkit-page/page-options.js';
