import { defineConfig } from 'vitepress';

/** The pages in reading order. `npm run docs:build` fails on a page that is missing here. */
const pages = [
  {
    text: 'Introduction',
    items: [
      { text: 'Start', link: '/start' },
      { text: 'Concepts', link: '/concepts' },
    ],
  },
  {
    text: 'Reference',
    items: [
      { text: 'HTTP', link: '/http' },
      { text: 'Events', link: '/events' },
      { text: 'The client', link: '/client' },
      { text: 'React, and mobile', link: '/react' },
      { text: 'Clients', link: '/clients' },
      { text: 'What to show while waiting', link: '/waiting' },
      { text: 'Messages of the SDK', link: '/sdk-messages' },
      { text: 'Options', link: '/options' },
    ],
  },
  {
    text: 'Guides',
    items: [
      { text: 'Storage', link: '/storage' },
      { text: 'Durable requests', link: '/requests' },
      { text: 'Structured output', link: '/structured-output' },
      { text: 'One stream', link: '/stream' },
      { text: 'Auth and policies', link: '/auth' },
      { text: 'Webhooks', link: '/webhooks' },
      { text: 'Events in your app', link: '/nest-events' },
      { text: 'Decisions', link: '/decisions' },
      { text: 'Deployment', link: '/deployment' },
      { text: 'Runbook', link: '/runbook' },
      { text: 'Operators', link: '/admin' },
      { text: 'Traces', link: '/traces' },
      { text: 'Logs', link: '/logs' },
      { text: 'Proxies', link: '/proxies' },
      { text: 'Metrics', link: '/metrics' },
      { text: 'More than one server', link: '/cluster' },
      { text: 'The sandbox', link: '/sandbox' },
      { text: 'Folders', link: '/workspace' },
      { text: 'Security', link: '/security' },
      { text: 'Testing your app', link: '/testing' },
      { text: 'Tools', link: '/tools' },
      { text: 'Generative UI', link: '/generative-ui' },
      { text: 'Recipes', link: '/recipes' },
      { text: 'Custom agents', link: '/agents' },
      { text: 'Claude Code on a server', link: '/claude-code' },
      { text: 'Engine without Nest', link: '/engine' },
      { text: 'From the Python server', link: '/from-python' },
      { text: 'Upgrading', link: '/upgrading' },
    ],
  },
  {
    text: 'Project',
    items: [
      { text: 'Architecture', link: '/architecture' },
      { text: 'Benchmarks', link: '/benchmarks' },
    ],
  },
];

export default defineConfig({
  title: 'nestjs-agent-webkit',
  description: 'A NestJS module and a server for Claude Agent SDK sessions over HTTP and SSE.',
  lang: 'en-US',
  // Without an icon, a browser asks for /favicon.ico, which does not exist.
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  srcExclude: ['_drafts/**'],
  // Languages of configurations without a grammar of their own.
  markdown: {
    languageAlias: {
      haproxy: 'nginx',
      vcl: 'c',
      squid: 'nginx',
      lighttpd: 'perl',
      caddyfile: 'nginx',
    },
  },
  themeConfig: {
    // TypeDoc writes its pages into public/api, beside VitePress's own.
    nav: [
      { text: 'Guide', link: '/start' },
      { text: 'API', link: '/api/index.html', target: '_blank' },
    ],
    sidebar: pages,
    outline: [2, 3],
    search: { provider: 'local' },
  },
});
